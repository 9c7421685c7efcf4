//! Choosing blocks from a profile of a run.
//!
//! Greedily: where the run spends most among what is not covered yet, grow a path along the way that most visits go, build
//! its circuit at a few lengths, and keep the length that saves most for the room that it takes in the plan, its table's padding
//! paid. Blocks that then save nothing are left out again. The same program and profile give the same plan.

mod estimate;
mod visits;

use std::collections::HashMap;

use engram_air::{
    Circuit,
    price::{CELL_S, INTERACTION_S, ROWS_MIN, SLOT_S},
};
use engram_rv32im::ExecutionLog;
use engram_rv32im_air::{
    block::{Block, BlockPath},
    chip::Chip,
    circuits::FIRST_CHIP,
    plan::{PLAN_STEPS_MAX, Plan},
    program::{MachineProgram, tables},
    registry::ExtensionRegistry,
};
use engram_stark::limits::{CIRCUITS_MAX, COLUMNS_MAX, CONSTRAINTS_MAX, INTERACTIONS_MAX};

use self::{
    estimate::{Additions, RowSize},
    visits::Visits,
};
use crate::{
    profile::Profile,
    tile::{Tile, Tiler, may_wrap},
};

/// Most instructions that a path grows to.
const LENGTH_MAX: usize = 256;

/// Most instructions of straight code after which a path may end.
const STRAIGHT_MAX: usize = 32;

/// Most executions of a path's start that growing looks at.
const VISITS_MAX: usize = 4_096;

/// For the first so many blocks several lengths are built; for later ones only the one with the best estimate.
const HOTTEST: usize = 8;

/// Lengths of a path that are built, at most.
const BUILT_MAX: usize = 24;

/// Most rounds of choosing blocks after the first block for which there was no room.
const FULL_ROUNDS_MAX: usize = 3;

/// What blocks cover is computed anew after one more block, or after this share of those that there are.
const BATCH_SHARE: usize = 8;

/// Slots are on average this much more than messages.
const SLOTS_PER_INTERACTION: f64 = 1.35;

/// Seconds of one core that an instruction of a plan costs: keys are derived from it, by prover and verifier.
const PLAN_STEP_S: f64 = 60e-6;

/// A block takes room in a plan like so many instructions beside its own: its table. With many, blocks are the ones that save most; with
/// few, they are shorter, and there are more of them. That is better where there is no room for all that save something, so
/// it is tried then.
const TABLE_STEPS: [usize; 3] = [1 << 20, 120, 15];

/// Starts are left alone whose cost is below that of so many instructions of a plan.
const START_STEPS: f64 = 30.0;

/// Predicted seconds of a row.
fn row_cost(circuit: &Circuit) -> f64 {
    rows_cost(RowSize::of(circuit), 1.0, 1.0)
}

/// Predicted seconds of as many rows of cells and of messages.
fn rows_cost(row: RowSize, cells: f64, messages: f64) -> f64 {
    cells * row.cells * CELL_S + messages * row.messages * (INTERACTION_S + SLOT_S * SLOTS_PER_INTERACTION)
}

/// Predicted seconds of a table. Where windows are samples of a longer run, its padding is anyone's guess.
fn table_cost(row: RowSize, rows: usize, sampled: bool) -> f64 {
    if rows == 0 {
        return 0.0;
    }
    let height = if sampled { rows } else { rows.next_power_of_two() };
    rows_cost(row, height as f64, height.max(ROWS_MIN) as f64)
}

/// Blocks for a program whose runs look like this one.
pub fn plan(program: &MachineProgram, profile: &Profile) -> Plan {
    let mut best: Option<(f64, Vec<Block>)> = None;
    let mut planner = Planner::new(program, profile);
    for table_steps in TABLE_STEPS {
        planner.fill(table_steps);
        let cost = planner.cost();
        if best.as_ref().is_none_or(|(least, _)| cost < *least) {
            best = Some((cost, std::mem::take(&mut planner.blocks)));
        }
        if !planner.lacks_room {
            break;
        }
    }
    let blocks = best.map_or(vec![], |(_, blocks)| blocks);
    let paths: Vec<BlockPath> = blocks.iter().map(|block| block.path.clone()).collect();
    Plan::new(&paths)
}

/// What a row of a block is predicted to cost, in seconds of one core, and what its instructions would one by one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BlockPrice {
    /// The block's row.
    pub row_s: f64,
    /// The rows of its instructions.
    pub singles_s: f64,
}

