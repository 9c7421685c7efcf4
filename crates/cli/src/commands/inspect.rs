//! `engram inspect`: what is in a file.

use std::fmt::Write as _;
use std::sync::Arc;

use engram_air::Circuit;
use engram_air::price::Size;
use engram_rv32im_air::circuits::{FIRST_CHIP, LOOKUPS, Machine, ROM};
use engram_rv32im_air::plan::Plan;
use engram_stark::engine;
use engram_stark::parameters::Parameters;
use engram_verifier::{CommittedProgram, PlanFile, ProgramKey, RunProof, VerifyError};

use super::inputs::{commit_to, decode_plan, derive_key, load, read_committed};
use crate::arguments::InspectArguments;
use crate::failure::Failure;
use crate::file_kind::FileKind;
use crate::source::check_standard_input_once;
use crate::table::{Align, Table};
use crate::{block_table, byte_size, console, hex};

/// Prints what is in a file.
pub fn inspect(arguments: &InspectArguments) -> Result<u8, Failure> {
    check_standard_input_once([&arguments.file].into_iter().chain(&arguments.elf))?;
    let (kind, bytes) = arguments.file.read(FileKind::ALL)?;
    let name = arguments.file.to_string();
    let size = byte_size::describe(bytes.len() as u64);
    let mut text = format!("{name}: {kind}, {size}\n");
    match kind {
        FileKind::Elf => {
            let program = load(&bytes).map_err(|error| Failure::Elf { name, source: error })?;
            describe_program(&mut text, &commit_to(&program)?)?;
        }
        FileKind::Key => {
            let key = ProgramKey::decode(&bytes).map_err(|error| Failure::Key { name, source: error })?;
            describe_key(&mut text, &key);
        }
        FileKind::Proof => {
            let proof = RunProof::decode(&bytes).map_err(|error| Failure::of_proof_file(name, error))?;
            let program = arguments.elf.as_ref().map(read_committed).transpose()?;
            describe_proof(&mut text, &proof, program.as_ref())?;
        }
        FileKind::Plan => {
            let file = decode_plan(&name, &bytes)?;
            let program = arguments.elf.as_ref().map(read_committed).transpose()?;
            describe_plan(&mut text, &name, &file, program.as_ref())?;
        }
    }
    console::print(&text);
    Ok(0)
}

/// Adds `  name  value`.
fn line(text: &mut String, name: &str, value: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "  {name:<14} {value}");
}

fn describe_program(text: &mut String, committed: &CommittedProgram) -> Result<(), Failure> {
    let program = committed.program();
    let layout = program.layout();
    line(text, "entry", &format!("{:#010x}", program.entry()));
    line(text, "instructions", &program.instructions().len().to_string());
    let heap_bytes = u64::from(layout.heap_limit - layout.initial_break);
    line(text, "heap", &format!("from {:#010x}, up to {}", layout.initial_break, byte_size::describe(heap_bytes)));
    line(text, "stack", &format!("{:#010x} to {:#010x}", layout.stack_low, layout.stack_top));
    describe_key(text, &derive_key(committed, &Plan::default())?);

    let mut segments = Table::new(&[
        ("segment at", Align::Left),
        ("bytes in file", Align::Right),
        ("bytes in memory", Align::Right),
        ("allows", Align::Left),
    ]);
    for segment in program.image() {
        let rights = [(segment.readable, 'r'), (segment.writable, 'w'), (segment.executable, 'x')];
        segments.row([
            format!("{:#010x}", segment.address),
            segment.data.len().to_string(),
            segment.memory_bytes.to_string(),
            rights.map(|(allowed, letter)| if allowed { letter } else { '-' }).iter().collect(),
        ]);
    }
    text.push('\n');
    text.push_str(&segments.to_string());

    let program = committed.machine();
    let machine = Machine::of(program.decoded(), vec![]);
    let mut circuits = circuit_table();
    for (position, circuit) in machine.circuits().iter().enumerate() {
        let rows = match position {
            ROM => program.entries().len().next_power_of_two().to_string(),
            LOOKUPS..FIRST_CHIP => "fixed".to_owned(),
            _ => "by run".to_owned(),
        };
        circuits.row(circuit_row(circuit, rows));
    }
    text.push('\n');
    text.push_str(&circuits.to_string());
    Ok(())
}

fn describe_key(text: &mut String, key: &ProgramKey) {
    line(text, "program", &hex::digest(&key.commitment()));
    line(text, "memory before", &hex::digest(&key.initial_root()));
    line(text, "blocks", &key.plan().len().to_string());
    let mut sets = Table::new(&[("", Align::Left), ("security", Align::Right), ("circuits", Align::Left)]);
    for segment in key.segments() {
        sets.row([
            parameters_name(segment.parameters),
            format!("{:.1} bits", segment.circuits.security_bits()),
            hex::digest(&segment.circuits.digest()),
        ]);
    }
    text.push('\n');
    text.push_str(&sets.to_string());
}

