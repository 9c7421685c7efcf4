//! Counting operations on a memory while they are done.

use std::collections::HashMap;

use engram_memory::{
    address::{ACCESS_SIZES, IDENTITY_SPACE, LEAF_CELLS, TIMESTAMP_BITS},
    config::MemoryConfig,
    error::MemoryError,
    image::MemoryImage,
    log::MemoryLogEntry,
    offline::OfflineMemory,
    online::Memory,
    records::AccessAdapterInventory,
};

use crate::{
    adapters::AdapterRows,
    error::TraceError,
    geometry::Geometry,
    metrics::{PerformanceMetrics, SpaceMetrics},
    report::{PerAccess, PerformanceReport, ReadWriteRatio, SpaceUtilization},
    tables::table_costs,
};

/// Counts operations, and knows what a proof over them would cost.
///
/// It replays what it is told, so it needs the memory of a replay: in proportion to the accesses, of which there are at most as many as
/// the configuration's capacity. A clone is a snapshot.
#[derive(Clone, Debug)]
pub struct MemoryPerformanceMonitor {
    config: MemoryConfig,
    geometry: Geometry,
    metrics: PerformanceMetrics,
    replay: OfflineMemory,
    adapters: AccessAdapterInventory,
    /// By space and leaf: a bit for each cell that was accessed.
    touched: HashMap<(u32, u64), u16>,
}

impl MemoryPerformanceMonitor {
    /// For a memory of this configuration that starts as zeros. Nothing is counted yet.
    ///
    /// # Errors
    /// None: an image of zeros fits every configuration.
    pub fn new(config: &MemoryConfig) -> Result<Self, MemoryError> {
        Self::with_image(config, &MemoryImage::new())
    }

    /// For a memory that starts as `image`.
    ///
    /// # Errors
    /// The image has cells that the configuration does not have, or that are not of their space's kind.
    pub fn with_image(config: &MemoryConfig, image: &MemoryImage) -> Result<Self, MemoryError> {
        Ok(Self {
            config: config.clone(),
            geometry: Geometry::new(config),
            metrics: PerformanceMetrics::default(),
            replay: OfflineMemory::new(image, config)?.with_narrow_accesses(),
            adapters: AccessAdapterInventory::new(),
            touched: HashMap::new(),
        })
    }

    /// For this memory, with everything counted that is in its log.
    ///
    /// # Errors
    /// None: a log that the memory wrote can be replayed.
    pub fn of_memory(memory: &Memory) -> Result<Self, TraceError> {
        let mut monitor = Self::with_image(memory.config(), memory.initial_image()).map_err(TraceError::Image)?;
        for (entry, operation) in memory.log().iter().enumerate() {
            monitor.record_operation(operation).map_err(|error| TraceError::Entry { entry, error })?;
        }
        Ok(monitor)
    }

    /// Count an operation. What is refused is not counted.
    ///
    /// # Errors
    /// As for the same operation on a memory. The log's capacity or the timestamps are used up.
    pub fn record_operation(&mut self, operation: MemoryLogEntry<'_>) -> Result<(), MemoryError> {
        match operation {
            MemoryLogEntry::IncrementTimestampBy(increment) => {
                self.check_time(increment)?;
                self.metrics.increment_count += 1;
                self.metrics.idle_time += u64::from(increment);
            }
            MemoryLogEntry::Read { address_space, pointer, len } => {
                self.access(operation)?;
                self.metrics.total_operations += 1;
                if address_space == IDENTITY_SPACE {
                    self.metrics.identity_read_count += 1;
                } else {
                    self.metrics.read_count += 1;
                    self.count(address_space, len, |space| &mut space.reads);
                    self.touch(address_space, pointer, len);
                }
            }
            MemoryLogEntry::Write { address_space, pointer, data } => {
                self.access(operation)?;
                self.metrics.total_operations += 1;
                self.metrics.write_count += 1;
                self.count(address_space, data.len(), |space| &mut space.writes);
                self.touch(address_space, pointer, data.len());
            }
        }
        Ok(())
    }

