//! Registers and words of memory that a path uses.
//!
//! A location is taken off the memory bus when the path first uses it (*opened*) and put back once, with what it then
//! holds (*closed*). In between the path changes it in place, for nothing. Registers stay open to the end. A word of
//! memory is closed before an access that might be to the same word by another address: words are told apart only by
//! different offsets from one base. All registers are opened at the row's time; each opening of memory has a time of its own
//! after that, in the order of the program, so that two openings of the same word follow each other.

use engram_air::Ring;
use engram_memory::{
    address::{GAP_BITS, SPACE_MEMORY, SPACE_REGISTERS},
    messages::{MEMORY, memory_message},
};

use super::value::{Byte, Path, WordId};
use crate::{
    row::{RowBuilder, RowValue},
    word::{LIMB_BITS, Word, flag},
};

/// Bits of a word's pointer within the low limb of a byte address.
const POINTER_LOW_BITS: u32 = LIMB_BITS - 2;

/// Offsets from a base that a pointer may have without being normalized, in bytes. A row where base and offset together
/// leave the address space cannot be proven on the path.
pub const OFFSET_BYTES_MAX: u32 = 1 << 15;

/// How many bytes an access moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Width {
    /// One.
    Byte,
    /// Two.
    Half,
    /// Four.
    Word,
}

/// Where in memory an access goes.
#[derive(Clone, Debug)]
pub struct Place<E> {
    base: WordId,
    /// In bytes, a multiple of 4.
    offset: u32,
    pointer: E,
    /// The byte's place in the word, where the path knows it.
    pub lane: Option<u32>,
    /// The byte's place in the word as two bits, where it does not.
    pub lane_bits: [E; 2],
}

#[derive(Clone, Debug)]
struct Open<E> {
    message_time: E,
}

#[derive(Clone, Debug)]
struct MemoryLocation<E> {
    place: Place<E>,
    value: WordId,
    open: Option<Open<E>>,
}

/// The locations of a path.
#[derive(Clone, Debug)]
pub(super) struct Locations<E> {
    registers: Vec<(u32, WordId)>,
    memory: Vec<MemoryLocation<E>>,
    opened: u32,
    openings: Vec<bool>,
    /// Bytes below and above bases that pointers without reduction reach.
    reach: [u32; 2],
}

impl<E> Default for Locations<E> {
    fn default() -> Self {
        Self { registers: vec![], memory: vec![], opened: 0, openings: vec![], reach: [0; 2] }
    }
}

impl<E> Locations<E> {
    /// Ticks of the clock: one for the registers, and one for each opening of memory.
    pub fn clock(&self) -> u32 {
        1 + self.opened
    }

    pub fn openings(&self) -> &[bool] {
        &self.openings
    }

    pub fn reach(&self) -> [u32; 2] {
        self.reach
    }
}

