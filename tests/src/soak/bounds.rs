//! By how much a server may have grown between two states of rest.

use super::figures::Figures;

/// Memory that may still be taken after the first round: pages of the database are kept, 8 MiB for the one
/// connection that writes and 2 MiB for each that reads, and the allocator keeps a few MiB for each thread.
/// A million requests that leave a hundred bytes each are more.
const MEMORY: u64 = 32 << 20;

/// A connection that ends or a thread that waits for work may be there or not.
const FEW: u64 = 4;

/// The log is begun anew when it is this large; what waits then comes on top of it.
const LOG: u64 = 64 << 20;

/// Pages that are in use by half.
const PAGES: u64 = 1 << 20;

/// Bytes that the key of a deleted object takes in the database.
const GONE: u64 = 512;

/// What of a server at rest is more than after the first round, or should not be there at all.
#[must_use]
pub fn exceeded(first: &Figures, now: &Figures) -> Vec<String> {
    let compared = [
        ("memory", first.memory, now.memory, MEMORY),
        ("handles", first.handles, now.handles, FEW),
        ("threads", first.threads, now.threads, FEW),
        ("files", 0, now.files, 0),
        ("open or remembered uploads", 0, now.rows_of("uploads"), 0),
        ("bytes of the log", 0, now.log, LOG),
        (
            "bytes of the database",
            first.database,
            now.database,
            PAGES + GONE * now.rows_of("gone"),
        ),
    ];
    // Keys of deleted objects are remembered until the server is started again.
    let tables = now.rows.iter().filter(|(table, _)| *table != "gone");
    let tables = tables.map(|(table, rows)| (table.as_str(), first.rows_of(table), *rows, FEW));
    compared
        .into_iter()
        .chain(tables)
        .filter(|(_, first, now, more)| *now > first + more)
        .map(|(what, first, now, _)| format!("{what}: {now}, and {first} after the first round"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures() -> Figures {
        let mut figures = Figures {
            memory: 20 << 20,
            handles: 25,
            threads: 9,
            ..Figures::default()
        };
        figures.rows.insert("links".to_owned(), 0);
        figures
    }

    #[test]
    fn what_is_as_it_was_exceeds_nothing() {
        assert_eq!(exceeded(&figures(), &figures()), Vec::<String>::new());
    }

    #[test]
    fn each_figure_that_grows_is_named() {
        let mut now = figures();
        now.memory += MEMORY + 1;
        now.handles += FEW + 1;
        now.threads += FEW + 1;
        now.files = 1;
        now.log = LOG + 1;
        now.database = PAGES + 1;
        now.rows.insert("uploads".to_owned(), 1);
        now.rows.insert("links".to_owned(), FEW + 1);
        let named = exceeded(&figures(), &now);
        assert_eq!(named.len(), 8, "{named:?}");
    }
}
