//! The system calls, as one table: the numbers that chips assert, those that the chip for unknown calls excludes, and the chip that a
//! replay chooses all come from it, so a call that is added to it cannot fit two chips.

use engram_rv32im::system_calls::{
    FILE_DEBUG, FILE_INPUT, FILE_OUTPUT, SYS_BRK, SYS_EXIT, SYS_EXIT_GROUP, SYS_READ, SYS_WRITE,
};

use crate::chip::Chip;

/// Which descriptors, the first argument, a line of the table is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Descriptor {
    /// The call has none.
    Ignored,
    /// This one, below 2^16.
    Is(u32),
    /// All that no other line with the call's number names.
    Other,
}

/// A line of the table: a call by its number, below 2^16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The number in `a7`.
    pub number: u32,
    /// On which descriptors in `a0`.
    pub descriptor: Descriptor,
    /// The chip that executes it.
    pub chip: Chip,
}

/// A table of system calls.
#[derive(Clone, Copy, Debug)]
pub struct Calls(pub &'static [Call]);

const fn call(number: u32, descriptor: Descriptor, chip: Chip) -> Call {
    Call { number, descriptor, chip }
}

/// The machine's.
pub const CALLS: Calls = Calls(&[
    call(SYS_READ, Descriptor::Is(FILE_INPUT), Chip::ReadCall),
    call(SYS_READ, Descriptor::Other, Chip::BadDescriptorCall),
    call(SYS_WRITE, Descriptor::Is(FILE_OUTPUT), Chip::WriteCall),
    call(SYS_WRITE, Descriptor::Is(FILE_DEBUG), Chip::DebugCall),
    call(SYS_WRITE, Descriptor::Other, Chip::BadDescriptorCall),
    call(SYS_EXIT, Descriptor::Ignored, Chip::ExitCall),
    call(SYS_EXIT_GROUP, Descriptor::Ignored, Chip::ExitCall),
    call(SYS_BRK, Descriptor::Ignored, Chip::BreakCall),
]);

impl Calls {
    /// The chip that executes the call with this number on this descriptor.
    pub fn chip(&self, number: u32, descriptor: u32) -> Chip {
        let lines = || self.0.iter().filter(|call| call.number == number);
        let named = lines().find(|call| call.descriptor == Descriptor::Is(descriptor));
        let line = named.or_else(|| lines().find(|call| !matches!(call.descriptor, Descriptor::Is(_))));
        line.map_or(Chip::UnknownCall, |call| call.chip)
    }

    /// All numbers, or those of a chip, each once.
    pub fn numbers(&self, chip: Option<Chip>) -> Vec<u32> {
        let mut numbers = vec![];
        for call in self.0.iter().filter(|call| chip.is_none_or(|chip| call.chip == chip)) {
            if !numbers.contains(&call.number) {
                numbers.push(call.number);
            }
        }
        numbers
    }

    /// The descriptors that lines name: of a call with this number, and a chip if one is given.
    pub fn descriptors(&self, number: u32, chip: Option<Chip>) -> Vec<u32> {
        let wanted = self.0.iter().filter(|call| call.number == number && chip.is_none_or(|chip| call.chip == chip));
        let named = wanted.filter_map(|call| match call.descriptor {
            Descriptor::Is(descriptor) => Some(descriptor),
            _ => None,
        });
        named.collect()
    }
}
