//! An extension's function as a circuit.

use std::collections::BTreeSet;

use engram_air::{Circuit, CircuitBuilder, Expr, F, PrimeCharacteristicRing, Ring, circuit::DEGREE_MAX, tape};

use super::{
    error::CircuitError,
    instruction::ExtensionId,
    messages::{INSTRUCTIONS, STEPS, instruction_message, step_message},
    row::{Checked, InstructionRow, MemoryExtension, Operands},
};
use crate::{
    bridge::{AccessExprs, eval_access},
    columns::columns,
    config::MemoryConfig,
    error::MemoryError,
    messages::RANGE_BITS_MAX,
    place::{Place, place},
    range_checker::SharedVariableRangeCheckerChip,
};

/// Columns of the frame, before those of the extension.
pub(crate) const FRAME_COLUMNS: [&str; 6] = ["real", "step", "time", "rd", "rs1", "rs2"];

struct CircuitRow<'a> {
    config: &'a MemoryConfig,
    builder: CircuitBuilder,
    real: Expr,
    time: Expr,
    operands: Operands<Expr>,
    accesses: u32,
    /// What was asked for first of what no circuit can have.
    error: Option<CircuitError>,
}

/// The circuit of an extension, and how many accesses each of its rows makes.
pub(super) fn circuit<E: MemoryExtension>(
    extension: &E,
    id: ExtensionId,
    config: &MemoryConfig,
) -> Result<(Circuit, u32), CircuitError> {
    let mut builder = CircuitBuilder::new(format!("extension {}", extension.name()));
    let [real, step, time, rd, rs1, rs2] = FRAME_COLUMNS.map(|name| builder.column(name));
    builder.assert_bool("real is boolean", real.clone());
    let operands = Operands { rd, rs1, rs2 };
    let mut row = CircuitRow {
        config,
        builder,
        real: real.clone(),
        time: time.clone(),
        operands: operands.clone(),
        accesses: 0,
        error: None,
    };
    extension.eval(&mut row);
    if let Some(error) = row.error {
        return Err(error);
    }
    let (mut builder, accesses) = (row.builder, row.accesses);
    let Operands { rd, rs1, rs2 } = operands;
    let instruction = instruction_message(step.clone(), Expr::integer(id.number().into()), rd, rs1, rs2);
    builder.receive(INSTRUCTIONS, "takes its instruction", instruction, real.clone());
    let before = step_message(step.clone(), time.clone());
    builder.receive(STEPS, "takes the thread of execution", before, real.clone());
    let after = step_message(step + Expr::one(), time + Expr::integer(accesses));
    builder.send(STEPS, "hands the thread of execution on", after, real);
    let circuit = builder.build();
    check(&circuit, accesses)?;
    Ok((circuit, accesses))
}

/// Whether a table of this circuit can be filled and proven.
fn check(circuit: &Circuit, accesses: u32) -> Result<(), CircuitError> {
    if accesses == 0 {
        return Err(CircuitError::NoAccess);
    }
    let mut names = BTreeSet::new();
    if let Some(column) = circuit.columns.iter().find(|column| !names.insert(column.as_str())) {
        return Err(CircuitError::DuplicateColumn { column: column.clone() });
    }
    if circuit.degree() > DEGREE_MAX {
        return Err(CircuitError::Degree { degree: circuit.degree(), degree_max: DEGREE_MAX });
    }
    let zeros = vec![F::ZERO; circuit.width()];
    let row = tape::Row { local: &zeros, next: &zeros, publics: &[], is_first: false, is_last: false };
    let broken = tape::Tape::new(circuit).evaluate(row).violations().map(|(index, _)| index).next();
    match broken {
        None => Ok(()),
        Some(index) => Err(CircuitError::Padding { label: circuit.constraints[index].label.clone() }),
    }
}

impl CircuitRow<'_> {
    fn refuse(&mut self, error: CircuitError) {
        self.error.get_or_insert(error);
    }
}

impl InstructionRow for CircuitRow<'_> {
    type Expr = Expr;

    fn config(&self) -> &MemoryConfig {
        self.config
    }

    fn real(&self) -> Expr {
        self.real.clone()
    }

    fn operands(&self) -> Operands<Expr> {
        self.operands.clone()
    }

    fn column(&mut self, name: &str, _: F) -> Expr {
        self.builder.column(name)
    }

    fn value(&self, _: &Expr) -> F {
        F::ZERO
    }

    fn assert_zero(&mut self, label: &str, expr: Expr) {
        self.builder.assert_zero(label, expr);
    }

    fn range(&mut self, label: &str, expr: Expr, bits: u32) {
        if bits > RANGE_BITS_MAX {
            self.refuse(CircuitError::RangeTooWide { label: label.into(), bits, bits_max: RANGE_BITS_MAX });
            return;
        }
        SharedVariableRangeCheckerChip::ask(&mut self.builder, label, expr, bits, self.real.clone());
    }

    fn access<const N: usize>(
        &mut self,
        _: Checked,
        name: &str,
        space: u32,
        pointer: Expr,
        next: Option<[Expr; N]>,
    ) -> [Expr; N] {
        let impossible = match place(self.config, space, 0, N) {
            Ok(Place::Normal { .. }) => None,
            // The identity space is on no bus.
            Ok(Place::Identity(_)) => Some(MemoryError::UnknownSpace { space }),
            Err(error) => Some(error),
        };
        if let Some(error) = impossible {
            self.refuse(CircuitError::Access { access: name.into(), error });
            return std::array::from_fn(|_| Expr::zero());
        }
        let found = columns(&mut self.builder, name, N);
        let gap = self.builder.column(format!("{name}.gap"));
        let time = self.time.clone() + Expr::integer(self.accesses);
        self.accesses += 1;
        let access = AccessExprs { space: Expr::integer(space), pointer, timestamp: time, gap };
        let left = next.as_ref().map_or(found.as_slice(), |next| next);
        eval_access(&mut self.builder, name, access, [&found, left], self.real.clone());
        std::array::from_fn(|index| found[index].clone())
    }
}
