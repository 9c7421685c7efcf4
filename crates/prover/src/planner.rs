//! Choosing blocks from a profile of a run.
//!
//! Greedily: where the run spends most among what is not covered yet, grow a path along the way that most visits go, build
//! its circuit at a few lengths, and keep the length that saves most, its table's padding paid. Blocks whose rows are then
//! dearer than those of their instructions are left out again. The same program and profile give the same plan.

use std::collections::{HashMap, HashSet};

use engram_air::{
    Circuit,
    price::{CELL_S, INTERACTION_S, ROWS_MIN, SLOT_S},
};
use engram_rv32im::{ExecutionLog, Format, Opcode};
use engram_rv32im_air::{
    block::{Block, BlockPath},
    chip::Chip,
    circuits::FIRST_CHIP,
    plan::{PLAN_STEPS_MAX, Plan},
    program::{MachineProgram, tables},
};
use engram_stark::limits::{CIRCUITS_MAX, COLUMNS_MAX, CONSTRAINTS_MAX, INTERACTIONS_MAX};

use crate::{
    profile::Profile,
    tile::{Tile, Tiler, may_wrap},
};

/// Most instructions that a path grows to.
const LENGTH_MAX: usize = 256;

/// A growing path's circuit is built again when the path is longer by one part in so many.
const TRIED_PER_STEP: usize = 4;

/// Most executions of a path's start that growing looks at.
const VISITS_MAX: usize = 4_096;

/// A block must save this share of the run's cost.
const SAVING_MIN: f64 = 0.002;

/// Slots are on average this much more than messages.
const SLOTS_PER_INTERACTION: f64 = 1.35;

/// Predicted seconds of a row.
fn row_cost(circuit: &Circuit) -> f64 {
    rows_cost(circuit, 1.0, 1.0)
}

/// Predicted seconds of as many rows of cells and of messages.
fn rows_cost(circuit: &Circuit, cells: f64, messages: f64) -> f64 {
    let interactions = circuit.interactions.len() as f64;
    cells * circuit.width() as f64 * CELL_S + messages * interactions * (INTERACTION_S + SLOT_S * SLOTS_PER_INTERACTION)
}

/// Predicted seconds of a table. Where windows are samples of a longer run, its padding is anyone's guess.
fn table_cost(circuit: &Circuit, rows: usize, sampled: bool) -> f64 {
    if rows == 0 {
        return 0.0;
    }
    let height = if sampled { rows } else { rows.next_power_of_two() };
    rows_cost(circuit, height as f64, height.max(ROWS_MIN) as f64)
}

/// Blocks for a program whose runs look like this one.
pub fn plan(program: &MachineProgram, profile: &Profile) -> Plan {
    let mut planner = Planner::new(program, &profile.windows, profile.is_sampled());
    let blocks_max = CIRCUITS_MAX.saturating_sub(FIRST_CHIP + program.chips().len());
    // A block that others made useless may be proposed again once it is left out, but not for ever.
    for _ in 0..4 * blocks_max {
        planner.cover();
        let Some(block) = planner.propose() else { break };
        if planner.blocks.len() == blocks_max || !planner.fits(&block) {
            planner.prune();
        }
        if planner.blocks.len() < blocks_max && planner.fits(&block) {
            planner.blocks.push(block);
        } else {
            planner.refused.extend(block.path.steps.first());
        }
    }
    planner.cover();
    planner.prune();
    let paths: Vec<BlockPath> = planner.blocks.iter().map(|block| block.path.clone()).collect();
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
    let chips = block.decoded().iter().filter_map(|decoded| decoded.chip);
    BlockPrice { row_s: row_cost(&block.circuit), singles_s: chips.map(|chip| row_cost(&chip.circuit())).sum() }
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
    windows: &'a [ExecutionLog],
    /// Are the windows samples of a longer run?
    is_sampled: bool,
    chips: Vec<(Chip, Circuit)>,
    /// By instruction: cost of a row that proves it alone.
    single_cost: Vec<f64>,
    /// Cost of a row that proves a misaligned access.
    misaligned_cost: f64,
    blocks: Vec<Block>,
    /// By window and position: covered by a block.
    covered: Vec<Vec<bool>>,
    /// By window and position: a load or store at an address that its width does not divide. No block can have it.
    misaligned: Vec<Vec<bool>>,
    /// Rows of each block in the windows.
    rows: Vec<usize>,
    total_cost: f64,
    refused: HashSet<u32>,
}

