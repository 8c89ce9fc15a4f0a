//! What is written is read; what is not right is refused.

use std::{fs, io, ops::Range, process::Command};

use proptest::prelude::*;
use tempfile::tempdir;

use super::{
    Archive, END, before,
    extended::{self, Extended},
    padding,
};
use crate::testing::cases;

fn written(members: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, content) in members {
        let size = content.len() as u64;
        bytes.extend(before(name, size));
        bytes.extend(content);
        bytes.resize(bytes.len() + padding(size) as usize, 0);
    }
    bytes.extend(END);
    bytes
}

/// Opens a tar of these bytes.
fn opened(bytes: &[u8]) -> Result<Archive, String> {
    let place = tempdir().unwrap();
    let path = place.path().join("tar");
    fs::write(&path, bytes).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let archive = runtime.unwrap().block_on(Archive::open(path, |_| true));
    archive.map_err(|error| error.to_string())
}

fn range(archive: &Archive, name: &str) -> Option<Range<u64>> {
    archive.member(name).map(|(_, range)| range)
}

fn content(archive: &Archive, name: &str) -> io::Result<Vec<u8>> {
    let (file, range) = archive.member(name).ok_or(io::ErrorKind::NotFound)?;
    let mut bytes = vec![0; (range.end - range.start) as usize];
    std::os::unix::fs::FileExt::read_exact_at(&*file, &mut bytes, range.start)?;
    Ok(bytes)
}

fn members() -> impl Strategy<Value = Vec<(String, Vec<u8>)>> {
    let name = "[a-z0-9./]{0,180}[a-z]";
    let name = name.prop_filter("leads out", |name| {
        !name.starts_with('/') && !name.starts_with("./") && !name.contains("..")
    });
    let member = (name, prop::collection::vec(any::<u8>(), 0..1200));
    prop::collection::btree_map(member.0, member.1, 0..6).prop_map(|it| it.into_iter().collect())
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn what_is_written_is_read(members in members()) {
        let archive = opened(&written(&members)).unwrap();
        for (name, bytes) in members {
            prop_assert_eq!(content(&archive, &name).unwrap(), bytes);
        }
    }

    #[test]
    fn what_is_cut_short_is_refused(members in members(), cut in any::<prop::sample::Index>()) {
        let bytes = written(&members);
        let whole = bytes.len() - END.len() / 2;
        prop_assert!(opened(&bytes[..cut.index(whole)]).is_err());
    }

    #[test]
    fn what_was_changed_is_refused_or_read_within_its_bounds(
        members in members(),
        at in any::<prop::sample::Index>(),
        to in any::<u8>(),
    ) {
        let mut bytes = written(&members);
        let at = at.index(bytes.len());
        bytes[at] = to;
        if let Ok(archive) = opened(&bytes) {
            for (name, _) in members {
                prop_assert!(range(&archive, &name).is_none_or(|it| it.end <= bytes.len() as u64));
            }
        }
    }

    #[test]
    fn any_bytes_are_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let _ = opened(&bytes);
        let _ = extended::parse(&bytes);
    }

    #[test]
    fn records_read_as_they_print(name in "[a-z/]{1,300}", size in any::<u64>()) {
        let known = Extended { name: Some(name.clone().into()), size: Some(size) };
        prop_assert_eq!(extended::parse(&extended::print(&name, size)), Ok(known));
    }
}

/// What `tar` makes of a folder with a short name and one that is not, in one of its formats.
fn packed(format: &str) -> Vec<u8> {
    let place = tempdir().unwrap();
    let long = place.path().join("x".repeat(90)).join("y".repeat(90));
    fs::create_dir_all(&long).unwrap();
    fs::write(long.join("z".repeat(120)), "long").unwrap();
    fs::write(place.path().join("short"), "short").unwrap();
    std::os::unix::fs::symlink("short", place.path().join("link")).unwrap();
    let mut tar = Command::new("tar");
    tar.args(["--create", "--format", format, "--directory"]);
    tar.arg(place.path()).arg(".").output().unwrap().stdout
}

#[test]
fn what_tar_packs_is_read() {
    for format in ["gnu", "pax"] {
        let archive = opened(&packed(format)).unwrap();
        let long = format!("{}/{}/{}", "x".repeat(90), "y".repeat(90), "z".repeat(120));
        assert_eq!(content(&archive, "short").unwrap(), b"short");
        assert_eq!(content(&archive, &long).unwrap(), b"long");
        assert!(archive.member("link").is_none());
    }
}

#[test]
fn what_is_written_tar_unpacks() {
    let place = tempdir().unwrap();
    let path = place.path().join("tar");
    let long = format!("blobs/sha512/{}", "a".repeat(128));
    let members = [
        ("index.json".to_owned(), vec![1; 700]),
        (long.clone(), vec![2; 3]),
    ];
    fs::write(&path, written(&members)).unwrap();
    let mut tar = Command::new("tar");
    let unpacked = tar.arg("--extract").arg("--directory").arg(place.path());
    assert!(
        unpacked
            .arg("--file")
            .arg(&path)
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(fs::read(place.path().join("index.json")).unwrap(), [1; 700]);
    assert_eq!(fs::read(place.path().join(long)).unwrap(), [2; 3]);
}

#[test]
fn a_size_that_eleven_digits_do_not_hold_is_written_and_read() {
    let size = 9 << 30;
    let mut bytes = before("large", size);
    let start = bytes.len() as u64;
    bytes.extend(END);
    let place = tempdir().unwrap();
    let path = place.path().join("tar");
    fs::write(&path, &bytes[..bytes.len() - END.len()]).unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_len(start + size + END.len() as u64).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let archive = runtime.unwrap().block_on(Archive::open(path, |_| true));
    assert_eq!(range(&archive.unwrap(), "large"), Some(start..start + size));
}

#[track_caller]
fn refused(bytes: &[u8], why: &str) {
    let said = opened(bytes).err().expect("it is opened");
    assert!(said.contains(why), "{said}");
}

#[test]
fn what_is_not_understood_is_refused_in_words() {
    let named = |name: &str| written(&[(name.to_owned(), Vec::new())]);
    refused(&named("/etc/passwd"), "leads out");
    refused(&named("blobs/../../x"), "leads out");
    refused(&[&[0x1f, 0x8b][..], &[0; 1024]].concat(), "gunzip");
    refused(b"", "cut short");
    refused(&flagged(b'S', 0, b""), "sparse");
    refused(&flagged(b'V', 0, b""), "'V'");
    refused(&flagged(b'L', 1 << 40, b""), "too long");
    refused(&flagged(b'x', 4, b"9 x="), "extended header");
    refused(&flagged(b'x', 22, b"22 GNU.sparse.major=1\n"), "sparse");
    refused(&flagged(b'g', 10, b"10 path=x\n"), "one name");
    refused(&flagged(b'0', u64::MAX, b""), "cut short");
    let mut changed = named("index.json");
    changed[0] = b'I';
    refused(&changed, "checksum");
}

/// A member of a kind that is not written, and the end.
fn flagged(kind: u8, size: u64, content: &[u8]) -> Vec<u8> {
    let mut bytes = before("name", 0);
    bytes[124..128].copy_from_slice(&[0x80, 0, 0, 0]);
    bytes[128..136].copy_from_slice(&size.to_be_bytes());
    bytes[156] = kind;
    bytes[148..156].fill(b' ');
    let sum: u32 = bytes.iter().map(|byte| u32::from(*byte)).sum();
    bytes[148..154].copy_from_slice(format!("{sum:06o}").as_bytes());
    bytes.extend(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes.extend(END);
    bytes
}