    /// What was done up to now.
    pub fn metrics(&self) -> &PerformanceMetrics {
        &self.metrics
    }

    /// Rows of splits and merges up to now, without those at the end of a log.
    pub fn adapter_rows(&self) -> AdapterRows {
        AdapterRows::of(&self.adapters)
    }

    /// What was done up to now, and what a proof over it by itself would cost if it ended here.
    ///
    /// A copy of the replay is brought to its end, and its tables are filled. That takes about the time and memory that a prover
    /// takes before it begins: ask for [`Self::metrics`] where it must be quick. Idle time is not in the cost: a proof over a
    /// log leaves it out, and a machine pays a refresh where a block is left alone for 2^17 or longer. A proof refuses tables of
    /// accesses with more than 2^20 rows, which are counted here as if it did not.
    pub fn get_performance_report(&self) -> PerformanceReport {
        let mut adapters = self.adapters.clone();
        let memory = self.replay.clone().finalize_blocks(&mut adapters);
        let tables = table_costs(&self.config, &memory);
        let cells: u64 = tables.iter().map(|table| table.cells).sum();
        let interactions: u64 = tables.iter().map(|table| table.interactions).sum();
        let PerformanceMetrics { read_count, write_count, total_operations, .. } = self.metrics;
        PerformanceReport {
            total_operations,
            read_write_ratio: ReadWriteRatio { reads: read_count, writes: write_count },
            memory_utilization: self.utilization(),
            metrics: self.metrics.clone(),
            adapter_rows: AdapterRows::of(&adapters),
            per_access: PerAccess::of(cells, interactions, read_count + write_count),
            cells,
            interactions,
            tables,
        }
    }

    fn access(&mut self, operation: MemoryLogEntry<'_>) -> Result<(), MemoryError> {
        self.check_time(1)?;
        self.replay.apply(operation, &mut self.adapters)
    }

    /// The replay takes accesses one after the other, as a proof over a log does, so idle time is added here.
    fn check_time(&self, increment: u32) -> Result<(), MemoryError> {
        let timestamp = u64::from(self.replay.timestamp()) + self.metrics.idle_time;
        if timestamp + u64::from(increment) > 1 << TIMESTAMP_BITS {
            // No more than 2^29, as each step was checked.
            return Err(MemoryError::TimestampOverflow { timestamp: timestamp as u32, increment });
        }
        Ok(())
    }

    fn count(
        &mut self,
        space: u32,
        len: usize,
        counts: impl FnOnce(&mut SpaceMetrics) -> &mut [u64; ACCESS_SIZES.len()],
    ) {
        let counts = counts(self.metrics.spaces.entry(space).or_default());
        // The replay has accepted the size.
        if let Some(position) = ACCESS_SIZES.iter().position(|&cells| cells == len) {
            counts[position] += 1;
        }
    }

    fn touch(&mut self, space: u32, pointer: u32, len: usize) {
        let first = self.geometry.cell(pointer);
        for cell in first..first + len as u64 {
            let leaf_cells = LEAF_CELLS as u64;
            *self.touched.entry((space, cell / leaf_cells)).or_default() |= 1 << (cell % leaf_cells);
        }
    }

    fn utilization(&self) -> Vec<SpaceUtilization> {
        let spaces = self.config.normal_spaces().iter().map(|space| {
            let leaves = self.touched.iter().filter(|((of, _), _)| *of == space.number);
            let (mut leaves_touched, mut cells_touched) = (0, 0);
            for (_, cells) in leaves {
                leaves_touched += 1;
                cells_touched += u64::from(cells.count_ones());
            }
            let capacity_cells = (1u64 << space.pointer_bits) * self.config.pointer_unit() as u64;
            SpaceUtilization { space: space.number, capacity_cells, cells_touched, leaves_touched }
        });
        spaces.collect()
    }
}