impl<B: RowBuilder> Path<'_, B> {
    /// Open registers, each once and none of them x0, before anything else.
    pub fn open_registers(&mut self, registers: &[u32]) {
        for &register in registers {
            let time = self.time.clone();
            let value = self.take(SPACE_REGISTERS, B::Expr::integer(register), time);
            self.locations.registers.push((register, value));
        }
    }

    /// What a register holds; x0 holds zero.
    ///
    /// # Panics
    /// Where the register was not opened: an error of the path's author.
    pub fn read_register(&mut self, register: u32) -> WordId {
        if register == 0 {
            return self.constant(0);
        }
        let open = self.locations.registers.iter().find(|(number, _)| *number == register);
        open.expect("registers are opened before they are used").1
    }

    /// Set a register; x0 stays zero.
    pub fn write_register(&mut self, register: u32, word: WordId) {
        for (number, value) in &mut self.locations.registers {
            if *number == register {
                *value = word;
            }
        }
    }

    /// Where an access goes. `None` where the path itself misaligns it: then no row has this path.
    pub fn place(&mut self, base: WordId, offset: u32, width: Width) -> Option<Place<B::Expr>> {
        let address = self.add_constant(base, offset);
        if let Some(known) = self.known(address) {
            let fits = match width {
                Width::Byte => true,
                Width::Half => known % 2 == 0,
                Width::Word => known % 4 == 0,
            };
            let zero = self.constant(0);
            let pointer = B::Expr::integer(known >> 2);
            return fits.then(|| self.fixed_place(zero, known, pointer));
        }
        let value = self.get(address);
        let (base, offset) = (value.base, value.offset);
        let near = (offset as i32).unsigned_abs() < OFFSET_BYTES_MAX;
        if near {
            let base = self.normal(base);
            if self.is_aligned(base) || (width == Width::Word && offset.is_multiple_of(4)) {
                self.show_aligned(base);
                let lane = offset % 4;
                let fits = match width {
                    Width::Byte => true,
                    Width::Half => lane % 2 == 0,
                    Width::Word => lane == 0,
                };
                let reach = &mut self.locations.reach[usize::from(offset as i32 > 0)];
                *reach = (*reach).max((offset as i32).unsigned_abs());
                let pointer = self.aligned_pointer(base, offset - lane);
                return fits.then(|| self.fixed_place(base, offset, pointer));
            }
        }
        let address = self.normal(address);
        if width == Width::Word {
            self.show_aligned(address);
            let pointer = self.aligned_pointer(address, 0);
            return Some(self.fixed_place(address, 0, pointer));
        }
        Some(self.loose_place(address, width))
    }

    fn fixed_place(&self, base: WordId, offset: u32, pointer: B::Expr) -> Place<B::Expr> {
        let lane_bits = [B::Expr::zero(), B::Expr::zero()];
        Place { base, offset: offset & !3, pointer, lane: Some(offset % 4), lane_bits }
    }

    /// A place whose byte in the word is a witness.
    fn loose_place(&mut self, address: WordId, width: Width) -> Place<B::Expr> {
        let [low, high] = self.word(address).cells();
        let bits: [B::Expr; 2] = std::array::from_fn(|index| {
            if index == 0 && width == Width::Half {
                return B::Expr::zero();
            }
            flag(self.row, "address bit", "address bit is boolean", |at| low.integer_at(at) >> index & 1 == 1)
        });
        let pointer_low = (low - bits[0].clone() - bits[1].clone().shift_left(1)).shift_right(2);
        self.row.range("pointer low fits 14 bits", pointer_low.clone(), B::Expr::integer(POINTER_LOW_BITS));
        let pointer = pointer_low + high.shift_left(POINTER_LOW_BITS);
        Place { base: address, offset: 0, pointer, lane: None, lane_bits: bits }
    }

    fn is_aligned(&self, word: WordId) -> bool {
        let value = self.get(word);
        value.aligned || value.mask & 3 == 0
    }

    fn show_aligned(&mut self, word: WordId) {
        if !self.is_aligned(word) {
            let quarter = self.get(word).limbs[0].clone().shift_right(2);
            self.row.range("a word's address is a multiple of 4", quarter, B::Expr::integer(POINTER_LOW_BITS));
            self.get_mut(word).aligned = true;
        }
    }

    /// `(base + offset) / 4` for an aligned base and a small offset, a multiple of 4, that may be negative.
    fn aligned_pointer(&self, base: WordId, offset: u32) -> B::Expr {
        let [low, high] = self.get(base).limbs.clone();
        let quarter = offset as i32 / 4;
        let steps = B::Expr::integer(quarter.unsigned_abs());
        let steps = if quarter < 0 { -steps } else { steps };
        high.shift_left(POINTER_LOW_BITS) + low.shift_right(2) + steps
    }

    /// The word at a place.
    pub fn load(&mut self, place: &Place<B::Expr>) -> WordId {
        if let Some(position) = self.find(place) {
            self.locations.openings.push(false);
            return self.locations.memory[position].value;
        }
        self.close_aliases(place, false);
        let location = self.open_memory(place);
        let value = location.value;
        self.locations.memory.push(location);
        value
    }

    /// Replace the word at a place. After [`Path::load`] of the same place it is still open or can be opened again.
    pub fn store(&mut self, place: &Place<B::Expr>, word: WordId) {
        match self.find(place) {
            Some(position) if self.locations.memory[position].open.is_some() => {
                self.locations.openings.push(false);
                self.close_aliases(place, true);
                if let Some(position) = self.find(place) {
                    self.locations.memory[position].value = word;
                }
            }
            found => {
                if let Some(position) = found {
                    self.locations.memory.remove(position);
                }
                self.close_aliases(place, true);
                let location = self.open_memory(place);
                self.locations.memory.push(MemoryLocation { value: word, ..location });
            }
        }
    }

    fn find(&self, place: &Place<B::Expr>) -> Option<usize> {
        let same = |known: &Place<B::Expr>| known.base == place.base && known.offset == place.offset;
        self.locations.memory.iter().position(|location| same(&location.place))
    }

    fn open_memory(&mut self, place: &Place<B::Expr>) -> MemoryLocation<B::Expr> {
        self.locations.opened += 1;
        self.locations.openings.push(true);
        let time = self.time.clone() + B::Expr::integer(self.locations.opened);
        let value = self.take(SPACE_MEMORY, place.pointer.clone(), time.clone());
        MemoryLocation { place: place.clone(), value, open: Some(Open { message_time: time }) }
    }

    /// Close every word that might be the one at `place`; forget what it held if that is about to change.
    fn close_aliases(&mut self, place: &Place<B::Expr>, stores: bool) {
        let mut kept = Vec::with_capacity(self.locations.memory.len());
        for mut location in std::mem::take(&mut self.locations.memory) {
            let same = location.place.base == place.base && location.place.offset == place.offset;
            let apart = location.place.base == place.base && location.place.offset != place.offset;
            if !same && !apart {
                self.close_memory(&mut location);
                if stores {
                    continue;
                }
            }
            kept.push(location);
        }
        self.locations.memory = kept;
    }

    fn close_memory(&mut self, location: &mut MemoryLocation<B::Expr>) {
        if let Some(open) = location.open.take() {
            let word = self.word(location.value);
            self.put(SPACE_MEMORY, location.place.pointer.clone(), &word, open.message_time);
        }
    }

    /// Put everything back, and show what is still to be shown of bytes.
    pub(super) fn close_locations(&mut self) {
        for (register, value) in std::mem::take(&mut self.locations.registers) {
            let word = self.word(value);
            let time = self.time.clone();
            self.put(SPACE_REGISTERS, B::Expr::integer(register), &word, time);
        }
        for mut location in std::mem::take(&mut self.locations.memory) {
            self.close_memory(&mut location);
        }
        self.check_bytes();
    }

    /// Take a word off the bus at `time`: what it held, since `time - 1 - gap`.
    fn take(&mut self, space: u32, pointer: B::Expr, time: B::Expr) -> WordId {
        let access = self.row.next_access();
        let low = self.row.column("previous low", |at| at.access(access).previous & 0xffff);
        let high = self.row.column("previous high", |at| at.access(access).previous >> LIMB_BITS);
        let gap = self.row.column("gap", |at| at.access(access).gap);
        self.row.range("gap is below 2^17", gap.clone(), B::Expr::integer(GAP_BITS));
        let previous_time = time - B::Expr::one() - gap;
        let word = Word::from_cells([low, high]);
        let message = memory_message(B::Expr::integer(space), pointer, word.cells(), previous_time);
        self.row.receive(MEMORY, "takes what was there", &message);
        self.adopt(&word)
    }

    fn put(&mut self, space: u32, pointer: B::Expr, word: &Word<B::Expr>, time: B::Expr) {
        let message = memory_message(B::Expr::integer(space), pointer, word.cells(), time);
        self.row.send(MEMORY, "leaves what it holds", &message);
    }

    /// A byte or half-word of a normal value at a known place, extended.
    pub fn extract(&mut self, word: WordId, lane: u32, width: Width, signed: bool) -> WordId {
        let word = self.normal(word);
        if let Some(known) = self.known(word) {
            let raw = known >> (8 * lane);
            return self.constant(match (width, signed) {
                (Width::Byte, false) => raw & 0xff,
                (Width::Byte, true) => raw as i8 as u32,
                (Width::Half, false) => raw & 0xffff,
                (Width::Half, true) => raw as i16 as u32,
                (Width::Word, _) => raw,
            });
        }
        let bits = match width {
            Width::Byte => 8,
            Width::Half => 16,
            Width::Word => return word,
        };
        let mask = self.get(word).mask >> (8 * lane) & ((1 << bits) - 1);
        let part = if width == Width::Half {
            self.get(word).limbs[lane as usize / 2].clone()
        } else {
            match &self.bytes(word)[lane as usize] {
                Byte::Known(known) => {
                    let known = if signed { *known as u8 as i8 as u32 } else { *known };
                    return self.constant(known);
                }
                Byte::Expr { expr, .. } => expr.clone(),
            }
        };
        if !signed || mask >> (bits - 1) == 0 {
            return self.push_normal([part, B::Expr::zero()], mask);
        }
        let sign = crate::compare::limb_sign(self.row, part.clone(), bits);
        let low_fill = 0xffff & !((1u32 << bits) - 1);
        let low = part + sign.clone() * B::Expr::integer(low_fill);
        let limbs = [low, sign * B::Expr::integer(0xffff)];
        self.push_normal(limbs, u32::MAX)
    }

    /// A word with a byte or half-word at a known place replaced by the low part of another.
    pub fn insert(&mut self, word: WordId, lane: u32, width: Width, part: WordId) -> WordId {
        let (word, part) = (self.normal(word), self.normal(part));
        let limb = lane as usize / 2;
        let mut limbs = self.get(word).limbs.clone();
        match width {
            Width::Word => return part,
            Width::Half => limbs[limb] = self.get(part).limbs[0].clone(),
            Width::Byte => {
                let old = self.byte_expr(word, lane as usize);
                let new = self.byte_expr(part, 0);
                limbs[limb] = limbs[limb].clone() + (new - old).shift_left(8 * (lane % 2));
            }
        }
        self.push_normal(limbs, u32::MAX)
    }

    fn byte_expr(&mut self, word: WordId, index: usize) -> B::Expr {
        match &self.bytes(word)[index] {
            Byte::Known(value) => self.row.constant(*value),
            Byte::Expr { expr, .. } => expr.clone(),
        }
    }
}
