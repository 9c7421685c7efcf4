//! Every instruction's function, executed on values, does what the semantics say: alone, and as a block.

use engram_memory::address::{SPACE_MEMORY, SPACE_REGISTERS};
use engram_prover::testing::{Assembler, Words};
use engram_rv32im::{
    Format, Opcode, Program,
    semantics::{alu, branch_taken, load_extract, store_merge},
    testing::SplitMix64,
};
use engram_rv32im_air::{
    block::{Block, BlockPath},
    program::{Decoded, MachineProgram},
};
use engram_vm::{
    connector::EXECUTION,
    rom::ROM,
    row::{Said, Step, ValueRow},
};

const SEED: u64 = 3;
const TIMESTAMP: u32 = 1000;
const BASE: u32 = 0x0100_0000;

const EDGES: [u32; 14] =
    [0, 1, 2, 3, 31, 0xff, 0x7fff, 0x8000, 0xffff, 0x1_0000, (1 << 31) - 1, 1 << 31, u32::MAX - 1, u32::MAX];

fn word(random: &mut SplitMix64) -> u32 {
    if random.below(3) == 0 { random.next_u32() } else { EDGES[random.below(EDGES.len() as u32) as usize] }
}

/// Instructions of every opcode but system calls and custom instructions, on some registers and immediates.
fn program(random: &mut SplitMix64) -> MachineProgram {
    let mut assembler = Assembler::default();
    for &opcode in Opcode::ALL.iter().filter(|&&opcode| opcode != Opcode::Custom) {
        for _ in 0..12 {
            let [rd, rs1, rs2] = [(); 3].map(|()| random.below(4) as u8);
            let imm = match opcode.format() {
                Format::Register | Format::Bare | Format::Custom => 0,
                Format::Immediate | Format::Load | Format::Store | Format::JumpRegister => {
                    random.below(1 << 12) as i32 - (1 << 11)
                }
                Format::Shift => random.below(32) as i32,
                Format::Branch | Format::Jump => 4 * (random.below(200) as i32 - 100),
                Format::Upper => (random.next_u32() & !0xfff) as i32,
                Format::Fence => 0xff,
            };
            let operands = match opcode.format() {
                Format::Register => [rd, rs1, rs2],
                Format::Immediate | Format::Shift | Format::Load | Format::JumpRegister => [rd, rs1, 0],
                Format::Store | Format::Branch => [0, rs1, rs2],
                Format::Upper | Format::Jump => [rd, 0, 0],
                Format::Fence | Format::Bare | Format::Custom => [0; 3],
            };
            assembler.push(opcode, operands[0], operands[1], operands[2], imm);
        }
    }
    MachineProgram::new(&Program::from_elf(&assembler.elf(&[])).unwrap())
}

fn register(memory: &Words, number: u8) -> u32 {
    memory.0.get(&[SPACE_REGISTERS, u32::from(number)]).copied().unwrap_or(0)
}

/// Memory after an instruction and the program counter in bytes, by the semantics alone. `None` where its address is not aligned.
fn expected(step: &Decoded, before: &Words) -> Option<(Words, u32)> {
    let instruction = step.instruction;
    let opcode = instruction.opcode;
    let (mut after, pc, imm) = (before.clone(), step.pc << 2, instruction.imm as u32);
    let (x, y) = (register(before, instruction.rs1), register(before, instruction.rs2));
    let address = x.wrapping_add(imm);
    let word = before.0.get(&[SPACE_MEMORY, address >> 2]).copied().unwrap_or(0);
    let mut next_pc = pc.wrapping_add(4);
    let result = match opcode.format() {
        Format::Register => Some(alu(opcode, x, y)),
        Format::Immediate | Format::Shift => Some(alu(opcode, x, imm)),
        Format::Upper => Some(alu(opcode, pc, imm)),
        // A load into x0 has no effect, wherever it loads from.
        Format::Load if instruction.rd == 0 => None,
        Format::Load | Format::Store if !address.is_multiple_of(opcode.access_bytes()) => return None,
        Format::Load => Some(load_extract(opcode, word, 0, address & 3)),
        Format::Store => {
            let (word, _) = store_merge(opcode, word, 0, address & 3, y);
            after.0.insert([SPACE_MEMORY, address >> 2], word);
            None
        }
        Format::Branch => {
            if branch_taken(opcode, x, y) {
                next_pc = pc.wrapping_add(imm);
            }
            None
        }
        Format::Jump | Format::JumpRegister => {
            let link = next_pc;
            next_pc = if opcode == Opcode::Jal { pc.wrapping_add(imm) } else { address & !1 };
            Some(link)
        }
        Format::Fence | Format::Bare | Format::Custom => None,
    };
    if let Some(result) = result.filter(|_| instruction.rd != 0) {
        after.0.insert([SPACE_REGISTERS, u32::from(instruction.rd)], result);
    }
    next_pc.is_multiple_of(4).then_some((after, next_pc))
}

