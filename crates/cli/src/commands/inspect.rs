//! `engram inspect`: what is in a file.

use std::fmt::Write as _;
use std::sync::Arc;

use engram_air::Circuit;
use engram_air::engine;
use engram_air::price::ROWS_MIN;
use engram_machine::circuits::{FIRST_CHIP, LOOKUPS, Machine, ROM};
use engram_machine::program::MachineProgram;
use engram_rv32im::Program;
use engram_verifier::{ProgramKey, Proof};

use super::{derive_key, read_program};
use crate::arguments::InspectArguments;
use crate::failure::Failure;
use crate::file_kind::FileKind;
use crate::source::check_standard_input_once;
use crate::table::{Align, Table};
use crate::{byte_size, console, hex};

/// Prints what is in a file.
pub fn inspect(arguments: &InspectArguments) -> Result<u8, Failure> {
    check_standard_input_once([&arguments.file].into_iter().chain(&arguments.elf))?;
    let (kind, bytes) = arguments.file.read(FileKind::ALL)?;
    let name = arguments.file.to_string();
    let size = byte_size::describe(bytes.len() as u64);
    let mut text = format!("{name}: {kind}, {size}\n");
    match kind {
        FileKind::Elf => {
            let program = Program::from_elf(&bytes).map_err(|error| Failure::Elf { name, source: error })?;
            describe_program(&mut text, &program)?;
        }
        FileKind::Key => {
            let key = ProgramKey::decode(&bytes).map_err(|error| Failure::Key { name, source: error })?;
            describe_key(&mut text, &key);
        }
        FileKind::Proof => {
            let proof = Proof::decode(&bytes).map_err(|error| Failure::of_proof_file(name, error))?;
            let program = arguments.elf.as_ref().map(read_program).transpose()?;
            describe_proof(&mut text, &proof, program.as_ref())?;
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

fn describe_program(text: &mut String, program: &Program) -> Result<(), Failure> {
    let layout = program.layout();
    line(text, "entry", &format!("{:#010x}", program.entry()));
    line(text, "instructions", &program.instructions().len().to_string());
    let heap_bytes = u64::from(layout.heap_limit - layout.initial_break);
    line(text, "heap", &format!("from {:#010x}, up to {}", layout.initial_break, byte_size::describe(heap_bytes)));
    line(text, "stack", &format!("{:#010x} to {:#010x}", layout.stack_low, layout.stack_top));
    describe_key(text, &derive_key(program)?);

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

    let program = MachineProgram::new(program);
    let machine = Machine::new(program.chips());
    let mut circuits = circuit_table("rows");
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
    for segment in key.segments() {
        line(
            text,
            &format!("at 2^{}", segment.parameters.log_stacked_height()),
            &format!(
                "{:.1} bits of security, proven; circuits {}",
                segment.circuits.security_bits(),
                hex::digest(&segment.circuits.digest())
            ),
        );
    }
}

fn describe_proof(text: &mut String, proof: &Proof, program: Option<&Program>) -> Result<(), Failure> {
    line(text, "claims", "to be checked with `engram verify`");
    line(text, "program", &hex::digest(&proof.program_commitment));
    line(text, "output", &byte_size::describe(proof.output.len() as u64));
    line(text, "segments", &proof.segments.len().to_string());
    // Without the program, the tables that all programs have.
    let machine = Machine::new(program.map(|program| MachineProgram::new(program).chips()).unwrap_or_default());
    for (number, segment) in proof.segments.iter().enumerate() {
        let decoded = engine::Proof::decode(&segment.bytes)
            .map_err(|error| Failure::DamagedSegment { segment: number + 1, source: error })?;
        let height = segment.parameters.log_stacked_height();
        let size = byte_size::describe(segment.bytes.len() as u64);
        let mut circuits = circuit_table("rows");
        let mut totals = (0, 0);
        for table in 0..decoded.tables() {
            let Some(rows) = decoded.height(table) else { continue };
            match machine.circuits().get(table) {
                Some(circuit) => {
                    totals.0 += (rows * circuit.width()) as u64;
                    totals.1 += (rows.max(ROWS_MIN) * circuit.interactions.len()) as u64;
                    circuits.row(circuit_row(circuit, rows.to_string()));
                }
                None => circuits.row([
                    format!("chip {}", table + 1 - FIRST_CHIP),
                    String::new(),
                    String::new(),
                    String::new(),
                    String::new(),
                    rows.to_string(),
                ]),
            }
        }
        let _ = writeln!(text, "\nsegment {}: {size}, parameters for 2^{height} rows", number + 1);
        text.push_str(&circuits.to_string());
        if program.is_some() {
            let _ = writeln!(text, "  {} cells and {} interactions, padded", totals.0, totals.1);
        }
    }
    if program.is_none() {
        text.push_str("\nGive the program with --elf to see its chips by name.\n");
    }
    Ok(())
}

fn circuit_table(rows: &'static str) -> Table<6> {
    Table::new(&[
        ("table", Align::Left),
        ("columns", Align::Right),
        ("interactions", Align::Right),
        ("constraints", Align::Right),
        ("degree", Align::Right),
        (rows, Align::Right),
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
