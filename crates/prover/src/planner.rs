//! Choosing blocks from a profile of a run.
//!
//! Greedily: where the run spends most among what is not covered yet, grow a path along the way that most visits go, build
//! its circuit at a few lengths, and keep the length that saves most for the room that it takes in the plan, its table's padding
//! paid. Blocks that then save nothing are left out again. The same program and profile give the same plan.

use std::collections::HashMap;

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

/// Most instructions of straight code before a growing path's circuit is built again.
const STRAIGHT_MAX: usize = 64;

/// A growing path's circuit is built again when the path is longer by one part in so many.
const TRIED_PER_STEP: usize = 4;

/// Most executions of a path's start that growing looks at.
const VISITS_MAX: usize = 4_096;

/// Slots are on average this much more than messages.
const SLOTS_PER_INTERACTION: f64 = 1.35;

/// Seconds of one core that an instruction of a plan costs: keys are derived from it, by prover and verifier.
const PLAN_STEP_S: f64 = 60e-6;

/// A block takes room in a plan like so many instructions beside its own: its table. The fewer, the shorter blocks are, and the more.
/// Which is better depends on whether there is room for all that save something, so both are tried.
const TABLE_STEPS: [usize; 2] = [15, 120];

/// A start is worth a look where what it costs would pay for a plan of so many instructions.
const START_STEPS: f64 = 30.0;

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
    let plans = TABLE_STEPS.map(|table_steps| {
        let mut planner = Planner::new(program, profile, table_steps);
        planner.fill();
        planner
    });
    let best = plans.iter().min_by(|a, b| a.cost().total_cmp(&b.cost()));
    let paths: Vec<BlockPath> = best.iter().flat_map(|best| &best.blocks).map(|block| block.path.clone()).collect();
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
    blocks: Vec<Block>,
    /// By window and position: covered by a block.
    covered: Vec<Vec<bool>>,
    /// By window and position: a load or store at an address that its width does not divide. No block can have it.
    misaligned: Vec<Vec<bool>>,
    /// Rows of each block in the windows.
    rows: Vec<usize>,
    /// What an instruction of a plan costs, as part of the cost of the windows.
    step_cost: f64,
    /// How many instructions a block's table counts as.
    table_steps: usize,
    /// By instruction: no block that starts there saves anything.
    refused: Vec<bool>,
}

