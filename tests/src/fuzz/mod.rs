//! What must hold for any input, as functions of bytes that panic where it does not.
//!
//! Each is called by a libFuzzer target (`fuzz/`) and, with seeds and edits of them, by the property
//! tests of this crate, so that a broken promise shows without a nightly compiler. Where the
//! specification has a grammar, its own regular expression is the oracle: our parsers are written by
//! hand, and the two must agree on every input.

mod digest;
mod header;
mod manifest;
mod name;
mod range;
mod reference;
mod router;

use std::fmt::{Debug, Display};
use std::str::FromStr;

pub use self::digest::digest;
pub use self::header::{accept, entity_tags, link};
pub use self::manifest::manifest;
pub use self::name::repository_name;
pub use self::range::range;
pub use self::reference::reference;
pub use self::router::{path, router};

/// A message about hostile input goes into answers and logs: this long at most, and one line.
const LONGEST_MESSAGE: usize = 2_000;

/// What parses prints as the text it was, and parses again to the same value.
fn reads_back<T>(value: &T, text: &str)
where
    T: FromStr<Err: Debug> + Display + Debug + PartialEq,
{
    assert_eq!(value.to_string(), text);
    assert_eq!(&text.parse::<T>().expect("parses again"), value);
    assert_eq!(format!("{value:?}"), text);
}

/// A refusal can be shown to anyone.
fn is_presentable(error: &impl Display) {
    let message = error.to_string();
    assert!(message.len() <= LONGEST_MESSAGE, "{} bytes", message.len());
    assert!(!message.contains(char::is_control), "{message:?}");
}
