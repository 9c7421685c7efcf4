//! A row that executes.

use engram_air::{Bus, F, Field, PrimeCharacteristicRing, PrimeField32};
use engram_memory::{
    messages::{MEMORY, RANGE_BITS_MAX},
    offline::Access,
};
use thiserror::Error;

use super::{At, RowBuilder, RowRecord, Step, SumOfParts};
use crate::word::LIMB_BITS;

/// Words of memory beside a row that executes.
pub trait WordMemory {
    /// The word at `(space, pointer)`; `None` where there is none.
    fn read(&self, space: u32, pointer: u32) -> Option<u32>;

    /// Replace the word at `(space, pointer)`, which exists.
    fn write(&mut self, space: u32, pointer: u32, value: u32);

    /// An extension is about to load or store a word of memory.
    fn touch(&mut self, _: Touch) {}
}

/// A load of a word of memory by an extension, or a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// The word.
    pub pointer: u32,
    /// What is stored; `None` in a load.
    pub stored: Option<u32>,
}

/// What a row does to memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryEvent {
    /// A word is taken off the memory bus: an access, with the next timestamp.
    Take {
        /// Address space.
        space: u32,
        /// The word.
        pointer: u32,
    },
    /// It is put back.
    Put {
        /// Address space.
        space: u32,
        /// The word.
        pointer: u32,
        /// What it now holds.
        value: u32,
    },
}

/// What a row did that was executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executed {
    /// Its messages to other tables.
    pub said: Vec<Said>,
    /// What it did to memory, in order.
    pub events: Vec<MemoryEvent>,
}

/// Why a row cannot be: the first check that refuses it.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefusedRow {
    /// An assertion does not hold.
    #[error("the assertion \"{label}\" does not hold; no row has this execution")]
    Assertion {
        /// Which.
        label: String,
    },
    /// A value is out of range.
    #[error("\"{label}\" does not hold: {value} is not below 2^{bits}; no row has this execution")]
    Range {
        /// Which check.
        label: String,
        /// The value.
        value: u32,
        /// Bits that it may have.
        bits: u32,
    },
    /// Three values are not two bytes and their conjunction.
    #[error("\"{label}\" does not hold of {values:?}; no row has this execution")]
    Bytes {
        /// Which check.
        label: String,
        /// The values.
        values: [u32; 3],
    },
    /// An extension accesses words from an address that is no multiple of 4.
    #[error("the address {address:#010x} is not a multiple of 4")]
    Misaligned {
        /// The address.
        address: u32,
    },
    /// A word is accessed that does not exist.
    #[error("space {space} has no word {pointer:#x}; access words that exist")]
    NoWord {
        /// Address space.
        space: u32,
        /// The word.
        pointer: u32,
    },
    /// A word is taken off the memory bus twice before it is put back, or put back without being taken, or never put back.
    #[error(
        "word {pointer:#x} of space {space} is not taken and put back in turns; put it back before it is taken again"
    )]
    Unbalanced {
        /// Address space.
        space: u32,
        /// The word.
        pointer: u32,
    },
}

/// A message to a bus other than that of memory and the fixed tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The bus.
    pub bus: Bus,
    /// The message's label.
    pub label: String,
    /// Its fields.
    pub fields: Vec<u32>,
}

/// A row that executes on values beside a memory. Every assertion, range and lookup of bytes is checked at once.
///
/// What it writes reaches the memory in [`ValueRow::finish`], and only if nothing refused the row.
pub struct ValueRow<'a> {
    memory: &'a mut dyn WordMemory,
    step: Step,
    hints: &'a [u32],
    accesses: Vec<Access>,
    /// Words that are off the memory bus.
    taken: Vec<[u32; 2]>,
    events: Vec<MemoryEvent>,
    said: Vec<Said>,
    refused: Option<RefusedRow>,
}

impl std::fmt::Debug for ValueRow<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { step, accesses, taken, events, said, refused, .. } = self;
        let mut debug = formatter.debug_struct("ValueRow");
        debug.field("step", step).field("accesses", accesses).field("taken", taken).field("events", events);
        debug.field("said", said).field("refused", refused).finish_non_exhaustive()
    }
}

impl<'a> ValueRow<'a> {
    /// A row at a step, with free witnesses in the chip's order.
    pub fn new(memory: &'a mut dyn WordMemory, step: Step, hints: &'a [u32]) -> Self {
        let (accesses, taken, events, said) = (vec![], vec![], vec![], vec![]);
        Self { memory, step, hints, accesses, taken, events, said, refused: None }
    }

