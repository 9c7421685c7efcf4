//! The log, proven by engram's memory.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use engram_stark::{engine::{keygen, verifying_key}};
use engram_stark::{parameters::Parameters};
use engram_air::{Circuit, F, PrimeCharacteristicRing};
use engram_memory::config::{AddressSpaceConfig, AddressSpaceType, MemoryConfig, MemoryConfigBuilder};
use engram_memory::log_table;
use engram_memory::online::Memory;
use engram_memory::proof::MemoryProofGenerator;
use engram_memory::range_checker::SharedVariableRangeCheckerChip;
use engram_memory::tables;
use engram_observe::monitor::MemoryPerformanceMonitor;
use peer_report::{Meter, peak_rss_bytes};

use crate::log::Access;
use crate::report::{Run, Table};

/// The address space of all accesses: one of field elements, whose cells memory does not check, as OpenVM's.
const SPACE: u32 = 1;

/// Prove a log and verify the proof; with a parameter set, or the one that engram takes for tables of such a size.
pub fn run(meter: &Meter, log: &[Access], log_stacked_height: Option<usize>) -> Result<Run> {
    let space = AddressSpaceConfig::new(SPACE, AddressSpaceType::Normal);
    let config = MemoryConfigBuilder::new().with_access_capacity(log.len()).add_address_space(space).build()?;
    let mut memory = Memory::new(&config);
    for access in log {
        let pointer = u32::try_from(access.pointer)?;
        match &access.written {
            None => memory.read_dynamic(SPACE, pointer, access.len)?.0,
            Some(cells) => {
                let cells: Vec<F> = cells.iter().copied().map(F::from_u8).collect();
                memory.write_slice(SPACE, pointer, &cells)?
            }
        };
    }
    let (image, entries) = memory.into_log();
    let mut generator = MemoryProofGenerator::new(entries.clone(), &config).with_image(image.clone());
    if let Some(height) = log_stacked_height {
        let known = Parameters::ALL.into_iter().find(|parameters| parameters.log_stacked_height() == height);
        let parameters = known.with_context(|| format!("engram has no parameter set of height {height}"))?;
        generator = generator.with_parameters(parameters);
    }
    let proof = generator.generate_proof()?;
    let statement = proof.verify(&config)?;
    ensure!(statement.initial_root != statement.final_root, "the log changed nothing");
    let total = meter.read()?;
    let peak_rss_bytes = peak_rss_bytes()?;

    // Proving and verifying make their keys on the way, so they are made once more to see what that uses.
    let ((), keys) = meter.measure(|| make_keys(&config, proof.parameters()))?;
    let mut monitor = MemoryPerformanceMonitor::with_image(&config, &image)?;
    for entry in entries.iter() {
        monitor.record_operation(entry)?;
    }
    let table = |cost: engram_observe::tables::TableCost| Table {
        name: cost.name,
        rows: cost.rows,
        columns: cost.columns,
        cells: cost.cells,
        interactions: cost.interactions,
    };
    Ok(Run {
        log_stacked_height: proof.parameters().log_stacked_height(),
        tables: monitor.get_performance_report().tables.into_iter().map(table).collect(),
        total,
        keys,
        peak_rss_bytes,
        proof_bytes: proof.encode().len() as u64,
    })
}

/// Makes the keys that proving and verifying made.
fn make_keys(config: &MemoryConfig, parameters: Parameters) -> Result<()> {
    let circuits = || -> Vec<Arc<Circuit>> {
        let log = log_table::tables(config).into_iter().map(|table| log_table::circuit(config, table));
        let memory = tables::circuits(config.layout());
        log.chain(memory).chain(SharedVariableRangeCheckerChip::circuits()).map(Arc::new).collect()
    };
    keygen(&circuits(), parameters)?;
    verifying_key(&circuits(), parameters)?;
    Ok(())
}
