//! How a run ends badly: what the guest did, where, and what its author can do.

use std::fmt;

use thiserror::Error;

use crate::access::{Access, AccessError};
use crate::instruction::Instruction;
use crate::program::Program;

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FaultKind {
    /// A word that is not an instruction of the program was to be executed.
    #[error("illegal instruction {word:#010x}")]
    IllegalInstruction {
        /// The word.
        word: u32,
    },
    /// A compressed instruction was to be executed.
    #[error("unsupported compressed instruction {parcel:#06x}")]
    Compressed {
        /// Its 16 bits.
        parcel: u16,
    },
    /// A jump to an address, or a step to one, at which only a compressed instruction can be.
    #[error("jump to unsupported compressed code at {target:#010x}")]
    CompressedTarget {
        /// Where to.
        target: u32,
    },
    /// `ebreak` was executed.
    #[error("breakpoint")]
    Breakpoint,
    /// A load or store touched a byte that does not allow it.
    #[error("{access} failed: {error}")]
    Access {
        /// Load or store.
        access: Access,
        /// The address and why.
        error: AccessError,
    },
    /// A jump to an address that is not a multiple of 4.
    #[error("jump to the misaligned address {target:#010x}")]
    MisalignedJump {
        /// Where to.
        target: u32,
    },
    /// A jump to an address, or a step to one, that is in no segment, nor in the heap or the stack.
    #[error("jump outside the program, to {target:#010x}")]
    OutsideProgram {
        /// Where to.
        target: u32,
    },
    /// A jump, or a step, to data, the heap or the stack.
    #[error("jump to data at {target:#010x}")]
    NotExecutable {
        /// Where to.
        target: u32,
    },
    /// An extension refused a custom instruction.
    #[error("refused by the extension: {reason}")]
    Refused {
        /// What it said.
        reason: String,
    },
    /// A buffer given to `read` or `write` holds a byte that does not allow it.
    #[error("system call {call} with a buffer of {length_bytes} bytes at {buffer:#010x}: {error}")]
    Buffer {
        /// Number of the system call.
        call: u32,
        /// Address of the buffer.
        buffer: u32,
        /// Bytes to move.
        length_bytes: u32,
        /// The address and why.
        error: AccessError,
    },
    /// The guest wrote more public output than the emulator collects.
    #[error("more than {limit_bytes} bytes of public output")]
    OutputLimit {
        /// The limit.
        limit_bytes: usize,
    },
    /// The host could not supply input or take output. Not the guest's doing.
    #[error("{stream} failed on the host: {message}")]
    Host {
        /// Which stream.
        stream: &'static str,
        /// The host's reason.
        message: String,
    },
}

impl FaultKind {
    /// A short, stable name for programs to match on.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            FaultKind::IllegalInstruction { .. } => "illegal-instruction",
            FaultKind::Compressed { .. } | FaultKind::CompressedTarget { .. } => "compressed-instruction",
            FaultKind::Breakpoint => "breakpoint",
            FaultKind::Access { access: Access::Load, error: AccessError::NotReadable { .. } } => "load-not-readable",
            FaultKind::Access { access: Access::Load, .. } => "load-unmapped",
            FaultKind::Access { access: Access::Store, error: AccessError::ReadOnly { .. } } => "store-read-only",
            FaultKind::Access { access: Access::Store, .. } => "store-unmapped",
            FaultKind::MisalignedJump { .. } => "jump-misaligned",
            FaultKind::OutsideProgram { .. } => "jump-outside",
            FaultKind::NotExecutable { .. } => "jump-to-data",
            FaultKind::Refused { .. } => "extension-refused",
            FaultKind::Buffer { .. } => "system-call-buffer",
            FaultKind::OutputLimit { .. } => "output-limit",
            FaultKind::Host { .. } => "host-stream",
        }
    }
}

/// A run that cannot go on. The emulator keeps the state before the instruction at [`pc`](Self::pc).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct Fault {
    /// Address of the instruction that could not be executed. After a step off the end of the program it is the
    /// address after the last instruction.
    pub pc: u32,
    /// The instruction there, where there is one.
    pub instruction: Option<Instruction>,
    /// The name of the extension that the instruction belongs to, where it is a custom one.
    pub extension: Option<Box<str>>,
    /// What went wrong.
    pub kind: FaultKind,
    /// The function, where the program has symbols.
    pub symbol: Option<String>,
    /// `file:line`, where the program has debug information.
    pub source_line: Option<String>,
}

impl Fault {
    pub(crate) fn at(program: &Program, pc: u32, kind: FaultKind) -> Fault {
        let instruction = program.instruction_at(pc);
        let extension = instruction.and_then(Instruction::extension).and_then(|id| program.extensions().name(id));
        Fault {
            pc,
            instruction,
            extension: extension.map(Box::from),
            kind,
            symbol: program.symbol(pc).map(|symbol| symbol.to_string()),
            source_line: program.source_line(pc),
        }
    }

    /// What the guest's author can do about it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match &self.kind {
            FaultKind::IllegalInstruction { .. } => {
                "build all code for -march=rv32im; a compiler also plants illegal words where code must not be reached"
            }
            FaultKind::Compressed { .. } | FaultKind::CompressedTarget { .. } => {
                "compressed code is not supported: build everything, libraries too, with -march=rv32im, without c"
            }
            FaultKind::Breakpoint => "the program stopped itself: look for a failed assertion, a trap or an abort",
            FaultKind::Access { error, .. } | FaultKind::Buffer { error, .. } => match error {
                AccessError::Unmapped { .. } => {
                    "only the program's segments, its heap up to brk, and 8 MiB of stack are mapped: look for a null or \
                     dangling pointer or a stack overflow"
                }
                AccessError::ReadOnly { .. } => "the segment's flags forbid stores: look for a write to a constant",
                AccessError::NotReadable { .. } => "the segment's flags forbid loads: correct the link script",
            },
            FaultKind::MisalignedJump { .. } | FaultKind::OutsideProgram { .. } => {
                "look for a damaged return address or function pointer"
            }
            FaultKind::NotExecutable { .. } => {
                "look for a damaged return address or function pointer; code that is generated at run time cannot be \
                 executed"
            }
            FaultKind::Refused { .. } => "look at what the extension asks of its operands",
            FaultKind::OutputLimit { .. } => "write less, for example a hash of the result",
            FaultKind::Host { .. } => "look at the file or pipe that is connected to the guest",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at pc {:#010x}", self.kind, self.pc)?;
        if let Some(instruction) = self.instruction {
            write!(f, " ({})", instruction.at(self.pc).named(self.extension.as_deref()))?;
        }
        if let Some(symbol) = &self.symbol {
            write!(f, " in {symbol}")?;
        }
        if let Some(source) = &self.source_line {
            write!(f, ", {source}")?;
        }
        Ok(())
    }
}
