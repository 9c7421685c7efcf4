//! Registers and words of memory that a path uses.
//!
//! A location is taken off the memory bus when the path first uses it (*opened*) and put back once, with what it then
//! holds (*closed*). In between the path changes it in place, for nothing. A word of
//! memory is closed before an access that might be to the same word by another address: words are told apart only by
//! different offsets from one base.
//!
//! In a block, whose registers are constants, they are opened at the row's first timestamp and stay open to the end. Of an
//! instruction that stands alone each access to a register is made by itself. Each opening of memory has a timestamp of its own
//! too, in the order of the program, so that two openings of the same word follow each other.

use engram_air::Ring;
use engram_memory::{
    access::TakenBlock,
    address::{SPACE_MEMORY, SPACE_REGISTERS},
};

use super::{
    arena::{Operand, Path},
    open::MemoryLocation,
    place::Place,
    value::WordId,
};
use crate::row::{RowBuilder, RowPort, SumOfParts};

impl<B: RowBuilder> Path<'_, B> {
    /// Open registers, each once and none of them x0, before anything else.
    pub(super) fn open_registers(&mut self, registers: &[u32]) {
        for &register in registers {
            let (word, taken) = self.frame.take(self.row, SPACE_REGISTERS, B::Expr::integer(register));
            let value = self.adopt(&word);
            self.locations.registers.push((register, value, taken));
        }
        self.frame.tick();
    }

    /// What a register holds; x0 holds zero.
    ///
    /// # Panics
    /// Where a register that is a constant was not opened: an error of the path's author.
    pub fn read_register(&mut self, register: &Operand<B::Expr>) -> WordId {
        match register {
            Operand::Known(0) => self.constant(0),
            Operand::Known(register) => {
                let open = self.locations.registers.iter().find(|(number, ..)| number == register);
                let Some(&(_, value, _)) = open else { unreachable!("registers are opened before they are used") };
                value
            }
            Operand::Column(register) => {
                let word = self.frame.read_register(self.row, register.clone());
                self.adopt(&word)
            }
        }
    }

    /// Set a register; x0 stays zero. The program has no column that names x0 here.
    pub fn write_register(&mut self, register: &Operand<B::Expr>, word: WordId) {
        match register {
            Operand::Known(register) => {
                for (number, value, _) in &mut self.locations.registers {
                    if number == register {
                        *value = word;
                    }
                }
            }
            Operand::Column(register) => {
                let word = self.word(word);
                self.frame.write_register(self.row, register.clone(), word);
            }
        }
    }

    /// The word at a place.
    pub fn load(&mut self, place: &Place<B::Expr>) -> WordId {
        self.locations.made.push((place.pointer.clone(), None));
        let found = self.find(place).and_then(|position| self.locations.memory.get(position));
        if let Some(&MemoryLocation { value, .. }) = found {
            self.locations.openings.push(false);
            return value;
        }
        self.close_aliases(place, false);
        let location = self.open_memory(place);
        let value = location.value;
        self.locations.memory.push(location);
        value
    }

    /// Replace the word at a place. After [`Path::load`] of the same place it is still open or can be opened again.
    pub fn store(&mut self, place: &Place<B::Expr>, word: WordId) {
        self.locations.made.push((place.pointer.clone(), Some(word)));
        match self.find(place) {
            Some(position) if self.locations.memory.get(position).is_some_and(|open| open.taken.is_some()) => {
                self.locations.openings.push(false);
                self.close_aliases(place, true);
                if let Some(open) = self.find(place).and_then(|position| self.locations.memory.get_mut(position)) {
                    open.value = word;
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

    /// Tell a row that executes that words are accessed at constant distances from this address.
    pub(crate) fn say_base(&mut self, base: WordId) {
        let (limbs, offset) = self.parts(base);
        self.row.expects_aligned(&SumOfParts { limbs: &limbs, offset });
    }

    /// Tell a row that executes what is about to be loaded or stored.
    pub(crate) fn say_touched(&mut self, place: &Place<B::Expr>, stored: Option<WordId>) {
        let parts = stored.map(|word| self.parts(word));
        let stored = parts.as_ref().map(|(limbs, offset)| SumOfParts { limbs, offset: *offset });
        self.row.touches(&place.pointer, stored);
    }

    fn parts(&self, word: WordId) -> ([B::Expr; 2], u32) {
        let value = self.get(word);
        (value.limbs.clone(), value.offset)
    }

    fn find(&self, place: &Place<B::Expr>) -> Option<usize> {
        self.locations.memory.iter().position(|location| location.place.is_in_word_of(place))
    }

    fn open_memory(&mut self, place: &Place<B::Expr>) -> MemoryLocation<B::Expr> {
        self.locations.openings.push(true);
        let (word, taken) = self.frame.take(self.row, SPACE_MEMORY, place.pointer.clone());
        self.frame.tick();
        MemoryLocation { place: place.clone(), value: self.adopt(&word), taken: Some(taken) }
    }

    /// Close every word that might be the one at `place`; forget what it held if that is about to change.
    fn close_aliases(&mut self, place: &Place<B::Expr>, stores: bool) {
        let mut kept = Vec::with_capacity(self.locations.memory.len());
        for mut location in std::mem::take(&mut self.locations.memory) {
            if !location.place.has_base_of(place) {
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
        if let Some(taken) = location.taken.take() {
            self.put(taken, location.value);
        }
    }

    fn put(&mut self, taken: TakenBlock<B::Expr>, value: WordId) {
        let cells = self.word(value).cells();
        taken.put(&mut RowPort(self.row), &cells);
    }

    /// Put everything back, and make the checks of bytes that are left.
    pub(super) fn close_locations(&mut self) {
        for (_, value, taken) in std::mem::take(&mut self.locations.registers) {
            self.put(taken, value);
        }
        for mut location in std::mem::take(&mut self.locations.memory) {
            self.close_memory(&mut location);
        }
        self.check_bytes();
    }
}
