//! The circuit of the volatile boundary.

use engram_air::{Circuit, CircuitBuilder, Count, Expr, Ring};

use crate::{
    columns::columns,
    layout::{AddressSpaceConfig, Layout},
    messages::{MEMORY, memory_message},
    range_checker::SharedVariableRangeCheckerChip,
};

/// Most bits of each limb of a block's number.
pub(super) const LIMB_BITS: u32 = 15;

/// Bits of the low and of the high limb of the numbers of a space's blocks: 30 bits at most, as pointers have no more.
pub(super) fn limb_bits(layout: &Layout, space: &AddressSpaceConfig) -> [u32; 2] {
    let bits = layout.cells_log2(space).saturating_sub(space.block_cells.ilog2());
    [bits.min(LIMB_BITS), bits.saturating_sub(LIMB_BITS)]
}

/// The volatile boundary of a normal space of the layout.
///
/// Columns: real; more, whether the next row is real; same_high, whether it has the same high limb; the block's number, high
/// and low; step, by how much the next one is higher, less one, in the low limb or else in the high one; the first and last
/// timestamp; the last cells.
pub fn circuit(layout: &Layout, space: &AddressSpaceConfig) -> Circuit {
    let mut circuit = CircuitBuilder::new(format!("volatile boundary of {space}"));
    let [real, more, same_high, high, low, step] =
        ["real", "more", "same_high", "high", "low", "step"].map(|name| circuit.column(name));
    let [initial_timestamp, last_timestamp] = ["initial_timestamp", "last_timestamp"].map(|name| circuit.column(name));
    let last = columns(&mut circuit, "last", space.block_cells);

    let is_real = circuit.flag("real is boolean", real.clone());
    circuit.assert_bool("same_high is boolean", same_high.clone());
    let follows = circuit.transition() * circuit.next(&real);
    circuit.assert_equal("more says that the next row is real", more.clone(), follows);
    let is_more = Count::shown("it is whether a next row is real, or zero", more.clone());
    circuit.assert_zero("real rows come first", more.clone() * (Expr::one() - real.clone()));

    let [low_bits, high_bits] = limb_bits(layout, space);
    let mut ask = |label: &str, value: &Expr, bits, enabled: &Count| {
        SharedVariableRangeCheckerChip::ask(&mut circuit, label, value.clone(), bits, enabled);
    };
    ask("the block's number, low, exists", &low, low_bits, &is_real);
    ask("the block's number, high, exists", &high, high_bits, &is_real);
    ask("the next block is higher", &step, LIMB_BITS, &is_more);
    let high_growth = circuit.next(&high) - high.clone();
    let low_growth = circuit.next(&low) - low.clone();
    let stays = more.clone() * same_high.clone();
    circuit.assert_zero("same_high says that the high limb stays", stays * high_growth.clone());
    let growth = high_growth.clone() + same_high * (low_growth - high_growth);
    circuit.assert_zero("the step leads to the next block", more * (step + Expr::one() - growth));

    let block_pointers_log2 = space.block_cells.ilog2().saturating_sub(layout.pointer_unit().ilog2());
    let pointer = (low + high.shift_left(LIMB_BITS)).shift_left(block_pointers_log2);
    let message =
        |cells: Vec<Expr>, timestamp| memory_message(Expr::integer(space.number), pointer.clone(), cells, timestamp);
    let first = message(vec![Expr::zero(); space.block_cells], initial_timestamp);
    circuit.send(MEMORY, "block before", first, &is_real);
    circuit.receive(MEMORY, "block after", message(last, last_timestamp), &is_real);
    circuit.build()
}
