//! What the registry hands to clients and takes back: upload sessions and sealed cursors.
//!
//! An upload's id is signed rather than stored, so that opening a session writes nothing and every
//! replica accepts it. A cursor into a listing that only a policy can filter would name what its
//! caller may not see, so it is encrypted: the SIV construction (Rogaway and Shrimpton) with HMAC as
//! its pseudo-random function, which needs no nonce and no further cipher among the dependencies.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::{
    backend::Identity, caller::Caller, clock::Timestamp, name::RepositoryName, random::Random,
    upload_id::UploadId,
};

/// The keys, one for each purpose, derived from the registry's secret.
pub(super) struct TokenKeys {
    upload: Hmac<Sha256>,
    cursor_tag: Hmac<Sha256>,
    cursor_stream: Hmac<Sha256>,
}

/// What an upload's id says, once its signature was found right.
pub(super) struct UploadClaims<'a> {
    /// When the session was opened, by the metadata backend's time.
    pub(super) issued: Timestamp,
    /// The digest algorithm it was opened for.
    pub(super) algorithm: &'a str,
}

const UUID: usize = 36;
const SIGNATURE: usize = 16;
const CURSOR_MARK: char = '~';

impl TokenKeys {
    pub(super) fn new(identity: &Identity) -> Self {
        let derive = |purpose: &str| {
            let mut parent = keyed(identity.secret.expose());
            parent.update(purpose.as_bytes());
            keyed(&parent.finalize().into_bytes())
        };
        Self {
            upload: derive("upload session"),
            cursor_tag: derive("cursor tag"),
            cursor_stream: derive("cursor stream"),
        }
    }

    /// A new session of that caller in that repository: `<uuid>-<opened>-<algorithm>-<signature>`.
    pub(super) fn issue_upload(
        &self,
        repository: &RepositoryName,
        caller: &Caller,
        algorithm: &str,
        now: Timestamp,
        random: &dyn Random,
    ) -> Option<UploadId> {
        let signed = format!("{}-{:x}-{algorithm}", uuid(random), now.as_millis());
        let signature = self
            .upload_mac(repository, caller, &signed)
            .finalize()
            .into_bytes();
        UploadId::parse(&format!("{signed}-{}", hex(&signature[..SIGNATURE]))).ok()
    }

