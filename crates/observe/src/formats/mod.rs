//! Traces as files. Each writer takes one record after the other and never holds the whole trace.
//!
//! All have the same columns: `record`, `timestamp`, `operation`, `space`, `pointer`, `len`, `gap`, `splits`, `merges`, `before` and
//! `after`, as [`crate::record::TraceRecord`] says. The same records make the same bytes.

pub mod csv;
pub mod json_lines;
pub mod parquet;
