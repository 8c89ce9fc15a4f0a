//! What may be there in the end: what the ledgers keep, and nothing else.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags};

use crate::clients::{ledger::Ledger, library::Library};

/// What is wrong with a data directory in which collection has had its time; None where nothing is.
///
/// It looks into the database beside the server, for a registry's own listing would be right about
/// itself.
///
/// # Errors
/// Where the directory or the database cannot be read.
pub fn find(data: &Path, ledgers: &[&Ledger], library: &Library) -> io::Result<Option<String>> {
    let database = data.join("metadata.sqlite");
    let database = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY);
    let database = database.map_err(io::Error::other)?;
    let column = |sql: &str| column(&database, sql).map_err(io::Error::other);

    let links = "SELECT holder || ' ' || digest FROM links";
    let objects = "SELECT object FROM contents WHERE object IS NOT NULL";
    let open = "SELECT session FROM uploads WHERE kept IS NOT NULL";
    let compared = [
        compare("links", column(links)?, kept_links(ledgers, library)),
        compare(
            "contents",
            column("SELECT digest FROM contents")?,
            kept(ledgers, library),
        ),
        compare(
            "objects",
            objects_in(&data.join("content"))?,
            column(objects)?,
        ),
        compare(
            "unfinished writes",
            files(&data.join("content/uploads"))?,
            BTreeSet::new(),
        ),
        compare("open sessions", column(open)?, BTreeSet::new()),
    ];
    Ok(compared.into_iter().flatten().next())
}

fn compare(what: &str, is: BTreeSet<String>, should: BTreeSet<String>) -> Option<String> {
    let (more, less): (Vec<_>, Vec<_>) = (
        is.difference(&should).collect(),
        should.difference(&is).collect(),
    );
    let (many, few) = (more.len(), less.len());
    let example = more.first().or(less.first())?;
    Some(format!(
        "{what}: {many} too many, {few} missing, among them {example}"
    ))
}

fn kept_links(ledgers: &[&Ledger], library: &Library) -> BTreeSet<String> {
    let of = |ledger: &&Ledger| {
        let digests = ledger.kept().into_iter().map(|number| library.blob(number));
        digests
            .map(|blob| format!("{} {}", ledger.name, blob.digest))
            .collect::<Vec<_>>()
    };
    ledgers.iter().flat_map(of).collect()
}

fn kept(ledgers: &[&Ledger], library: &Library) -> BTreeSet<String> {
    let numbers = ledgers.iter().flat_map(|ledger| ledger.kept());
    numbers
        .map(|number| library.blob(number).digest.clone())
        .collect()
}

fn column(database: &Connection, sql: &str) -> rusqlite::Result<BTreeSet<String>> {
    let mut statement = database.prepare(sql)?;
    let rows = statement.query_map([], |row| row.get(0))?;
    rows.collect()
}

/// How many files of content there are, finished or not.
///
/// # Errors
/// Where the directory cannot be read.
pub fn files_in(content: &Path) -> io::Result<u64> {
    let (finished, unfinished) = (objects_in(content)?, files(&content.join("uploads"))?);
    Ok((finished.len() + unfinished.len()) as u64)
}

/// The keys of the objects that are there as files.
fn objects_in(content: &Path) -> io::Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    let mut directories = vec![PathBuf::from("blobs")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(content.join(&directory))? {
            let entry = entry?;
            let path = directory.join(entry.file_name());
            match entry.file_type()?.is_dir() {
                true => directories.push(path),
                false => drop(found.insert(path.to_string_lossy().into_owned())),
            }
        }
    }
    Ok(found)
}

fn files(directory: &Path) -> io::Result<BTreeSet<String>> {
    let entries = fs::read_dir(directory)?;
    let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    entries.map(|entry| entry.map(name)).collect()
}