impl<'a> Planner<'a> {
    fn new(program: &'a MachineProgram, windows: &'a [ExecutionLog], is_sampled: bool) -> Self {
        let chips: Vec<(Chip, Circuit)> = tables(program.decoded());
        let costs: HashMap<Chip, f64> = chips.iter().map(|(chip, circuit)| (*chip, row_cost(circuit))).collect();
        let single_cost =
            program.decoded().iter().map(|decoded| decoded.chip.map_or(0.0, |chip| costs[&chip])).collect();
        let misaligned = |window: &ExecutionLog| {
            let mut misaligned = vec![false; window.steps.len()];
            window.misaligned.iter().for_each(|&position| misaligned[position] = true);
            misaligned
        };
        Self {
            program,
            windows,
            is_sampled,
            chips,
            single_cost,
            misaligned_cost: costs.get(&Chip::Misaligned).copied().unwrap_or(0.0),
            blocks: vec![],
            covered: vec![],
            misaligned: windows.iter().map(misaligned).collect(),
            rows: vec![],
            total_cost: 0.0,
            refused: HashSet::new(),
        }
    }

    fn table_cost(&self, circuit: &Circuit, rows: usize) -> f64 {
        table_cost(circuit, rows, self.is_sampled)
    }

    fn pc(&self, step: u32) -> u32 {
        self.program.decoded()[step as usize].pc
    }

    fn opcode(&self, step: u32) -> Opcode {
        self.program.decoded()[step as usize].instruction.opcode
    }

    fn is_control(&self, step: u32) -> bool {
        matches!(self.opcode(step).format(), Format::Branch | Format::Jump | Format::JumpRegister | Format::Bare)
    }

    /// The chip that proves an executed instruction alone.
    fn chip(&self, window: usize, position: usize) -> Option<Chip> {
        if self.misaligned[window][position] {
            return Some(Chip::Misaligned);
        }
        self.program.decoded()[self.windows[window].steps[position] as usize].chip
    }

    /// Cover the windows with the blocks so far.
    fn cover(&mut self) {
        let tiler = Tiler::new(self.program, &self.blocks);
        let mut rows = vec![0; self.blocks.len()];
        let mut total_cost = 0.0;
        let mut covered = vec![];
        for (number, window) in self.windows.iter().enumerate() {
            let mut covered_here = Vec::with_capacity(window.steps.len());
            for tile in tiler.cover(window) {
                let position = covered_here.len();
                covered_here.resize(position + tile.steps(&self.blocks), tile != Tile::Single);
                match tile {
                    Tile::Single if self.misaligned[number][position] => total_cost += self.misaligned_cost,
                    Tile::Single => total_cost += self.single_cost[window.steps[position] as usize],
                    Tile::Block(block) => rows[usize::from(block)] += 1,
                }
            }
            covered.push(covered_here);
        }
        total_cost +=
            rows.iter().zip(&self.blocks).map(|(&rows, block)| rows as f64 * row_cost(&block.circuit)).sum::<f64>();
        (self.covered, self.rows, self.total_cost) = (covered, rows, total_cost);
    }

    /// Would the plan with one more block still be one that is accepted?
    fn fits(&self, block: &Block) -> bool {
        let blocks = || self.blocks.iter().chain([block]);
        let chips: usize = self.chips.iter().map(|(_, circuit)| circuit.width()).sum();
        let columns = chips + blocks().map(|block| block.circuit.width()).sum::<usize>();
        blocks().map(|block| block.path.steps.len()).sum::<usize>() <= PLAN_STEPS_MAX && columns <= COLUMNS_MAX
    }

    /// Where uncovered stretches begin, with the cost of what follows up to the next beginning.
    fn starts(&self) -> Vec<(u32, f64)> {
        let mut cost: HashMap<u32, f64> = HashMap::new();
        for ((window, covered), misaligned) in self.windows.iter().zip(&self.covered).zip(&self.misaligned) {
            let mut start = None;
            for (position, &step) in window.steps.iter().enumerate() {
                if covered[position] || misaligned[position] || self.opcode(step) == Opcode::Ecall {
                    start = None;
                    continue;
                }
                let begins = position == 0 || covered[position - 1] || self.is_control(window.steps[position - 1]);
                if begins || start.is_none() {
                    start = Some(step);
                }
                if let Some(start) = start {
                    *cost.entry(start).or_default() += self.single_cost[step as usize];
                }
            }
        }
        let mut starts: Vec<(u32, f64)> = cost.into_iter().filter(|(start, _)| !self.refused.contains(start)).collect();
        starts.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        starts
    }

    /// The block that saves most from the costliest start.
    fn propose(&mut self) -> Option<Block> {
        loop {
            let (start, cost) = *self.starts().first()?;
            if cost < SAVING_MIN * self.total_cost {
                return None;
            }
            let best = self.grow(start);
            match best {
                Some((block, saving)) if saving >= SAVING_MIN * self.total_cost => return Some(block),
                _ => {
                    self.refused.insert(start);
                }
            }
        }
    }

