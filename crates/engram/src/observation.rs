//! What traces, analyses and reports of a memory are made of: what [`crate::MemoryTraceGenerator`],
//! [`crate::AccessPatternAnalysis`] and [`crate::MemoryPerformanceMonitor`] take and hand out.

pub use engram_observe::{
    adapters::{AdapterCost, AdapterPrices, AdapterRows},
    analysis::{
        AccessCounts, AnalysisOptions,
        adapter_sources::{AdapterCause, AdapterCosts, AdapterSource, BlockAdapterSource},
        hot_blocks::HotBlock,
        reuse::ReuseDistances,
        runs::{RunLengths, Runs},
        strides::{SpaceStrides, Stride},
        working_set::Window,
    },
    error::{LabelError, TraceError, WriteError},
    formats::{csv::CsvTraceWriter, json_lines::JsonLinesTraceWriter, parquet::ParquetTraceWriter},
    geometry::{BlockAddress, Geometry},
    metrics::{PerformanceMetrics, SpaceMetrics},
    prometheus::{CONTENT_TYPE, Labels},
    record::{Operation, TraceRecord},
    report::{PerAccess, ReadWriteRatio, SpaceUtilization},
    tables::{TableCost, TablePart, table_costs},
};