/// The price of a block's row.
pub fn block_price(block: &Block) -> BlockPrice {
    let tables: HashMap<Chip, f64> =
        tables(block.decoded()).iter().map(|(chip, circuit)| (*chip, row_cost(circuit))).collect();
    let chips = block.decoded().iter().filter_map(|decoded| decoded.chip);
    BlockPrice { row_s: row_cost(&block.circuit), singles_s: chips.map(|chip| tables[&chip]).sum() }
}

/// Rows of each of a plan's blocks in these windows.
pub fn rows_in(program: &MachineProgram, blocks: &[Block], windows: &[ExecutionLog]) -> Vec<usize> {
    let tiler = Tiler::new(program, blocks);
    let mut rows = vec![0; blocks.len()];
    for tile in windows.iter().flat_map(|window| tiler.cover(window)) {
        if let Tile::Block(number) = tile {
            rows[usize::from(number)] += 1;
        }
    }
    rows
}

struct Planner<'a> {
    program: &'a MachineProgram,
    /// Are the windows samples of a longer run?
    is_sampled: bool,
    windows: &'a [ExecutionLog],
    chips: Vec<(Chip, Circuit)>,
    /// By instruction: cost of a row that proves it alone.
    single_cost: Vec<f64>,
    visits: Visits<'a>,
    additions: Additions,
    blocks: Vec<Block>,
    /// Rows of each block in the windows.
    rows: Vec<usize>,
    /// What an instruction of a plan costs, as part of the cost of the windows.
    step_cost: f64,
    /// How many instructions a block's table counts as.
    table_steps: usize,
    /// By instruction: no block that starts there saves anything.
    refused: Vec<bool>,
    /// A block that saves something was left out for want of room.
    lacks_room: bool,
}

/// A part of a path that grows, from its start on.
struct Candidate {
    length: usize,
    /// Of the instruction after it.
    final_pc: u32,
    /// How often it can be covered.
    rows: f64,
    /// What as many rows of its instructions cost.
    singles: f64,
    /// What it saves for the room that it takes, estimated.
    worth: f64,
}

impl<'a> Planner<'a> {
    fn new(program: &'a MachineProgram, profile: &'a Profile) -> Self {
        let share = profile.seen() as f64 / profile.instructions.max(1) as f64;
        let chips: Vec<(Chip, Circuit)> = tables(program.decoded());
        let costs: HashMap<Chip, f64> = chips.iter().map(|(chip, circuit)| (*chip, row_cost(circuit))).collect();
        let single_cost =
            program.decoded().iter().map(|decoded| decoded.chip.map_or(0.0, |chip| costs[&chip])).collect();
        Self {
            program,
            is_sampled: profile.is_sampled(),
            windows: &profile.windows,
            chips,
            single_cost,
            visits: Visits::new(program, &profile.windows),
            additions: Additions::new(ExtensionRegistry::of(program.program())),
            blocks: vec![],
            rows: vec![],
            step_cost: PLAN_STEP_S * share,
            table_steps: 0,
            refused: vec![false; program.decoded().len()],
            lacks_room: false,
        }
    }

    /// Choose blocks anew, until none saves anything or there is no room, where a table counts as so many instructions.
    fn fill(&mut self, table_steps: usize) {
        (self.table_steps, self.lacks_room) = (table_steps, false);
        self.blocks.clear();
        self.refused.fill(false);
        let blocks_max = CIRCUITS_MAX.saturating_sub(FIRST_CHIP + self.chips.len());
        // Once there is no room, blocks that others made useless are left out, and may be proposed again, but not for ever.
        let mut full = 0;
        while full < FULL_ROUNDS_MAX {
            self.cover();
            if !self.add_some(blocks_max) {
                break;
            }
            full += usize::from(self.lacks_room);
        }
        self.cover();
        self.prune();
        self.cover();
    }

    /// Predicted seconds of what the windows cost with the blocks so far.
    fn cost(&self) -> f64 {
        let singles = self.visits.singles();
        let count = |chip: &Chip| singles.get(chip).copied().unwrap_or(0);
        let chips = self.chips.iter().map(|(chip, circuit)| self.table_cost(RowSize::of(circuit), count(chip)));
        let blocks = self.blocks.iter().zip(&self.rows).map(|(block, &rows)| self.block_cost(block, rows));
        chips.chain(blocks).sum()
    }

    fn table_cost(&self, row: RowSize, rows: usize) -> f64 {
        table_cost(row, rows, self.is_sampled)
    }

    fn block_cost(&self, block: &Block, rows: usize) -> f64 {
        self.table_cost(RowSize::of(&block.circuit), rows) + self.step_cost * block.path.steps.len() as f64
    }

