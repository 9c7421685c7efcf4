//! An analysis of random logs has the numbers that a slow count finds.

mod logs;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    num::{NonZeroU32, NonZeroUsize},
};

use engram_air::{F, PrimeCharacteristicRing};
use engram_memory::{config::MemoryConfig, controller::MemoryController, online::Memory};
use engram_observe::{
    adapters::{AdapterCost, AdapterPrices, AdapterRows},
    analysis::{
        AccessPatternAnalysis, AnalysisOptions,
        adapter_sources::{AdapterCause, AdapterSource},
        strides::Stride,
    },
    debugger::MemoryDebugger,
    geometry::BlockAddress,
    record::{Operation, TraceRecord},
    trace::MemoryTrace,
};
use logs::{mixed_config, random_memory, word_config};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const WINDOW: usize = 37;

fn trace_of(memory: Memory) -> MemoryTrace {
    let mut debugger = MemoryDebugger::new(memory);
    debugger.enable_tracing_from_start();
    debugger.get_memory_trace().unwrap()
}

fn analyse(trace: &MemoryTrace) -> AccessPatternAnalysis {
    let ranked = NonZeroUsize::new(usize::MAX).unwrap();
    let window_accesses = NonZeroU32::new(WINDOW as u32).unwrap();
    AccessPatternAnalysis::with_options(trace, AnalysisOptions { ranked, window_accesses })
}

/// Space, first cell, size, and whether it writes, of the accesses to normal spaces.
fn accesses(trace: &MemoryTrace) -> Vec<(TraceRecord, u32, Vec<BlockAddress>)> {
    let config = trace.config();
    let unit = config.pointer_unit() as u32;
    let normal = trace.records().filter(|record| record.operation != Operation::IdentityRead);
    let placed = normal.map(|record| {
        let space = config.normal_spaces().iter().find(|space| space.number == record.space).unwrap();
        let first = record.pointer * unit;
        let blocks: BTreeSet<u32> = (first..first + record.len).map(|cell| cell / space.block_cells as u32).collect();
        let blocks = blocks.into_iter().map(|block| BlockAddress { space: record.space, block }).collect();
        (record, first, blocks)
    });
    placed.collect()
}

#[test]
fn everything_is_as_a_slow_count_finds_it() {
    for seed in 0..12 {
        println!("seed {seed}");
        let config = if seed % 2 == 0 { mixed_config() } else { word_config() };
        let trace = trace_of(random_memory(&config, &mut ChaCha8Rng::seed_from_u64(seed), 600));
        let (analysis, accesses) = (analyse(&trace), accesses(&trace));
        check_counts(&analysis, &trace, &accesses);
        check_strides(&analysis, &accesses);
        check_windows(&analysis, &accesses, &config);
        check_reuse(&analysis, &accesses);
    }
}

fn check_counts(
    analysis: &AccessPatternAnalysis,
    trace: &MemoryTrace,
    accesses: &[(TraceRecord, u32, Vec<BlockAddress>)],
) {
    let writes = |record: &TraceRecord| record.operation == Operation::Write;
    let mut blocks: BTreeMap<BlockAddress, [u64; 2]> = BTreeMap::new();
    for (record, _, touched) in accesses {
        touched.iter().for_each(|block| blocks.entry(*block).or_default()[usize::from(writes(record))] += 1);
    }
    let counts = analysis.counts;
    assert_eq!(counts.writes as usize, accesses.iter().filter(|(record, ..)| writes(record)).count());
    assert_eq!((counts.reads + counts.writes) as usize, accesses.len());
    assert_eq!(counts.identity_reads as usize, trace.len() - accesses.len());
    assert_eq!((analysis.runs.reads.accesses, analysis.runs.writes.accesses), (counts.reads, counts.writes));
    assert_eq!(analysis.blocks_touched as usize, blocks.len());
    assert_eq!(analysis.hot_blocks.len(), blocks.len());
    for pair in analysis.hot_blocks.windows(2) {
        let touches = [pair[0], pair[1]].map(|block| block.reads + block.writes);
        assert!(touches[0] > touches[1] || touches[0] == touches[1] && pair[0].address < pair[1].address);
    }
    for block in &analysis.hot_blocks {
        assert_eq!(blocks[&block.address], [block.reads, block.writes]);
    }
}

