//! The catalogue: names of the repositories that a caller may see.

use std::cmp::min;

use super::{Error, Page, PageRequest, Registry, Result};
use crate::{
    backend::ListRepositories,
    caller::Caller,
    name::RepositoryName,
    policy::{Action, Decision, Resource, Visible, VisibleSet},
};

/// Rows looked at for one page where only the policy itself can tell what may be seen.
const SCAN: usize = 1000;

impl Registry {
    /// A page of the repositories that the caller may pull from, in byte order.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] for an anonymous caller who may see nothing.
    pub async fn catalog(
        &self,
        caller: &Caller,
        page: PageRequest<'_>,
    ) -> Result<Page<RepositoryName>> {
        let limit = min(page.limit, self.inner.settings.page_limit);
        match self.inner.policy.visible(caller, Action::Pull).await {
            Visible::Nothing if caller.is_anonymous() => Err(Error::Unauthorized),
            Visible::Nothing => Ok(Page::empty()),
            _ if limit == 0 => Ok(Page::empty()),
            Visible::All => self.indexed(None, page.after, limit).await,
            Visible::Some(set) => self.indexed(Some(&set), page.after, limit).await,
            Visible::Opaque => self.scanned(caller, page.after, limit).await,
        }
    }

    async fn indexed(
        &self,
        visible: Option<&VisibleSet>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<RepositoryName>> {
        let query = ListRepositories {
            after,
            limit: limit + 1,
            visible,
        };
        let names = self.inner.metadata.repositories(query).await?;
        Page::cut(names, limit, |name| Ok(name.as_str().to_owned()))
    }

    /// Looks at a bounded number of rows. The page may be short and still have a next one; its
    /// cursor is sealed, for it may name what the caller may not see.
    async fn scanned(
        &self,
        caller: &Caller,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<RepositoryName>> {
        let after = match after.map(|cursor| self.inner.tokens.open_cursor(cursor)) {
            Some(None) => return Ok(Page::empty()),
            Some(opened) => opened,
            None => None,
        };
        let query = ListRepositories {
            after: after.as_deref(),
            limit: SCAN,
            visible: None,
        };
        let rows = self.inner.metadata.repositories(query).await?;
        let mut items = Vec::new();
        for (index, name) in rows.iter().enumerate() {
            if self.may_pull(caller, name).await? {
                items.push(name.clone());
            }
            let rest = index + 1 < rows.len() || rows.len() == SCAN;
            if items.len() == limit || index + 1 == rows.len() {
                let next = rest.then(|| self.inner.tokens.seal_cursor(name.as_str()));
                return Ok(Page { items, next });
            }
        }
        Ok(Page::empty())
    }

    async fn may_pull(&self, caller: &Caller, name: &RepositoryName) -> Result<bool> {
        let facts = self.inner.metadata.facts(name).await?;
        let resource = Resource::Repository {
            name,
            facts: &facts,
        };
        let decision = self
            .inner
            .policy
            .decide(caller, resource, Action::Pull)
            .await;
        Ok(decision == Decision::Allow)
    }
}
