//! How a run goes on after a system call.

/// What a system call does to the run.
pub(super) enum Effect {
    /// Goes on with this value in `a0`.
    Return(u32),
    /// Ends the run.
    Exit,
}
