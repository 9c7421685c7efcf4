//! A log and the initial memory are enough to recompute a run: a replay that has neither the emulator nor the input gets
//! the same registers, the same memory and the same break.

use std::io::Cursor;

use engram_rv32im::semantics::{alu, branch_taken, load_extract, store_merge};
use engram_rv32im::system_calls::{
    FILE_DEBUG, FILE_INPUT, FILE_OUTPUT, MINUS_EBADF, MINUS_ENOSYS, SYS_BRK, SYS_EXIT, SYS_EXIT_GROUP, SYS_READ,
    SYS_WRITE, TRANSFER_MAX_BYTES,
};
use engram_rv32im::testing::{
    BULK_LOAD, BULK_STORE, ElfSegment, ROTATE_XOR, RandomProgram, SplitMix64, TestExtensions, elf_file, link,
    text_segment,
};
use engram_rv32im::{
    CpuState, Emulator, ExecutionLog, Extensions, Format, GuestAccess, Instruction, Memory, Opcode, Outcome, Program,
    Refusal,
};

/// What a custom instruction touches in a replay.
struct Replayed<'a> {
    rs1: u32,
    rs2: u32,
    rd: &'a mut u32,
    memory: &'a mut Memory,
}

impl GuestAccess for Replayed<'_> {
    fn rs1(&self) -> u32 {
        self.rs1
    }

    fn rs2(&self) -> u32 {
        self.rs2
    }

    fn set_rd(&mut self, value: u32) {
        *self.rd = value;
    }

    fn load(&mut self, base: u32, offset_words: u32) -> Result<u32, Refusal> {
        Ok(self.memory.word(base + 4 * offset_words))
    }

    fn store(&mut self, base: u32, offset_words: u32, word: u32) -> Result<(), Refusal> {
        self.memory.set_word(base + 4 * offset_words, word);
        Ok(())
    }
}

/// Replays a stretch and returns the state after it.
fn replay(program: &Program, log: &ExecutionLog, memory: &mut Memory) -> CpuState {
    let CpuState { mut pc, registers: mut x, mut program_break } = log.start;
    let (mut input, mut reads) = (log.input.as_slice(), log.reads.iter());
    for &index in &log.steps {
        let (address, Instruction { opcode, rd, rs1, rs2, imm }) = program.instructions()[index as usize];
        assert_eq!(address, pc);
        let (a, b, imm) = (x[usize::from(rs1)], x[usize::from(rs2)], imm as u32);
        let (rd, next) = (usize::from(rd), pc.wrapping_add(4));
        pc = next;
        match opcode.format() {
            Format::Register => x[rd] = alu(opcode, a, b),
            Format::Immediate | Format::Shift => x[rd] = alu(opcode, a, imm),
            Format::Upper => x[rd] = alu(opcode, address, imm),
            Format::Load => {
                let at = a.wrapping_add(imm);
                x[rd] = load_extract(opcode, memory.word(at), memory.word(at.wrapping_add(4)), at);
            }
            Format::Store => {
                let at = a.wrapping_add(imm);
                let (low, high) = (memory.word(at), memory.word(at.wrapping_add(4)));
                let (low, high) = store_merge(opcode, low, high, at, b);
                memory.set_word(at, low);
                memory.set_word(at.wrapping_add(4), high);
            }
            Format::Branch if branch_taken(opcode, a, b) => pc = address.wrapping_add(imm),
            Format::Jump => (x[rd], pc) = (next, address.wrapping_add(imm)),
            Format::JumpRegister => (x[rd], pc) = (next, a.wrapping_add(imm) & !1),
            Format::Branch | Format::Fence => {}
            Format::Custom => {
                let mut guest = Replayed { rs1: a, rs2: b, rd: &mut x[rd], memory };
                assert_eq!(TestExtensions.execute(imm as u16, &mut guest), Ok(()));
            }
            Format::Bare => match (x[17], x[10]) {
                (SYS_READ, FILE_INPUT) => {
                    let count = *reads.next().unwrap_or_else(|| panic!("no read left at {address:#x}"));
                    let (now, later) = input.split_at(count as usize);
                    memory.poke(x[11], now);
                    (x[10], input) = (count, later);
                }
                (SYS_WRITE, FILE_OUTPUT | FILE_DEBUG) => x[10] = x[12].min(TRANSFER_MAX_BYTES),
                (SYS_READ | SYS_WRITE, _) => x[10] = MINUS_EBADF,
                (SYS_BRK, address) => {
                    if (program.initial_break()..=program.heap_limit()).contains(&address) {
                        program_break = address;
                    }
                    x[10] = program_break;
                }
                (SYS_EXIT | SYS_EXIT_GROUP, _) => pc = address,
                _ => x[10] = MINUS_ENOSYS,
            },
        }
        x[0] = 0;
    }
    assert!(input.is_empty() && reads.next().is_none(), "the log holds more input than the steps take");
    CpuState { pc, registers: x, program_break }
}

