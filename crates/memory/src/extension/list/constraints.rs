//! The circuit of the list of instructions.

use engram_air::{Circuit, CircuitBuilder, Expr, Ring};

use crate::{
    extension::{
        instruction::CUSTOM_0,
        messages::{INSTRUCTIONS, instruction_message},
    },
    range_checker::SharedVariableRangeCheckerChip,
};

/// Bits of the fields, in the order of their columns: rd, funct3, rs1 low, rs1 high, rs2, funct7.
pub(super) const FIELD_BITS: [u32; 6] = [5, 3, 1, 4, 5, 7];

/// The list. Committed columns: real, low, high. Others: step, rd, funct3, the low bit and the rest of rs1, rs2, funct7.
pub fn circuit() -> Circuit {
    let mut circuit = CircuitBuilder::new("custom instructions");
    let [real, low, high] = ["real", "low", "high"].map(|name| circuit.committed_column(name));
    let step = circuit.column("step");
    let names = ["rd", "funct3", "rs1_low", "rs1_high", "rs2", "funct7"];
    let fields = names.map(|name| circuit.column(name));
    circuit.assert_bool("real is boolean", real.clone());
    let none_before = circuit.transition() * circuit.next(&real) * (Expr::one() - real.clone());
    circuit.assert_zero("instructions come first", none_before);
    circuit.assert_zero("the first step is zero", circuit.first_row() * step.clone());
    let rise = circuit.next(&step) - step.clone() - Expr::one();
    circuit.assert_zero("a step is one more than the one before", circuit.transition() * rise);
    for ((name, field), bits) in names.iter().zip(&fields).zip(FIELD_BITS) {
        let label = format!("{name} is below 2^{bits}");
        SharedVariableRangeCheckerChip::ask(&mut circuit, label, field.clone(), bits, real.clone());
    }
    let [rd, funct3, rs1_low, rs1_high, rs2, funct7] = fields;
    let low_half = Expr::integer(CUSTOM_0) * real.clone()
        + rd.clone().shift_left(7)
        + funct3.clone().shift_left(12)
        + rs1_low.clone().shift_left(15);
    circuit.assert_equal("the low half is made of its fields", low, low_half);
    let high_half = rs1_high.clone() + rs2.clone().shift_left(4) + funct7.clone().shift_left(9);
    circuit.assert_equal("the high half is made of its fields", high, high_half);
    let extension = funct7.shift_left(3) + funct3;
    let message = instruction_message(step, extension, rd, rs1_high.shift_left(1) + rs1_low, rs2);
    circuit.send(INSTRUCTIONS, "an instruction to execute", message, real);
    circuit.build()
}
