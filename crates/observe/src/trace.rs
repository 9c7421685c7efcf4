//! The accesses of a log, each with what it found, what it left, and the adapter rows that it needed.

use std::{collections::BTreeMap, io::Write};

use engram_air::{F, PrimeField32};
use engram_memory::{
    config::MemoryConfig,
    log::RecordId,
    offline::{AccessRecord, AccessRecords},
};

use crate::{
    adapters::AdapterRows,
    error::WriteError,
    formats::{csv::CsvTraceWriter, json_lines::JsonLinesTraceWriter, parquet::ParquetTraceWriter},
    geometry::BlockAddress,
    record::TraceRecord,
};

/// A trace of a log: a contiguous part of its accesses, in order.
///
/// It is held in memory: about 40 bytes an access and 4 bytes a cell, besides the rows of adapters. Writers take one record after
/// the other.
#[derive(Clone, Debug)]
pub struct MemoryTrace {
    pub(crate) config: MemoryConfig,
    pub(crate) accesses: AccessRecords,
    /// Number of the first access of the trace.
    pub(crate) first: u32,
    /// By ascending access, of those that needed any.
    pub(crate) adapters: Vec<(RecordId, AdapterRows)>,
    pub(crate) closing: BTreeMap<BlockAddress, AdapterRows>,
}

impl MemoryTrace {
    /// The configuration of the memory.
    pub fn config(&self) -> &MemoryConfig {
        &self.config
    }

    /// Accesses of the trace.
    pub fn len(&self) -> usize {
        self.accesses.len() - self.first as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The accesses, but for their cells, with their numbers.
    pub fn accesses(&self) -> impl Iterator<Item = (RecordId, &AccessRecord)> {
        self.accesses.iter().skip(self.first as usize)
    }

    /// The adapter rows of those accesses that needed any, by ascending access.
    pub fn adapters(&self) -> impl Iterator<Item = (RecordId, &AdapterRows)> {
        self.adapters.iter().map(|(id, rows)| (*id, rows))
    }

    /// The adapter rows that bring touched blocks back to their space's size at the end of the log, by the block that each row
    /// starts in. They are those of the whole log, wherever the trace starts.
    pub fn closing(&self) -> impl Iterator<Item = (BlockAddress, &AdapterRows)> {
        self.closing.iter().map(|(block, rows)| (*block, rows))
    }

    /// The adapter rows that an access needed; none where there is no such access in the trace.
    pub fn adapter_rows(&self, id: RecordId) -> AdapterRows {
        let found = self.adapters.binary_search_by_key(&id, |(of, _)| *of);
        found.ok().and_then(|position| self.adapters.get(position)).map_or(AdapterRows::default(), |(_, rows)| *rows)
    }

    /// The accesses as the formats write them.
    pub fn records(&self) -> impl Iterator<Item = TraceRecord> {
        let integers = |cells: &[F]| cells.iter().map(PrimeField32::as_canonical_u32).collect();
        self.accesses().map(move |(id, access)| {
            let rows = self.adapter_rows(id);
            TraceRecord {
                record: id.0,
                timestamp: access.timestamp,
                operation: access.kind.into(),
                space: access.space,
                space_name: self.config.layout().space(access.space).map_or("", |space| space.name).into(),
                pointer: access.pointer,
                len: access.len.into(),
                gap: access.gap,
                // One access needs less than 64 rows of each.
                splits: rows.split_rows() as u32,
                merges: rows.merge_rows() as u32,
                before: integers(self.accesses.previous(id)),
                after: integers(self.accesses.cells(id)),
            }
        })
    }

    /// Write the trace as CSV; see [`CsvTraceWriter`]. Returns the output.
    ///
    /// # Errors
    /// The output does not take it.
    pub fn write_csv<W: Write>(&self, output: W) -> Result<W, WriteError> {
        let mut writer = CsvTraceWriter::new(output)?;
        self.records().try_for_each(|record| writer.write(&record))?;
        writer.finish()
    }

    /// Write the trace as JSON lines; see [`JsonLinesTraceWriter`]. Returns the output.
    ///
    /// # Errors
    /// The output does not take it.
    pub fn write_json_lines<W: Write>(&self, output: W) -> Result<W, WriteError> {
        let mut writer = JsonLinesTraceWriter::new(output);
        self.records().try_for_each(|record| writer.write(&record))?;
        writer.finish()
    }

    /// Write the trace as Parquet; see [`ParquetTraceWriter`]. Returns the output.
    ///
    /// # Errors
    /// The output does not take it.
    pub fn write_parquet<W: Write + Send>(&self, output: W) -> Result<W, WriteError> {
        let mut writer = ParquetTraceWriter::new(output)?;
        self.records().try_for_each(|record| writer.write(&record))?;
        writer.finish()
    }
}