    /// Write to memory what the row writes, and say what it did.
    ///
    /// # Errors
    /// A check refuses the row. Then memory is as it was.
    pub fn finish(mut self) -> Result<Executed, RefusedRow> {
        if let Some(&[space, pointer]) = self.taken.first() {
            self.refuse(RefusedRow::Unbalanced { space, pointer });
        }
        if let Some(refused) = self.refused {
            return Err(refused);
        }
        for event in &self.events {
            if let MemoryEvent::Put { space, pointer, value } = *event {
                self.memory.write(space, pointer, value);
            }
        }
        Ok(Executed { said: self.said, events: self.events })
    }

    fn refuse(&mut self, refused: RefusedRow) {
        self.refused.get_or_insert(refused);
    }

    fn say(&mut self, bus: Bus, label: &str, fields: &[F]) {
        let fields = fields.iter().map(F::as_canonical_u32).collect();
        self.said.push(Said { bus, label: label.to_owned(), fields });
    }
}

impl RowBuilder for ValueRow<'_> {
    type Expr = F;

    fn real(&self) -> F {
        F::ONE
    }

    fn field_column(&mut self, _: &str, witness: impl Fn(At) -> F) -> F {
        let record = RowRecord { step: self.step, accesses: &self.accesses, hints: self.hints };
        witness(At { lane: 0, record: &record })
    }

    fn inverse_column(&mut self, name: &str, witness: impl Fn(At) -> F) -> F {
        self.field_column(name, witness).try_inverse().unwrap_or(F::ZERO)
    }

    fn assert_zero(&mut self, label: &str, expr: F) {
        if expr != F::ZERO {
            self.refuse(RefusedRow::Assertion { label: label.to_owned() });
        }
    }

    fn range(&mut self, label: &str, expr: F, bits: F) {
        let [value, bits] = [expr, bits].map(|value| value.as_canonical_u32());
        if bits > RANGE_BITS_MAX || value >> bits != 0 {
            self.refuse(RefusedRow::Range { label: label.to_owned(), value, bits });
        }
    }

    fn byte_and(&mut self, label: &str, x: F, y: F, and: F) {
        let values = [x, y, and].map(|value| value.as_canonical_u32());
        if values[0] > 255 || values[1] > 255 || values[0] & values[1] != values[2] {
            self.refuse(RefusedRow::Bytes { label: label.to_owned(), values });
        }
    }

    fn send(&mut self, bus: Bus, label: &str, fields: &[F]) {
        if bus != MEMORY {
            return self.say(bus, label, fields);
        }
        let [space, pointer, low, high] = [0, 1, 2, 3].map(|field| fields[field].as_canonical_u32());
        for value in [low, high] {
            if value >> LIMB_BITS != 0 {
                self.refuse(RefusedRow::Range { label: label.to_owned(), value, bits: LIMB_BITS });
            }
        }
        match self.taken.iter().position(|&taken| taken == [space, pointer]) {
            Some(position) => _ = self.taken.swap_remove(position),
            None => self.refuse(RefusedRow::Unbalanced { space, pointer }),
        }
        self.events.push(MemoryEvent::Put { space, pointer, value: low | high.wrapping_shl(LIMB_BITS) });
    }

    fn receive(&mut self, bus: Bus, label: &str, fields: &[F]) {
        if bus != MEMORY {
            self.say(bus, label, fields);
        }
    }

    fn lookup(&mut self, bus: Bus, label: &str, fields: &[F]) {
        self.say(bus, label, fields);
    }

    fn next_access(&mut self, space: u32, pointer: &F) -> usize {
        let pointer = pointer.as_canonical_u32();
        if self.taken.contains(&[space, pointer]) {
            self.refuse(RefusedRow::Unbalanced { space, pointer });
        }
        self.taken.push([space, pointer]);
        let put = self.events.iter().rev().find_map(|event| match *event {
            MemoryEvent::Put { space: s, pointer: p, value } if [s, p] == [space, pointer] => Some(value),
            _ => None,
        });
        let previous = put.or_else(|| self.memory.read(space, pointer));
        self.events.push(MemoryEvent::Take { space, pointer });
        if previous.is_none() {
            self.refuse(RefusedRow::NoWord { space, pointer });
        }
        self.accesses.push(Access { previous: previous.unwrap_or(0), gap: 0 });
        self.accesses.len() - 1
    }

    fn expects_aligned(&mut self, address: &SumOfParts<'_, F>) {
        let address = word_of(address);
        if !address.is_multiple_of(4) {
            self.refuse(RefusedRow::Misaligned { address });
        }
    }

    fn touches(&mut self, pointer: &F, stored: Option<SumOfParts<'_, F>>) {
        if self.refused.is_none() {
            let touch = Touch { pointer: pointer.as_canonical_u32(), stored: stored.as_ref().map(word_of) };
            self.memory.touch(touch);
        }
    }
}

fn word_of(parts: &SumOfParts<'_, F>) -> u32 {
    let [low, high] = parts.limbs.each_ref().map(F::as_canonical_u32);
    low.wrapping_add(high << LIMB_BITS).wrapping_add(parts.offset)
}
