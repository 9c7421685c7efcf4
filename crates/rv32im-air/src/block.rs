//! Blocks: a straight path of instructions proven on one row.
//!
//! A block is advice. Its circuit is derived from the program and the path alone, so a bad one can cost time but not truth:
//! it says that *if* execution stands at the first instruction and everything that the path assumes holds (every branch
//! goes its way, every address is aligned), *then* registers, memory, clock and program counter change as its instructions
//! say.

use std::{collections::BTreeSet, sync::Arc};

use engram_air::{Circuit, Ring};
use engram_vm::{extension::ExtensibleRow, path::Path, row::SymbolicRow};

use crate::{program::Decoded, row::eval_step};

/// Most instructions of a block.
pub const STEPS_MAX: usize = 512;

/// A path through the program.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BlockPath {
    /// Positions of its instructions in the program.
    pub steps: Vec<u32>,
    /// Where execution stands after it, as a program counter in words.
    pub final_pc: u32,
}

/// A path that a circuit can prove.
#[derive(Clone, Debug)]
pub struct Block {
    /// The path.
    pub path: BlockPath,
    /// Its circuit.
    pub circuit: Arc<Circuit>,
    /// The registers that it uses, ascending.
    pub registers: Vec<u32>,
    /// Which of its accesses to memory take the word off the bus, in order; a store of less than a word is two accesses.
    pub openings: Vec<bool>,
    /// Bytes below and above some base that it accesses. No row has an access that wraps around the address space.
    pub reach: [u32; 2],
    /// The instructions themselves.
    decoded: Vec<Decoded>,
}

impl Block {
    /// The block of a path; `None` where no row could have it, or a circuit cannot hold it: it is empty or too long or touches nothing, an
    /// instruction cannot follow the one before, calls the system or faults, or a constant contradicts the way it goes.
    pub fn new(program: &[Decoded], path: BlockPath) -> Option<Self> {
        if path.steps.is_empty() || path.steps.len() > STEPS_MAX || path.final_pc >> 30 != 0 {
            return None;
        }
        let decoded = path.steps.iter().map(|&step| program.get(usize::try_from(step).ok()?).cloned());
        let decoded: Vec<Decoded> = decoded.collect::<Option<_>>()?;
        let first = decoded.first()?;
        let registers = registers(&decoded);
        let mut memory = None;
        let name = format!("block {:#x}+{}", u64::from(first.pc) << 2, decoded.len());
        let circuit = SymbolicRow::circuit(&name, |row| memory = eval(row, &decoded, path.final_pc, &registers));
        let (openings, reach) = memory?;
        let block = Self { circuit: Arc::new(circuit), openings, reach, registers, decoded, path };
        (block.accesses() > 0).then_some(block)
    }

    /// The instructions of the path.
    #[inline]
    pub fn decoded(&self) -> &[Decoded] {
        &self.decoded
    }

    /// Accesses of a row: its registers, then its openings of memory.
    pub fn accesses(&self) -> usize {
        self.registers.len().saturating_add(self.opened())
    }

    /// Words of memory that a row takes off the bus.
    pub fn opened(&self) -> usize {
        self.openings.iter().filter(|&&opens| opens).count()
    }

    /// Fill a row.
    pub fn fill<B: ExtensibleRow>(&self, row: &mut B) {
        eval(row, &self.decoded, self.path.final_pc, &self.registers);
    }
}

/// The registers that instructions name, ascending, without x0.
fn registers(decoded: &[Decoded]) -> Vec<u32> {
    let named = decoded.iter().flat_map(|decoded| {
        let (rs1, rs2) = decoded.instruction.sources();
        [rs1, rs2, decoded.instruction.destination()]
    });
    let registers: BTreeSet<u32> = named.flatten().filter(|&register| register != 0).map(u32::from).collect();
    registers.into_iter().collect()
}

/// Write one row. Accesses: registers in ascending order, then memory as the path opens it. Returns the openings and the
/// reach; `None` where no row has the path.
fn eval<B: ExtensibleRow>(
    row: &mut B,
    decoded: &[Decoded],
    final_pc: u32,
    registers: &[u32],
) -> Option<(Vec<bool>, [u32; 2])> {
    let first = decoded.first()?;
    let mut path = Path::open(row, first.pc, registers);
    let next_pcs = decoded.iter().skip(1).map(|next| next.pc).chain([final_pc]);
    for (step, next_pc) in decoded.iter().zip(next_pcs) {
        eval_step(&mut path, step, next_pc)?;
    }
    let memory = (path.memory_openings().to_vec(), path.memory_reach());
    path.close(B::Expr::integer(final_pc));
    Some(memory)
}
