//! What a recorded run leaves for its replay.

/// The processor's state between two instructions, beside memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuState {
    /// Address of the next instruction.
    pub pc: u32,
    /// The registers; the first is zero.
    pub registers: [u32; 32],
    /// The program break.
    pub program_break: u32,
}

/// A stretch of a run. With the memory at its start it determines everything: a replay executes
/// [`steps`](Self::steps) and takes what `read` returned from [`input`](Self::input) and [`reads`](Self::reads).
#[derive(Clone, Debug)]
pub struct ExecutionLog {
    /// State before the first step.
    pub start: CpuState,
    /// State after the last step. After an exit its pc is still that of the exiting `ecall`.
    pub end: CpuState,
    /// Position in [`Program::instructions`](crate::Program::instructions) of each executed instruction, in order. An
    /// exiting `ecall` is the last; an instruction that faulted is not in it.
    pub steps: Vec<u32>,
    /// Positions in [`steps`](Self::steps) of loads and stores at an address that their width does not divide.
    pub misaligned: Vec<usize>,
    /// The bytes that the guest received through `read`, in order.
    pub input: Vec<u8>,
    /// Bytes that each `read` of file 0 returned, in order, calls of no bytes included.
    pub reads: Vec<u32>,
    /// Recording stops after a system call that brings the bytes moved by `read` and `write` to this, so that whoever
    /// records can look at what they cost. Unlimited unless set.
    pub moved_bytes_max: u64,
    moved_bytes: u64,
    /// The whole of `a0` at the exit, when the stretch ends with one.
    pub exit: Option<u32>,
}

impl ExecutionLog {
    /// An empty log that begins at `start`.
    #[must_use]
    pub fn starting_at(start: CpuState) -> ExecutionLog {
        ExecutionLog {
            start,
            end: start,
            steps: Vec::new(),
            misaligned: Vec::new(),
            input: Vec::new(),
            reads: Vec::new(),
            moved_bytes_max: u64::MAX,
            moved_bytes: 0,
            exit: None,
        }
    }

    /// Empties the log for a stretch that begins at `start`, and keeps its space.
    pub fn restart_at(&mut self, start: CpuState) {
        self.start = start;
        self.end = start;
        self.steps.clear();
        self.misaligned.clear();
        self.input.clear();
        self.reads.clear();
        (self.moved_bytes, self.moved_bytes_max) = (0, u64::MAX);
        self.exit = None;
    }

    /// Bytes that `read` and `write` moved, of file 2 excepted.
    #[must_use]
    pub fn moved_bytes(&self) -> u64 {
        self.moved_bytes
    }

    pub(crate) fn is_full(&self) -> bool {
        self.moved_bytes >= self.moved_bytes_max
    }

    pub(crate) fn note_read(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
        self.reads.push(bytes.len() as u32);
        self.moved_bytes += bytes.len() as u64;
    }

    pub(crate) fn note_write(&mut self, length_bytes: u32) {
        self.moved_bytes += u64::from(length_bytes);
    }
}
