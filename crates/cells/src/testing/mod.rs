//! What tests of machines on this memory are made of: a whole small system ([`system`]) and a bench on which an extension is attacked
//! ([`mod@bench`]).

pub mod bench;
pub mod system;

pub use bench::{BenchCase, BenchReport, ExpectedCells, ExtensionBench, Finding};
pub use system::{IntegratedMemorySystem, SystemInstruction, SystemSetup};
