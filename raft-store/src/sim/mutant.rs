//! Deliberate defects, to show that the simulation would find them.
//!
//! One is on in a simulated process that was told so, and nowhere else.

/// A deliberate defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mutant {
    /// Log entries are acknowledged without an fsync.
    FsyncSkipped,
    /// Log entries are acknowledged before their fsync, which comes later.
    CallbackBeforeSync,
    /// The vote is kept in memory only.
    VoteNotSaved,
    /// A truncation of the log never reaches the disk.
    TruncationDropped,
    /// An applied batch is written while the one before it may still be lost.
    AppliedUnordered,
    /// A repeated request is applied again.
    DedupDropped,
    /// Compares always hold.
    CompareDropped,
    /// A snapshot has no request ids.
    SessionsNotInSnapshot,
    /// A purge removes entries that it was not asked to.
    PurgeTooFar,
    /// A linearizable read does not wait for what was acknowledged.
    ReadWithoutBarrier,
    /// A leader answers reads without asking a quorum.
    ReadWithoutQuorum,
    /// A leader answers reads for as long as its own clock says that nobody else can lead.
    ReadByLease,
    /// A watch that is behind loses a revision.
    WatchDrops,
    /// What is applied depends on the node.
    ApplyDiverges,
    /// A forwarded transaction whose answer was lost is sent again as a new one.
    RetryWithoutId,
}

impl Mutant {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::FsyncSkipped,
        Self::CallbackBeforeSync,
        Self::VoteNotSaved,
        Self::TruncationDropped,
        Self::AppliedUnordered,
        Self::DedupDropped,
        Self::CompareDropped,
        Self::SessionsNotInSnapshot,
        Self::PurgeTooFar,
        Self::ReadWithoutBarrier,
        Self::ReadWithoutQuorum,
        Self::ReadByLease,
        Self::WatchDrops,
        Self::ApplyDiverges,
        Self::RetryWithoutId,
    ];
}
