//! Instructions that a user adds: a function over a row that has two source registers, a destination register and memory.
//!
//! The function is written once, over an [`ExtensionRow`]. Words for registers and memory are only made by methods that show that limbs
//! are below 2^16 and addresses are aligned, so the machine stays sound whatever an author writes. One obligation is the author's: what
//! the row reads must determine what it writes.

use std::{fmt::Debug, sync::Arc};

use engram_air::Ring;
use engram_memory::messages::RANGE_BITS_MAX;
use thiserror::Error;

use crate::{
    path::{Operand, Path, Width, WordId},
    row::{At, RowBuilder, RowWriter, SymbolicRow, ValueRow},
    word::LIMB_BITS,
};

/// An instruction, written once as a function over a row.
pub trait MemoryExtension: Debug + Send + Sync + 'static {
    /// Name for people, unique among the extensions of a machine.
    fn name(&self) -> &str;

    /// The instruction. Its columns, constraints, ranges and accesses must not depend on values.
    fn eval<B: RowBuilder>(&self, row: &mut ExtensionRow<'_, '_, B>);
}

/// A word of a row: a register, a word of memory, or limbs that are shown to be below 2^16. Nothing else can be written.
#[derive(Clone, Copy, Debug)]
pub struct Word(WordId);

/// The registers of an instruction: constants in a block, columns where it stands alone.
#[derive(Clone, Debug)]
pub struct Registers<E> {
    /// The destination.
    pub rd: Operand<E>,
    /// The first source.
    pub rs1: Operand<E>,
    /// The second source.
    pub rs2: Operand<E>,
}

/// Why an extension has no row.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExtensionError {
    /// No table has so wide a range.
    #[error("\"{label}\" asks for {bits} bits, at most {RANGE_BITS_MAX} are possible; cut the value in two")]
    RangeTooWide {
        /// Which range.
        label: String,
        /// Bits asked for.
        bits: u32,
    },
    /// The destination is written twice.
    #[error("the destination is set twice; set it once")]
    DestinationTwice,
    /// It is in a block whose constants make an address that is no multiple of 4.
    #[error("the path misaligns an access; no row has it")]
    Misaligned,
}

/// Where an extension writes its columns, constraints and accesses.
///
/// Padding rows are zero in every column, so constants in constraints are [`ExtensionRow::constant`]s, which vanish there.
#[derive(Debug)]
pub struct ExtensionRow<'p, 'r, B: RowBuilder> {
    path: &'p mut Path<'r, B>,
    registers: Registers<B::Expr>,
    is_set: bool,
    error: Option<ExtensionError>,
}

impl<B: RowBuilder> ExtensionRow<'_, '_, B> {
    /// One on real rows, zero on padding.
    pub fn real(&mut self) -> B::Expr {
        self.path.row().real()
    }

    /// A constant that is zero on padding rows.
    pub fn constant(&mut self, value: u32) -> B::Expr {
        self.path.row().constant(value)
    }

    /// A new column. Only constraints and ranges restrict its values.
    pub fn column(&mut self, name: &str, witness: impl Fn(At) -> u32) -> B::Expr {
        self.path.row().column(name, witness)
    }

    /// `expr` is zero in every row, padding included.
    pub fn assert_zero(&mut self, label: &str, expr: B::Expr) {
        self.path.row().assert_zero(label, expr);
    }

    /// `expr` is zero or one.
    pub fn assert_bool(&mut self, label: &str, expr: B::Expr) {
        self.path.row().assert_bool(label, expr);
    }

    /// `expr`, read as an integer, is below `2^bits`, with `bits` at most [`RANGE_BITS_MAX`].
    pub fn range(&mut self, label: &str, expr: B::Expr, bits: u32) {
        if bits > RANGE_BITS_MAX {
            return self.refuse(ExtensionError::RangeTooWide { label: label.to_owned(), bits });
        }
        self.path.row().range(label, expr, B::Expr::integer(bits));
    }

    /// `x` and `y` are bytes and `and` is their bitwise conjunction.
    pub fn byte_and(&mut self, label: &str, x: B::Expr, y: B::Expr, and: B::Expr) {
        self.path.row().byte_and(label, x, y, and);
    }

    /// Read the first source register.
    pub fn rs1(&mut self) -> Word {
        Word(self.path.read_register(&self.registers.rs1))
    }

    /// Read the second source register.
    pub fn rs2(&mut self) -> Word {
        Word(self.path.read_register(&self.registers.rs2))
    }

    /// Write the destination register, once.
    pub fn set_rd(&mut self, word: Word) {
        if std::mem::replace(&mut self.is_set, true) {
            return self.refuse(ExtensionError::DestinationTwice);
        }
        self.path.write_register(&self.registers.rd, word.0);
    }

    /// Read the word that is `offset_words` words after the address in `base`. It is shown that 4 divides the address; an address that
    /// leaves the address space has no row.
    pub fn load(&mut self, base: Word, offset_words: u32) -> Word {
        match self.place(base, offset_words) {
            Some(place) => {
                self.path.say_touched(&place, None);
                Word(self.path.load(&place))
            }
            None => Word(self.path.constant(0)),
        }
    }