fn describe_plan(
    text: &mut String,
    name: &str,
    file: &PlanFile,
    program: Option<&CommittedProgram>,
) -> Result<(), Failure> {
    line(text, "program", &hex::digest(&file.program_commitment));
    line(text, "blocks", &file.plan.len().to_string());
    let Some(program) = program else {
        text.push_str("\nGive the program with --elf to see its blocks.\n");
        return Ok(());
    };
    if program.commitment() != file.program_commitment {
        return Err(Failure::PlanOfOther { name: name.to_owned() });
    }
    let unusable = |source| Failure::PlanUnusable { name: name.to_owned(), source };
    let blocks = file.plan.blocks(program.machine().decoded()).map_err(unusable)?;
    text.push('\n');
    text.push_str(&block_table::per_row(program.machine(), &blocks));
    Ok(())
}

/// The machine of a proof of this program.
fn machine_of(proof: &RunProof, program: &CommittedProgram) -> Result<Machine, Failure> {
    if program.commitment() != proof.program_commitment {
        return Err(Failure::InvalidProof { source: VerifyError::OtherProgram });
    }
    let program = program.machine();
    let blocks = proof.plan.blocks(program.decoded()).map_err(|error| Failure::InvalidPlan { source: error })?;
    Ok(Machine::of(program.decoded(), blocks))
}

fn describe_proof(text: &mut String, proof: &RunProof, program: Option<&CommittedProgram>) -> Result<(), Failure> {
    line(text, "program", &hex::digest(&proof.program_commitment));
    line(text, "output", &byte_size::describe(proof.output.len() as u64));
    line(text, "segments", &proof.segments.len().to_string());
    line(text, "blocks", &proof.plan.len().to_string());
    // Without the program, the tables that all machines have.
    let machine = program.map_or_else(|| Ok(Machine::new(Vec::new())), |program| machine_of(proof, program))?;
    let mut block_rows = vec![0; machine.blocks().len()];
    for (index, segment) in proof.segments.iter().enumerate() {
        let damaged = |error| Failure::DamagedSegment { segment: index + 1, source: error };
        let decoded = engine::StarkProof::decode(&segment.bytes).map_err(damaged)?;
        let size = byte_size::describe(segment.bytes.len() as u64);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\nsegment {}: {size}, {}", index + 1, parameters_name(segment.parameters));
        if program.is_some() {
            let key = engine::verifying_key(machine.circuits(), segment.parameters).map_err(damaged)?;
            line(text, "security", &format!("{:.1} bits, proven", key.security_bits()));
        }
        describe_tables(text, &decoded, &machine, program.is_some());
        for (block, rows) in block_rows.iter_mut().enumerate() {
            *rows += decoded.height(machine.first_block() + block).unwrap_or(0);
        }
    }
    if let (Some(program), false) = (program, block_rows.is_empty()) {
        text.push_str("\nblocks, over all segments, padding included\n");
        text.push_str(&block_table::of_rows(program.machine(), machine.blocks(), &block_rows));
    }
    text.push_str("\nThis is what the proof claims: `engram verify` checks it.\n");
    if program.is_none() {
        text.push_str("Give the program with --elf to see its security, and all of its tables by name.\n");
    }
    Ok(())
}

/// The tables that are present in a segment's proof; their totals, where all are known.
fn describe_tables(text: &mut String, proof: &engine::StarkProof, machine: &Machine, all_known: bool) {
    let mut circuits = circuit_table();
    let (mut cells, mut interactions) = (0, 0);
    for table in 0..proof.tables() {
        let Some(rows) = proof.height(table) else { continue };
        match machine.circuits().get(table) {
            Some(circuit) => {
                let size = Size::of(circuit, rows);
                (cells, interactions) = (cells + size.cells, interactions + size.interactions);
                circuits.row(circuit_row(circuit, rows.to_string()));
            }
            None => {
                let mut row: [String; 6] = Default::default();
                row[0] = format!("chip {}", table + 1 - FIRST_CHIP);
                row[5] = rows.to_string();
                circuits.row(row);
            }
        }
    }
    text.push_str(&circuits.to_string());
    if all_known {
        line(text, "in all", &format!("{cells} cells, {interactions} interactions, with padding"));
    }
}

fn parameters_name(parameters: Parameters) -> String {
    format!("parameters for 2^{} rows", parameters.log_stacked_height())
}

fn circuit_table() -> Table<6> {
    Table::new(&[
        ("table", Align::Left),
        ("columns", Align::Right),
        ("interactions", Align::Right),
        ("constraints", Align::Right),
        ("degree", Align::Right),
        ("rows", Align::Right),
    ])
}

fn circuit_row(circuit: &Arc<Circuit>, rows: String) -> [String; 6] {
    [
        circuit.name.clone(),
        circuit.width().to_string(),
        circuit.interactions.len().to_string(),
        circuit.constraints.len().to_string(),
        circuit.degree().to_string(),
        rows,
    ]
}
