//! Crashes of the real program on a real disk, and what is there afterwards.
//!
//! Clients push, pull, move tags, mount, delete and go on with uploads while collection runs. Each keeps a
//! ledger of what was acknowledged and of the one request that was not answered. Then the server is killed,
//! or ends itself at a marked step, or the power of its disk is cut; it is started again, and everything is
//! compared with the ledgers, byte for byte. In the end, after a collection, nothing else may be there.
//!
//! Comparing the data directory before and after was the alternative; it finds what changed, and cannot
//! tell what had to. A client that retries was another: it would hide which answers never came.

pub mod leaks;
pub mod machine;
pub mod run;
