//! The circuit of the volatile boundary.

use engram_air::{Circuit, CircuitBuilder, Expr, Ring};

use super::columns::{LIMB_BITS, VolatileCols};
use crate::{
    address::SPACES,
    messages::{IMAGE, MEMORY, RANGE, RANGE_BITS_MAX, image_message, memory_message, range_message},
};

/// The volatile boundary.
pub fn circuit() -> Circuit {
    let mut circuit = CircuitBuilder::new("volatile boundary");
    let columns = VolatileCols::allocate(&mut circuit);
    eval_flags(&mut circuit, &columns);
    eval_order(&mut circuit, &columns);
    eval_word(&mut circuit, columns);
    circuit.build()
}

fn eval_flags(circuit: &mut CircuitBuilder, columns: &VolatileCols<Expr>) {
    let VolatileCols { real, more, in_image, same_block, .. } = columns;
    circuit.assert_bool("real is boolean", real.clone());
    circuit.assert_bool("in_image is boolean", in_image.clone());
    circuit.assert_bool("same_block is boolean", same_block.clone());
    let follows = circuit.transition() * circuit.next(real);
    circuit.assert_equal("more says that the next row is real", more.clone(), follows);
    circuit.assert_zero("real rows come first", more.clone() * (Expr::one() - real.clone()));
    circuit.assert_zero("only a real row takes an image word", in_image.clone() * (Expr::one() - real.clone()));
}

fn eval_order(circuit: &mut CircuitBuilder, columns: &VolatileCols<Expr>) {
    let VolatileCols { real, more, same_block, space, pointer_high, pointer_low, step, .. } = columns;
    let exists =
        SPACES.iter().fold(real.clone(), |product, known| product * (space.clone() - Expr::integer(known.number)));
    circuit.assert_zero("the space exists", exists);
    for (label, limb) in
        [("the pointer's high limb has 15 bits", pointer_high), ("the pointer's low limb has 15 bits", pointer_low)]
    {
        circuit.lookup(RANGE, label, range_message(limb.clone(), LIMB_BITS), real.clone());
    }
    let block = |space: Expr, pointer_high: Expr| space.shift_left(LIMB_BITS) + pointer_high;
    let next_block = block(circuit.next(space), circuit.next(pointer_high));
    let block_growth = next_block - block(space.clone(), pointer_high.clone());
    let low_growth = circuit.next(pointer_low) - pointer_low.clone();
    let stays = more.clone() * same_block.clone();
    circuit.assert_zero("a block is the same space and high limb", stays * block_growth.clone());
    let growth = block_growth.clone() + same_block.clone() * (low_growth - block_growth);
    let wrong_step = step.clone() + Expr::one() - growth;
    circuit.assert_zero("the step leads to the next address", more.clone() * wrong_step);
    circuit.lookup(RANGE, "the next address is higher", range_message(step.clone(), RANGE_BITS_MAX), more.clone());
}

fn eval_word(circuit: &mut CircuitBuilder, columns: VolatileCols<Expr>) {
    let VolatileCols { real, in_image, space, pointer_high, pointer_low, initial, last, .. } = columns;
    for cell in &initial {
        let outside = Expr::one() - in_image.clone();
        circuit.assert_zero("a word outside the image starts as zero", outside * cell.clone());
    }
    let pointer = pointer_low + pointer_high.shift_left(LIMB_BITS);
    let image_word = image_message(space.clone(), pointer.clone(), initial.clone());
    circuit.receive(IMAGE, "word of the image", image_word, in_image);
    let first = memory_message(space.clone(), pointer.clone(), initial, columns.initial_time);
    circuit.send(MEMORY, "word before", first, real.clone());
    circuit.receive(MEMORY, "word after", memory_message(space, pointer, last, columns.last_time), real);
}
