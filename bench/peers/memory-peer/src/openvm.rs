//! The log, proven by OpenVM's memory: its tables as its virtual machine has them, and a row an access in place of
//! instructions.

use std::sync::Arc;

use anyhow::{Result, anyhow, ensure};
use openvm_circuit::arch::{DEFAULT_BLOCK_SIZE, MemoryConfig, vm_poseidon2_config};
use openvm_circuit::primitives::Chip;
use openvm_circuit::primitives::var_range::{
    SharedVariableRangeCheckerChip, VariableRangeCheckerBus, VariableRangeCheckerChip,
};
use openvm_circuit::system::memory::offline_checker::MemoryBus;
use openvm_circuit::system::memory::online::TracingMemory;
use openvm_circuit::system::memory::{MemoryAirInventory, MemoryController};
use openvm_circuit::system::poseidon2::{Poseidon2PeripheryChip, new_poseidon2_periphery_air};
use openvm_stark_backend::codec::Encode;
use openvm_stark_backend::interaction::{LookupBus, PermutationCheckBus};
use openvm_stark_backend::prover::{AirProvingContext, DeviceDataTransporter, MatrixDimensions, ProvingContext};
use openvm_stark_backend::{AirRef, StarkEngine};
use openvm_stark_sdk::config::app_params_with_100_bits_security;
use openvm_stark_sdk::config::baby_bear_poseidon2::{BabyBearPoseidon2Config, BabyBearPoseidon2CpuEngine, F};
use peer_report::{Meter, peak_rss_bytes};

use crate::access_air::{AccessAir, SPACE, Touch};
use crate::log::{Access, BLOCK_CELLS};
use crate::report::{Run, Table};

type Engine = BabyBearPoseidon2CpuEngine;
type Backend = <Engine as StarkEngine>::PB;

/// Rows below this are lifted to it by the backend when it counts interactions (`2^l_skip`).
const ROWS_MIN: usize = 16;
/// What OpenVM's range checker needs: its table has 2^18 rows.
const LOG_STACKED_HEIGHT_MIN: usize = 18;
/// What OpenVM ships; parameters are proven to have 100 bits of security up to here.
pub const LOG_STACKED_HEIGHT_MAX: usize = 24;

// Numbers of buses: any that differ.
const MEMORY_BUS: u16 = 1;
const COMPRESSION_BUS: u16 = 2;
const MERKLE_BUS: u16 = 3;
const RANGE_BUS: u16 = 4;

const _: () = assert!(BLOCK_CELLS == DEFAULT_BLOCK_SIZE);

/// Prove a log and verify the proof.
pub fn run(meter: &Meter, log: &[Access], log_stacked_height: usize) -> Result<Run> {
    run_with(meter, log, log_stacked_height, |_| ())
}

