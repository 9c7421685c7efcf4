//! A system call fits two chips, or none.

use std::collections::HashMap;

use engram_vm::row::{Step, ValueRow, WordMemory};

use super::*;
use crate::calls::{Call, Descriptor};

const CHIPS: [Chip; 7] = [
    Chip::ReadCall,
    Chip::WriteCall,
    Chip::DebugCall,
    Chip::BadDescriptorCall,
    Chip::ExitCall,
    Chip::BreakCall,
    Chip::UnknownCall,
];

/// Words by address space and pointer; zero where none was set.
#[derive(Default)]
struct Words(HashMap<[u32; 2], u32>);

impl WordMemory for Words {
    fn read(&self, space: u32, pointer: u32) -> Option<u32> {
        Some(self.0.get(&[space, pointer]).copied().unwrap_or(0))
    }

    fn write(&mut self, space: u32, pointer: u32, value: u32) {
        self.0.insert([space, pointer], value);
    }
}

/// Does some row of the chip make this call, of nothing to read or write?
fn fits(calls: &Calls, chip: Chip, number: u32, descriptor: u32) -> bool {
    let mut memory = Words::default();
    memory.0.extend([([SPACE_REGISTERS, A7], number), ([SPACE_REGISTERS, A0], descriptor)]);
    // Every break is granted.
    let step = Step { pc: 100, timestamp: 5, operands: [0, 0, 0, 0xffff, 0xffff] };
    let hints = [if chip == Chip::BreakCall { descriptor } else { 0 }];
    let mut row = ValueRow::new(&mut memory, step, &hints);
    eval_with(calls, chip, &mut row);
    row.finish().is_ok()
}

fn assert_one_chip_fits(calls: &Calls) {
    let known = calls.numbers(None);
    let high = known.iter().flat_map(|&number| [number | 1 << 16, number << 16, number | 0xffff_0000]);
    for number in (0..1 << 16).chain(high).chain([u32::MAX]) {
        let descriptors: &[u32] =
            if known.contains(&number) { &[0, 1, 2, 3, 4, 0x1_0000, 0x1_0001, 0x1_0002, u32::MAX] } else { &[0, 3] };
        for &descriptor in descriptors {
            let fitting: Vec<Chip> = CHIPS.into_iter().filter(|&chip| fits(calls, chip, number, descriptor)).collect();
            assert_eq!(fitting, [calls.chip(number, descriptor)], "call {number:#x} on {descriptor:#x}");
        }
    }
}

#[test]
fn each_call_fits_one_chip() {
    assert_one_chip_fits(&CALLS);
}

/// Lines are added to the table and to nothing else.
#[test]
fn each_call_fits_one_chip_when_calls_are_added() {
    let line = |number, descriptor, chip| Call { number, descriptor, chip };
    let added = [
        line(500, Descriptor::Ignored, Chip::ExitCall),
        line(77, Descriptor::Is(3), Chip::DebugCall),
        line(77, Descriptor::Other, Chip::BadDescriptorCall),
        line(0xffff, Descriptor::Ignored, Chip::BreakCall),
        line(0, Descriptor::Ignored, Chip::ExitCall),
    ];
    assert_one_chip_fits(&Calls(CALLS.0.iter().copied().chain(added).collect::<Vec<_>>().leak()));
}