fn check(program: &Program, input: &[u8], stretch_steps: u64) {
    let mut emulator = Emulator::new(program, Box::new(Cursor::new(input.to_vec())));
    let mut log = emulator.start_log();
    let mut memory = emulator.memory().clone();
    loop {
        log.restart_at(emulator.state());
        let outcome = emulator.record(stretch_steps, &mut log);
        assert_eq!(replay(program, &log, &mut memory), log.end);
        assert_eq!(log.end, emulator.state());
        let nonzero = |memory: &Memory| -> Vec<(u32, [u8; 4096])> {
            memory
                .pages()
                .filter(|(_, page)| page.iter().any(|&byte| byte != 0))
                .map(|(at, page)| (at, *page))
                .collect()
        };
        assert!(nonzero(&memory) == nonzero(emulator.memory()));
        match outcome {
            Ok(Outcome::OutOfSteps) => assert_eq!(log.steps.len() as u64, stretch_steps),
            Ok(Outcome::Exited(exit)) => return assert_eq!(log.exit, Some(exit.value)),
            Err(fault) => panic!("{fault}"),
        }
    }
}

#[test]
fn random_programs_replay() {
    let seed = SplitMix64::entropy();
    println!("seed {seed:#x}");
    let mut random = SplitMix64::new(seed);
    for _ in 0..20 {
        let programs: Vec<RandomProgram> = (0..10).map(|_| RandomProgram::generate(random.next_u64(), 100)).collect();
        let program = Program::from_elf(&link(&programs)).unwrap_or_else(|error| panic!("{error}"));
        let stretch_steps = u64::from(1 + random.below(3000));
        check(&program, &seed.to_le_bytes().repeat(20), stretch_steps);
    }
}

/// What custom instructions read follows from the memory at the start too.
#[test]
fn custom_instructions_replay() {
    const DATA: u32 = 0x2_0000;
    let i = |opcode, rd, rs1, imm| Instruction { opcode, rd, rs1, rs2: 0, imm };
    // 31 rounds: a window moves through the data, is filled with a word that depends on it, and is copied on.
    let body = [
        i(Opcode::Lw, 7, 5, 0),
        Instruction::custom(ROTATE_XOR, 8, 7, 6),
        Instruction::custom(BULK_STORE, 9, 5, 8),
        Instruction::custom(BULK_LOAD, 0, 5, 9),
        i(Opcode::Addi, 5, 5, 4),
        i(Opcode::Addi, 6, 6, -1),
    ];
    let again = Instruction { opcode: Opcode::Bne, rd: 0, rs1: 6, rs2: 0, imm: -4 * body.len() as i32 };
    let code = [
        &[i(Opcode::Lui, 5, 0, DATA as i32), i(Opcode::Addi, 6, 0, 31), i(Opcode::Addi, 17, 0, SYS_EXIT as i32)],
        &body[..],
        &[again, i(Opcode::Ecall, 0, 0, 0)],
    ];
    let data = ElfSegment { address: DATA, data: (0..=255).collect(), memory_bytes: 4096, flags: 6 };
    let elf = elf_file(0x1_0000, &[text_segment(0x1_0000, &code.concat()), data]);
    let program = Program::from_elf_with(&elf, std::sync::Arc::new(TestExtensions));
    let program = program.unwrap_or_else(|error| panic!("{error}"));
    for stretch_steps in [1, 2, 5, 50, 1000] {
        check(&program, &[], stretch_steps);
    }
}

/// The heap, long reads, and the C library.
#[test]
fn guests_replay() {
    for (guest, input) in [("brk", &[][..]), ("sort", &[0x55; 1_500_000]), ("hello", &[]), ("misaligned", &[])] {
        let path = format!("{}/../../guests/elf/{guest}.elf", env!("CARGO_MANIFEST_DIR"));
        let elf = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let program = Program::from_elf(&elf).unwrap_or_else(|error| panic!("{guest}: {error}"));
        check(&program, input, 10_000_000);
    }
}
