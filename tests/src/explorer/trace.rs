//! A counterexample to read.

use std::fmt::Write as _;

use super::{
    connection::Request,
    program::Programs,
    store::rows_text,
    violation::Violation,
    world::{Event, Outcome, World},
};

/// Tells what happened, a line per step.
pub(crate) fn tell(
    names: &[&'static str],
    programs: &mut Programs,
    start: World,
    events: &[Event],
    violation: Violation,
) -> String {
    let width = names.iter().map(|name| name.len()).max().unwrap_or(0);
    let mut text = String::new();
    let mut world = start;
    for event in events {
        let outcome = world.after(*event, programs);
        let (who, what) = describe(names, programs, &world, *event, &outcome);
        writeln!(text, "  {who:width$}  {what}").expect("a string takes it");
        if let Outcome::Done(next, _) = outcome {
            world = *next;
        }
    }
    writeln!(text, "  => {violation}").expect("a string takes it");
    text
}

fn describe(
    names: &[&'static str],
    programs: &Programs,
    world: &World,
    event: Event,
    outcome: &Outcome,
) -> (&'static str, String) {
    match event {
        Event::Tick => ("", "--- the grace period passes ---".to_owned()),
        Event::Break(client) => (names[client], "dies".to_owned()),
        Event::Step(client) => {
            let (request, begun) = world.request(client, programs);
            let what = request.map_or_else(String::new, |request| {
                describe_step(request, begun, outcome)
            });
            (names[client], what)
        }
    }
}

fn describe_step(request: &Request, begun: bool, outcome: &Outcome) -> String {
    let shows_rows = matches!(request, Request::Run(_) | Request::Insert(_));
    match outcome {
        Outcome::Done(_, None) if begun => format!("... {request}: a row"),
        Outcome::Done(_, None) => format!("{request}: snapshot"),
        Outcome::Done(_, Some(rows)) if shows_rows => {
            let more = if begun { "... " } else { "" };
            format!("{more}{request}: {}", rows_text(rows))
        }
        _ => request.to_string(),
    }
}
