//! What the two provers of the bench report, and what is made of many such reports.

#![forbid(unsafe_code)]

mod arguments;
mod meter;
mod record;
pub mod table;

pub use arguments::RunArguments;
pub use meter::{Meter, Usage, peak_rss_bytes};
pub use record::{Record, Tool, cpu_model, read};
