//! From spans of `tracing` to those that are sent.

use std::{
    num::{NonZeroU64, NonZeroU128},
    sync::{Arc, atomic::Ordering::Relaxed},
};

use registry_core::{Clock, SystemClock, Timestamp};
use tokio::{sync::mpsc::Sender, time::Instant};
use tracing::{
    Metadata, Subscriber,
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer, Registry,
    filter::filter_fn,
    layer::Context,
    registry::{LookupSpan, SpanRef},
};

use super::{
    Counts,
    parent::Parent,
    sampling::Sampling,
    span::{Ended, Says},
};

/// Takes the spans of recorded requests, and hands them over when they end.
pub(super) struct SpanLayer {
    queue: Sender<Ended>,
    sampling: Sampling,
    counts: Arc<Counts>,
}

/// A span that has not ended.
struct Open {
    place: Place,
    parent: Option<NonZeroU64>,
    begun: u64,
    says: Says,
}

/// Where a span is.
#[derive(Clone, Copy)]
struct Place {
    trace: NonZeroU128,
    span: NonZeroU64,
    since: Since,
}

/// When a trace began here. All of its spans count from there: a clock that is set must not turn them around.
#[derive(Clone, Copy)]
struct Since {
    time: Timestamp,
    instant: Instant,
}

impl SpanLayer {
    pub(super) fn new(queue: Sender<Ended>, sampling: Sampling, counts: Arc<Counts>) -> Self {
        Self {
            queue,
            sampling,
            counts,
        }
    }

    /// A layer that is asked for spans of the registry's own, and does not change what others are asked for.
    pub(super) fn filtered(self) -> Box<dyn Layer<Registry> + Send + Sync> {
        let ours = |of: &Metadata<'_>| of.is_span() && of.target().starts_with("registry");
        let filter = filter_fn(ours).with_max_level_hint(LevelFilter::TRACE);
        self.with_filter(filter).boxed()
    }

    /// Where a new span belongs, if its trace is recorded.
    fn place(&self, above: Option<Place>, says: &Says) -> Option<(Place, Option<NonZeroU64>)> {
        let span = self.sampling.span();
        if let Some(above) = above {
            return Some((Place { span, ..above }, Some(above.span)));
        }
        if !says.server {
            return None;
        }
        let caller = says.parent.as_deref().and_then(Parent::parse);
        let trace = self.sampling.trace(caller)?;
        let since = Since::now();
        let place = Place { trace, span, since };
        Some((place, caller.map(|caller| caller.span)))
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for SpanLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let above = span.parent().and_then(|above| place(&above));
        let mut says = Says::new(attributes.metadata().name());
        attributes.record(&mut says);
        if let Some((place, parent)) = self.place(above, &says) {
            span.extensions_mut().insert(Open {
                begun: place.since.nanoseconds(),
                place,
                parent,
                says,
            });
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(open) = span.extensions_mut().get_mut::<Open>() {
            values.record(&mut open.says);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let open = context.span(&id);
        let open = open.and_then(|span| span.extensions_mut().remove::<Open>());
        let Some(open) = open else { return };
        let ended = Ended {
            trace: open.place.trace,
            id: open.place.span,
            parent: open.parent,
            begun: open.begun,
            ended: open.place.since.nanoseconds(),
            says: open.says,
        };
        if self.queue.try_send(ended).is_err() {
            self.counts.dropped.fetch_add(1, Relaxed);
        }
    }
}

fn place<'a, S: LookupSpan<'a>>(span: &SpanRef<'a, S>) -> Option<Place> {
    span.extensions().get::<Open>().map(|open| open.place)
}

impl Since {
    fn now() -> Self {
        Self {
            time: SystemClock.now(),
            instant: Instant::now(),
        }
    }

    /// The time now, in nanoseconds since 1970.
    fn nanoseconds(self) -> u64 {
        let passed = u64::try_from(self.instant.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let began = self.time.as_millis().saturating_mul(1_000_000);
        began.saturating_add(passed)
    }
}
