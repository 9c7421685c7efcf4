//! One row of a block by itself, on registers and words of memory of choice.

use engram_air::{
    BusKind, Circuit, CircuitBuilder, Count, Expr, F, Ring, Trace,
    check::{Table, check},
    tape::Row,
};
use engram_memory::{lookups::Lookups, offline::Access};
use engram_prover::testing::RowChecks;
use engram_rv32im_air::block::Block;
use engram_vm::row::{Inverses, RowRecord, RowWriter, Step};

/// Time at which rows stand.
const TIME: u32 = 1000;

/// The row that finds `registers` in its registers, by number, and `words` in memory, in the order of its openings; zeros
/// where there are no more words.
pub fn row_of(block: &Block, registers: &[u32; 32], words: &[u32]) -> Vec<F> {
    let found = block.registers.iter().map(|&register| registers[register as usize]);
    let words = words.iter().copied().chain(std::iter::repeat(0));
    let opened = block.accesses() - block.registers.len();
    let accesses: Vec<Access> =
        found.chain(words.take(opened)).zip(0..).map(|(previous, gap)| Access { previous, gap }).collect();
    let mut cells = vec![F::default(); block.circuit.width()];
    let step = Step { timestamp: TIME, ..Step::default() };
    let mut inverses = Inverses::default();
    let records = [RowRecord { step, accesses: &accesses, hints: &[] }];
    let width = cells.len();
    block.fill(&mut RowWriter::new((&mut cells, width), 0, &records, &mut inverses, &Lookups::default()));
    inverses.fill(&mut cells);
    cells
}

pub fn alone(cells: &[F]) -> Row<'_> {
    Row { local: cells, next: cells, publics: &[], is_first: true, is_last: true }
}

/// Labels of the checks that refuse a row.
pub fn failed(checks: &RowChecks, cells: &[F]) -> Vec<String> {
    checks.failed(alone(cells)).into_iter().map(|check| checks.label(check).to_owned()).collect()
}

/// Check one row beside a rest of the machine that plays along: it answers every true question, and takes and gives
/// whatever the row gives and takes.
pub fn failed_beside_rest(circuit: &Circuit, checks: &RowChecks, cells: &[F]) -> Vec<String> {
    let mut rest = CircuitBuilder::new("rest of the machine");
    rest.column("unused");
    let asks = |index: usize| {
        let interaction = &circuit.interactions[index];
        interaction.bus.kind == BusKind::Lookup && interaction.weight > 0
    };
    let says = checks.says(alone(cells)).into_iter().filter(|said| !asks(said.interaction));
    for said in says.chain(checks.questions(alone(cells))) {
        let bus = circuit.interactions[said.interaction].bus;
        let fields = said.fields.into_iter().map(Expr::constant).collect();
        match bus.kind {
            BusKind::Permutation => {
                let count =
                    Count::shown("a table of one row, with the count that a test says", Expr::constant(-said.count));
                rest.send(bus, "the counterpart", fields, &count);
            }
            BusKind::Lookup => rest.provide(bus, "the counterpart", fields, Expr::constant(said.count)),
        }
    }
    let rest = rest.build();
    let (own, other) = (Trace::from_rows(cells.to_vec(), cells.len()), Trace::zeros(1, 1));
    let tables = [Table { circuit, trace: &own, publics: &[] }, Table { circuit: &rest, trace: &other, publics: &[] }];
    let Err(report) = check(&tables) else { return vec![] };
    let constraints = report.constraints.iter().map(|failure| failure.label.clone());
    let lookups = report.messages.iter().flat_map(|failure| failure.origins.iter().map(|origin| origin.label.clone()));
    constraints.chain(lookups).collect()
}
