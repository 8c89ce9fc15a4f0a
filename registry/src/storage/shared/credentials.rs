//! Credentials of S3 in a file, as Amazon's own programs have them.
//!
//! Whoever rotates them writes the file anew, so each request looks whether it has changed. What cannot be read,
//! as when it is half written, leaves those that were read before in force.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use async_trait::async_trait;
use registry_storage::object::object_store::{CredentialProvider, Result, aws::AwsCredential};

use crate::failure::Failure;

/// A profile of such a file.
pub(super) struct CredentialsFile {
    path: PathBuf,
    profile: String,
    last: Mutex<Read>,
}

/// What was read, and when it was written.
struct Read {
    written: SystemTime,
    credential: Arc<AwsCredential>,
}

impl CredentialsFile {
    pub(super) fn open(path: &Path, profile: &str) -> Result<Self, Failure> {
        let last = read(path, profile).map_err(|what| {
            let path = path.display();
            Failure::new(format!("objects.credentials: {path}: {what}"))
        })?;
        Ok(Self {
            path: path.to_owned(),
            profile: profile.to_owned(),
            last: Mutex::new(last),
        })
    }

    fn current(&self) -> Arc<AwsCredential> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if written(&self.path).ok() != Some(last.written) {
            match read(&self.path, &self.profile) {
                Ok(read) => *last = read,
                Err(what) => {
                    let path = self.path.display();
                    tracing::warn!(%path, what, "credentials stay as they were");
                }
            }
        }
        Arc::clone(&last.credential)
    }
}

#[async_trait]
impl CredentialProvider for CredentialsFile {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> Result<Arc<AwsCredential>> {
        Ok(self.current())
    }
}

impl fmt::Debug for CredentialsFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CredentialsFile").field(&self.path).finish()
    }
}

fn written(path: &Path) -> io::Result<SystemTime> {
    fs::metadata(path)?.modified()
}

fn read(path: &Path, profile: &str) -> Result<Read, String> {
    // Asked first: what is written in between is then read again.
    let written = written(path).map_err(|error| error.to_string())?;
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let credential = of_profile(&text, profile)?;
    Ok(Read {
        written,
        credential: Arc::new(credential),
    })
}

fn of_profile(text: &str, profile: &str) -> Result<AwsCredential, String> {
    let lines = text.lines().map(str::trim);
    let mut lines = lines.skip_while(|line| section(line) != Some(profile));
    if lines.next().is_none() {
        return Err(format!("it has no profile [{profile}]"));
    }
    let pairs: Vec<_> = lines
        .take_while(|line| section(line).is_none())
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (key.trim(), value.trim()))
        .collect();
    let value = |key| {
        pairs
            .iter()
            .find(|(name, _)| *name == key)
            .map(|(_, value)| (*value).to_owned())
    };
    let needed = |key| value(key).ok_or_else(|| format!("its profile [{profile}] has no {key}"));
    Ok(AwsCredential {
        key_id: needed("aws_access_key_id")?,
        secret_key: needed("aws_secret_access_key")?,
        token: value("aws_session_token"),
    })
}

/// The name of a profile, where a line begins one.
fn section(line: &str) -> Option<&str> {
    Some(line.strip_prefix('[')?.strip_suffix(']')?.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# both\n[default]\naws_access_key_id = one\naws_secret_access_key=secret=/+\n\
                        [ other ]\naws_access_key_id=two\naws_secret_access_key=hidden\naws_session_token = t\n[half]\n\
                        aws_access_key_id=three\n";

    #[test]
    fn each_profile_has_its_own() {
        let default = of_profile(TEXT, "default").unwrap();
        assert_eq!(
            (&*default.key_id, &*default.secret_key),
            ("one", "secret=/+")
        );
        assert_eq!(default.token, None);
        let other = of_profile(TEXT, "other").unwrap();
        assert_eq!((&*other.key_id, other.token.as_deref()), ("two", Some("t")));
    }

    #[test]
    fn what_is_missing_is_named() {
        let words = |profile| of_profile(TEXT, profile).unwrap_err();
        assert_eq!(words("absent"), "it has no profile [absent]");
        assert_eq!(
            words("half"),
            "its profile [half] has no aws_secret_access_key"
        );
    }

    #[test]
    fn a_file_that_changes_is_read_anew_and_one_that_breaks_is_not() {
        let directory = std::env::temp_dir();
        let path = directory.join(format!("registry-credentials-{}", std::process::id()));
        let write = |text: &str, seconds| {
            fs::write(&path, text).unwrap();
            let at = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
            fs::File::options()
                .write(true)
                .open(&path)
                .unwrap()
                .set_modified(at)
                .unwrap();
        };
        write(TEXT, 1);
        let file = CredentialsFile::open(&path, "default").unwrap();
        assert_eq!(file.current().key_id, "one");
        write(&TEXT.replace("= one", "= rotated"), 2);
        assert_eq!(file.current().key_id, "rotated");
        write("[defau", 3);
        assert_eq!(file.current().key_id, "rotated");
        fs::remove_file(&path).unwrap();
        assert_eq!(file.current().key_id, "rotated");
    }
}
