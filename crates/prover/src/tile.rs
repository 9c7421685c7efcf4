//! Tiling: covering an executed path with blocks, the longest first, and with single instructions where none fits.

use engram_rv32im::ExecutionLog;
use engram_rv32im_air::{block::Block, program::MachineProgram};

/// A stretch of the log that one row proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tile {
    /// One instruction, on its chip.
    Single,
    /// The block with this number.
    Block(u16),
}

impl Tile {
    /// Instructions that it covers, where these are the blocks.
    ///
    /// # Panics
    /// Where there is no block with its number.
    pub fn steps(self, blocks: &[Block]) -> usize {
        match self {
            Self::Single => 1,
            Self::Block(number) => blocks[usize::from(number)].path.steps.len(),
        }
    }
}

/// Covers a log as it grows.
#[derive(Clone, Debug)]
pub struct Tiler<'a> {
    program: &'a MachineProgram,
    blocks: &'a [Block],
    /// By first instruction: one more than where the blocks that start there are among the groups; zero where none does.
    group_of: Vec<u16>,
    /// Blocks with the same first instruction, longest first.
    groups: Vec<Vec<u16>>,
    longest: usize,
}

/// The cover of a log so far.
#[derive(Clone, Debug, Default)]
pub struct Cover {
    /// Tiles, in order.
    pub tiles: Vec<Tile>,
    /// Steps that they cover.
    pub steps: usize,
    misaligned_passed: usize,
}

/// Could the block access memory by a base and an offset that wrap around the address space? No row could prove that, so such a
/// block covers nothing. The log does not tell, so the answer is yes wherever the program has memory as near to an end of the
/// address space as the block reaches.
pub fn may_wrap(program: &MachineProgram, block: &Block) -> bool {
    let program = program.program();
    let layout = program.layout();
    let segments = program.image().map(|segment| (u64::from(segment.address), segment.end()));
    let [stack, heap] = [(layout.stack_low, layout.stack_top), (layout.initial_break, layout.heap_limit)]
        .map(|(start, end)| (u64::from(start), u64::from(end)));
    let [below, above] = block.reach.map(u64::from);
    let mut memory = segments.chain([stack, heap]).filter(|(start, end)| start < end);
    memory.any(|(start, end)| start < above || end > (1 << 32) - below)
}

impl<'a> Tiler<'a> {
    /// For a program and its blocks, of which there are fewer than 2^16.
    pub fn new(program: &'a MachineProgram, blocks: &'a [Block]) -> Self {
        let mut group_of = vec![0; program.decoded().len()];
        let mut groups: Vec<Vec<u16>> = vec![];
        for (number, block) in (0..).zip(blocks).filter(|(_, block)| !may_wrap(program, block)) {
            let Some(&first) = block.path.steps.first() else { continue };
            let group = &mut group_of[first as usize];
            if *group == 0 {
                groups.push(vec![]);
                *group = groups.len() as u16;
            }
            groups[usize::from(*group) - 1].push(number);
        }
        for numbers in &mut groups {
            numbers.sort_by_key(|&number: &u16| std::cmp::Reverse(blocks[usize::from(number)].path.steps.len()));
        }
        let longest = blocks.iter().map(|block| block.path.steps.len()).max().unwrap_or(1);
        Self { program, blocks, group_of, groups, longest }
    }

    /// The tiles of a whole log.
    pub fn cover(&self, log: &ExecutionLog) -> Vec<Tile> {
        let mut cover = Cover::default();
        self.advance(log, &mut cover, true);
        cover.tiles
    }

    /// Cover what the log gained. Steps near the end wait until it is known how they go on, unless this is the end.
    pub fn advance(&self, log: &ExecutionLog, cover: &mut Cover, is_end: bool) {
        let steps = &log.steps;
        let limit = if is_end { steps.len() } else { steps.len().saturating_sub(self.longest) };
        while cover.steps < limit {
            while log.misaligned.get(cover.misaligned_passed).is_some_and(|&position| position < cover.steps) {
                cover.misaligned_passed += 1;
            }
            let first = steps[cover.steps];
            let next_misaligned = log.misaligned.get(cover.misaligned_passed).copied().unwrap_or(usize::MAX);
            let fits = |number: &&u16| self.fits(log, cover.steps, next_misaligned, **number);
            let group = match self.group_of[first as usize] {
                0 => None,
                group => self.groups[usize::from(group) - 1].iter().find(fits),
            };
            let tile = group.map_or(Tile::Single, |&number| Tile::Block(number));
            cover.tiles.push(tile);
            cover.steps += tile.steps(self.blocks);
        }
    }

    fn fits(&self, log: &ExecutionLog, position: usize, next_misaligned: usize, number: u16) -> bool {
        let path = &self.blocks[usize::from(number)].path;
        let end = position + path.steps.len();
        if end > next_misaligned || log.steps.get(position..end) != Some(&path.steps) {
            return false;
        }
        let pc = match log.steps.get(end) {
            Some(&next) => self.program.decoded()[next as usize].pc,
            None => log.end.pc >> 2,
        };
        pc == path.final_pc
    }
}
