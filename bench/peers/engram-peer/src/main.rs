//! Proves a guest of the bench with engram, as `engram prove --plan auto` does it, and verifies the proof. Prints one line of
//! JSON.

#![forbid(unsafe_code)]

use std::fs;
use std::io;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use engram_rv32im_air::circuits::Machine;
use engram_prover::Options;
use engram_prover::keys::ProvingKeys;
use engram_rv32im::Program;
use engram_verifier::{CommittedProgram, ProgramKey, RunProof, verify};
// Makes jemalloc the allocator, as OpenVM does by default.
use openvm_stark_backend as _;
use peer_report::{Meter, Record, RunArguments, Tool, peak_rss_bytes};

/// Prove a guest with engram.
#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    run: RunArguments,
}

fn main() -> Result<()> {
    let meter = Meter::new();
    let arguments = Arguments::parse().run;
    let mut record = Record::new(Tool::Engram, None, &arguments)?;
    let place = || format!("cannot read {} as a program", arguments.elf.display());
    let program = Program::from_elf(&fs::read(&arguments.elf).with_context(place)?).with_context(place)?;
    let program = CommittedProgram::new(&program)?;

    let mut options = Options { self_check: false, ..Options::default() };
    let mut machine = engram_rv32im::Emulator::new(program.program(), Box::new(io::empty()));
    let profile = engram_prover::profile(&mut machine, options.max_steps, &mut |_| ())?;
    options.plan = engram_prover::plan(program.machine(), &profile);
    options.steps_expected = Some(profile.instructions);
    let (proof, report) = engram_prover::prove(&program, Box::new(io::empty()), &options, &mut |_| ())?;

    let (key, deriving) = meter.measure(|| Ok(ProgramKey::derive_for(&program, &proof)?))?;
    let statement = verify(&key, &proof)?;
    ensure!(statement.exit_value == 0, "the guest ended with code {}: its result is wrong", statement.exit_value);
    record.verified = true;
    let total = meter.read()?;
    record.peak_rss_bytes = peak_rss_bytes()?;

    // Proving makes its keys on the way and says only how long that took on the wall, so they are made once more to see what
    // that uses.
    let ((), keys) = meter.measure(|| make_keys(&program, &options, &proof))?;
    record.set_usage(total, deriving + keys);
    record.instructions = report.instructions;
    record.segments = report.segments;
    record.cells = report.cells;
    record.interactions = report.interactions;
    record.execute_s = Some(report.execute.as_secs_f64());
    record.trace_s = Some(report.trace.as_secs_f64());
    record.prove_s = Some(report.prove.as_secs_f64());
    record.proof_bytes = proof.encode().len() as u64;
    let noticed_s = report.keys.as_secs_f64();
    ensure!(
        (keys.wall_s - noticed_s).abs() < 1.0 + noticed_s,
        "making the keys again took {:.2} s in place of {noticed_s:.2} s: something else kept the machine busy",
        keys.wall_s
    );
    record.print()
}

/// Makes the keys that proving made.
fn make_keys(program: &CommittedProgram, options: &Options, proof: &RunProof) -> Result<()> {
    let program = program.machine();
    let machine = Machine::with_blocks(program.chips(), options.plan.blocks(program.decoded())?);
    let mut keys = ProvingKeys::default();
    for segment in &proof.segments {
        keys.get(&machine, program, segment.parameters)?;
    }
    Ok(())
}
