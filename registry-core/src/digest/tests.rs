use proptest::prelude::*;

use super::*;
use crate::testing::cases;

const EMPTY_256: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const ABC_512: &str = "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                       2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";

fn refused(text: &str, offset: usize, message: &str) {
    let error = Digest::parse(text).unwrap_err();
    assert_eq!(error.offset(), offset, "{text}: {error}");
    assert!(error.to_string().contains(message), "{text}: {error}");
}

#[test]
fn known_answers() {
    assert_eq!(Digest::sha256(b"").as_str(), EMPTY_256);
    assert_eq!(Digest::sha512(b"abc").as_str(), ABC_512);
}

#[test]
fn grammatical_digests_parse_whatever_their_algorithm() {
    for text in [
        EMPTY_256,
        ABC_512,
        "blake3:0A=_-z",
        "sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564",
        "multihash+base58.v1_x-y:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8",
        "a:b",
    ] {
        assert_eq!(Digest::parse(text).unwrap().as_str(), text);
    }
}

#[test]
fn what_is_no_digest_is_refused_where_it_ends_to_be_one() {
    refused("", 0, "empty");
    refused("latest", 6, "no ':'");
    refused(":abc", 0, "an algorithm is");
    refused("Sha256:abc", 0, "an algorithm is");
    refused("a++b:abc", 2, "an algorithm is");
    refused("a-:abc", 2, "an algorithm is");
    refused("a:", 2, "nothing follows");
    refused("a:b/c", 3, "only letters");
    refused("a:b:c", 3, "only letters");
    refused("a:\u{e9}", 2, "only letters");
    refused("sha256:abc", 10, "needs exactly 64 hex digits, not 3");
    refused(&format!("sha512:{}", "a".repeat(64)), 71, "exactly 128");
    refused(&format!("{EMPTY_256}0"), 71, "not 65");
    refused(&EMPTY_256.replace('e', "E"), 7, "in lower case");
}

#[test]
fn the_longest_digest_has_255_bytes() {
    let text = format!("a:{}", "b".repeat(253));
    assert!(Digest::parse(&text).is_ok());
    refused(&format!("{text}b"), 255, "longer than 255 bytes");
}

#[test]
fn a_digest_reads_and_prints_as_its_text() {
    let digest = Digest::sha256(b"");
    assert_eq!(
        (digest.algorithm(), &EMPTY_256[7..]),
        ("sha256", digest.encoded())
    );
    assert_eq!(
        format!("{digest} {digest:?}"),
        format!("{EMPTY_256} {EMPTY_256}")
    );
    let json = serde_json::to_string(&digest).unwrap();
    assert_eq!(serde_json::from_str::<Digest>(&json).unwrap(), digest);
    assert!(serde_json::from_str::<Digest>("\"sha256:abc\"").is_err());
}

#[test]
fn a_raw_hash_becomes_a_digest_of_its_algorithm() {
    assert_eq!(
        Digest::from_hash("x", &[0x0f, 0xa0]).unwrap().as_str(),
        "x:0fa0"
    );
    assert!(Digest::from_hash("sha256", &[0]).is_err());
}

#[test]
fn the_set_decides_what_is_accepted() {
    let algorithms = Algorithms::default();
    assert_eq!(algorithms.names().collect::<Vec<_>>(), ["sha256", "sha512"]);
    assert!(algorithms.accepts(&Digest::sha512(b"")));
    let other = Digest::parse("blake3:abc").unwrap();
    assert!(!algorithms.accepts(&other));
    assert_eq!(
        algorithms.verify(&other, b"").unwrap_err().to_string(),
        "the digest algorithm blake3 is not supported"
    );
}

/// Where this fails after an upgrade of sha2, states that other processes saved cannot be read any
/// more, and the formats' names have to change.
#[test]
fn the_saved_state_keeps_its_format() {
    let saved = |algorithm| {
        let mut hasher = Algorithms::standard().get(algorithm).unwrap().hasher();
        hasher.update(&[7; 200]);
        let HashState { format, bytes } = hasher.save();
        (
            format,
            bytes.len(),
            Digest::sha256(&bytes).encoded()[..16].to_owned(),
        )
    };
    assert_eq!(
        saved("sha256"),
        ("sha2-0.11/sha256".into(), 104, "6308cd634b44e54b".into())
    );
    assert_eq!(
        saved("sha512"),
        ("sha2-0.11/sha512".into(), 208, "5617195def6502b1".into())
    );
}

#[test]
fn a_state_that_is_not_known_is_refused() {
    let algorithms = Algorithms::standard();
    let sha256 = algorithms.get("sha256").unwrap();
    let good = sha256.hasher().save();
    let format = |format: &str| HashState {
        format: format.to_owned(),
        ..good.clone()
    };
    let bytes = |bytes: &[u8]| HashState {
        bytes: bytes.to_vec(),
        ..good.clone()
    };
    for state in [
        format("sha2-0.10/sha256"),
        format("sha2-0.11/sha512"),
        format(""),
        bytes(&[]),
        bytes(&good.bytes[1..]),
        bytes(&[0xff; 104]),
    ] {
        let error = sha256.restore(&state).err().unwrap();
        assert_eq!(
            (error.format, error.length),
            (state.format, state.bytes.len())
        );
    }
}

#[test]
fn a_state_does_not_print_content() {
    let mut hasher = Algorithms::standard().get("sha256").unwrap().hasher();
    hasher.update(b"secret");
    assert_eq!(
        format!("{:?}", hasher.save()),
        "HashState(sha2-0.11/sha256, 104 bytes)"
    );
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn every_digest_of_the_grammar_parses(
        text in "[a-z0-9]{1,9}([+._-][a-z0-9]{1,9}){0,3}:[a-zA-Z0-9=_-]{1,90}"
    ) {
        prop_assume!(!text.starts_with("sha256:") && !text.starts_with("sha512:"));
        let digest = Digest::parse(&text).unwrap();
        prop_assert_eq!(format!("{}:{}", digest.algorithm(), digest.encoded()), text);
    }

    #[test]
    fn a_hash_goes_on_from_its_saved_state(
        content in prop::collection::vec(any::<u8>(), 0..600),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(content.len() + 1)).collect();
        cuts.sort_unstable();
        let algorithms = Algorithms::standard();
        for name in algorithms.names() {
            let algorithm = algorithms.get(name).unwrap();
            let mut hasher = algorithm.hasher();
            let mut start = 0;
            for &cut in &cuts {
                hasher.update(&content[start..cut]);
                hasher = algorithm.restore(&hasher.save()).unwrap();
                start = cut;
            }
            hasher.update(&content[start..]);
            prop_assert_eq!(Some(hasher.finish()), algorithms.digest(name, &content));
        }
    }
}