/// Like [`run`], with a chance to lie about what reads found.
fn run_with(
    meter: &Meter,
    log: &[Access],
    log_stacked_height: usize,
    change_reads: impl FnOnce(&mut [Touch]),
) -> Result<Run> {
    ensure!(
        (LOG_STACKED_HEIGHT_MIN..=LOG_STACKED_HEIGHT_MAX).contains(&log_stacked_height),
        "OpenVM cannot prove at a log_stacked_height of {log_stacked_height}; choose one from {LOG_STACKED_HEIGHT_MIN} to \
         {LOG_STACKED_HEIGHT_MAX}"
    );
    let engine = Engine::new(app_params_with_100_bits_security(log_stacked_height));
    let degree = engine.params().max_constraint_degree;
    let config = MemoryConfig::default();
    let range_bus = VariableRangeCheckerBus::new(RANGE_BUS, config.decomp);
    let range: SharedVariableRangeCheckerChip = Arc::new(VariableRangeCheckerChip::new(range_bus));
    let hasher = Arc::new(Poseidon2PeripheryChip::<F>::new(vm_poseidon2_config(), degree));
    let merkle_bus = PermutationCheckBus::new(MERKLE_BUS);
    let compression_bus = PermutationCheckBus::new(COMPRESSION_BUS);
    let mut controller = MemoryController::with_persistent_memory(
        MemoryBus::new(MEMORY_BUS),
        config.clone(),
        range.clone(),
        merkle_bus,
        compression_bus,
        hasher.clone(),
    );
    let bridge = controller.memory_bridge();
    let [reading, writing] = [false, true].map(|writes| AccessAir { bridge, writes });
    let mut airs: Vec<AirRef<BabyBearPoseidon2Config>> = vec![Arc::new(reading), Arc::new(writing)];
    for air in MemoryAirInventory::new(bridge, &config, merkle_bus, compression_bus).into_airs() {
        airs.push(air);
    }
    airs.push(new_poseidon2_periphery_air(vm_poseidon2_config(), LookupBus::new(COMPRESSION_BUS), degree));
    airs.push(Arc::new(range.air));
    let ((proving, verifying, on_device), keys) = meter.measure(|| {
        let (proving, verifying) = engine.keygen(&airs);
        let on_device = engine.device().transport_pk_to_device(&proving);
        Ok((proving, verifying, on_device))
    })?;

    let mut memory = TracingMemory::new(&config);
    let (mut reads, mut writes) = (vec![], vec![]);
    for access in log {
        let touch = touch(&mut memory, access);
        if access.written.is_some() { writes.push(touch) } else { reads.push(touch) }
    }
    change_reads(&mut reads);
    let helper = controller.helper();
    let own = [(reading, reads), (writing, writes)];
    let own = own.map(|(air, touches)| AirProvingContext::simple_no_pis(air.fill(&touches, &helper.as_borrowed())));
    let mut contexts: Vec<AirProvingContext<Backend>> = own.into();
    contexts.extend(controller.generate_proving_ctx(memory.finalize()));
    contexts.push(hasher.generate_proving_ctx(()));
    // Last, as all others have asked by now.
    contexts.push(range.generate_proving_ctx(()));

    let mut tables = vec![];
    for ((air, key), context) in airs.iter().zip(&proving.per_air).zip(&contexts) {
        let rows = context.common_main.height();
        let columns = key.vk.params.width.main_width();
        tables.push(Table {
            name: name(&air.name(), tables.len()),
            rows: rows as u64,
            columns: columns as u64,
            cells: (rows * columns) as u64,
            interactions: (rows.max(ROWS_MIN) * key.vk.symbolic_constraints.interactions.len()) as u64,
        });
    }
    let context = ProvingContext::new(contexts.into_iter().enumerate().collect());
    let proof = engine.prove(&on_device, context).map_err(|error| anyhow!("not proven: {error}"))?;
    engine.verify(&verifying, &proof).map_err(|error| anyhow!("not verified: {error}"))?;
    Ok(Run {
        log_stacked_height,
        tables,
        total: meter.read()?,
        keys,
        peak_rss_bytes: peak_rss_bytes()?,
        proof_bytes: proof.encode_to_vec()?.len() as u64,
    })
}

/// The access, done to the block that has its cells: OpenVM's memory knows no smaller one.
#[expect(unsafe_code, reason = "OpenVM's memory leaves its callers to keep addresses and types")]
fn touch(memory: &mut TracingMemory, access: &Access) -> Touch {
    let start = access.pointer % BLOCK_CELLS;
    let pointer = (access.pointer - start) as u32;
    let time = memory.timestamp();
    // SAFETY: the default configuration has 2^29 cells of one byte in this space; a log has fewer, and blocks are aligned.
    let (previous_time, previous, cells) = unsafe {
        match &access.written {
            None => {
                let (previous_time, cells) = memory.read::<u8, BLOCK_CELLS>(SPACE, pointer);
                (previous_time, cells, cells)
            }
            Some(written) => {
                let mut cells: [u8; BLOCK_CELLS] = memory.data.read(SPACE, pointer);
                cells[start..start + access.len].copy_from_slice(written);
                let (previous_time, previous) = memory.write(SPACE, pointer, cells);
                (previous_time, previous, cells)
            }
        }
    };
    Touch { pointer, time, cells, previous_time, previous }
}

/// Of our two tables, their names; of OpenVM's, those that it gives them, without their parameters.
fn name(air: &str, number: usize) -> String {
    match number {
        0 => "read".into(),
        1 => "write".into(),
        _ => air.split('<').next().unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Shape, generate};

    #[test]
    fn a_read_that_found_something_else_is_not_proven() {
        let meter = Meter::new();
        let log = generate(Shape::Mixed, 1 << 8, 20, 5).unwrap();
        let prove = |change: fn(&mut [Touch])| run_with(&meter, &log, LOG_STACKED_HEIGHT_MIN, change);
        assert!(prove(|_| ()).is_ok());
        // The prover notices that the memory bus does not balance.
        let error = prove(|reads| reads[7].cells[2] ^= 1).unwrap_err();
        assert!(error.to_string().starts_with("not proven"), "{error}");
    }
}
