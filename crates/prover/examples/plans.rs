//! What plans are worth, before anything is proven: `cargo run --release -p engram-prover --example plans -- PROGRAM.elf …`
//!
//! For each program, which reads no input: instructions, blocks, the share of instructions in blocks, and for an instruction how many
//! cells, how many messages and how many predicted nanoseconds of one core, without padding and memory's tables.

use std::{collections::HashMap, time::Instant};

use engram_air::Circuit;
use engram_prover::{
    plan, profile,
    tile::{Tile, Tiler},
};
use engram_rv32im::Emulator;
use engram_rv32im_air::{
    chip::Chip,
    program::{MachineProgram, tables},
    registry::ExtensionRegistry,
};

/// Where a run that does not end is left.
const STEPS_MAX: u64 = 2_000_000_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("program                 instructions  blocks  covered  cells  messages    ns  planned in");
    let mut ratios = vec![];
    for path in std::env::args().skip(1) {
        let program = MachineProgram::new(&ExtensionRegistry::standard().load(&std::fs::read(&path)?)?);
        let mut emulator = Emulator::new(program.program(), Box::new(std::io::empty()));
        let profile = profile(&mut emulator, STEPS_MAX, &mut |_| {})?;
        let started = Instant::now();
        let plan = plan(&program, &profile);
        let planned = started.elapsed();
        let blocks = plan.blocks(program.decoded())?;
        let chips: HashMap<Chip, Circuit> = tables(program.decoded()).into_iter().collect();
        let tiler = Tiler::new(&program, &blocks);
        let [mut cells, mut messages, mut covered, mut seen] = [0.0; 4];
        for window in &profile.windows {
            let mut position = 0;
            for tile in tiler.cover(window) {
                let steps = tile.steps(&blocks);
                let row = match tile {
                    Tile::Block(number) => {
                        covered += steps as f64;
                        Some(&*blocks[usize::from(number)].circuit)
                    }
                    Tile::Single => {
                        let chip = program.decoded()[window.steps[position] as usize].chip;
                        chip.and_then(|chip| chips.get(&chip))
                    }
                };
                if let Some(row) = row {
                    cells += row.width() as f64;
                    messages += row.interactions.len() as f64;
                }
                position += steps;
            }
            seen += window.steps.len() as f64;
        }
        let [cells, messages] = [cells, messages].map(|count| count / seen);
        let nanoseconds = cells * 80.0 + messages * (50.0 + 1.35 * 90.0);
        let name = path.rsplit('/').next().unwrap_or(&path);
        println!(
            "{name:<22} {:>13} {:>7} {:>7.1}% {cells:>6.1} {messages:>9.2} {nanoseconds:>5.0} {:>9.2} s",
            profile.instructions,
            blocks.len(),
            100.0 * covered / seen,
            planned.as_secs_f64()
        );
        ratios.push(messages);
    }
    let mean = (ratios.iter().map(|ratio: &f64| ratio.ln()).sum::<f64>() / ratios.len() as f64).exp();
    println!("messages an instruction, geometric mean: {mean:.2}");
    Ok(())
}
