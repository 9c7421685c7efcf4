//! The loop that executes nearly every instruction.
//!
//! It knows nothing of faults, system calls or step limits. Whatever it cannot do in a few instructions of the host it
//! leaves, state untouched, to [`Emulator::step`](super::Emulator::step), which can do everything. Steps are not counted
//! one by one but at each taken jump, and a recorded run is logged there as a range: between two taken jumps the
//! executed positions are consecutive.

use super::code::{Operation, Region};
use super::registers::Registers;
use crate::isa::Opcode;
use crate::log::ExecutionLog;
use crate::memory::{Memory, word_in};
use crate::semantics::{alu, branch_taken, load_extract};

/// Where the loop takes note of what it executes. The plain run's notebook is empty and costs nothing.
pub(super) trait Notebook {
    /// The positions `from..to` of a region were executed; its first legal word at or after `from` is `from`.
    fn note_run(&mut self, indices: &[u32], from: usize, to: usize);
}

/// Notes nothing.
pub(super) struct NoNotes;

impl Notebook for NoNotes {
    #[inline(always)]
    fn note_run(&mut self, _: &[u32], _: usize, _: usize) {}
}

impl Notebook for ExecutionLog {
    /// Executed words are legal, so their instructions' indices are consecutive too.
    #[inline(always)]
    fn note_run(&mut self, indices: &[u32], from: usize, to: usize) {
        if let Some(&first) = indices.get(from) {
            self.steps.extend(first..first + (to - from) as u32);
        }
    }
}

/// Executes from `position` until an operation that must be left to `step`, or until fewer than the region's
/// `longest_run` steps of `remaining` are left. Returns the position reached and lowers `remaining`.
#[inline(never)]
pub(super) fn execute<N: Notebook>(
    region: &Region,
    indices: &[u32],
    registers: &mut Registers,
    memory: &mut Memory,
    notebook: &mut N,
    mut position: usize,
    remaining: &mut u64,
) -> usize {
    let operations = &*region.operations;
    let mut run_start = position;

    /// Ends the run of consecutive positions at the current operation, inclusive, and goes on at `$target`.
    macro_rules! jump {
        ($target:expr) => {{
            let target = $target;
            notebook.note_run(indices, run_start, position + 1);
            *remaining -= (position + 1 - run_start) as u64;
            position = target;
            run_start = target;
            if *remaining < region.longest_run {
                return position;
            }
            continue;
        }};
    }

    while let Some(&Operation { opcode, rd, rs1, rs2, imm }) = operations.get(position) {
        let x = registers.get(rs1);

        macro_rules! register {
            ($opcode:ident) => {
                registers.set(rd, alu(Opcode::$opcode, x, registers.get(rs2)))
            };
        }
        macro_rules! immediate {
            ($opcode:ident) => {
                registers.set(rd, alu(Opcode::$opcode, x, imm))
            };
        }
        macro_rules! branch {
            ($opcode:ident) => {
                if branch_taken(Opcode::$opcode, x, registers.get(rs2)) {
                    jump!(imm as usize)
                }
            };
        }
        macro_rules! load {
            ($opcode:ident, $bytes:literal) => {{
                let address = x.wrapping_add(imm);
                let Some(page) = memory.loadable(address) else { break };
                if !address.is_multiple_of($bytes) {
                    break;
                }
                registers.set(rd, load_extract(Opcode::$opcode, word_in(page, address), 0, address));
            }};
        }
        macro_rules! store {
            ($bytes:literal) => {{
                let address = x.wrapping_add(imm);
                let Some(page) = memory.storable(address) else { break };
                if !address.is_multiple_of($bytes) {
                    break;
                }
                let offset = address as usize % page.len() & !($bytes - 1);
                page[offset..offset + $bytes].copy_from_slice(&registers.get(rs2).to_le_bytes()[..$bytes]);
            }};
        }

        match opcode {
            Opcode::Lui | Opcode::Auipc => registers.set(rd, imm),
            Opcode::Jal => {
                registers.set(rd, region.start.wrapping_add(4 * (position as u32 + 1)));
                jump!(imm as usize)
            }
            Opcode::Jalr => {
                let distance = (x.wrapping_add(imm) & !1).wrapping_sub(region.start);
                if !distance.is_multiple_of(4) || (distance / 4) as usize >= operations.len() - 1 {
                    break;
                }
                registers.set(rd, region.start.wrapping_add(4 * (position as u32 + 1)));
                jump!((distance / 4) as usize)
            }
            Opcode::Beq => branch!(Beq),
            Opcode::Bne => branch!(Bne),
            Opcode::Blt => branch!(Blt),
            Opcode::Bge => branch!(Bge),
            Opcode::Bltu => branch!(Bltu),
            Opcode::Bgeu => branch!(Bgeu),
            Opcode::Lb => load!(Lb, 1),
            Opcode::Lh => load!(Lh, 2),
            Opcode::Lw => load!(Lw, 4),
            Opcode::Lbu => load!(Lbu, 1),
            Opcode::Lhu => load!(Lhu, 2),
            Opcode::Sb => store!(1),
            Opcode::Sh => store!(2),
            Opcode::Sw => store!(4),
            Opcode::Addi => immediate!(Addi),
            Opcode::Slti => immediate!(Slti),
            Opcode::Sltiu => immediate!(Sltiu),
            Opcode::Xori => immediate!(Xori),
            Opcode::Ori => immediate!(Ori),
            Opcode::Andi => immediate!(Andi),
            Opcode::Slli => immediate!(Slli),
            Opcode::Srli => immediate!(Srli),
            Opcode::Srai => immediate!(Srai),
            Opcode::Add => register!(Add),
            Opcode::Sub => register!(Sub),
            Opcode::Sll => register!(Sll),
            Opcode::Slt => register!(Slt),
            Opcode::Sltu => register!(Sltu),
            Opcode::Xor => register!(Xor),
            Opcode::Srl => register!(Srl),
            Opcode::Sra => register!(Sra),
            Opcode::Or => register!(Or),
            Opcode::And => register!(And),
            Opcode::Mul => register!(Mul),
            Opcode::Mulh => register!(Mulh),
            Opcode::Mulhsu => register!(Mulhsu),
            Opcode::Mulhu => register!(Mulhu),
            Opcode::Div => register!(Div),
            Opcode::Divu => register!(Divu),
            Opcode::Rem => register!(Rem),
            Opcode::Remu => register!(Remu),
            Opcode::Fence | Opcode::FenceI => {}
            Opcode::Ecall | Opcode::Ebreak | Opcode::Custom => break,
        }
        position += 1;
    }
    notebook.note_run(indices, run_start, position);
    *remaining -= (position - run_start) as u64;
    position
}
