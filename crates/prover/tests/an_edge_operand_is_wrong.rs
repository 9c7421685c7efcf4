//! Every instruction and system call on edge operands: the executor agrees with qemu, the replay with the executor, and
//! the circuits with the replay.

use engram_prover::testing::{Assembler, Run, every_instruction};
use engram_rv32im::{
    Opcode, Program,
    system_calls::{SYS_BRK, SYS_EXIT, SYS_READ, SYS_WRITE, TRANSFER_MAX_BYTES},
    testing::{ElfSegment, Qemu},
};
use engram_rv32im_air::chip::{CHIPS, Chip};

#[test]
fn every_instruction_is_proven_as_qemu_executes_it() {
    let program = every_instruction(true);
    let run = Run::checked(&program.elf, &program.input, u64::MAX);
    assert_eq!(run.exit, program.exit);
    let expected = Qemu::installed().run(&program.elf, &program.input);
    assert_eq!(expected.exit_code, Some((program.exit & 0xff) as i32), "{}", expected.messages);
    let same = run.output.iter().zip(&expected.output).take_while(|(ours, theirs)| ours == theirs).count();
    assert!(run.output == expected.output, "output differs from qemu's at byte {same} of {}", expected.output.len());
}

#[test]
fn every_chip_has_rows() {
    let program = every_instruction(false);
    let (run, segment) = Run::whole(&program.elf, &program.input);
    assert_eq!(run.machine.chips(), CHIPS);
    for chip in CHIPS {
        let number = chip.number();
        let rows = segment.rows.chips[number].len();
        assert!(rows > 0, "{} has no row", chip.name());
    }
}

#[test]
fn segments_may_be_cut_anywhere() {
    let program = every_instruction(false);
    let run = Run::checked(&program.elf, &program.input, 997);
    assert!(run.instructions > 4 * 997);
}

/// Both transfers move `TRANSFER_MAX_BYTES` where more is asked for, and the debug stream counts up to there too.
#[test]
fn a_transfer_stops_at_its_limit() {
    const BUFFER: u32 = 0x4000_0000;
    let asked = TRANSFER_MAX_BYTES + 5;
    let mut assembler = Assembler::default();
    for (number, descriptor) in [(SYS_READ, 0), (SYS_WRITE, 1), (SYS_WRITE, 2)] {
        assembler.call(number, [descriptor, BUFFER, asked]);
        assembler.set(5, TRANSFER_MAX_BYTES);
        assembler.branch(Opcode::Beq, 10, 5, 2);
        assembler.push(Opcode::Ebreak, 0, 0, 0, 0);
    }
    assembler.call(SYS_EXIT, [0; 3]);
    let buffer = ElfSegment { address: BUFFER, data: vec![], memory_bytes: TRANSFER_MAX_BYTES + 4096, flags: 6 };
    let input: Vec<u8> = (0..asked).map(|index| (index % 251) as u8).collect();
    let run = Run::checked(&assembler.elf(&[buffer]), &input, u64::MAX);
    assert_eq!(run.output, input[..TRANSFER_MAX_BYTES as usize]);
}

/// Unlike qemu's, which gives whatever is not mapped, the break has limits that are fixed with the program.
#[test]
fn the_break_moves_up_to_its_limits_and_no_further() {
    let assemble = |requests: &[u32], expected: &[u32]| {
        let mut assembler = Assembler::default();
        for (&request, &expected) in requests.iter().zip(expected) {
            assembler.call(SYS_BRK, [request, 0, 0]);
            assembler.set(5, expected);
            assembler.branch(Opcode::Beq, 10, 5, 2);
            assembler.push(Opcode::Ebreak, 0, 0, 0, 0);
        }
        assembler.call(SYS_EXIT, [0; 3]);
        assembler.elf(&[])
    };
    // The limits depend on the length of the code, so the program is made twice.
    let program = Program::from_elf(&assemble(&[0; 9], &[0; 9])).unwrap();
    let (first, last) = (program.initial_break(), program.heap_limit());
    let requests = [0, first - 1, first + 1, first, last + 1, last, last + 1, u32::MAX, last - 0x10_000];
    let expected = [first, first, first + 1, first, first, last, last, last, last - 0x10_000];
    Run::checked(&assemble(&requests, &expected), b"", u64::MAX);
}

#[test]
fn a_program_without_calls_but_its_exit_has_all_call_chips() {
    let mut assembler = Assembler::default();
    assembler.call(SYS_EXIT, [7, 0, 0]);
    let run = Run::checked(&assembler.elf(&[]), b"", u64::MAX);
    assert_eq!(run.exit, 7);
    assert!(run.machine.chips().contains(&Chip::ReadCall));
}
