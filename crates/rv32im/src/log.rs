//! What a recorded run leaves for its replay.

/// Bytes of a memory leaf, the unit that a memory tree hashes.
pub const LEAF_BYTES: u32 = 32;

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
    /// Address and length of the buffer of each `write` to file 1, in order, as much of it as was written.
    pub writes: Vec<(u32, u32)>,
    /// Recording stops after a system call that brings the bytes moved by `read` and `write` to this, so that whoever
    /// records can look at what they cost. Unlimited unless set.
    pub moved_bytes_max: u64,
    moved_bytes: u64,
    /// The whole of `a0` at the exit, when the stretch ends with one.
    pub exit: Option<u32>,
    touched: TouchedLeaves,
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
            writes: Vec::new(),
            moved_bytes_max: u64::MAX,
            moved_bytes: 0,
            exit: None,
            touched: TouchedLeaves::none(),
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
        self.writes.clear();
        (self.moved_bytes, self.moved_bytes_max) = (0, u64::MAX);
        self.exit = None;
        self.touched.clear();
    }

    /// Number of distinct 32-byte leaves of memory that the stretch loaded from or stored to, system calls included.
    #[must_use]
    pub fn touched_leaves(&self) -> u64 {
        self.touched.count
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

    pub(crate) fn note_write(&mut self, buffer: u32, length_bytes: u32) {
        self.writes.push((buffer, length_bytes));
        self.moved_bytes += u64::from(length_bytes);
    }

    #[inline(always)]
    pub(crate) fn touch(&mut self, address: u32) {
        self.touched.insert(address / LEAF_BYTES);
    }

    /// Touches every leaf of a range; a range of no bytes has none.
    pub(crate) fn touch_range(&mut self, address: u32, length_bytes: u32) {
        if let Some(last_offset) = length_bytes.checked_sub(1) {
            for leaf in address / LEAF_BYTES..=address.saturating_add(last_offset) / LEAF_BYTES {
                self.touched.insert(leaf);
            }
        }
    }
}

/// Words of 64 leaves that cover the address space.
const LEAF_WORDS: usize = 1 << 21;

/// A set of leaves: one bit each. The bits are zero pages of the host until touched.
#[derive(Clone)]
struct TouchedLeaves {
    words: Box<[u64; LEAF_WORDS]>,
    /// The words that are not zero, so that clearing costs no more than touching did.
    nonzero: Vec<u32>,
    count: u64,
}

impl TouchedLeaves {
    fn none() -> TouchedLeaves {
        let words = vec![0; LEAF_WORDS].into_boxed_slice().try_into();
        let words = words.unwrap_or_else(|_| unreachable!("the words were made with this length"));
        TouchedLeaves { words, nonzero: Vec::new(), count: 0 }
    }

    /// `leaf` is below 2^27.
    #[inline(always)]
    fn insert(&mut self, leaf: u32) {
        if self.words[(leaf / 64) as usize % LEAF_WORDS] >> (leaf % 64) & 1 == 0 {
            self.insert_new(leaf);
        }
    }

    #[cold]
    fn insert_new(&mut self, leaf: u32) {
        let word = &mut self.words[(leaf / 64) as usize % LEAF_WORDS];
        if *word == 0 {
            self.nonzero.push(leaf / 64);
        }
        *word |= 1 << (leaf % 64);
        self.count += 1;
    }

    fn clear(&mut self) {
        for word in self.nonzero.drain(..) {
            self.words[word as usize % LEAF_WORDS] = 0;
        }
        self.count = 0;
    }
}

impl std::fmt::Debug for TouchedLeaves {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TouchedLeaves").field("count", &self.count).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_are_counted_once_and_forgotten() {
        let start = CpuState { pc: 0, registers: [0; 32], program_break: 0 };
        let mut log = ExecutionLog::starting_at(start);
        log.touch(0);
        log.touch(31);
        log.touch_range(30, 4);
        assert_eq!(log.touched_leaves(), 2);
        log.touch_range(0xffff_ffff, 1);
        log.touch_range(64, 0);
        assert_eq!(log.touched_leaves(), 3);
        log.restart_at(start);
        assert_eq!(log.touched_leaves(), 0);
        log.touch(0);
        assert_eq!(log.touched_leaves(), 1);
    }
}
