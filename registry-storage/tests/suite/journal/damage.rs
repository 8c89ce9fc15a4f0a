//! Journals that are torn, corrupt, or not all there.

use std::{fs, path::Path};

use registry_core::RepositoryName;
use registry_storage::directory::{RebuildError, RebuildFinding};
use tempfile::{TempDir, tempdir};

use super::{
    copy, lose, made_again, open, run, segments,
    tables::{Rows, told},
    work::{Chance, blob, push_blob, push_image, registry},
};

/// A directory whose database is lost. It only ever grew, by an image per frame; what it was at each of
/// them, and how long the journal was then.
struct Grown {
    place: TempDir,
    states: Vec<(usize, Vec<Rows>)>,
}

const IMAGES: u64 = 12;

fn name(number: u64) -> RepositoryName {
    format!("team/app{}", number % 3).parse().unwrap()
}

async fn grown() -> Grown {
    let place = tempdir().unwrap();
    let directory = open(place.path());
    let registry = registry(&directory).await;
    let mut states = Vec::new();
    for number in 0..IMAGES {
        let tag = format!("t{}", number % 5);
        push_image(&registry, &name(number), blob(number), Some(&tag)).await;
        directory.metadata().write_journal().unwrap();
        let length = fs::read(&segments(place.path())[0]).unwrap().len();
        states.push((length, told(place.path())));
    }
    drop(registry);
    directory.close().await;
    lose(place.path());
    Grown { place, states }
}

/// A copy of a directory with another journal.
fn with_journal(place: &Path, journal: &[u8]) -> TempDir {
    let other = tempdir().unwrap();
    copy(place, other.path());
    fs::write(&segments(other.path())[0], journal).unwrap();
    other
}

fn tags(state: &[Rows]) -> &Rows {
    &state[6]
}

#[test]
fn a_journal_that_ends_anywhere_makes_sense_up_to_there() {
    run(async {
        let grown = grown().await;
        let journal = fs::read(&segments(grown.place.path())[0]).unwrap();
        let mut chance = Chance::new(7);
        let (first, last) = (grown.states[0].0, grown.states[grown.states.len() - 1].0);
        for _ in 0..20 {
            let length = first + chance.below((last - first) as u64) as usize;
            let cut = with_journal(grown.place.path(), &journal[..length]);
            let (report, findings) = made_again(cut.path()).unwrap();
            assert_eq!(findings, [], "cut at {length}");
            let whole = grown.states.iter().rev().find(|(end, _)| *end <= length);
            let (end, state) = whole.unwrap();
            assert_eq!(told(cut.path()), *state, "cut at {length}");
            assert_eq!(report.torn, (length - end) as u64, "cut at {length}");
            assert!(report.complete, "cut at {length}");
        }
    });
}

#[test]
fn a_corrupt_frame_is_told_and_what_follows_it_comes_back() {
    run(async {
        let grown = grown().await;
        let journal = fs::read(&segments(grown.place.path())[0]).unwrap();
        for frame in 1..grown.states.len() - 1 {
            let mut corrupt = journal.clone();
            let (from, to) = (grown.states[frame - 1].0, grown.states[frame].0);
            corrupt[(from + to) / 2] ^= 0x40;
            let other = with_journal(grown.place.path(), &corrupt);
            let (_, findings) = made_again(other.path()).unwrap();
            let damaged = findings.iter().find_map(|finding| match finding {
                RebuildFinding::Damaged { from, to, .. } => Some((*from as usize, *to as usize)),
                _ => None,
            });
            assert_eq!(damaged, Some((from, to)));
            // Whatever came later is there, and nothing that never was.
            let (last, made) = (&grown.states[grown.states.len() - 1].1, told(other.path()));
            let before = tags(&grown.states[frame - 1].1);
            let lost = tags(last).iter().filter(|tag| !tags(&made).contains(tag));
            assert!(lost.count() <= 1);
            for tag in tags(&made) {
                assert!(tags(last).contains(tag) || before.contains(tag), "{tag:?}");
            }
        }
    });
}

#[test]
fn whatever_byte_is_wrong_a_rebuild_ends_and_is_sound() {
    run(async {
        let grown = grown().await;
        let journal = fs::read(&segments(grown.place.path())[0]).unwrap();
        let mut chance = Chance::new(11);
        for _ in 0..24 {
            let mut corrupt = journal.clone();
            let at = chance.below(journal.len() as u64) as usize;
            corrupt[at] ^= 1 << chance.below(8);
            let other = with_journal(grown.place.path(), &corrupt);
            match made_again(other.path()) {
                Ok((report, findings)) => {
                    told(other.path());
                    assert!(!findings.is_empty() || report.torn > 0, "byte {at}");
                }
                Err(RebuildError::NeverComplete(_)) => {
                    assert!(at < grown.states[0].0, "byte {at}");
                }
                Err(other) => panic!("byte {at}: {other}"),
            }
        }
    });
}

#[test]
fn a_blob_whose_record_is_lost_is_found_by_the_name_of_its_file() {
    run(async {
        let place = tempdir().unwrap();
        let directory = open(place.path());
        let kept = registry(&directory).await;
        let first: RepositoryName = "team/first".parse().unwrap();
        push_blob(&kept, &first, blob(2)).await;
        directory.metadata().write_journal().unwrap();
        let begin = fs::read(&segments(place.path())[0]).unwrap().len();
        // The record of the content is in this frame, and one link to it in the next.
        let digest = push_blob(&kept, &first, blob(1)).await;
        directory.metadata().write_journal().unwrap();
        push_blob(&kept, &"team/second".parse().unwrap(), blob(1)).await;
        directory.metadata().write_journal().unwrap();
        drop(kept);
        directory.close().await;
        lose(place.path());
        let segment = &segments(place.path())[0];
        let mut journal = fs::read(segment).unwrap();
        journal[begin + 40] ^= 1;
        fs::write(segment, &journal).unwrap();

        let file = fs::read_dir(place.path().join("content/blobs/sha256"));
        assert!(file.unwrap().count() > 0);
        let (report, findings) = made_again(place.path()).unwrap();
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(report.unknown_files, 0);
        let made = told(place.path());
        let digest = rusqlite::types::Value::from(digest.to_string());
        assert!(made[2].iter().any(|content| content[0] == digest));
    });
}

#[test]
fn what_a_file_held_that_is_gone_is_told_and_absent() {
    run(async {
        let place = tempdir().unwrap();
        let directory = open(place.path());
        let kept = registry(&directory).await;
        let digest = push_blob(&kept, &"team/app".parse().unwrap(), blob(1)).await;
        drop(kept);
        directory.close().await;
        lose(place.path());
        let shard = place.path().join("content/blobs/sha256");
        let shard = shard.join(&digest.encoded()[..2]);
        let file = fs::read_dir(&shard).unwrap().next().unwrap().unwrap();
        fs::remove_file(file.path()).unwrap();
        let (_, findings) = made_again(place.path()).unwrap();
        assert!(
            matches!(&findings[..], [RebuildFinding::File { digest: lost, .. }] if *lost == digest),
            "{findings:?}"
        );
        assert_eq!(told(place.path())[2].len(), 0);
        // A push heals it.
        let directory = open(place.path());
        let again = registry(&directory).await;
        push_blob(&again, &"team/app".parse().unwrap(), blob(1)).await;
        drop(again);
        directory.close().await;
        assert_eq!(told(place.path())[2].len(), 1);
    });
}
