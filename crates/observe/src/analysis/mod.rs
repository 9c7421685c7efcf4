//! What a trace shows: where accesses go, in which order, how often they come back, and what their sizes cost.
//!
//! Blocks are those of each space's own size. Reads of the identity space are counted, and are nowhere else: they touch nothing.

pub mod adapter_sources;
pub mod hot_blocks;
pub mod reuse;
pub mod runs;
pub mod strides;
pub mod working_set;

use std::num::{NonZeroU32, NonZeroUsize};

use engram_memory::offline::AccessKind;
use serde::Serialize;

use crate::{
    analysis::{
        adapter_sources::AdapterCosts,
        hot_blocks::{BlockCounter, HotBlock},
        reuse::{ReuseCounter, ReuseDistances},
        runs::{RunCounter, Runs},
        strides::{SpaceStrides, StrideCounter},
        working_set::{Window, WindowCounter},
    },
    geometry::{BlockAddress, Geometry},
    trace::MemoryTrace,
};

/// Entries of each ranking where nothing else is said.
pub const RANKED_DEFAULT: NonZeroUsize = NonZeroUsize::new(16).expect("16 is not zero");
/// Accesses in a window of the working set where nothing else is said.
pub const WINDOW_ACCESSES_DEFAULT: NonZeroU32 = NonZeroU32::new(4096).expect("4096 is not zero");

/// What an analysis looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnalysisOptions {
    /// Most entries of each ranking: hot blocks, strides of each space, blocks that caused adapters.
    pub ranked: NonZeroUsize,
    /// Accesses in a window of the working set. The analysis has one [`Window`] for each so many accesses.
    pub window_accesses: NonZeroU32,
}

impl Default for AnalysisOptions {
    /// [`RANKED_DEFAULT`] and [`WINDOW_ACCESSES_DEFAULT`].
    fn default() -> Self {
        Self { ranked: RANKED_DEFAULT, window_accesses: WINDOW_ACCESSES_DEFAULT }
    }
}

/// Numbers of accesses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AccessCounts {
    /// Reads of normal spaces.
    pub reads: u64,
    /// Writes.
    pub writes: u64,
    /// Reads of the identity space.
    pub identity_reads: u64,
}

/// What a trace shows. The same for the same trace and options.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccessPatternAnalysis {
    /// How many accesses there are.
    pub counts: AccessCounts,
    /// How many blocks are touched.
    pub blocks_touched: u64,
    /// The blocks that most accesses touch, most first.
    pub hot_blocks: Vec<HotBlock>,
    /// How far each access is from the one before in its space, by ascending space.
    pub strides: Vec<SpaceStrides>,
    /// How many reads, and how many writes, follow each other.
    pub runs: Runs,
    /// How many blocks are touched in each stretch of time.
    pub working_set: Vec<Window>,
    /// How many other blocks are touched before a block is touched again.
    pub reuse: ReuseDistances,
    /// Which accesses need splits and merges, and what those cost.
    pub adapters: AdapterCosts,
}

impl AccessPatternAnalysis {
    /// Analyse a trace with the default options.
    pub fn from_trace(trace: &MemoryTrace) -> Self {
        Self::with_options(trace, AnalysisOptions::default())
    }

    /// Analyse a trace. It takes O(n log d) time for n accesses of d blocks, and memory in proportion to blocks, strides, distances and
    /// windows that differ.
    pub fn with_options(trace: &MemoryTrace, options: AnalysisOptions) -> Self {
        let geometry = Geometry::new(trace.config());
        let mut counts = AccessCounts::default();
        let (mut blocks, mut strides, mut runs) =
            (BlockCounter::default(), StrideCounter::default(), RunCounter::default());
        let (mut windows, mut reuse) = (WindowCounter::new(options.window_accesses), ReuseCounter::default());
        for (id, access) in trace.accesses() {
            let writes = access.kind == AccessKind::Write;
            match access.kind {
                AccessKind::IdentityRead => counts.identity_reads += 1,
                AccessKind::Read => counts.reads += 1,
                AccessKind::Write => counts.writes += 1,
            }
            // None of the identity space.
            let Some(touched) = geometry.blocks_of(access) else { continue };
            strides.access(access.space, geometry.cell(access.pointer));
            runs.access(writes);
            windows.access(id.0, access.timestamp);
            let block_cells = geometry.block_cells(access.space).unwrap_or(0);
            for block in touched {
                let address = BlockAddress { space: access.space, block };
                blocks.touch(address, writes);
                windows.touch(address, block_cells);
                reuse.touch(address);
            }
        }
        Self {
            counts,
            blocks_touched: blocks.len(),
            hot_blocks: blocks.hottest(options.ranked.get(), &geometry),
            strides: strides.finish(options.ranked.get()),
            runs: runs.finish(),
            working_set: windows.finish(),
            reuse: reuse.finish(),
            adapters: AdapterCosts::of(trace, options.ranked.get(), &geometry),
        }
    }

    /// The most cells that are in use in one window: those of all blocks that it touches. Zero where there is no window.
    pub fn working_set_cells_max(&self) -> u64 {
        self.working_set.iter().map(|window| window.cells).max().unwrap_or(0)
    }
}
