//! What an earlier run has made of a fixture, so that a million rows are made once.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::content::new_run;
use crate::failure::{Failure, Result};

/// A file that says which rows a server has, or no file, and nothing is kept.
pub(crate) struct Kept {
    file: Option<PathBuf>,
    state: RefCell<State>,
}

#[derive(Serialize, Deserialize)]
struct State {
    run: u64,
    rows: BTreeMap<String, usize>,
}

impl Kept {
    /// Nothing, or what the file says; one that is not there will be written.
    pub(crate) fn open(file: Option<PathBuf>) -> Result<Self> {
        let written = file.as_ref().map(fs::read);
        let state = match written {
            None => State::new(),
            Some(Err(error)) if error.kind() == ErrorKind::NotFound => State::new(),
            Some(written) => serde_json::from_slice(&written?)
                .map_err(|error| Failure::new(format!("the kept fixture: {error}")))?,
        };
        let state = RefCell::new(state);
        Ok(Self { file, state })
    }

    /// The run whose content it is.
    pub(crate) fn run(&self) -> u64 {
        self.state.borrow().run
    }

    /// How many rows of a kind there are.
    pub(crate) fn rows(&self, kind: &str) -> usize {
        self.state.borrow().rows.get(kind).copied().unwrap_or(0)
    }

    /// So many there are now.
    pub(crate) fn made(&self, kind: &str, rows: usize) -> Result<()> {
        let mut state = self.state.borrow_mut();
        state.rows.insert(kind.to_owned(), rows);
        let Some(file) = &self.file else {
            return Ok(());
        };
        let written = serde_json::to_vec(&*state).expect("numbers can be written");
        Ok(fs::write(file, written)?)
    }
}

impl State {
    fn new() -> Self {
        Self {
            run: new_run(),
            rows: BTreeMap::new(),
        }
    }
}
