//! Lists that come in pages.

use http::{HeaderValue, Method, StatusCode, header};

use crate::auth::Scopes;
use crate::link::next_link;
use crate::url::Url;
use crate::wire::{Answer, Call};
use crate::{Client, Error, Result};

/// A list, fetched page by page along the registry's `Link` headers.
///
/// A link that leaves the registry or does not lead on is an error, so a list cannot be turned into
/// requests to somebody else; how many pages to take is the caller's to decide.
pub struct Pages<T> {
    client: Client,
    scopes: Scopes,
    next: Option<Url>,
    fallback: Option<Url>,
    read: Box<ReadPage<T>>,
}

type ReadPage<T> = dyn Fn(&[u8]) -> serde_json::Result<Vec<T>> + Send + Sync;

/// Where a list begins.
pub(crate) struct Listing {
    url: Url,
    scopes: Scopes,
    fallback: Option<Url>,
}

impl Listing {
    pub(crate) fn new(url: Url, scopes: Scopes) -> Self {
        Self {
            url,
            scopes,
            fallback: None,
        }
    }

    /// Where the list is found if the registry does not know the first address. A list that is not
    /// there either is empty.
    pub(crate) fn or_else(mut self, fallback: Url) -> Self {
        self.fallback = Some(fallback);
        self
    }
}

impl<T> Pages<T> {
    pub(crate) fn new(
        client: Client,
        listing: Listing,
        read: impl Fn(&[u8]) -> serde_json::Result<Vec<T>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            client,
            scopes: listing.scopes,
            next: Some(listing.url),
            fallback: listing.fallback,
            read: Box::new(read),
        }
    }

    /// Asks for pages of at most so many items; registries may send fewer.
    #[must_use]
    pub fn page_size(mut self, items: usize) -> Self {
        let next = self.next.take();
        self.next = next.map(|url| url.with_query("n", &items.to_string()));
        self
    }

    /// The next page, which may be empty; `None` after the last one.
    ///
    /// # Errors
    /// When the registry refuses, or its answer is not a page. The same page is asked for next.
    pub async fn next_page(&mut self) -> Result<Option<Vec<T>>> {
        let Some(url) = self.next.clone() else {
            return Ok(None);
        };
        let Some(mut answer) = self.fetch(&url).await? else {
            self.next = None;
            return Ok(Some(Vec::new()));
        };
        let body = answer.read("a page", self.client.wire.limits.page).await?;
        let not_a_page = |error| Error::protocol(url.origin(), format!("not a page: {error}"));
        let items = (self.read)(&body).map_err(not_a_page)?;
        self.next = self.following(&answer, &url)?;
        self.fallback = None;
        Ok(Some(items))
    }

    /// All items, unless there are more than `most`.
    ///
    /// # Errors
    /// As [`next_page`](Self::next_page); and when there are too many.
    pub async fn all(mut self, most: usize) -> Result<Vec<T>> {
        let mut items = Vec::new();
        while let Some(page) = self.next_page().await? {
            items.extend(page);
            if items.len() > most {
                let reason = format!("it lists more than {most} items");
                return Err(Error::protocol(&self.client.wire.origin, reason));
            }
        }
        Ok(items)
    }

    /// The answer that has the page; `None` where there is no list.
    async fn fetch(&self, url: &Url) -> Result<Option<Answer>> {
        let wire = &self.client.wire;
        let mut answer = wire.send(&self.call(url)).await?;
        if let Some(fallback) = &self.fallback
            && answer.status() == StatusCode::NOT_FOUND
        {
            answer = wire.send(&self.call(fallback)).await?;
            if answer.status() == StatusCode::NOT_FOUND {
                return Ok(None);
            }
        }
        wire.expect(answer, &[StatusCode::OK]).await.map(Some)
    }

    fn call(&self, url: &Url) -> Call {
        let accept = "application/json, application/vnd.oci.image.index.v1+json";
        Call::new(Method::GET, url.clone(), &self.scopes)
            .header(header::ACCEPT, HeaderValue::from_static(accept))
    }

    fn following(&self, answer: &Answer, current: &Url) -> Result<Option<Url>> {
        let links = answer.headers().get_all(header::LINK);
        let mut links = links.iter().filter_map(|value| value.to_str().ok());
        let Some(link) = links.find_map(next_link) else {
            return Ok(None);
        };
        let next = answer.resolve(link)?;
        let wrong = |reason| Err(Error::protocol(current.origin(), reason));
        if *next.origin() != self.client.wire.origin {
            return wrong("its next page is on another host");
        }
        if next == *current {
            return wrong("its next page is the same one");
        }
        Ok(Some(next))
    }
}
