//! Listings of repository names by what may be seen of them.
//!
//! What may be seen is a union of ranges and of what is public. All ranges of a page are parameters of one
//! statement, each walked along its index for no more than the page's length.

use registry_core::{Digest, RepositoryName, VisibleSet};
use tokio_postgres::Row;

use super::{
    PostgresMetadata,
    error::Failure,
    listings::Listing,
    value::{limit, optional_text},
};
use crate::prefixes::Prefixes;
use registry_core::backend::MetadataError;

/// Behind every name that begins with a prefix, put after it: no name has this character or a greater.
const END: &str = "\u{7f}";

/// Put after a text: what is not before it is behind the text. (The database's texts have no zero.)
const NEXT: char = '\u{1}';

/// Names that are listed.
#[derive(Clone, Copy)]
pub(super) enum Names<'a> {
    /// Of all repositories.
    All,
    /// Of those that link a content.
    Holding(&'a Digest),
}

/// Ranges of names, of one component or of several.
#[derive(Default)]
struct Ranges {
    from: Vec<String>,
    to: Vec<String>,
}

impl Ranges {
    fn under(prefixes: &[String], from: &str) -> Self {
        let mut ranges = Self::default();
        for prefix in prefixes {
            let (first, to) = (from.max(prefix), format!("{prefix}{END}"));
            if *first < *to {
                ranges.from.push(first.to_owned());
                ranges.to.push(to);
            }
        }
        ranges
    }
}

const ALL: Listing = Listing {
    sql: "SELECT page.name FROM unnest($1::text[], $2::text[]) AS range (first, behind),
        LATERAL (SELECT name FROM repositories
            WHERE bare = $3 AND name >= range.first AND name < range.behind
            ORDER BY name LIMIT $4) page
        ORDER BY page.name LIMIT $4",
    key: "name",
};

const HOLDING: &str =
    "SELECT page.holder FROM unnest($1::text[], $2::text[]) AS range (first, behind),
    LATERAL (SELECT holder FROM links
        WHERE digest = $5 AND bare = $3 AND holder >= range.first AND holder < range.behind
        ORDER BY holder LIMIT $4) page
    ORDER BY page.holder LIMIT $4";

const PUBLIC: &str = "(SELECT name FROM repositories
        WHERE public AND NOT bare AND name >= $1 ORDER BY name LIMIT $2)
    UNION ALL (SELECT name FROM repositories
        WHERE public AND bare AND name >= $1 ORDER BY name LIMIT $2)";

const PUBLIC_HOLDING: &str = "(SELECT l.holder FROM links l
        JOIN repositories r ON r.id = l.repository AND r.public
        WHERE l.digest = $3 AND NOT l.bare AND l.holder >= $1 ORDER BY l.holder LIMIT $2)
    UNION ALL (SELECT l.holder FROM links l
        JOIN repositories r ON r.id = l.repository AND r.public
        WHERE l.digest = $3 AND l.bare AND l.holder >= $1 ORDER BY l.holder LIMIT $2)";

impl PostgresMetadata {
    /// A page of some names: all of them, or those in a set.
    pub(super) async fn page(
        &self,
        names: Names<'_>,
        visible: Option<&VisibleSet>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<RepositoryName>, MetadataError> {
        let from = after.map_or_else(String::new, first_behind);
        let prefixes = visible.map_or_else(Prefixes::all, Prefixes::of_set);
        let mut page = self
            .under(names, false, &prefixes.nested, &from, limit)
            .await?;
        page.extend(
            self.under(names, true, &prefixes.bare, &from, limit)
                .await?,
        );
        if visible.is_some_and(|set| set.public) {
            page.extend(self.public(names, &from, limit).await?);
        }
        page.sort_unstable();
        page.dedup();
        page.truncate(limit);
        Ok(page)
    }

    async fn under(
        &self,
        names: Names<'_>,
        bare: bool,
        prefixes: &[String],
        from: &str,
        most: usize,
    ) -> Result<Vec<RepositoryName>, MetadataError> {
        let ranges = Ranges::under(prefixes, from);
        if ranges.from.is_empty() {
            return Ok(Vec::new());
        }
        let mut params = vec![
            texts(&ranges.from).into(),
            texts(&ranges.to).into(),
            bare.into(),
            limit(most).into(),
        ];
        let rows = match names {
            Names::All => match self.listed(ALL, &params, |_| true).await {
                Some(rows) => rows,
                None => self.rows(ALL.sql, &params).await?,
            },
            Names::Holding(digest) => {
                params.push(digest.as_str().into());
                self.rows(HOLDING, &params).await?
            }
        };
        read(&rows)
    }

    /// Names that everybody may see.
    async fn public(
        &self,
        names: Names<'_>,
        from: &str,
        most: usize,
    ) -> Result<Vec<RepositoryName>, MetadataError> {
        let mut params = vec![from.into(), limit(most).into()];
        let rows = match names {
            Names::All => self.rows(PUBLIC, &params).await?,
            Names::Holding(digest) => {
                params.push(digest.as_str().into());
                self.rows(PUBLIC_HOLDING, &params).await?
            }
        };
        read(&rows)
    }
}

fn first_behind(text: &str) -> String {
    // No name has a control character, so what a cursor has behind one does not matter.
    let text = text.split('\0').next().unwrap_or_default();
    format!("{text}{NEXT}")
}

fn texts(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

fn read(rows: &[Row]) -> Result<Vec<RepositoryName>, MetadataError> {
    let names: Result<_, Failure> = rows
        .iter()
        .filter_map(|row| optional_text(row, 0).transpose())
        .collect();
    Ok(names?)
}