impl<'a> Planner<'a> {
    fn new(program: &'a MachineProgram, profile: &'a Profile, table_steps: usize) -> Self {
        let (windows, is_sampled) = (&profile.windows[..], profile.is_sampled());
        let share = profile.seen() as f64 / profile.instructions.max(1) as f64;
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
            blocks: vec![],
            covered: vec![],
            misaligned: windows.iter().map(misaligned).collect(),
            rows: vec![],
            step_cost: PLAN_STEP_S * share,
            table_steps,
            refused: vec![false; program.decoded().len()],
        }
    }

    /// Choose blocks until none saves anything, or there is no room.
    fn fill(&mut self) {
        let blocks_max = CIRCUITS_MAX.saturating_sub(FIRST_CHIP + self.program.chips().len());
        // A block that others made useless may be proposed again once it is left out, but not for ever.
        for _ in 0..4 * blocks_max {
            self.cover();
            if !self.add_one(blocks_max) {
                break;
            }
        }
        self.cover();
        self.prune();
        self.cover();
    }

    /// Predicted seconds of what the windows cost with the blocks so far.
    fn cost(&self) -> f64 {
        let singles = self.singles();
        let chips = self.chips.iter().map(|(chip, circuit)| self.table_cost(circuit, singles[chip]));
        let blocks = self.blocks.iter().zip(&self.rows).map(|(block, &rows)| self.block_cost(block, rows));
        chips.chain(blocks).sum()
    }

    fn table_cost(&self, circuit: &Circuit, rows: usize) -> f64 {
        table_cost(circuit, rows, self.is_sampled)
    }

    fn block_cost(&self, block: &Block, rows: usize) -> f64 {
        self.table_cost(&block.circuit, rows) + self.step_cost * block.path.steps.len() as f64
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
        let mut covered = vec![];
        for window in self.windows {
            let mut covered_here = Vec::with_capacity(window.steps.len());
            for tile in tiler.cover(window) {
                let position = covered_here.len();
                covered_here.resize(position + tile.steps(&self.blocks), tile != Tile::Single);
                if let Tile::Block(block) = tile {
                    rows[usize::from(block)] += 1;
                }
            }
            covered.push(covered_here);
        }
        (self.covered, self.rows) = (covered, rows);
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
        let mut cost = vec![0.0; self.single_cost.len()];
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
                    cost[start as usize] += self.single_cost[step as usize];
                }
            }
        }
        let is_worth_a_look =
            |&(start, cost): &(u32, f64)| cost > START_STEPS * self.step_cost && !self.refused[start as usize];
        let mut starts: Vec<(u32, f64)> = (0..).zip(cost).filter(is_worth_a_look).collect();
        starts.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        starts
    }

    /// Add the best block from the costliest start that has one for which there is room. Is there any?
    fn add_one(&mut self, blocks_max: usize) -> bool {
        let mut is_pruned = false;
        for (start, _) in self.starts() {
            let block = self.grow(start);
            if let Some(block) = block {
                let has_room = |planner: &Self| planner.blocks.len() < blocks_max && planner.fits(&block);
                if !has_room(self) && !is_pruned {
                    self.prune();
                    is_pruned = true;
                }
                if has_room(self) {
                    self.blocks.push(block);
                    return true;
                }
            }
            self.refused[start as usize] = true;
        }
        false
    }

    /// Follow the way that most visits of `start` go; the best block along it, if any saves something.
    ///
    /// Room in a plan is scarce: the best is the one that saves most for an instruction of it, where a table counts as a few.
    fn grow(&self, start: u32) -> Option<Block> {
        let mut visits: Vec<(usize, usize)> = vec![];
        for (number, window) in self.windows.iter().enumerate() {
            let uncovered = |&position: &usize| window.steps[position] == start && !self.covered[number][position];
            visits.extend((0..window.steps.len()).filter(uncovered).map(|position| (number, position)));
        }
        let all_visits = visits.len();
        // Runs of neighbouring visits are kept, so that those of a loop still follow each other.
        visits.truncate(VISITS_MAX);
        let scale = all_visits as f64 / visits.len().max(1) as f64;
        let mut steps = vec![];
        let mut single = 0.0;
        let mut candidates: Vec<(Block, f64)> = vec![];
        let mut tried = 0;
        let mut height = usize::MAX;
        loop {
            // Where do the visits that came this far stand?
            let mut next: Vec<(u32, usize)> = vec![];
            for &(window, position) in &visits {
                let Some(&step) = self.windows[window].steps.get(position + steps.len()) else { continue };
                match next.iter_mut().find(|(other, _)| *other == step) {
                    Some((_, count)) => *count += 1,
                    None => next.push((step, 1)),
                }
            }
            let favourite = next.into_iter().max_by_key(|&(step, count)| (count, std::cmp::Reverse(step)));
            let Some((step, _)) = favourite else { break };
            let breaks = steps.last().is_some_and(|&last| self.is_control(last));
            let ends = self.opcode(step) == Opcode::Ecall || steps.len() >= LENGTH_MAX;
            visits.retain(|&(window, position)| self.windows[window].steps.get(position + steps.len()) == Some(&step));
            let is_straight = steps.len() - tried >= STRAIGHT_MAX;
            let rows = || self.disjoint(&visits, steps.len()) as f64 * scale;
            // Where padding counts, the first length that needs a lower table is worth a look.
            let is_lower = || !self.is_sampled && (rows() as usize).next_power_of_two() < height;
            if !steps.is_empty()
                && (breaks || ends || is_straight)
                && (ends || (steps.len() - tried) * TRIED_PER_STEP >= tried || is_lower())
            {
                let Some(block) = self.block(&steps, step) else {
                    // The longest part of it that a row can have.
                    if let Some(block) = self.longest(&steps, tried) {
                        let single: f64 = block.path.steps.iter().map(|&step| self.single_cost[step as usize]).sum();
                        let rows = self.disjoint(&visits, block.path.steps.len()) as f64 * scale;
                        let saving = rows * single - self.block_cost(&block, rows as usize);
                        candidates.push((block, saving));
                    }
                    break;
                };
                tried = steps.len();
                let rows = rows();
                height = (rows as usize).next_power_of_two();
                let saving = rows * single - self.block_cost(&block, rows as usize);
                candidates.push((block, saving));
                let most = candidates.iter().map(|candidate| self.worth(candidate)).fold(0.0, f64::max);
                let possible = visits.len() as f64 * scale * single;
                if possible / ((steps.len() + self.table_steps) as f64) < most / 2.0 {
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
        candidates.retain(|(block, saving)| {
            *saving > 0.0 && !may_wrap(self.program, block) && self.blocks.iter().all(|known| known.path != block.path)
        });
        candidates.into_iter().max_by(|a, b| self.worth(a).total_cmp(&self.worth(b))).map(|(block, _)| block)
    }

    /// What a block saves for the room that it takes in a plan.
    fn worth(&self, (block, saving): &(Block, f64)) -> f64 {
        saving / (block.path.steps.len() + self.table_steps) as f64
    }

    /// The block of a path that stands at `step` after `steps`; `None` where no row can have it.
    fn block(&self, steps: &[u32], step: u32) -> Option<Block> {
        let path = BlockPath { steps: steps.to_vec(), final_pc: self.pc(step) };
        let block = Block::new(self.program.decoded(), path)?;
        let Circuit { interactions, constraints, .. } = &*block.circuit;
        (interactions.len() <= INTERACTIONS_MAX && constraints.len() <= CONSTRAINTS_MAX).then_some(block)
    }

    /// The block of the longest part of a path that a row can have, of those that are longer than `shortest`.
    fn longest(&self, steps: &[u32], shortest: usize) -> Option<Block> {
        let (mut possible, mut impossible, mut best) = (shortest, steps.len(), None);
        while impossible - possible > 1 {
            let middle = possible.midpoint(impossible);
            match self.block(&steps[..middle], steps[middle]) {
                Some(block) => (possible, best) = (middle, Some(block)),
                None => impossible = middle,
            }
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

    /// Instructions that no block covers, by chip.
    fn singles(&self) -> HashMap<Chip, usize> {
        let mut by_number: Vec<usize> = vec![];
        for (window, covered) in self.covered.iter().enumerate() {
            let alone = covered.iter().enumerate().filter(|(_, covered)| !**covered);
            for chip in alone.filter_map(|(position, _)| self.chip(window, position)) {
                let number = chip.number();
                by_number.resize(by_number.len().max(number + 1), 0);
                by_number[number] += 1;
            }
        }
        let of_chip = |chip: Chip| by_number.get(chip.number()).copied().unwrap_or(0);
        self.chips.iter().map(|&(chip, _)| (chip, of_chip(chip))).collect()
    }

    /// Leave out blocks, one after the other, without which the run costs less or next to nothing more: those that others
    /// made useless, and those with so few rows that padding makes them dearer than their instructions.
    fn prune(&mut self) {
        let mut singles = self.singles();
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
                self.table_cost(circuit, rows + more) - self.table_cost(circuit, rows)
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
