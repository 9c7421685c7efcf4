//! Blocks as people see them: where they are in the source, what a row costs, what it saves.

use std::collections::BTreeSet;

use engram_prover::planner::block_price;
use engram_rv32im::source_lines::SourceLines;
use engram_rv32im_air::block::Block;
use engram_rv32im_air::program::MachineProgram;

use crate::table::{Align, Table};

const HEADINGS: [(&str, Align); 5] = [
    ("block at", Align::Left),
    ("source", Align::Left),
    ("instructions", Align::Right),
    ("columns", Align::Right),
    ("interactions", Align::Right),
];

/// Blocks, with the predicted price of one row.
pub fn per_row(program: &MachineProgram, blocks: &[Block]) -> String {
    let [a, b, c, d, e] = HEADINGS;
    let mut table = Table::new(&[a, b, c, d, e, ("cost, µs a row", Align::Right), ("saved", Align::Right)]);
    let lines = program.program().source_lines();
    for block in blocks {
        let price = block_price(block);
        let [a, b, c, d, e] = block_row(block, program, lines.as_ref());
        let saved = price.singles_s - price.row_s;
        table.row([a, b, c, d, e, format!("{:.1}", price.row_s * 1e6), format!("{:.1}", saved * 1e6)]);
    }
    table.to_string()
}

/// Blocks with so many rows each, and the predicted price of all of them.
pub fn of_rows(program: &MachineProgram, blocks: &[Block], rows: &[usize]) -> String {
    let [a, b, c, d, e] = HEADINGS;
    let more = [("rows", Align::Right), ("cost, ms", Align::Right), ("saved", Align::Right)];
    let mut table = Table::new(&[a, b, c, d, e, more[0], more[1], more[2]]);
    let lines = program.program().source_lines();
    for (block, &rows) in blocks.iter().zip(rows) {
        let price = block_price(block);
        let [a, b, c, d, e] = block_row(block, program, lines.as_ref());
        let ms = |seconds: f64| format!("{:.1}", seconds * rows as f64 * 1e3);
        table.row([a, b, c, d, e, rows.to_string(), ms(price.row_s), ms(price.singles_s - price.row_s)]);
    }
    table.to_string()
}

fn block_row(block: &Block, program: &MachineProgram, lines: Option<&SourceLines>) -> [String; 5] {
    let address = block.decoded().first().map_or(0, |first| first.pc << 2);
    [
        format!("{address:#010x}"),
        source(block, program, lines),
        block.decoded().len().to_string(),
        block.circuit.width().to_string(),
        block.circuit.interactions.len().to_string(),
    ]
}

/// `file:first-last` of the source lines that a block runs through, or its first instruction's label. Where it runs through
/// several files, that of its first line, and how many more there are.
fn source(block: &Block, program: &MachineProgram, lines: Option<&SourceLines>) -> String {
    let addresses: Vec<u32> = block.decoded().iter().map(|decoded| decoded.pc << 2).collect();
    let located: Vec<(String, u32)> = addresses.iter().filter_map(|&address| lines?.location(address)).collect();
    let Some((first_file, _)) = located.first() else {
        let symbol = addresses.first().and_then(|&address| program.program().symbol(address));
        return symbol.map_or_else(String::new, |symbol| symbol.to_string());
    };
    let in_first = located.iter().filter(|(file, _)| file == first_file).map(|&(_, line)| line);
    let (low, high) = in_first.fold((u32::MAX, 0), |(low, high), line| (low.min(line), high.max(line)));
    let files: BTreeSet<&str> = located.iter().map(|(file, _)| file.as_str()).collect();
    let range = if low == high { low.to_string() } else { format!("{low}-{high}") };
    match files.len() {
        1 => format!("{first_file}:{range}"),
        count => format!("{first_file}:{range} and {} more", count - 1),
    }
}
