//! Where the windows of a profile execute what, and what of that blocks cover.

use std::collections::HashMap;

use engram_rv32im::{ExecutionLog, Format, Opcode};
use engram_rv32im_air::{chip::Chip, program::MachineProgram};

/// Between two windows no instruction stands.
const NONE: u32 = u32::MAX;

/// The windows, one after the other.
pub struct Visits<'a> {
    program: &'a MachineProgram,
    /// Instructions by position, with [`NONE`] after each window.
    steps: Vec<u32>,
    /// By window: its first position.
    firsts: Vec<usize>,
    /// Positions that blocks cover.
    covered: Vec<bool>,
    /// Positions of loads and stores at an address that their width does not divide. No block can have them.
    misaligned: Vec<bool>,
    /// Positions by instruction: those of instruction `i` are from `by_step[i]` to `by_step[i + 1]` in `positions`.
    by_step: Vec<u32>,
    positions: Vec<u32>,
    /// By instruction: does it leave straight code?
    control: Vec<bool>,
}

impl<'a> Visits<'a> {
    /// With nothing covered.
    pub fn new(program: &'a MachineProgram, windows: &[ExecutionLog]) -> Self {
        let (mut steps, mut firsts, mut misaligned) = (vec![], vec![], vec![]);
        for window in windows {
            let first = steps.len();
            firsts.push(first);
            steps.extend_from_slice(&window.steps);
            steps.push(NONE);
            misaligned.resize(steps.len(), false);
            window.misaligned.iter().for_each(|&position| misaligned[first + position] = true);
        }
        let instructions = program.decoded().len();
        let mut by_step = vec![0u32; instructions + 1];
        steps.iter().filter(|step| **step != NONE).for_each(|&step| by_step[step as usize + 1] += 1);
        for step in 0..instructions {
            by_step[step + 1] += by_step[step];
        }
        let mut next = by_step.clone();
        let mut positions = vec![0; by_step[instructions] as usize];
        for (position, &step) in (0..).zip(&steps).filter(|(_, step)| **step != NONE) {
            positions[next[step as usize] as usize] = position;
            next[step as usize] += 1;
        }
        let leaves = |format| matches!(format, Format::Branch | Format::Jump | Format::JumpRegister | Format::Bare);
        let control = program.decoded().iter().map(|decoded| leaves(decoded.instruction.opcode.format())).collect();
        let covered = vec![false; steps.len()];
        Self { program, steps, firsts, covered, misaligned, by_step, positions, control }
    }

    /// Does an instruction leave straight code?
    pub fn is_control(&self, step: u32) -> bool {
        self.control[step as usize]
    }

    /// Is it a system call?
    pub fn is_call(&self, step: u32) -> bool {
        self.program.decoded()[step as usize].instruction.opcode == Opcode::Ecall
    }

    /// Nothing is covered.
    pub fn uncover(&mut self) {
        self.covered.fill(false);
    }

    /// A block covers steps of a window.
    pub fn cover(&mut self, window: usize, position: usize, steps: usize) {
        self.covered[self.firsts[window] + position..][..steps].fill(true);
    }

    /// Positions at which an instruction stands that nothing covers.
    pub fn uncovered(&self, step: u32) -> Vec<u32> {
        let [from, to] = [0, 1].map(|next| self.by_step[step as usize + next] as usize);
        self.positions[from..to].iter().copied().filter(|&position| !self.covered[position as usize]).collect()
    }

    /// Where most visits stand after so many steps; of equals, the first instruction.
    pub fn favourite(&self, visits: &[u32], after: usize) -> Option<u32> {
        let mut counts: Vec<(u32, usize)> = vec![];
        for &position in visits {
            let Some(&step) = self.steps.get(position as usize + after).filter(|step| **step != NONE) else { continue };
            match counts.iter_mut().find(|(other, _)| *other == step) {
                Some((_, count)) => *count += 1,
                None => counts.push((step, 1)),
            }
        }
        counts.into_iter().max_by_key(|&(step, count)| (count, std::cmp::Reverse(step))).map(|(step, _)| step)
    }

    /// Keep the visits that stand at this instruction after so many steps.
    pub fn retain(&self, visits: &mut Vec<u32>, after: usize, step: u32) {
        visits.retain(|&position| self.steps.get(position as usize + after) == Some(&step));
    }

    /// Keep the visits of which this step is aligned.
    pub fn retain_aligned(&self, visits: &mut Vec<u32>, after: usize) {
        visits.retain(|&position| !self.misaligned[position as usize + after]);
    }

    /// How many of the visits a path of this length can cover, one after the other.
    pub fn disjoint(visits: &[u32], length: usize) -> usize {
        let (mut free_from, mut count) = (0, 0);
        for &position in visits {
            if position as usize >= free_from {
                count += 1;
                free_from = position as usize + length;
            }
        }
        count
    }

    /// Where uncovered stretches begin, with the cost of what follows up to the next beginning: the costliest first.
    pub fn starts(&self, single_cost: &[f64]) -> Vec<(u32, f64)> {
        let mut cost = vec![0.0; single_cost.len()];
        let (mut start, mut begins) = (None, true);
        for (position, &step) in self.steps.iter().enumerate() {
            if step == NONE || self.covered[position] || self.misaligned[position] || self.is_call(step) {
                (start, begins) = (None, true);
                continue;
            }
            if begins || start.is_none() {
                start = Some(step);
            }
            begins = self.is_control(step);
            if let Some(start) = start {
                cost[start as usize] += single_cost[step as usize];
            }
        }
        let mut starts: Vec<(u32, f64)> = (0..).zip(cost).filter(|(_, cost)| *cost > 0.0).collect();
        starts.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        starts
    }

    /// Instructions that nothing covers, by the chip that proves them alone.
    pub fn singles(&self) -> HashMap<Chip, usize> {
        let mut by_step = vec![0_usize; self.program.decoded().len()];
        let mut misaligned = 0;
        for (position, &step) in self.steps.iter().enumerate().filter(|(_, step)| **step != NONE) {
            match (self.covered[position], self.misaligned[position]) {
                (true, _) => {}
                (false, true) => misaligned += 1,
                (false, false) => by_step[step as usize] += 1,
            }
        }
        let mut singles = HashMap::from([(Chip::Misaligned, misaligned)]);
        for (decoded, count) in self.program.decoded().iter().zip(by_step).filter(|(_, count)| *count > 0) {
            if let Some(chip) = decoded.chip {
                *singles.entry(chip).or_default() += count;
            }
        }
        singles
    }
}
