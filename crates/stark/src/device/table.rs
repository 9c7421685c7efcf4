//! A table as the device reads it: by column.

use std::borrow::Cow;

use openvm_cpu_backend::CpuBackend;
use openvm_stark_backend::{
    air_builders::symbolic::{SymbolicConstraintsDag, symbolic_variable::Entry, symbolic_variable::SymbolicVariable},
    keygen::types::StarkVerifyingKey,
    p3_field::{Field, PackedValue, PrimeCharacteristicRing, TwoAdicField},
    prover::{AirProvingContext, DeviceMultiStarkProvingKey, MatrixDimensions},
};

use super::{
    config::{Config, PcsData},
    error::DeviceError,
    values::{LANES, Vector},
};
use engram_air::field::{Digest, F};

/// Base-two logarithm of [`BLOCK`].
pub(super) const BLOCK_LOG2: usize = 4;

/// Rows that one value of the univariate variable each stands for. Lower tables repeat their rows up to it.
pub(super) const BLOCK: usize = 1 << BLOCK_LOG2;

/// The points of the univariate variable that stand for the rows of a block.
pub(super) fn block_points() -> [F; BLOCK] {
    let mut points = F::two_adic_generator(BLOCK_LOG2).powers();
    std::array::from_fn(|_| points.next().unwrap_or_default())
}

/// What a circuit's expressions read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Input {
    /// A column, in this row.
    Local(usize),
    /// A column, in the next row.
    Next(usize),
    /// One in the first row.
    FirstRow,
    /// One in the last row.
    LastRow,
}

/// What a variable is.
#[derive(Clone, Copy)]
pub(super) enum Variable {
    Input(Input),
    Constant(F),
}

/// A table that is being proven.
pub(super) struct Table<'a> {
    key: &'a StarkVerifyingKey<F, Digest>,
    publics: &'a [F],
    /// Rows before they are repeated.
    height: usize,
    /// Committed parts first, then the common one; with repeated rows.
    columns: Vec<Cow<'a, [F]>>,
    /// Columns by part.
    pub(super) part_widths: Vec<usize>,
    /// One over how often each row is repeated.
    pub(super) norm: F,
}

impl<'a> Table<'a> {
    /// The table at a position among those of the proof.
    pub(super) fn new(
        key: &'a DeviceMultiStarkProvingKey<CpuBackend<Config>>,
        (circuit, context): &'a (usize, AirProvingContext<CpuBackend<Config>>),
        common: &'a PcsData,
        position: usize,
    ) -> Result<Self, DeviceError> {
        let committed = context.cached_mains.iter().map(|part| (&*part.data, 0, part.trace.width()));
        let parts: Vec<_> = committed.chain([(common, position, context.common_main.width())]).collect();
        let height = context.common_main.height();
        let mut columns = vec![];
        for &(data, matrix, width) in &parts {
            for column in 0..width {
                columns.push(lifted_column(data, matrix, column, height).ok_or(DeviceError::NoColumn)?);
            }
        }
        let part_widths = parts.iter().map(|&(_, _, width)| width).collect();
        let key = &key.per_air.get(*circuit).ok_or(DeviceError::NoColumn)?.vk;
        let norm = F::from_usize(height.max(BLOCK) / height).inverse();
        Ok(Self { key, publics: &context.public_values, height, columns, part_widths, norm })
    }

    /// The circuit's expressions.
    pub(super) fn expressions(&self) -> &'a SymbolicConstraintsDag<F> {
        &self.key.symbolic_constraints
    }

    /// Do expressions read the next row?
    pub(super) fn reads_next(&self) -> bool {
        self.key.params.need_rot
    }

    /// Columns of all parts.
    pub(super) fn width(&self) -> usize {
        self.columns.len()
    }

    /// Rows, repeated ones too.
    pub(super) fn rows(&self) -> usize {
        self.height.max(BLOCK)
    }

    /// Base-two logarithm of the number of blocks.
    pub(super) fn blocks_log2(&self) -> usize {
        self.rows().trailing_zeros() as usize - BLOCK_LOG2
    }

    /// What a variable of the circuit's expressions is.
    pub(super) fn variable(&self, variable: &SymbolicVariable<F>) -> Result<Variable, DeviceError> {
        let column = |part: usize| self.part_widths.iter().take(part).sum::<usize>() + variable.index;
        match variable.entry {
            Entry::Main { part_index, offset: 0 } => Some(Variable::Input(Input::Local(column(part_index)))),
            Entry::Main { part_index, offset: 1 } => Some(Variable::Input(Input::Next(column(part_index)))),
            Entry::Public => self.publics.get(variable.index).copied().map(Variable::Constant),
            _ => None,
        }
        .ok_or(DeviceError::UnknownVariable)
    }

    /// An input's values on the rows of a block.
    pub(super) fn block(&self, input: Input, block: usize) -> [F; BLOCK] {
        let start = block * BLOCK;
        match input {
            Input::Local(column) => std::array::from_fn(|row| self.columns[column][start + row]),
            Input::Next(column) if start + BLOCK < self.rows() => {
                std::array::from_fn(|row| self.columns[column][start + 1 + row])
            }
            _ => std::array::from_fn(|row| self.value(input, start + row)),
        }
    }

    /// An input's values on as many rows as a vector has lanes.
    pub(super) fn vector(&self, input: Input, start: usize) -> Vector {
        match input {
            Input::Local(column) => *Vector::from_slice(&self.columns[column][start..start + LANES]),
            Input::Next(column) if start + LANES < self.rows() => {
                *Vector::from_slice(&self.columns[column][start + 1..start + 1 + LANES])
            }
            _ => Vector::from_fn(|lane| self.value(input, start + lane)),
        }
    }

    /// An input's value in a row.
    fn value(&self, input: Input, row: usize) -> F {
        match input {
            Input::Local(column) => self.columns[column][row],
            Input::Next(column) => self.columns[column][(row + 1) % self.rows()],
            Input::FirstRow => F::from_bool(row.is_multiple_of(self.height)),
            Input::LastRow => F::from_bool((row + 1).is_multiple_of(self.height)),
        }
    }
}

/// A column of the matrix that is committed to, which holds all columns one after the other.
fn lifted_column(data: &PcsData, matrix: usize, column: usize, height: usize) -> Option<Cow<'_, [F]>> {
    let slice = data.layout.get(matrix, column)?;
    let start = slice.col_idx * data.layout.height() + slice.row_idx;
    let values = data.matrix.values.get(start..start + slice.len(BLOCK_LOG2))?;
    if height >= BLOCK {
        return Some(values.into());
    }
    // The matrix has zeros between the values of a low column.
    let stride = slice.stride(BLOCK_LOG2);
    Some((0..BLOCK).map(|row| values[row % height * stride]).collect())
}