    /// What the id says, if it was issued here to that caller for that repository.
    pub(super) fn open_upload<'a>(
        &self,
        repository: &RepositoryName,
        caller: &Caller,
        id: &'a UploadId,
    ) -> Option<UploadClaims<'a>> {
        let (signed, signature) = id.as_str().rsplit_once('-')?;
        let signature = unhex(signature).filter(|bytes| bytes.len() == SIGNATURE)?;
        self.upload_mac(repository, caller, signed)
            .verify_truncated_left(&signature)
            .ok()?;
        let (issued, algorithm) = signed.get(UUID + 1..)?.split_once('-')?;
        let issued = Timestamp::from_millis(u64::from_str_radix(issued, 16).ok()?);
        Some(UploadClaims { issued, algorithm })
    }

    /// A cursor that says nothing to its holder. It begins with a character no name has.
    pub(super) fn seal_cursor(&self, name: &str) -> String {
        let tag = self.cursor_tag(name.as_bytes());
        let mut sealed = name.as_bytes().to_vec();
        self.apply_stream(&tag, &mut sealed);
        format!("{CURSOR_MARK}{}{}", hex(&tag), hex(&sealed))
    }

    /// The name in a sealed cursor; any other text is itself. `None` for a forged one.
    pub(super) fn open_cursor(&self, cursor: &str) -> Option<String> {
        let Some(sealed) = cursor.strip_prefix(CURSOR_MARK) else {
            return Some(cursor.to_owned());
        };
        let bytes = unhex(sealed)?;
        let (tag, sealed) = bytes.split_at_checked(SIGNATURE)?;
        let mut name = sealed.to_vec();
        self.apply_stream(tag, &mut name);
        let mut mac = self.cursor_tag.clone();
        mac.update(&name);
        mac.verify_truncated_left(tag).ok()?;
        String::from_utf8(name).ok()
    }

    fn upload_mac(
        &self,
        repository: &RepositoryName,
        caller: &Caller,
        signed: &str,
    ) -> Hmac<Sha256> {
        let mut mac = self.upload.clone();
        mac.update(repository.as_str().as_bytes());
        // A name is told from its absence, and neither field can run into the next.
        mac.update(if caller.is_anonymous() {
            b"\0-\0"
        } else {
            b"\0+\0"
        });
        let name = caller.name().unwrap_or_default();
        mac.update(&(name.len() as u64).to_be_bytes());
        mac.update(name.as_bytes());
        mac.update(signed.as_bytes());
        mac
    }

    fn cursor_tag(&self, name: &[u8]) -> [u8; SIGNATURE] {
        let mut mac = self.cursor_tag.clone();
        mac.update(name);
        let whole = mac.finalize().into_bytes();
        std::array::from_fn(|index| whole[index])
    }

    fn apply_stream(&self, tag: &[u8], bytes: &mut [u8]) {
        for (counter, block) in (0_u64..).zip(bytes.chunks_mut(32)) {
            let mut mac = self.cursor_stream.clone();
            mac.update(tag);
            mac.update(&counter.to_be_bytes());
            for (byte, key) in block.iter_mut().zip(mac.finalize().into_bytes()) {
                *byte ^= key;
            }
        }
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

fn uuid(random: &dyn Random) -> String {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let text = hex(&bytes);
    let part = |from: usize, to: usize| &text[from..to];
    [
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32),
    ]
    .join("-")
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value)]);
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|value| u8::try_from(value).ok())
    };
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    text.as_bytes().chunks(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;

    fn keys(secret: u8) -> TokenKeys {
        TokenKeys::new(&Identity {
            registry: [0; 16],
            secret: Secret::new([secret; 32]),
        })
    }

    fn issue(keys: &TokenKeys) -> UploadId {
        let random = |bytes: &mut [u8]| bytes.fill(7);
        let now = Timestamp::from_millis(0x1234);
        let name = RepositoryName::parse("team/app").unwrap();
        keys.issue_upload(&name, &Caller::named("ada"), "sha256", now, &random)
            .unwrap()
    }

    #[test]
    fn an_upload_id_says_when_and_for_what_it_was_opened() {
        let keys = keys(1);
        let id = issue(&keys);
        let name = RepositoryName::parse("team/app").unwrap();
        let claims = keys.open_upload(&name, &Caller::named("ada"), &id).unwrap();
        assert_eq!(claims.issued, Timestamp::from_millis(0x1234));
        assert_eq!(claims.algorithm, "sha256");
        assert!(
            id.as_str()
                .starts_with("07070707-0707-4707-8707-070707070707-1234-sha256-")
        );
    }

    #[test]
    fn hazard_17_an_upload_id_is_worth_nothing_to_others() {
        let keys = keys(1);
        let id = issue(&keys);
        let name = RepositoryName::parse("team/app").unwrap();
        let other = RepositoryName::parse("team/other").unwrap();
        let ada = Caller::named("ada");
        assert!(keys.open_upload(&other, &ada, &id).is_none());
        assert!(
            keys.open_upload(&name, &Caller::named("bob"), &id)
                .is_none()
        );
        assert!(keys.open_upload(&name, &Caller::anonymous(), &id).is_none());
        assert!(
            super::tests::keys(2)
                .open_upload(&name, &ada, &id)
                .is_none()
        );
    }

    #[test]
    fn a_changed_upload_id_is_refused() {
        let keys = keys(1);
        let id = issue(&keys);
        let name = RepositoryName::parse("team/app").unwrap();
        for (from, to) in [
            ("1234", "1235"),
            ("sha256", "sha512"),
            ("-sha", "-"),
            ("07", "08"),
        ] {
            let forged = UploadId::parse(&id.as_str().replacen(from, to, 1)).unwrap();
            assert!(
                keys.open_upload(&name, &Caller::named("ada"), &forged)
                    .is_none(),
                "{forged}"
            );
        }
    }

    #[test]
    fn hazard_18_a_sealed_cursor_shows_nothing_and_opens_to_its_name() {
        let keys = keys(1);
        let name = "private/".repeat(20);
        let sealed = keys.seal_cursor(&name);
        assert!(!sealed.contains("private"));
        assert_eq!(keys.open_cursor(&sealed).as_deref(), Some(name.as_str()));
        assert_eq!(keys.open_cursor(&sealed.replacen('0', "1", 1)), None);
        assert_eq!(keys.open_cursor("~"), None);
        assert_eq!(keys.open_cursor("team/app").as_deref(), Some("team/app"));
    }
}
