//! A row in the making that stands for a path: its frame, its values and what it has open.

use engram_air::Ring;

use super::{
    open::Locations,
    value::{Value, WordId},
};
use crate::{
    frame::Frame,
    row::RowBuilder,
    word::{LIMB_BITS, Word},
};

/// A row in the making that stands for a path of instructions.
#[derive(Debug)]
pub struct Path<'a, B: RowBuilder> {
    pub(super) row: &'a mut B,
    pub(super) frame: Frame<B>,
    values: Vec<Value<B::Expr>>,
    constants: Vec<(u32, WordId)>,
    pub(super) locations: Locations<B::Expr>,
}

/// An operand of an instruction.
#[derive(Clone, Debug)]
pub enum Operand<E> {
    /// A constant: the instruction is one of a block.
    Known(u32),
    /// A column that comes from the program: the instruction stands alone.
    Column(E),
}

impl<'a, B: RowBuilder> Path<'a, B> {
    /// Take the thread of execution at `pc`, a constant that counts words. Registers are opened once, all before anything else,
    /// each by its number, none of them x0.
    pub fn open(row: &'a mut B, pc: u32, registers: &[u32]) -> Self {
        let frame = Frame::open_at(row, pc);
        let mut path = Self::new(row, frame);
        path.open_registers(registers);
        path
    }

    /// Take the thread of execution at an instruction that is looked up in the program. Each access to a register is an access
    /// of its own.
    pub fn look_up(row: &'a mut B) -> Self {
        let frame = Frame::open(row);
        Self::new(row, frame)
    }

    fn new(row: &'a mut B, frame: Frame<B>) -> Self {
        Self { row, frame, values: vec![], constants: vec![], locations: Locations::default() }
    }

    /// The row.
    pub fn row(&mut self) -> &mut B {
        self.row
    }

    /// The program counter, in words.
    pub fn pc(&self) -> B::Expr {
        self.frame.pc()
    }

    /// An operand that is looked up in the program, by its place there.
    pub fn operand(&mut self, place: usize, name: &str) -> B::Expr {
        self.frame.operand(self.row, place, name)
    }

    /// Two neighbouring operands that are looked up in the program: the limbs of a word.
    pub fn operand_word(&mut self, place: usize, names: [&str; 2]) -> WordId {
        let word = self.frame.operand_word(self.row, place, names);
        self.adopt(&word)
    }

    /// Put everything back and pass the thread on at `next_pc`, a constant or not, that counts words.
    pub fn close(mut self, next_pc: B::Expr) {
        self.close_locations();
        self.frame.pass_on(self.row, next_pc);
    }

    /// The same for an instruction that is looked up in the program, under this opcode.
    pub fn close_looked_up(mut self, opcode: B::Expr, next_pc: B::Expr) {
        self.close_locations();
        self.frame.close(self.row, opcode, next_pc);
    }

    /// Which accesses to memory took the word off the bus, in the order in which the path made them.
    pub fn memory_openings(&self) -> &[bool] {
        &self.locations.openings
    }

    /// The accesses to memory in the order in which the path made them: the word's pointer, and what is stored there if it is a store.
    pub fn memory_accesses(&self) -> Vec<(B::Expr, Option<WordId>)> {
        self.locations.made.clone()
    }

    /// How many bytes below and above a base, without wrapping around, accesses to memory were: no row has an access that
    /// wraps around.
    pub fn memory_reach(&self) -> [u32; 2] {
        self.locations.reach
    }

    /// All values so far.
    pub(super) fn ids(&self) -> impl Iterator<Item = WordId> + use<B> {
        (0..self.values.len()).map(WordId)
    }

    pub(super) fn get(&self, word: WordId) -> &Value<B::Expr> {
        self.values.get(word.0).unwrap_or_else(|| unreachable!("a word of another path"))
    }

    pub(super) fn get_mut(&mut self, word: WordId) -> &mut Value<B::Expr> {
        self.values.get_mut(word.0).unwrap_or_else(|| unreachable!("a word of another path"))
    }

    pub(super) fn push(&mut self, limbs: [B::Expr; 2], limbs_max: [u64; 2], mask: u32) -> WordId {
        let id = WordId(self.values.len());
        self.values.push(Value {
            limbs,
            limbs_max,
            offset: 0,
            base: id,
            known: None,
            mask,
            bytes: None,
            normal: None,
            splits: vec![],
            derived: vec![],
            aligned: false,
        });
        id
    }

    /// A value whose limbs are shown to be below 2^16 and to have no bits outside `mask`.
    pub(super) fn push_normal(&mut self, limbs: [B::Expr; 2], mask: u32) -> WordId {
        let limbs_max = [u64::from(mask & 0xffff), u64::from(mask >> LIMB_BITS)];
        self.push(limbs, limbs_max, mask)
    }

    /// A value from a word that is normal.
    pub fn adopt(&mut self, word: &Word<B::Expr>) -> WordId {
        self.push_normal(word.cells(), u32::MAX)
    }

    /// A boolean as a value.
    pub fn adopt_bool(&mut self, flag: B::Expr) -> WordId {
        self.push_normal([flag, B::Expr::zero()], 1)
    }

    /// A constant.
    pub fn constant(&mut self, value: u32) -> WordId {
        if let Some(&(_, id)) = self.constants.iter().find(|(known, _)| *known == value) {
            return id;
        }
        let limbs = [value & 0xffff, value >> LIMB_BITS].map(|limb| self.row.constant(limb));
        let id = self.push_normal(limbs, value);
        self.get_mut(id).known = Some(value);
        self.constants.push((value, id));
        id
    }

    /// The value, where it is a constant.
    pub fn known(&self, word: WordId) -> Option<u32> {
        self.get(word).known
    }

    /// The value as a normal word.
    pub fn word(&mut self, word: WordId) -> Word<B::Expr> {
        let normal = self.normal(word);
        let value = self.get(normal);
        Word::from_bounded(value.limbs.clone(), value.limbs_max)
    }
}
