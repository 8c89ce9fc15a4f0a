//! The page of figures.

use std::sync::Arc;

use http::{Response, StatusCode};
use tokio::{sync::Mutex, task::spawn_blocking};

use super::{PAGE_LIMIT, answer, json, ongoing::Ongoing};
use crate::{
    observe::{Exposition, Gather},
    respond::Body,
};

/// Who has figures, and the page that is being written, if one is.
pub(super) struct Page {
    figures: Arc<[Arc<dyn Gather>]>,
    writing: Mutex<Ongoing<String>>,
}

impl Page {
    pub(super) fn new(figures: Vec<Arc<dyn Gather>>) -> Self {
        Self {
            figures: figures.into(),
            writing: Mutex::new(Ongoing::none()),
        }
    }

    /// One page is written at a time, whoever asks: it is no way to keep a server busy.
    pub(super) async fn answer(&self) -> Response<Body> {
        let figures = Arc::clone(&self.figures);
        let begin = || spawn_blocking(move || write(&figures));
        let mut writing = self.writing.lock().await;
        match writing.within(PAGE_LIMIT, begin).await {
            Ok(text) => answer(
                StatusCode::OK,
                "text/plain; version=0.0.4; charset=utf-8",
                text,
            ),
            Err(_) => json(StatusCode::SERVICE_UNAVAILABLE, "figures cannot be had now"),
        }
    }
}

fn write(figures: &[Arc<dyn Gather>]) -> String {
    let mut page = Exposition::default();
    figures.iter().for_each(|one| one.gather(&mut page));
    page.into_text()
}
