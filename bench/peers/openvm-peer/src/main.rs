//! Proves a guest of the bench with OpenVM, as its SDK does it, and verifies the proofs. Prints one line of JSON.

#![forbid(unsafe_code)]

use std::fs;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::Parser;
use openvm_circuit::arch::hasher::poseidon2::vm_poseidon2_hasher;
use openvm_circuit::arch::{PROGRAM_AIR_ID, VirtualMachine, VmInstance, verify_segments};
use openvm_circuit::system::program::trace::compute_exe_commit_from_mem_config;
use openvm_instructions::exe::VmExe;
use openvm_rv32im_circuit::{Rv32ImConfig, Rv32ImCpuBuilder};
use openvm_rv32im_transpiler::{Rv32ITranspilerExtension, Rv32IoTranspilerExtension, Rv32MTranspilerExtension};
use openvm_stark_backend::StarkEngine;
use openvm_stark_backend::codec::Encode;
use openvm_stark_backend::p3_field::PrimeField32;
use openvm_stark_backend::prover::{MatrixDimensions, ProvingContext};
use openvm_stark_sdk::config::baby_bear_poseidon2::{BabyBearPoseidon2CpuEngine, F};
use openvm_stark_sdk::config::{MAX_APP_LOG_STACKED_HEIGHT, app_params_with_100_bits_security};
use openvm_transpiler::FromElf;
use openvm_transpiler::elf::Elf;
use openvm_transpiler::openvm_platform::memory::MEM_SIZE;
use openvm_transpiler::transpiler::Transpiler;
use peer_report::{Meter, Record, RunArguments, Tool, peak_rss_bytes};

/// The CPU engine, with its default transcript: what the SDK uses without a GPU.
type Engine = BabyBearPoseidon2CpuEngine;

/// Rows below this are lifted to it by the backend when it counts interactions (`2^l_skip`).
const ROWS_MIN: usize = 16;

/// The least `log_stacked_height`: OpenVM's tables of a fixed height have up to 2^19 rows.
const LOG_STACKED_HEIGHT_MIN: usize = 19;

/// Prove a guest with OpenVM.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    run: RunArguments,
    /// Base-two logarithm of the committed matrix' height; 24 is what OpenVM ships.
    #[arg(long, default_value_t = MAX_APP_LOG_STACKED_HEIGHT)]
    log_stacked_height: usize,
}

fn main() -> Result<()> {
    let meter = Meter::new();
    let arguments = Arguments::parse();
    let height = arguments.log_stacked_height;
    ensure!(
        (LOG_STACKED_HEIGHT_MIN..=MAX_APP_LOG_STACKED_HEIGHT).contains(&height),
        "OpenVM cannot prove at a log_stacked_height of {height}; choose one from {LOG_STACKED_HEIGHT_MIN} to \
         {MAX_APP_LOG_STACKED_HEIGHT}"
    );
    let mut record = Record::new(Tool::Openvm, Some(height), &arguments.run)?;
    let exe = Arc::new(load(&arguments.run)?);

    let engine = Engine::new(app_params_with_100_bits_security(height));
    let make_keys = || VirtualMachine::new_with_keygen(engine, Rv32ImCpuBuilder, Rv32ImConfig::default());
    let ((vm, key), keys) = meter.measure(|| make_keys().context("no keys"))?;
    let vk = key.get_vk();
    let (program, committing) = meter.measure(|| Ok(vm.commit_program_on_device(&exe.program)))?;
    // By table: columns, and interactions of a row.
    let shapes: Vec<(usize, usize)> = key
        .per_air
        .iter()
        .map(|air| (air.vk.params.width.main_width(), air.vk.symbolic_constraints.interactions.len()))
        .collect();
    drop(key);

    let mut instance = VmInstance::new(vm, exe.clone(), program).context("the program cannot be loaded")?;
    let count = |_, context: &mut ProvingContext<<Engine as StarkEngine>::PB>| {
        for (air, table) in &context.per_trace {
            let (columns, interactions) = shapes[*air];
            let rows = table.common_main.height();
            record.cells += (rows * columns) as u64;
            record.interactions += (rows.max(ROWS_MIN) * interactions) as u64;
            if *air == PROGRAM_AIR_ID {
                // How often each instruction is executed.
                record.instructions +=
                    table.common_main.values.iter().map(|count| u64::from(count.as_canonical_u32())).sum::<u64>();
            }
        }
    };
    let proof = instance.prove_continuations(vec![], count).map_err(|error| anyhow!("not proven: {error}"))?;
    record.segments = proof.per_segment.len();
    for segment in &proof.per_segment {
        record.proof_bytes += segment.encode_to_vec()?.len() as u64;
    }

    let memory_config = &instance.vm.config().as_ref().memory_config;
    let commit = || compute_exe_commit_from_mem_config(instance.program_commitment(), &exe, memory_config);
    let (expected, naming) = meter.measure(|| Ok(commit()))?;
    let verified = verify_segments(&instance.vm.engine, &vk, &proof.per_segment)
        .map_err(|error| anyhow!("not verified: {error}"))?;
    if verified.exe_commit != expected {
        bail!("the proofs are of another program");
    }
    let dimensions = memory_config.memory_dimensions();
    proof.user_public_values.verify(&vm_poseidon2_hasher(), dimensions, verified.final_memory_root)?;
    // `verify_segments` accepts no other exit code than 0.
    record.verified = true;
    record.set_usage(meter.read()?, keys + committing + naming);
    record.cpu_s_commit = Some(committing.cpu_s);
    record.peak_rss_bytes = peak_rss_bytes()?;
    record.print()
}

/// The guest in OpenVM's instructions.
fn load(arguments: &RunArguments) -> Result<VmExe<F>> {
    let place = || format!("cannot read {} as a program", arguments.elf.display());
    let bytes = fs::read(&arguments.elf).with_context(place)?;
    let elf = Elf::decode(&bytes, MEM_SIZE as u32).map_err(|error| anyhow!("{error}")).with_context(place)?;
    let transpiler = Transpiler::default()
        .with_extension(Rv32ITranspilerExtension)
        .with_extension(Rv32MTranspilerExtension)
        .with_extension(Rv32IoTranspilerExtension);
    VmExe::from_elf(elf, transpiler).with_context(place)
}
