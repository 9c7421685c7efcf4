//! Small programs whose segments can be cut where they look alike.

use std::{io::Cursor, sync::OnceLock};

use engram_prover::{
    Options, prove,
    testing::{Assembler, ZERO},
};
use engram_rv32im::{
    Opcode, Program,
    system_calls::{SYS_EXIT, SYS_READ, SYS_WRITE},
    testing::ElfSegment,
};
use engram_stark::parameters::Parameters;
use engram_verifier::{CommittedProgram, ProgramKey, RunProof};

const DATA: u32 = 0x2_0000;

/// A program with its key.
pub struct Guest {
    pub program: CommittedProgram,
    pub key: ProgramKey,
    /// Instructions of a round of the loop.
    pub round_steps: u64,
    /// Which segment is the first round of the loop, if a segment is as long as a round.
    pub first_round: usize,
}

/// What a round of the loop leaves changed where the next begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changes {
    Registers,
    Memory,
    Output,
}

/// What these guests exit with.
pub const EXIT: u32 = 0x8123_4567;

impl Guest {
    /// The guest, made once.
    pub fn cached(changes: Changes) -> &'static Self {
        static GUESTS: [OnceLock<Guest>; 3] = [const { OnceLock::new() }; 3];
        GUESTS[changes as usize].get_or_init(|| Self::new(changes))
    }

    /// A guest that does four rounds of a loop, each of which leaves only one kind of memory changed.
    fn new(changes: Changes) -> Self {
        let (counter, base) = (5, 6);
        let mut code = Assembler::default();
        code.set(base, DATA);
        code.immediate(Opcode::Addi, counter, ZERO, 4);
        code.store(Opcode::Sw, counter, base, 0);
        if changes == Changes::Output {
            code.immediate(Opcode::Addi, counter, ZERO, 0);
        }
        let round_steps = match changes {
            Changes::Registers => 2,
            Changes::Memory => 6,
            Changes::Output => 20,
        };
        // So that a cut after every round falls on the start of one.
        while !instructions(&code, 0).is_multiple_of(round_steps) {
            code.push(Opcode::Fence, 0, 0, 0, 0);
        }
        let prologue_steps = instructions(&code, 0);
        let start = code.here();
        match changes {
            Changes::Registers => {
                code.immediate(Opcode::Addi, counter, counter, -1);
                code.branch(Opcode::Bne, counter, ZERO, -1);
            }
            Changes::Memory => {
                code.immediate(Opcode::Lw, counter, base, 0);
                code.immediate(Opcode::Addi, counter, counter, -1);
                code.store(Opcode::Sw, counter, base, 0);
                code.branch(Opcode::Beq, counter, ZERO, 3);
                code.immediate(Opcode::Addi, counter, ZERO, 4);
                code.jump(ZERO, -5);
            }
            // The same byte of input again and again.
            Changes::Output => {
                code.call(SYS_READ, [0, DATA + 4, 1]);
                code.branch(Opcode::Beq, 10, ZERO, 11);
                code.call(SYS_WRITE, [1, DATA + 4, 1]);
                code.jump(ZERO, -19);
            }
        }
        assert_eq!(instructions(&code, start), round_steps);
        if changes != Changes::Output {
            code.call(SYS_WRITE, [1, DATA, 4]);
        }
        code.call(SYS_EXIT, [EXIT, 0, 0]);
        let data = ElfSegment { address: DATA, data: b"12345678".to_vec(), memory_bytes: 4096, flags: 6 };
        let program = CommittedProgram::new(&Program::from_elf(&code.elf(&[data])).unwrap()).unwrap();
        let key = ProgramKey::derive(&program).unwrap();
        Self { program, key, round_steps, first_round: (prologue_steps / round_steps) as usize }
    }

    /// A proof cut every `segment_steps` instructions.
    pub fn prove(&self, input: &[u8], segment_steps: u64) -> RunProof {
        let options = Options {
            parameters: Some(Parameters::SMALLEST),
            segment_steps_max: segment_steps,
            self_check: false,
            ..Options::default()
        };
        prove(&self.program, Box::new(Cursor::new(input.to_vec())), &options, &mut |_| {}).unwrap().0
    }
}

/// Instructions from an address on, or from the start of the program.
fn instructions(code: &Assembler, start: u32) -> u64 {
    u64::from(code.here() - start.max(Assembler::default().here())) / 4
}
