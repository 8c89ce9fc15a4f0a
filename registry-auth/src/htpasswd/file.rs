//! What stands in the file.

use std::{collections::HashMap, str::FromStr};

use bcrypt::HashParts;
use registry_core::Secret;
use thiserror::Error;

/// A password file, read: a line `NAME:HASH` per user, hashes by bcrypt; empty lines and those that begin with `#`
/// do not count.
///
/// ```
/// use registry_auth::HtpasswdFile;
///
/// let line = "ada:$2y$05$VN0748/rcV7nvqm8C5LASuD9aBGlYMelXb4UqrcLGfqu90MFkidB6";
/// assert_eq!(HtpasswdFile::parse(line).unwrap().len(), 1);
/// assert!(HtpasswdFile::parse("ada:lovelace").is_err());
/// ```
#[derive(Clone, Default)]
pub struct HtpasswdFile {
    hashes: Vec<Secret>,
    /// The index of each user's hash.
    users: HashMap<String, usize>,
}

/// What is wrong with a password file. It never repeats a hash.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {what}")]
pub struct HtpasswdError {
    line: usize,
    what: String,
}

/// The largest cost: a password then takes some ten seconds of a processor.
const MAX_COST: u32 = 17;

impl HtpasswdFile {
    /// Reads a file's text.
    ///
    /// # Errors
    /// Where a line is none, its hash is not one of bcrypt, or its cost is above 17.
    pub fn parse(text: &str) -> Result<Self, HtpasswdError> {
        let mut file = Self::default();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim_end();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            file.add(line).map_err(|what| HtpasswdError {
                line: index + 1,
                what,
            })?;
        }
        Ok(file)
    }

    /// How many users there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.users.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    fn add(&mut self, line: &str) -> Result<(), String> {
        let (name, hash) = line
            .split_once(':')
            .ok_or("it must be NAME:HASH, as `htpasswd -B` writes it")?;
        if name.is_empty() {
            return Err("the name is missing".to_owned());
        }
        let cost = cost(hash).ok_or_else(|| {
            format!("the password of {name:?} is not hashed by bcrypt: write it with `htpasswd -B`")
        })?;
        if cost > MAX_COST {
            return Err(format!(
                "the password of {name:?} has the cost {cost}, and at most {MAX_COST} is taken"
            ));
        }
        if self.users.contains_key(name) {
            return Err(format!("{name:?} is there already"));
        }
        self.users.insert(name.to_owned(), self.hashes.len());
        self.hashes.push(Secret::new(hash.to_owned()));
        Ok(())
    }

    /// Whether that is the user's password. An unknown name is compared with one of the hashes, chosen by the
    /// number, so that it takes as long as a user's.
    pub(super) fn is_right(&self, name: &str, password: &Secret, number: u64) -> bool {
        let known = self.users.get(name).copied();
        let Some(other) = number.checked_rem(self.hashes.len() as u64) else {
            return false;
        };
        let index = known.unwrap_or(usize::try_from(other).unwrap_or_default());
        let same = bcrypt::verify(password.expose(), self.hashes[index].expose());
        known.is_some() && same.unwrap_or(false)
    }
}

impl std::fmt::Debug for HtpasswdFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HtpasswdFile")
            .field("users", &self.len())
            .finish_non_exhaustive()
    }
}

/// The cost of a hash of bcrypt; none for any other.
fn cost(hash: &str) -> Option<u32> {
    let version = hash.get(..4)?;
    if !["$2a$", "$2b$", "$2x$", "$2y$"].contains(&version) {
        return None;
    }
    HashParts::from_str(hash).ok().map(|parts| parts.get_cost())
}