fn said(all: &[Said], bus: engram_air::Bus) -> Vec<&[u32]> {
    all.iter().filter(|said| said.bus == bus).map(|said| &said.fields[..]).collect()
}

/// Words that are there, so that what was only read compares as well.
fn nonzero(memory: &Words) -> Words {
    Words(memory.0.iter().filter(|(_, value)| **value != 0).map(|(&at, &value)| (at, value)).collect())
}

#[test]
fn alone_and_as_a_block() {
    println!("seed {SEED}");
    let mut random = SplitMix64::new(SEED);
    let program = program(&mut random);
    let (mut alone, mut blocks, mut refused) = (0, 0, 0);
    for (index, step) in program.decoded().iter().enumerate() {
        let Some(chip) = step.chip.filter(|chip| !chip.is_call()) else { continue };
        for round in 0..24 {
            let memory_accessed = step.instruction.opcode.access_bytes() > 0;
            let mut before = Words::default();
            for register in 1..4 {
                // Addresses at which block and single instruction agree: none wraps around.
                let value = if memory_accessed { BASE + random.below(64) } else { word(&mut random) };
                before.0.insert([SPACE_REGISTERS, register], value);
            }
            for pointer in (BASE - 4096) / 4..(BASE + 4096) / 4 {
                before.0.insert([SPACE_MEMORY, pointer], word(&mut random));
                if !memory_accessed {
                    break;
                }
            }
            let context = format!("round {round} of {} at {:#x}", step.instruction, step.pc << 2);
            let expected = expected(step, &before);

            let [_, _, operands @ ..] = program.entries()[index];
            let mut after = before.clone();
            let mut row = ValueRow::new(&mut after, Step { pc: step.pc, timestamp: TIMESTAMP, operands }, &[]);
            chip.eval(&mut row);
            let finished = row.finish();
            let Some((memory, next_pc)) = &expected else {
                assert!(finished.is_err(), "{context} is not refused");
                assert_eq!(after, before, "{context} is refused and changes memory");
                refused += 1;
                continue;
            };
            let all = finished.unwrap_or_else(|refused| panic!("{context}: {refused}")).said;
            assert_eq!(nonzero(&after), nonzero(memory), "{context}");
            assert_eq!(said(&all, ROM), [&program.entries()[index][..]], "{context}");
            let thread = said(&all, EXECUTION);
            assert_eq!((thread[0], thread[1][0]), (&[step.pc, TIMESTAMP][..], next_pc >> 2), "{context}");
            alone += 1;

            let path = BlockPath { steps: vec![index as u32], final_pc: next_pc >> 2 };
            let Some(block) = Block::new(program.decoded(), path) else { continue };
            let mut after = before.clone();
            let mut row = ValueRow::new(&mut after, Step { timestamp: TIMESTAMP, ..Step::default() }, &[]);
            block.fill(&mut row);
            row.finish().unwrap_or_else(|refused| panic!("{context}, as a block: {refused}"));
            assert_eq!(nonzero(&after), nonzero(memory), "{context}, as a block");
            blocks += 1;
        }
    }
    assert!(alone > 8000 && blocks > 7000 && refused > 300, "{alone} alone, {blocks} as blocks, {refused} refused");
}
