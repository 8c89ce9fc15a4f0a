//! Sending spans: in batches, tried again for a while, and given up in the end.

use std::{
    error::Error,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs::default_provider};
use tokio::{
    sync::{mpsc::Receiver, watch},
    time::{sleep, timeout},
};

use super::{Counts, encode::encode, span::Ended};
use crate::config;

/// Spans in a batch at most.
const MOST: usize = 512;

/// How long a span waits for others.
const GATHER: Duration = Duration::from_secs(1);

/// How long the collector may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The pauses between tries. Meanwhile the queue fills.
const PAUSES: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];

/// How much of an answer is read.
const ANSWER: usize = 64 << 10;

/// Sends spans to a collector.
pub(super) struct Exporter {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    endpoint: Uri,
    headers: HeaderMap,
    service: String,
    waiting: Receiver<Ended>,
    counts: Arc<Counts>,
    failing: bool,
}

/// Why a batch was not taken.
struct Refused {
    reason: String,
    /// It may be taken later.
    passing: bool,
}

/// Whether the server ends.
type Stop = watch::Receiver<bool>;

impl Exporter {
    pub(super) fn new(
        endpoint: &Uri,
        config: &config::Traces,
        waiting: Receiver<Ended>,
        counts: Arc<Counts>,
    ) -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            client: Client::builder(TokioExecutor::new())
                .pool_timer(TokioTimer::new())
                .build(connector(endpoint)?),
            endpoint: endpoint.clone(),
            headers: headers(config),
            service: config.service.clone(),
            waiting,
            counts,
            failing: false,
        })
    }

    /// Sends spans until it is told to stop, and then those that are left.
    pub(super) async fn run(mut self, mut stop: Stop) {
        loop {
            let batch = self.batch(&mut stop).await;
            if batch.is_empty() {
                return;
            }
            self.deliver(&batch, &mut stop).await;
        }
    }

    /// The next spans; none where there will be no more.
    async fn batch(&mut self, stop: &mut Stop) -> Vec<Ended> {
        let mut batch = Vec::new();
        tokio::select! {
            _ = self.waiting.recv_many(&mut batch, MOST) => {}
            () = stopped(stop) => {
                self.waiting.close();
                self.waiting.recv_many(&mut batch, MOST).await;
                return batch;
            }
        }
        let waiting = &mut self.waiting;
        let gather = async {
            while batch.len() < MOST {
                let room = MOST - batch.len();
                if waiting.recv_many(&mut batch, room).await == 0 {
                    return;
                }
            }
        };
        tokio::select! {
            () = gather => {}
            () = sleep(GATHER) => {}
            () = stopped(stop) => {}
        }
        batch
    }

    /// Sends a batch, if need be more than once.
    async fn deliver(&mut self, batch: &[Ended], stop: &mut Stop) {
        let body = Bytes::from(encode(&self.service, batch));
        let mut outcome = self.send(body.clone()).await;
        for pause in PAUSES {
            if !matches!(&outcome, Err(refused) if refused.passing) {
                break;
            }
            self.told(&outcome);
            tokio::select! {
                () = sleep(pause) => {}
                () = stopped(stop) => break,
            }
            outcome = self.send(body.clone()).await;
        }
        self.told(&outcome);
        let count = match outcome {
            Ok(()) => &self.counts.exported,
            Err(_) => &self.counts.failed,
        };
        count.fetch_add(batch.len() as u64, Relaxed);
    }

    async fn send(&self, body: Bytes) -> Result<(), Refused> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = self.endpoint.clone();
        *request.headers_mut() = self.headers.clone();
        let exchange = async {
            let answer = self.client.request(request).await;
            let answer = answer.map_err(|error| passing(&error))?;
            let status = answer.status();
            // Read to its end, so that the connection can be used again.
            let body = Limited::new(answer.into_body(), ANSWER).collect().await;
            body.map_err(|error| passing(&*error)).map(|_| status)
        };
        let answered = timeout(PATIENCE, exchange).await;
        let status = answered.unwrap_or_else(|_| Err(late()))?;
        match status.is_success() {
            true => Ok(()),
            false => Err(Refused::by(status)),
        }
    }

    /// Says the first of several failures, and when they are over.
    fn told(&mut self, outcome: &Result<(), Refused>) {
        match outcome {
            Err(refused) if !self.failing => {
                let reason = &refused.reason;
                tracing::warn!(reason, endpoint = %self.endpoint, "traces cannot be sent");
            }
            Ok(()) if self.failing => tracing::info!("traces are sent again"),
            _ => {}
        }
        self.failing = outcome.is_err();
    }
}

impl Refused {
    fn by(status: StatusCode) -> Self {
        Self {
            reason: format!("the collector answered {status}"),
            passing: matches!(status.as_u16(), 429 | 502 | 503 | 504),
        }
    }
}

fn late() -> Refused {
    Refused {
        reason: "the collector does not answer".to_owned(),
        passing: true,
    }
}

/// Where the connection was at fault.
fn passing(error: &(dyn Error + 'static)) -> Refused {
    let chain = std::iter::successors(Some(error), |&error| error.source());
    let mut reasons: Vec<_> = chain.map(ToString::to_string).collect();
    reasons.dedup();
    Refused {
        reason: reasons.join(": "),
        passing: true,
    }
}

async fn stopped(stop: &mut Stop) {
    // Whoever could say so is gone: that is an end as well.
    let _ = stop.wait_for(|stop| *stop).await;
}

fn connector(endpoint: &Uri) -> Result<HttpsConnector<HttpConnector>, Box<dyn Error>> {
    let builder = HttpsConnectorBuilder::new();
    let builder = match endpoint.scheme_str() {
        Some("https") => builder.with_provider_and_native_roots(default_provider())?,
        // A system without certificates is no hindrance.
        _ => builder.with_tls_config(plain()?),
    };
    Ok(builder.https_or_http().enable_http1().build())
}

/// A configuration that trusts nobody, for connections without TLS.
fn plain() -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder.with_safe_default_protocol_versions()?;
    Ok(builder
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth())
}

fn headers(config: &config::Traces) -> HeaderMap {
    const AGENT: &str = concat!("registry/", env!("CARGO_PKG_VERSION"));
    let mut headers = HeaderMap::new();
    headers.insert(header::USER_AGENT, HeaderValue::from_static(AGENT));
    for field in &config.headers {
        headers.append(field.name.clone(), field.value.clone());
    }
    let json = HeaderValue::from_static("application/json");
    headers.insert(header::CONTENT_TYPE, json);
    headers
}
