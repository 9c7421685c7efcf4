//! A log and the initial memory are enough to recompute a run: a replay that has neither the machine nor the input gets
//! the same registers, the same memory and the same break.

use std::io::Cursor;

use engram_rv32im::emulator::system_calls::{
    FILE_DEBUG, FILE_INPUT, FILE_OUTPUT, MINUS_EBADF, MINUS_ENOSYS, SYS_BRK, SYS_EXIT, SYS_EXIT_GROUP, SYS_READ,
    SYS_WRITE, TRANSFER_MAX_BYTES,
};
use engram_rv32im::semantics::{alu, branch_taken, load_extract, store_merge};
use engram_rv32im::testing::{RandomProgram, SplitMix64, link};
use engram_rv32im::{CpuState, Emulator, ExecutionLog, Format, Instruction, Memory, Outcome, Program};

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
    let mut machine = Emulator::new(program, Box::new(Cursor::new(input.to_vec())));
    let mut log = machine.start_log();
    let mut memory = machine.memory().clone();
    loop {
        log.restart_at(machine.state());
        let outcome = machine.record(stretch_steps, &mut log);
        assert_eq!(replay(program, &log, &mut memory), log.end);
        assert_eq!(log.end, machine.state());
        let nonzero = |memory: &Memory| -> Vec<(u32, [u8; 4096])> {
            memory
                .pages()
                .filter(|(_, page)| page.iter().any(|&byte| byte != 0))
                .map(|(at, page)| (at, *page))
                .collect()
        };
        assert!(nonzero(&memory) == nonzero(machine.memory()));
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
