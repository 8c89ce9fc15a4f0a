//! Conditions on a row's own columns, and changes of them.

use super::{
    database::Database,
    row::{Age, Columns, Grace, ObjectState, Row},
    statement::{Assignment, Condition},
};

impl Database {
    /// The row after an assignment by this client's transaction.
    pub(super) fn assigned(&mut self, client: usize, assignment: &Assignment, mut row: Row) -> Row {
        match assignment {
            Assignment::Nothing => {}
            Assignment::Mark(pass) => row.mark = Some(*pass),
            Assignment::Unmark => row.mark = None,
            Assignment::Point(manifest) => row.columns = Columns::Tag(*manifest),
            Assignment::Name => row.columns = Columns::Object(ObjectState::Named),
            Assignment::Doom => row.columns = Columns::Object(ObjectState::Doomed),
            Assignment::Forget => row.columns = Columns::Object(ObjectState::Gone(Age::default())),
            _ => self.assign_numbers(client, assignment, &mut row.columns),
        }
        row
    }

    fn assign_numbers(&mut self, client: usize, assignment: &Assignment, columns: &mut Columns) {
        match (assignment, columns) {
            (Assignment::NextPass, Columns::Current(pass)) => *pass += 1,
            (Assignment::Finish, Columns::Upload { finished, .. }) => *finished = true,
            (Assignment::Claim, Columns::Upload { epoch, .. }) => *epoch += 1,
            (Assignment::Fence, Columns::Pass { fence, .. }) => *fence = Some(self.xid(client)),
            (Assignment::FenceBySnapshot, Columns::Pass { fence, .. }) => {
                *fence = Some(self.xmax());
            }
            (Assignment::Settle, Columns::Pass { fence, grace }) => {
                (*fence, *grace) = (fence.map(|_| 0), Some(Grace::Running));
            }
            (Assignment::FenceAndSettle, Columns::Pass { fence, grace }) => {
                (*fence, *grace) = (Some(self.xid(client)), Some(Grace::Running));
            }
            (assignment, columns) => panic!("{assignment:?} does not fit {columns:?}"),
        }
    }
}

/// Whether a row's own columns are as asked.
pub(super) fn holds(condition: &Condition, row: &Row) -> bool {
    match condition {
        Condition::Always => true,
        Condition::Unmarked => row.mark.is_none(),
        Condition::Marked => row.mark.is_some(),
        Condition::MarkedBy(passes) => row.mark.is_some_and(|pass| passes.contains(&pass)),
        Condition::PointsAt(manifest) => row.columns == Columns::Tag(*manifest),
        Condition::Doomed => row.columns == Columns::Object(ObjectState::Doomed),
        Condition::Unknown => {
            matches!(row.columns, Columns::Object(ObjectState::Unknown(_)))
        }
        Condition::UnknownForGrace => {
            row.columns == Columns::Object(ObjectState::Unknown(Grace::Over))
        }
        Condition::GoneForLong => {
            matches!(row.columns, Columns::Object(ObjectState::Gone(age)) if age.is_late())
        }
        Condition::OpenAt(at) => is_open(row, |epoch| epoch == *at),
        Condition::Open => is_open(row, |_| true),
        Condition::Unsealed => matches!(row.columns, Columns::Pass { fence: None, .. }),
        Condition::Unsettled => matches!(row.columns, Columns::Pass { grace: None, .. }),
        Condition::GraceOver => match row.columns {
            Columns::Pass { grace, .. } => grace == Some(Grace::Over),
            _ => false,
        },
    }
}

fn is_open(row: &Row, at: impl Fn(u8) -> bool) -> bool {
    matches!(row.columns, Columns::Upload { epoch, finished: false } if at(epoch))
}
