//! What a memory was asked to do, seen from outside: traces of its log, analysis of its accesses, and reports of what they
//! cost to prove.
//!
//! A [`debugger::MemoryDebugger`] holds a memory and hands out [`trace::MemoryTrace`]s, which are written as CSV, JSON lines or
//! Parquet ([`formats`]) and read by [`analysis::AccessPatternAnalysis`]. A [`monitor::MemoryPerformanceMonitor`] counts
//! operations while they are done and makes a [`report::PerformanceReport`], which can be given to Prometheus ([`prometheus`]).
//!
//! Nothing here takes part in a proof. All of it follows from a log, and is the same each time for the same log.
pub mod adapters;
pub mod analysis;
pub mod debugger;
pub mod error;
pub mod formats;
pub mod generator;
pub mod geometry;
pub mod metrics;
pub mod monitor;
pub mod prometheus;
pub mod record;
pub mod report;
pub mod tables;
pub mod trace;