    /// Follow the way that most visits of `start` go; the best block along it with what it saves in the windows.
    fn grow(&self, start: u32) -> Option<(Block, f64)> {
        let mut visits: Vec<(usize, usize)> = vec![];
        for (number, window) in self.windows.iter().enumerate() {
            let uncovered = |&position: &usize| window.steps[position] == start && !self.covered[number][position];
            visits.extend((0..window.steps.len()).filter(uncovered).map(|position| (number, position)));
        }
        let all_visits = visits.len();
        let stride = all_visits.div_ceil(VISITS_MAX).max(1);
        // Runs of neighbouring visits are kept, so that those of a loop still follow each other.
        if stride > 1 {
            visits.truncate(VISITS_MAX);
        }
        let scale = all_visits as f64 / visits.len().max(1) as f64;
        let mut steps = vec![];
        let mut single = 0.0;
        let mut best: Option<(Block, f64)> = None;
        let mut tried = 0;
        let mut height = usize::MAX;
        loop {
            // Where do the visits that came this far stand?
            let mut next: HashMap<u32, usize> = HashMap::new();
            for &(window, position) in &visits {
                if let Some(&step) = self.windows[window].steps.get(position + steps.len()) {
                    *next.entry(step).or_default() += 1;
                }
            }
            let favourite = next.into_iter().max_by_key(|&(step, count)| (count, std::cmp::Reverse(step)));
            let Some((step, _)) = favourite else { break };
            let breaks = steps.last().is_some_and(|&last| self.is_control(last));
            let ends = self.opcode(step) == Opcode::Ecall || steps.len() >= LENGTH_MAX;
            visits.retain(|&(window, position)| self.windows[window].steps.get(position + steps.len()) == Some(&step));
            // A path cut in the middle of a way would leave the rest of it to others, which would be cut elsewhere again.
            let cut =
                ends && !breaks && best.as_ref().is_some_and(|(block, _)| 2 * block.path.steps.len() > LENGTH_MAX);
            let rows = || self.disjoint(&visits, steps.len()) as f64 * scale;
            // Where padding counts, the first length that needs a lower table is worth a look.
            let is_lower = || !self.is_sampled && (rows() as usize).next_power_of_two() < height;
            if !steps.is_empty()
                && (breaks || ends && !cut)
                && (ends || (steps.len() - tried) * TRIED_PER_STEP >= tried || is_lower())
            {
                tried = steps.len();
                let path = BlockPath { steps: steps.clone(), final_pc: self.pc(step) };
                let Some(block) = Block::new(self.program.decoded(), path) else { break };
                let Circuit { interactions, constraints, .. } = &*block.circuit;
                if interactions.len() > INTERACTIONS_MAX || constraints.len() > CONSTRAINTS_MAX {
                    break;
                }
                let rows = rows();
                height = (rows as usize).next_power_of_two();
                let saving = rows * single - self.table_cost(&block.circuit, rows as usize);
                let known = self.blocks.iter().any(|known| known.path == block.path);
                if !known && !may_wrap(self.program, &block) && best.as_ref().is_none_or(|(_, known)| saving > *known) {
                    best = Some((block, saving));
                }
                let possible = visits.len() as f64 * scale * (single + self.single_cost[step as usize]);
                if best.as_ref().is_some_and(|(_, known)| possible < *known / 2.0) {
                    break;
                }
            }
            if ends || visits.is_empty() || self.program.decoded()[step as usize].chip.is_none() {
                break;
            }
            visits.retain(|&(window, position)| !self.misaligned[window][position + steps.len()]);
            single += self.single_cost[step as usize];
            steps.push(step);
        }
        best
    }

    /// How many of the visits a path of this length can cover, one after the other.
    fn disjoint(&self, visits: &[(usize, usize)], length: usize) -> usize {
        let mut free_from = (0, 0);
        let mut count = 0;
        for &(window, position) in visits {
            if (window, position) >= free_from {
                count += 1;
                free_from = (window, position + length);
            }
        }
        count
    }

    /// Leave out blocks, one after the other, without which the run costs less or next to nothing more: those that others
    /// made useless, and those with so few rows that padding makes them dearer than their instructions.
    fn prune(&mut self) {
        let mut singles: HashMap<Chip, usize> = HashMap::new();
        for (window, covered) in self.covered.iter().enumerate() {
            let alone = covered.iter().enumerate().filter(|(_, covered)| !**covered);
            for chip in alone.filter_map(|(position, _)| self.chip(window, position)) {
                *singles.entry(chip).or_default() += 1;
            }
        }
        loop {
            let saving = |number: usize| self.saving(number, &singles);
            let least =
                (0..self.blocks.len()).map(|number| (number, saving(number))).min_by(|a, b| a.1.total_cmp(&b.1));
            let Some((number, saving)) = least else { break };
            if saving >= SAVING_MIN / 2.0 * self.total_cost {
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
                self.table_cost(circuit, rows + more) - self.table_cost(circuit, rows)
            })
            .sum();
        single - self.table_cost(&self.blocks[number].circuit, self.rows[number])
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