fn check_strides(analysis: &AccessPatternAnalysis, accesses: &[(TraceRecord, u32, Vec<BlockAddress>)]) {
    for strides in &analysis.strides {
        let of_space = accesses.iter().filter(|(record, ..)| record.space == strides.space);
        let cells: Vec<i64> = of_space.map(|(_, cell, _)| i64::from(*cell)).collect();
        let mut counts: BTreeMap<i64, u64> = BTreeMap::new();
        cells.windows(2).for_each(|pair| *counts.entry(pair[1] - pair[0]).or_default() += 1);
        assert_eq!((strides.pairs as usize, strides.distinct as usize), (cells.len() - 1, counts.len()));
        let mut expected: Vec<Stride> = counts.into_iter().map(|(cells, count)| Stride { cells, count }).collect();
        expected.sort_by_key(|stride| Reverse(stride.count));
        assert_eq!(strides.top, expected);
    }
    let spaces: BTreeSet<u32> = accesses.iter().map(|(record, ..)| record.space).collect();
    assert!(analysis.strides.iter().map(|strides| strides.space).eq(spaces));
}

fn check_windows(
    analysis: &AccessPatternAnalysis,
    accesses: &[(TraceRecord, u32, Vec<BlockAddress>)],
    config: &MemoryConfig,
) {
    assert_eq!(analysis.working_set.len(), accesses.len().div_ceil(WINDOW));
    for (window, part) in analysis.working_set.iter().zip(accesses.chunks(WINDOW)) {
        let (first, last) = (&part.first().unwrap().0, &part.last().unwrap().0);
        assert_eq!((window.first_record, window.first_timestamp), (first.record, first.timestamp));
        assert_eq!((window.last_timestamp, window.accesses as usize), (last.timestamp, part.len()));
        let blocks: BTreeSet<BlockAddress> = part.iter().flat_map(|(.., blocks)| blocks.clone()).collect();
        let block_cells = |block: &BlockAddress| {
            config.normal_spaces().iter().find(|space| space.number == block.space).unwrap().block_cells
        };
        assert_eq!(window.blocks as usize, blocks.len());
        assert_eq!(window.cells as usize, blocks.iter().map(block_cells).sum::<usize>());
        assert!(window.cells <= analysis.working_set_cells_max());
    }
}

/// A cache that drops what was touched longest ago hits exactly where the distance is below its size.
fn check_reuse(analysis: &AccessPatternAnalysis, accesses: &[(TraceRecord, u32, Vec<BlockAddress>)]) {
    for size in [1, 2, 7, 50, 1000] {
        let (mut cache, mut hits): (Vec<BlockAddress>, u64) = (vec![], 0);
        for block in accesses.iter().flat_map(|(.., blocks)| blocks) {
            if let Some(place) = cache.iter().position(|held| held == block) {
                hits += 1;
                cache.remove(place);
            }
            cache.insert(0, *block);
            cache.truncate(size);
        }
        assert_eq!(analysis.reuse.hits(size as u64), hits);
    }
    assert_eq!(analysis.reuse.first_touches, analysis.blocks_touched);
    let touches: usize = accesses.iter().map(|(.., blocks)| blocks.len()).sum();
    assert_eq!(analysis.reuse.total() as usize, touches);
}