    fn pc(&self, step: u32) -> u32 {
        self.program.decoded()[step as usize].pc
    }

    /// Cover the windows with the blocks so far.
    fn cover(&mut self) {
        let tiler = Tiler::new(self.program, &self.blocks);
        let mut rows = vec![0; self.blocks.len()];
        self.visits.uncover();
        for (number, window) in self.windows.iter().enumerate() {
            let mut position = 0;
            for tile in tiler.cover(window) {
                let steps = tile.steps(&self.blocks);
                if let Tile::Block(block) = tile {
                    rows[usize::from(block)] += 1;
                    self.visits.cover(number, position, steps);
                }
                position += steps;
            }
        }
        self.rows = rows;
    }

    /// Would the plan with one more block still be one that is accepted?
    fn fits(&self, block: &Block, blocks_max: usize) -> bool {
        let blocks = || self.blocks.iter().chain([block]);
        let chips: usize = self.chips.iter().map(|(_, circuit)| circuit.width()).sum();
        let columns = chips + blocks().map(|block| block.circuit.width()).sum::<usize>();
        self.blocks.len() < blocks_max
            && blocks().map(|block| block.path.steps.len()).sum::<usize>() <= PLAN_STEPS_MAX
            && columns <= COLUMNS_MAX
    }

    /// Add the best blocks from the costliest starts, as far as there is room. Were there any?
    ///
    /// Paths that run over a new block are left for later, when it is known what it covers.
    fn add_some(&mut self, blocks_max: usize) -> bool {
        let least = START_STEPS * self.step_cost;
        let mut starts = self.visits.starts(&self.single_cost);
        starts.retain(|&(start, cost)| cost > least && !self.refused[start as usize]);
        let batch = 1 + self.blocks.len() / BATCH_SHARE;
        let (mut added, mut is_pruned) = (0, false);
        let mut is_taken = vec![false; self.refused.len()];
        for (start, _) in starts {
            if added == batch {
                break;
            }
            if is_taken[start as usize] {
                continue;
            }
            let Some(block) = self.grow(start) else {
                self.refused[start as usize] = true;
                continue;
            };
            if block.path.steps.iter().any(|&step| is_taken[step as usize]) {
                continue;
            }
            if !self.fits(&block, blocks_max) && !is_pruned && added == 0 {
                self.prune();
                is_pruned = true;
            }
            if self.fits(&block, blocks_max) {
                block.path.steps.iter().for_each(|&step| is_taken[step as usize] = true);
                self.blocks.push(block);
                self.rows.push(0);
                added += 1;
            } else {
                (self.refused[start as usize], self.lacks_room) = (true, true);
            }
        }
        added > 0
    }