    /// Replace the word that is `offset_words` words after the address in `base`, likewise.
    pub fn store(&mut self, base: Word, offset_words: u32, word: Word) {
        if let Some(place) = self.place(base, offset_words) {
            self.path.say_touched(&place, Some(word.0));
            self.path.store(&place, word.0);
        }
    }

    /// A word of two limbs, low first, which are shown to be below 2^16.
    pub fn word(&mut self, limbs: [B::Expr; 2]) -> Word {
        for limb in &limbs {
            self.range("limb is below 2^16", limb.clone(), LIMB_BITS);
        }
        Word(self.path.adopt(&crate::word::Word::from_cells(limbs)))
    }

    /// The word that is this constant.
    pub fn constant_word(&mut self, value: u32) -> Word {
        Word(self.path.constant(value))
    }

    /// The sum modulo 2^32.
    pub fn add(&mut self, x: Word, y: Word) -> Word {
        Word(self.path.add(x.0, y.0))
    }

    /// The limbs of a word, low first, each below 2^16.
    pub fn limbs(&mut self, word: Word) -> [B::Expr; 2] {
        self.path.word(word.0).cells()
    }

    fn place(&mut self, base: Word, offset_words: u32) -> Option<crate::path::Place<B::Expr>> {
        self.path.say_base(base.0);
        let address = self.path.add_constant(base.0, offset_words << 2);
        let place = self.path.place(address, Width::Word);
        if place.is_none() {
            self.refuse(ExtensionError::Misaligned);
        }
        place
    }

    fn refuse(&mut self, error: ExtensionError) {
        self.error.get_or_insert(error);
    }
}

/// An extension of any type.
#[derive(Clone, Debug)]
pub struct Extension(Arc<dyn Function>);

impl Extension {
    /// An extension, to be shared.
    pub fn new(extension: impl MemoryExtension) -> Self {
        Self(Arc::new(extension))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// Write the instruction on a path: alone or among others.
    ///
    /// # Errors
    /// No row can have it there.
    pub fn eval<B: ExtensibleRow>(
        &self,
        path: &mut Path<'_, B>,
        registers: Registers<B::Expr>,
    ) -> Result<(), ExtensionError> {
        B::extend(path, &*self.0, registers)
    }
}

/// A row that extensions can be written on.
pub trait ExtensibleRow: RowBuilder + Sized {
    /// Write an extension on a path over rows of this kind. An extension of any type is known by what it does on each kind.
    ///
    /// # Errors
    /// No row can have it there.
    fn extend(
        path: &mut Path<'_, Self>,
        function: &dyn Function,
        registers: Registers<Self::Expr>,
    ) -> Result<(), ExtensionError>;
}

impl ExtensibleRow for SymbolicRow {
    fn extend(
        path: &mut Path<'_, Self>,
        function: &dyn Function,
        registers: Registers<Self::Expr>,
    ) -> Result<(), ExtensionError> {
        run(path, registers, |row| function.on_circuit(row))
    }
}

impl ExtensibleRow for RowWriter<'_> {
    fn extend(
        path: &mut Path<'_, Self>,
        function: &dyn Function,
        registers: Registers<Self::Expr>,
    ) -> Result<(), ExtensionError> {
        run(path, registers, |row| function.on_table(row))
    }
}

impl ExtensibleRow for ValueRow<'_> {
    fn extend(
        path: &mut Path<'_, Self>,
        function: &dyn Function,
        registers: Registers<Self::Expr>,
    ) -> Result<(), ExtensionError> {
        run(path, registers, |row| function.on_values(row))
    }
}

/// A [`MemoryExtension`] by its three rows.
pub trait Function: Debug + Send + Sync {
    /// Its name.
    fn name(&self) -> &str;

    /// Write it on a circuit.
    fn on_circuit(&self, row: &mut ExtensionRow<'_, '_, SymbolicRow>);

    /// Write it on rows of a table.
    fn on_table(&self, row: &mut ExtensionRow<'_, '_, RowWriter<'_>>);

    /// Execute it.
    fn on_values(&self, row: &mut ExtensionRow<'_, '_, ValueRow<'_>>);
}

impl<E: MemoryExtension> Function for E {
    fn name(&self) -> &str {
        MemoryExtension::name(self)
    }

    fn on_circuit(&self, row: &mut ExtensionRow<'_, '_, SymbolicRow>) {
        self.eval(row);
    }

    fn on_table(&self, row: &mut ExtensionRow<'_, '_, RowWriter<'_>>) {
        self.eval(row);
    }

    fn on_values(&self, row: &mut ExtensionRow<'_, '_, ValueRow<'_>>) {
        self.eval(row);
    }
}

/// Run an extension on a path by the function for its kind of row.
fn run<'r, B: RowBuilder>(
    path: &mut Path<'r, B>,
    registers: Registers<B::Expr>,
    function: impl FnOnce(&mut ExtensionRow<'_, 'r, B>),
) -> Result<(), ExtensionError> {
    let mut row = ExtensionRow { path, registers, is_set: false, error: None };
    function(&mut row);
    row.error.map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests;