/// Each split and merge of a log has one source, and the sources pay for all of them.
#[test]
fn adapter_costs_add_up_to_the_tables() {
    for seed in 0..12 {
        println!("seed {seed}");
        let config = if seed % 2 == 0 { mixed_config() } else { word_config() };
        let memory = random_memory(&config, &mut ChaCha8Rng::seed_from_u64(seed), 400);
        let mut controller = MemoryController::with_image(&config, memory.initial_image().clone()).unwrap();
        for record in trace_of(memory.clone()).records() {
            let (space, pointer) = (record.space, record.pointer);
            if record.operation == Operation::Write {
                let data: Vec<F> = record.after.iter().map(|cell| F::from_u32(*cell)).collect();
                controller.write_dynamic(space, pointer, &data).unwrap();
            } else {
                controller.read_dynamic(space, pointer, record.len as usize).unwrap();
            }
        }
        let finalized = controller.finalize().unwrap();
        let rows = AdapterRows::of(finalized.adapters());
        let prices = AdapterPrices::new(&config);
        let trace = trace_of(memory);
        let costs = analyse(&trace).adapters;
        assert!(!rows.is_empty());
        assert_eq!(costs.total, prices.cost(&rows));
        let padded = prices.padded(&rows);
        assert_eq!((costs.padded_cells, costs.padded_interactions), (padded.cells, padded.interactions));
        let sum = |parts: &mut dyn Iterator<Item = AdapterCost>| {
            parts.fold(AdapterCost::default(), |mut sum, cost| {
                sum += cost;
                sum
            })
        };
        assert_eq!(sum(&mut costs.by_size.iter().map(|source| source.cost)), costs.total);
        assert_eq!(sum(&mut costs.by_block.iter().map(|source| source.cost)), costs.total);
        for source in &costs.by_size {
            let AdapterCause::Access { len } = source.cause else { continue };
            let of = trace.records().filter(|record| (record.space, record.len) == (source.space, len));
            let paying: Vec<TraceRecord> = of.filter(|record| record.splits + record.merges > 0).collect();
            assert_eq!(source.times as usize, paying.len());
            let rows = paying.iter().fold((0, 0), |(splits, merges), record| {
                (splits + u64::from(record.splits), merges + u64::from(record.merges))
            });
            assert_eq!((source.cost.splits, source.cost.merges), rows);
        }
    }
}

/// Blocks of four cells: a single cell needs a split of four and one of two, and at the end a merge of two and one of four.
#[test]
fn adapters_are_charged_to_who_needs_them() {
    let mut memory = Memory::new(&MemoryConfig::default());
    let _ = memory.read::<4>(1, 0).unwrap();
    let _ = memory.write::<1>(1, 9, [F::ONE]).unwrap();
    let _ = memory.read::<1>(1, 9).unwrap();
    let _ = memory.read::<8>(1, 16).unwrap();
    let costs = AccessPatternAnalysis::from_trace(&trace_of(memory)).adapters;
    // A split has four columns and its cells, and three messages; a merge seven, and three lookups more.
    let (split, merge) = (|cells: u64| 4 + cells, |cells: u64| 7 + cells);
    let source = |cause, times, cells, splits, merges| AdapterSource {
        space: 1,
        cause,
        times,
        cost: AdapterCost { cells, interactions: 3 * splits + 6 * merges, splits, merges },
    };
    let expected = [
        source(AdapterCause::Access { len: 1 }, 1, split(4) + split(2), 2, 0),
        source(AdapterCause::Access { len: 8 }, 1, merge(8), 0, 1),
        source(AdapterCause::End, 2, merge(2) + merge(4) + split(8), 1, 2),
    ];
    assert_eq!(costs.by_size, expected);
    let blocks: Vec<(u32, u64, AdapterCause)> =
        costs.by_block.iter().map(|source| (source.address.block, source.pointer, source.cause)).collect();
    let end = AdapterCause::End;
    let access = |len| AdapterCause::Access { len };
    assert_eq!(blocks, [(2, 8, end), (4, 16, access(8)), (2, 8, access(1)), (4, 16, end)]);
}

/// A shorter ranking is the start of a longer one, and leaves nothing out of the sums.
#[test]
fn rankings_are_cut_and_sums_are_not() {
    println!("seed 2");
    let trace = trace_of(random_memory(&mixed_config(), &mut ChaCha8Rng::seed_from_u64(2), 300));
    let whole = analyse(&trace);
    let window_accesses = NonZeroU32::new(WINDOW as u32).unwrap();
    let options = AnalysisOptions { ranked: NonZeroUsize::new(3).unwrap(), window_accesses };
    let short = AccessPatternAnalysis::with_options(&trace, options);
    assert_eq!(short.hot_blocks, whole.hot_blocks[..3]);
    assert_eq!(short.adapters.by_block, whole.adapters.by_block[..3]);
    assert_eq!((short.blocks_touched, &short.reuse), (whole.blocks_touched, &whole.reuse));
    assert_eq!((short.adapters.total, &short.adapters.by_size), (whole.adapters.total, &whole.adapters.by_size));
    for (short, whole) in short.strides.iter().zip(&whole.strides) {
        assert_eq!((&short.top[..], short.distinct), (&whole.top[..3], whole.distinct));
    }
}