    /// Follow the way that most visits of `start` go; the best block along it, if any saves something.
    ///
    /// Room in a plan is scarce: the best is the one that saves most for an instruction of it, where a table counts as a few.
    fn grow(&mut self, start: u32) -> Option<Block> {
        let mut visits = self.visits.uncovered(start);
        let all_visits = visits.len();
        // Runs of neighbouring visits are kept, so that those of a loop still follow each other.
        visits.truncate(VISITS_MAX);
        let scale = all_visits as f64 / visits.len().max(1) as f64;
        let mut steps: Vec<u32> = vec![];
        let mut estimate = self.additions.start();
        let mut singles = 0.0;
        let (mut candidates, mut most, mut ended, mut broken) = (vec![], 0.0, 0, 0);
        // Where do the visits that came this far stand?
        while let Some(step) = self.visits.favourite(&visits, steps.len()) {
            let length = steps.len();
            let breaks = steps.last().is_some_and(|&last| self.visits.is_control(last));
            let ends = self.visits.is_call(step) || length >= LENGTH_MAX;
            self.visits.retain(&mut visits, length, step);
            // A path cut in straight code leaves the rest of it to others, which are cut elsewhere again: only where it is long.
            let is_straight = length >= 2 * broken && (ends || length - ended >= STRAIGHT_MAX);
            if length > 0 && (breaks || is_straight) {
                ended = length;
                broken = if breaks { length } else { broken };
                let rows = Visits::disjoint(&visits, length) as f64 * scale;
                let saving =
                    rows * singles - self.table_cost(estimate.size(), rows as usize) - self.step_cost * length as f64;
                let worth = saving / (length + self.table_steps) as f64;
                most = f64::max(most, worth);
                candidates.push(Candidate { length, final_pc: self.pc(step), rows, singles: rows * singles, worth });
                let possible = visits.len() as f64 * scale * singles / (length + self.table_steps) as f64;
                if possible < most / 2.0 {
                    break;
                }
            }
            let decoded = &self.program.decoded()[step as usize];
            if ends || visits.is_empty() || decoded.chip.is_none() {
                break;
            }
            self.visits.retain_aligned(&mut visits, length);
            self.additions.push(&mut estimate, decoded);
            singles += self.single_cost[step as usize];
            steps.push(step);
        }
        let is_known = |candidate: &Candidate| {
            let steps = &steps[..candidate.length];
            self.blocks.iter().any(|known| known.path.steps == steps && known.path.final_pc == candidate.final_pc)
        };
        candidates.retain(|candidate| !is_known(candidate));
        candidates.sort_by(|a, b| b.worth.total_cmp(&a.worth));
        // What the hottest blocks cost is worth knowing, and not only estimating.
        candidates.truncate(if self.blocks.len() < HOTTEST { BUILT_MAX } else { 1 });
        let built = candidates.iter().filter_map(|candidate| self.build(&steps, candidate));
        built.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(block, _)| block)
    }

    /// The block of a part of a path, or the longest that a row can have of it, and what it saves for its room; `None` where it saves
    /// nothing.
    fn build(&self, steps: &[u32], candidate: &Candidate) -> Option<(Block, f64)> {
        let &Candidate { length, final_pc, rows, singles, .. } = candidate;
        let block = match self.block(&steps[..length], final_pc) {
            Some(block) => block,
            None => self.longest(&steps[..length])?,
        };
        let built = block.path.steps.len();
        let saving = singles * built as f64 / length as f64 - self.block_cost(&block, rows as usize);
        let worth = saving / (built + self.table_steps) as f64;
        (saving > 0.0 && !may_wrap(self.program, &block)).then_some((block, worth))
    }

    /// The block of a path; `None` where no row can have it.
    fn block(&self, steps: &[u32], final_pc: u32) -> Option<Block> {
        let block = Block::new(self.program.decoded(), BlockPath { steps: steps.to_vec(), final_pc })?;
        let Circuit { interactions, constraints, .. } = &*block.circuit;
        (interactions.len() <= INTERACTIONS_MAX && constraints.len() <= CONSTRAINTS_MAX).then_some(block)
    }

    /// The block of the longest part of a path that a row can have.
    fn longest(&self, steps: &[u32]) -> Option<Block> {
        let (mut possible, mut impossible, mut best) = (0, steps.len(), None);
        while impossible - possible > 1 {
            let middle = possible.midpoint(impossible);
            match self.block(&steps[..middle], self.pc(steps[middle])) {
                Some(block) => (possible, best) = (middle, Some(block)),
                None => impossible = middle,
            }
        }
        best.filter(|block| self.blocks.iter().all(|known| known.path != block.path))
    }

    /// Leave out blocks, one after the other, without which the run costs less or next to nothing more: those that others
    /// made useless, and those with so few rows that padding makes them dearer than their instructions.
    fn prune(&mut self) {
        let mut singles = self.visits.singles();
        loop {
            let saving = |number: usize| self.saving(number, &singles);
            let least =
                (0..self.blocks.len()).map(|number| (number, saving(number))).min_by(|a, b| a.1.total_cmp(&b.1));
            let Some((number, saving)) = least else { break };
            if saving > 0.0 {
                break;
            }
            for (chip, count) in self.chips_of(number) {
                *singles.entry(chip).or_default() += count;
            }
            self.blocks.remove(number);
            self.rows.remove(number);
        }
    }

    /// What a block's rows save over those of its instructions, when these rows come on top of others.
    fn saving(&self, number: usize, singles: &HashMap<Chip, usize>) -> f64 {
        let chips = self.chips_of(number);
        let single: f64 = self
            .chips
            .iter()
            .map(|(chip, circuit)| {
                let [rows, more] = [singles, &chips].map(|rows| rows.get(chip).copied().unwrap_or(0));
                self.table_cost(RowSize::of(circuit), rows + more) - self.table_cost(RowSize::of(circuit), rows)
            })
            .sum();
        single - self.block_cost(&self.blocks[number], self.rows[number])
    }

    /// Rows that chips would have instead of a block's.
    fn chips_of(&self, number: usize) -> HashMap<Chip, usize> {
        let mut chips = HashMap::new();
        for chip in self.blocks[number].decoded().iter().filter_map(|decoded| decoded.chip) {
            *chips.entry(chip).or_default() += self.rows[number];
        }
        chips
    }
}
