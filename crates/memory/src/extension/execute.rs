//! An extension's function executed on online memory.

use std::collections::BTreeMap;

use engram_air::{F, PrimeCharacteristicRing, PrimeField32};

use super::{
    error::ExtensionError,
    instruction::CustomInstruction,
    row::{Checked, InstructionRow, MemoryExtension, Operands},
};
use crate::{
    address::TIMESTAMP_BITS,
    config::MemoryConfig,
    controller::MemoryController,
    error::MemoryError,
    log::RecordId,
    online::Memory,
    place::{Place, place, place_write},
};

/// An access that is made once the whole instruction is known to be possible.
enum Access {
    Read { space: u32, pointer: u32, len: usize },
    Write { space: u32, pointer: u32, data: Vec<F> },
}

struct ExecutionRow<'a> {
    name: &'a str,
    memory: &'a Memory,
    operands: Operands<F>,
    accesses: Vec<Access>,
    /// Cells that the instruction has written so far, by space and number.
    written: BTreeMap<(u32, u32), F>,
    /// The first thing that refuses it.
    refusal: Option<ExtensionError>,
}

/// Execute an instruction; returns the number of its first access. An instruction that is refused changes nothing.
pub(super) fn execute<E: MemoryExtension>(
    extension: &E,
    instruction: &CustomInstruction,
    memory: &mut MemoryController,
) -> Result<RecordId, ExtensionError> {
    let mut row = ExecutionRow {
        name: extension.name(),
        memory: memory.memory(),
        operands: operand_cells(instruction),
        accesses: vec![],
        written: BTreeMap::new(),
        refusal: None,
    };
    extension.eval(&mut row);
    let (accesses, refusal) = (row.accesses, row.refusal);
    if let Some(refusal) = refusal {
        return Err(refusal);
    }
    let refuse = |error| ExtensionError::Memory { extension: extension.name().into(), error };
    let first = check_room(memory.memory(), accesses.len()).map_err(refuse)?;
    for access in accesses {
        match access {
            Access::Read { space, pointer, len } => memory.read_dynamic(space, pointer, len).map(|_| ()),
            Access::Write { space, pointer, data } => memory.write_slice(space, pointer, &data).map(|_| ()),
        }
        .map_err(refuse)?;
    }
    Ok(first)
}

/// An instruction's operands as field elements.
pub(super) fn operand_cells(instruction: &CustomInstruction) -> Operands<F> {
    let [rd, rs1, rs2] = [instruction.rd(), instruction.rs1(), instruction.rs2()].map(F::from_u8);
    Operands { rd, rs1, rs2 }
}

/// So many accesses fit into the log and into time; the first one's number.
fn check_room(memory: &Memory, accesses: usize) -> Result<RecordId, MemoryError> {
    let capacity = memory.config().access_capacity();
    if memory.accesses() + accesses > capacity {
        return Err(MemoryError::CapacityReached { capacity });
    }
    let (timestamp, increment) = (memory.timestamp(), accesses as u32);
    if u64::from(timestamp) + u64::from(increment) > 1 << TIMESTAMP_BITS {
        return Err(MemoryError::TimestampOverflow { timestamp, increment });
    }
    Ok(RecordId(memory.accesses() as u32))
}

impl ExecutionRow<'_> {
    fn refuse(&mut self, label: &str) {
        let refused = || ExtensionError::Refused { extension: self.name.into(), label: label.into() };
        self.refusal.get_or_insert_with(refused);
    }
}

impl InstructionRow for ExecutionRow<'_> {
    type Expr = F;

    fn config(&self) -> &MemoryConfig {
        self.memory.config()
    }

    fn real(&self) -> F {
        F::ONE
    }

    fn operands(&self) -> Operands<F> {
        self.operands.clone()
    }

    fn column(&mut self, _: &str, witness: F) -> F {
        witness
    }

    fn value(&self, expr: &F) -> F {
        *expr
    }

    fn assert_zero(&mut self, label: &str, expr: F) {
        if expr != F::ZERO {
            self.refuse(label);
        }
    }

    fn range(&mut self, label: &str, expr: F, bits: u32) {
        if u64::from(expr.as_canonical_u32()) >= 1 << bits {
            self.refuse(label);
        }
    }

    fn access<const N: usize>(&mut self, _: Checked, _: &str, space: u32, pointer: F, next: Option<[F; N]>) -> [F; N] {
        let pointer = pointer.as_canonical_u32();
        let config = self.memory.config();
        let cell = match &next {
            Some(next) => place_write(config, space, pointer, next).map(|(_, cell)| cell),
            None => place(config, space, pointer, N).and_then(|place| match place {
                Place::Normal { cell, .. } => Ok(cell),
                Place::Identity(_) => Err(MemoryError::UnknownSpace { space }),
            }),
        };
        let cell = match cell {
            Ok(cell) => cell,
            Err(error) => {
                let extension = self.name;
                self.refusal.get_or_insert_with(|| ExtensionError::Memory { extension: extension.into(), error });
                return [F::ZERO; N];
            }
        };
        let number = |index: usize| cell + index as u32;
        let found = std::array::from_fn(|index| {
            let written = self.written.get(&(space, number(index)));
            written.copied().unwrap_or_else(|| self.memory.image().cell(space, number(index)))
        });
        match next {
            None => self.accesses.push(Access::Read { space, pointer, len: N }),
            Some(next) => {
                self.written.extend(next.iter().enumerate().map(|(index, &value)| ((space, number(index)), value)));
                self.accesses.push(Access::Write { space, pointer, data: next.to_vec() });
            }
        }
        found
    }
}
