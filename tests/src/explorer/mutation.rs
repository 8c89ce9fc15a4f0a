//! Ways in which the protocol could be wrong.

/// One point in which a protocol differs from the real one. The explorer must find what each breaks, but
/// for those that are no fault: that shows that the point is needed, and that the explorer would
/// notice its loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutation {
    /// Removal does not wait for transactions that were open when the pass was sealed.
    NoFence,
    /// The fence is `pg_snapshot_xmax`, one past the newest id that has *ended*: ids above it may
    /// be open.
    FenceFromSnapshot,
    /// Sealing waits for open condemnations in the transaction whose id is the fence: the id is older
    /// than what it waited for.
    SealInOneTransaction,
    /// Condemning reads the number of the pass without locking it: a mark may be of a sealed pass.
    CondemnWithoutPassLock,
    /// The grace counts from the time of the mark's transaction.
    GraceFromMark,
    /// The grace counts from the seal, not from when the fence was seen to have passed.
    GraceFromSeal,
    /// A transaction reads what it relies on before it has an id.
    LateId,
    /// A transaction that meets a mark relies on the row and leaves the mark.
    RelyOnMarked,
    /// A transaction clears the mark and does not look whether the row was still there.
    ReviveBlindly,
    /// Removal does not ask again whether the row is dead.
    RemoveWithoutDeadness,
    /// Removal selects in one statement and deletes in another, which does not ask for the mark.
    RemoveWithoutMark,
    /// A HEAD that meets a mark answers without clearing it.
    AnswerWithoutRenewal,
    /// A deletion checks what requires the row without having locked it.
    DeleteWithoutLock,
    /// A manifest's transaction reads what it refers to without locking it.
    ReferWithoutLock,
    /// Whoever deletes the last link of a content deletes the content and its object with it.
    DeleteWithLastLink,
    /// Children of an index count as untagged.
    IgnoreIndexes,
    /// Referrers of a manifest count as untagged.
    IgnoreSubjects,
    /// Given up keys and named keys have no unique index in common.
    SeparateKeyTables,
    /// A key is forgotten altogether once its object is deleted.
    ForgetKeys,
    /// A writer may name its object however long ago it began.
    NameHoweverLate,
    /// An object is deleted at once wherever its transaction was refused.
    DiscardRefused,
    /// A session that is finished is answered by its memory alone.
    TrustFinishedSession,
    /// The collector leaves its mark on what it finds alive.
    LeaveMarks,
    /// No fault: a push leaves its own link alone where it is there and not condemned, instead of locking
    /// it.
    LeaveOwnLink,
    /// No fault, but in the way: the collector waits for locks instead of skipping locked rows.
    CollectorWaits,
}
