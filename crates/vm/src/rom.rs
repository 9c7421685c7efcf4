//! The program, pre-decoded and committed.
//!
//! A row is one instruction's entry; a frame takes its operands from it by one lookup. The entries are columns committed
//! apart, so one circuit serves all programs and the verifier compares the commitment with the one it derives from the
//! ELF file.

use engram_air::{Bus, Circuit, CircuitBuilder, F, PrimeCharacteristicRing, Trace};

/// Operand fields of an entry.
pub const OPERANDS: usize = 5;

/// Columns of an entry: program counter, opcode, operands.
pub const ENTRY_CELLS: usize = 2 + OPERANDS;

/// Asks for an instruction: `[pc, opcode, operands...]`. The program counter counts 4-byte words. Opcode 0 is no
/// instruction: it pads the table.
pub const ROM: Bus = Bus::lookup(7, "program", &["pc", "opcode", "operand"]);

/// One entry: the fields of [`ROM`]'s message.
pub type Entry = [u32; ENTRY_CELLS];

/// The circuit: it offers each committed entry as often as it is looked up.
///
/// Required: without it no instruction could be looked up, but a proof that omits it must not depend on that.
pub fn circuit() -> Circuit {
    let mut circuit = CircuitBuilder::new("program").required();
    let mut entry = vec![circuit.committed_column("pc"), circuit.committed_column("opcode")];
    entry.extend((0..OPERANDS).map(|index| circuit.committed_column(format!("operand[{index}]"))));
    let executions = circuit.column("executions");
    circuit.provide(ROM, "an instruction of the program", entry, executions);
    circuit.build()
}

/// The committed columns.
pub fn committed_trace(entries: &[Entry]) -> Trace {
    let cells = entries.iter().flatten().map(|&cell| F::from_u32(cell));
    Trace::from_rows(cells.collect(), ENTRY_CELLS)
}

/// The other column: how often each entry was executed.
pub fn trace(executions: &[u32]) -> Trace {
    Trace::from_rows(executions.iter().map(|&count| F::from_u32(count)).collect(), 1)
}
