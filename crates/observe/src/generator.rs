//! Making a trace of a log.

use std::collections::BTreeMap;

use engram_memory::{
    config::MemoryConfig,
    image::MemoryImage,
    log::{MemoryLog, RecordId},
    offline::OfflineMemory,
    records::AccessAdapterInventory,
};

use crate::{
    adapters::AdapterRows,
    error::TraceError,
    geometry::{BlockAddress, Geometry},
    trace::MemoryTrace,
};

/// Makes traces of logs, once it is enabled.
///
/// A log does not say what its reads found, nor which splits and merges it needs. So a trace is made by a replay, which takes
/// time and memory in proportion to the log, and a hash for each leaf and node that it touched.
#[derive(Clone, Debug)]
pub struct MemoryTraceGenerator {
    config: MemoryConfig,
    image: MemoryImage,
    /// Number of the first entry to be traced.
    start: Option<usize>,
}

impl MemoryTraceGenerator {
    /// For logs of memories of this configuration that start as zeros; not enabled yet.
    pub fn new(config: &MemoryConfig) -> Self {
        Self { config: config.clone(), image: MemoryImage::new(), start: None }
    }

    /// For logs that start from this image.
    pub fn with_image(self, image: MemoryImage) -> Self {
        Self { image, ..self }
    }

    /// Trace from the first entry on.
    pub fn enable(&mut self) {
        self.enable_from(0);
    }

    /// Trace from this entry on, counted from 0, increments of time among them. Entries before it are replayed, so that
    /// what later ones find is right, but are not in the trace.
    pub fn enable_from(&mut self, entry: usize) {
        self.start = Some(entry);
    }

    /// Make no more traces.
    pub fn disable(&mut self) {
        self.start = None;
    }

    /// Whether traces are made.
    pub fn is_enabled(&self) -> bool {
        self.start.is_some()
    }

    /// The trace of a log.
    ///
    /// # Errors
    /// Tracing is not enabled, or starts past the log's end; the image does not fit the configuration; an entry is not possible, which is
    /// named by its number.
    pub fn generate_trace(&self, log: &MemoryLog) -> Result<MemoryTrace, TraceError> {
        let start = self.start.ok_or(TraceError::Disabled)?;
        if start > log.len() {
            return Err(TraceError::StartPastEnd { start, entries: log.len() });
        }
        let mut memory = OfflineMemory::new(&self.image, &self.config).map_err(TraceError::Image)?;
        let mut first = None;
        let mut adapters = vec![];
        let mut inventory = AccessAdapterInventory::new();
        for (entry, operation) in log.iter().enumerate() {
            let id = memory.accesses().len() as u32;
            if entry == start {
                first = Some(id);
            }
            memory.apply(operation, &mut inventory).map_err(|error| TraceError::Entry { entry, error })?;
            // What an access needs is taken out before the next: the inventory then never holds more than one access's rows.
            if !inventory.is_empty() {
                if first.is_some() {
                    adapters.push((RecordId(id), AdapterRows::of(&inventory)));
                }
                inventory = AccessAdapterInventory::new();
            }
        }
        let first = first.unwrap_or(memory.accesses().len() as u32);
        let end = memory.finalize_blocks(&mut inventory);
        let closing = closing_rows(&self.config, &inventory);
        Ok(MemoryTrace { config: self.config.clone(), accesses: end.accesses, first, adapters, closing })
    }
}

/// The rows that bring blocks back to their space's size, by the block that each starts in.
fn closing_rows(config: &MemoryConfig, inventory: &AccessAdapterInventory) -> BTreeMap<BlockAddress, AdapterRows> {
    let geometry = Geometry::new(config);
    let mut closing: BTreeMap<BlockAddress, AdapterRows> = BTreeMap::new();
    // Each row's block is in a space of the configuration.
    let mut note = |space, pointer, count: &dyn Fn(&mut AdapterRows)| {
        if let Some(block) = geometry.block_of(space, pointer) {
            count(closing.entry(block).or_default());
        }
    };
    for (log2, splits) in inventory.splits().iter().enumerate() {
        splits.iter().for_each(|(split, _)| note(split.space, split.pointer, &|rows| rows.splits[log2] += 1));
    }
    for (log2, merges) in inventory.merges().iter().enumerate() {
        merges.iter().for_each(|(merge, _)| note(merge.space, merge.pointer, &|rows| rows.merges[log2] += 1));
    }
    closing
}
