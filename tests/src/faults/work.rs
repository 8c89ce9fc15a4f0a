//! What a client does while things go wrong: its load, and what it finds out about answers that did not come.

use std::{thread, time::Duration};

use super::calm::Calm;
use crate::clients::{
    checks,
    client::{Client, Result, Stop},
    load::Load,
    moment::Moment,
};

/// Before something else is asked for.
const PAUSE: Duration = Duration::from_millis(300);

/// Works until everybody stops.
///
/// # Errors
/// What was wrong. Then everybody stops.
pub fn work(client: &mut Client, load: &mut Load, calm: &Calm) -> Result<()> {
    let ended = try_work(client, load, calm);
    if ended.is_err() {
        calm.stop();
    }
    ended
}

fn try_work(client: &mut Client, load: &mut Load, calm: &Calm) -> Result<()> {
    while !calm.is_over() {
        let begun = Moment::now();
        if let Some(what) = unanswered(load.step(client))? {
            calm.excuse(begun, &what)?;
            find_out(client, load, calm)?;
        }
    }
    Ok(())
}

fn find_out(client: &mut Client, load: &Load, calm: &Calm) -> Result<()> {
    thread::sleep(PAUSE);
    while client.ledger.pending.is_some() && !calm.is_over() {
        calm.settle();
        let begun = Moment::now();
        if let Some(what) = unanswered(checks::settle(client, &load.library))? {
            calm.excuse(begun, &what)?;
        }
    }
    Ok(())
}

/// What was not answered, if that is all.
pub(super) fn unanswered<T>(ended: Result<T>) -> Result<Option<String>> {
    match ended {
        Ok(_) => Ok(None),
        Err(Stop::Unanswered(what)) => Ok(Some(what)),
        Err(violation) => Err(violation),
    }
}
