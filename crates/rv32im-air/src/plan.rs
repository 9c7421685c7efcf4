//! A plan: which blocks a proof uses.
//!
//! Plans are advice that travels in the proof. Whoever reads one derives its circuits from the program, so a plan can make
//! a proof slow, or be refused, but cannot make it false.

use engram_stark::limits::{CIRCUITS_MAX, COLUMNS_MAX, CONSTRAINTS_MAX, INTERACTIONS_MAX};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    block::{Block, BlockPath, STEPS_MAX},
    circuits::FIRST_CHIP,
    program::{Decoded, tables},
};

/// Most instructions over all blocks: bounds what deriving a hostile plan's circuits costs.
pub const PLAN_STEPS_MAX: usize = 1 << 13;

/// Blocks, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    paths: Vec<CompactPath>,
}

/// A path as the file holds it: each instruction's distance from the one that follows in the program is most often zero,
/// one byte.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct CompactPath {
    first: u32,
    jumps: Vec<i32>,
    final_pc: u32,
}

/// Why a plan is refused.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlanError {
    /// A block is no path through the program.
    #[error("block {block} of the plan is no path that a row can prove; make the plan anew for this program")]
    Path {
        /// Which block.
        block: usize,
    },
    /// More than a proof may have.
    #[error("the plan has {count} {what}, at most {limit} are allowed; make a smaller one")]
    TooLarge {
        /// Of what.
        what: &'static str,
        /// In the plan.
        count: usize,
        /// Allowed.
        limit: usize,
    },
}

impl CompactPath {
    fn new(path: &BlockPath) -> Option<Self> {
        let first = *path.steps.first()?;
        let jumps = path
            .steps
            .array_windows()
            .map(|[step, next]| next.wrapping_sub(*step).wrapping_sub(1).cast_signed())
            .collect();
        Some(Self { first, jumps, final_pc: path.final_pc })
    }

    fn expand(&self) -> BlockPath {
        let mut steps = vec![self.first];
        let mut step = self.first;
        for &jump in &self.jumps {
            step = step.wrapping_add(1).wrapping_add_signed(jump);
            steps.push(step);
        }
        BlockPath { steps, final_pc: self.final_pc }
    }
}

impl Plan {
    /// A plan of these paths; empty paths are left out.
    pub fn new(paths: &[BlockPath]) -> Self {
        Self { paths: paths.iter().filter_map(CompactPath::new).collect() }
    }

    /// Number of blocks.
    pub fn len(&self) -> usize {
        self.paths.len()
    }

    /// No blocks.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// The blocks' circuits, derived from the program's instructions.
    ///
    /// # Errors
    /// The plan is larger than allowed, or one of its blocks is no path of the program.
    pub fn blocks(&self, program: &[Decoded]) -> Result<Vec<Block>, PlanError> {
        let at_most = |what, count, limit| {
            if count <= limit { Ok(()) } else { Err(PlanError::TooLarge { what, count, limit }) }
        };
        let tables = tables(program);
        let circuits = FIRST_CHIP.saturating_add(tables.len()).saturating_add(self.paths.len());
        at_most("circuits", circuits, CIRCUITS_MAX)?;
        let lengths = || self.paths.iter().map(|path| path.jumps.len().saturating_add(1));
        at_most("instructions in a block", lengths().max().unwrap_or(0), STEPS_MAX)?;
        at_most("instructions", lengths().sum(), PLAN_STEPS_MAX)?;
        let mut blocks = Vec::with_capacity(self.paths.len());
        for (block, path) in self.paths.iter().enumerate() {
            let made = Block::new(program, path.expand()).ok_or(PlanError::Path { block })?;
            at_most("messages in a row of a block", made.circuit.interactions.len(), INTERACTIONS_MAX)?;
            at_most("constraints in a block", made.circuit.constraints.len(), CONSTRAINTS_MAX)?;
            blocks.push(made);
        }
        let of_blocks = blocks.iter().map(|block| block.circuit.width());
        let columns = of_blocks.chain(tables.iter().map(|(_, circuit)| circuit.width())).sum();
        at_most("columns", columns, COLUMNS_MAX)?;
        Ok(blocks)
    }
}
