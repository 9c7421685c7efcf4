//! An access goes to another word than its address says, or an alias is overlooked.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::written::{Script, TIMESTAMP, written};
use crate::{
    path::{OFFSET_BYTES_MAX, Operand, Path, Width},
    row::RowBuilder,
};

const WIDTHS: [(Width, u32); 3] = [(Width::Byte, 1), (Width::Half, 2), (Width::Word, 4)];

/// Loads of the word at a base and an offset; the base may have been shown to be aligned before.
struct Load {
    offset: u32,
    width: Width,
    aligned: bool,
}

impl Script for Load {
    fn write<B: RowBuilder>(&self, path: &mut Path<'_, B>) {
        let base = path.read_register(&Operand::Known(1));
        if self.aligned {
            let place = path.place(base, Width::Word).unwrap();
            path.load(&place);
        }
        let address = path.add_constant(base, self.offset);
        let Some(place) = path.place(address, self.width) else { return };
        let word = path.load(&place);
        path.write_register(&Operand::Known(1), word);
    }
}

#[test]
fn a_pointer_is_the_address_s_word() {
    let seed = rand::random();
    println!("seed {seed:#x}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let limit = OFFSET_BYTES_MAX;
    let (mut refused, mut accepted) = (0, 0);
    for round in 0..2000 {
        let (width, bytes) = WIDTHS[round % 3];
        let aligned = random.random_ratio(1, 3);
        let offset = match random.random_range(0..4) {
            0 => random.random_range(0..64u32).wrapping_sub(32),
            1 => {
                [limit - 4, limit, limit + 4, limit.wrapping_neg(), 4u32.wrapping_sub(limit)][random.random_range(0..5)]
            }
            2 => random.random_range(0..2 * limit).wrapping_sub(limit),
            _ => random.random(),
        };
        let base = match random.random_range(0..4) {
            0 => random.random_range(0..64u32).wrapping_sub(32),
            _ => random.random(),
        };
        let base = if aligned { base & !3 } else { base };
        let address = base.wrapping_add(offset);
        let row = written(&Load { offset, width, aligned }, &[base], &[]);
        let pointers: Vec<u32> = row
            .said("takes what was there")
            .iter()
            .filter(|message| message[0] == 2)
            .map(|message| message[1])
            .collect();
        let Some(&pointer) = pointers.get(usize::from(aligned) * usize::from(offset & !3 != 0 || pointers.len() > 1))
        else {
            // Of an aligned base the path knows that no row has this offset.
            assert!(aligned && !address.is_multiple_of(bytes), "{base:#x} + {offset:#x}");
            continue;
        };
        let reduced = (offset as i32).unsigned_abs() >= limit;
        let wraps = !reduced && i64::from(base) + i64::from(offset as i32) != i64::from(address);
        if !row.refused().is_empty() {
            assert!(!address.is_multiple_of(bytes), "{base:#x} + {offset:#x}: {:?}", row.refused());
            refused += 1;
        } else if address.is_multiple_of(bytes) {
            // Only an access that wraps around may name a word that does not exist.
            let exists = pointer == address >> 2;
            assert!(exists || wraps && pointer >= 1 << 30, "{base:#x} + {offset:#x} is word {pointer:#x}");
            accepted += 1;
        } else {
            assert!(aligned, "{base:#x} + {offset:#x} is misaligned");
        }
    }
    assert!(refused > 100 && accepted > 500, "{refused} {accepted}");
}

#[derive(Clone, Copy, Debug)]
struct Access {
    base: u32,
    offset: u32,
    /// The register whose value is stored; a load otherwise.
    stores: Option<u32>,
}

/// Loads and stores of words through some registers that may be aliases.
#[derive(Clone, Debug)]
struct Accesses(Vec<Access>);

impl Script for Accesses {
    fn write<B: RowBuilder>(&self, path: &mut Path<'_, B>) {
        for access in &self.0 {
            let base = path.read_register(&Operand::Known(access.base));
            let address = path.add_constant(base, access.offset);
            let place = path.place(address, Width::Word).unwrap();
            match access.stores {
                Some(register) => {
                    let value = path.read_register(&Operand::Known(register));
                    path.store(&place, value);
                }
                None => {
                    let value = path.load(&place);
                    path.write_register(&Operand::Known(VALUE), value);
                }
            }
        }
    }
}

const BASES: u32 = 3;
/// The last register; loads set it.
const VALUE: u32 = 5;

/// The row's messages, taken in order of their timestamps from a plain memory, find there what a plain run of the accesses
/// finds, and leave there what it leaves.
#[test]
fn aliases_see_each_other() {
    let seed = rand::random();
    println!("seed {seed:#x}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for _ in 0..1500 {
        let accesses: Vec<Access> = (0..random.random_range(1..14))
            .map(|_| Access {
                base: random.random_range(1..=BASES),
                offset: random.random_range(0..3) * 4,
                stores: random.random::<bool>().then(|| random.random_range(4..=VALUE)),
            })
            .collect();
        let script = Accesses(accesses);
        let mut inputs: Vec<u32> = (0..BASES).map(|_| 0x1000 + random.random_range(0..3) * 4).collect();
        inputs.extend(random.random::<[u32; 2]>());

        let mut memory = [(); 8].map(|()| random.random::<u32>());
        let before = memory;
        let mut value = inputs[VALUE as usize - 1];
        for access in &script.0 {
            let word = ((inputs[access.base as usize - 1] + access.offset - 0x1000) / 4) as usize;
            match access.stores {
                Some(VALUE) => memory[word] = value,
                Some(register) => memory[word] = inputs[register as usize - 1],
                None => value = memory[word],
            }
        }

        // What an opening finds depends on earlier ones: fill the row until nothing changes.
        let mut found = vec![];
        let row = loop {
            let row = written(&script, &inputs, &found);
            let mut replayed = before;
            let in_memory = |label: &str| -> Vec<Vec<u32>> {
                row.said(label).into_iter().filter(|message| message[0] == 2).collect()
            };
            let (taken, left) = (in_memory("takes what was there"), in_memory("leaves what it holds"));
            assert_eq!(taken.len(), left.len());
            let finds: Vec<u32> = taken
                .iter()
                .enumerate()
                .map(|(opening, taken)| {
                    let timestamp = TIMESTAMP + 1 + opening as u32;
                    let put = left.iter().find(|message| message[4] == timestamp).expect("what is taken is put back");
                    assert_eq!(put[1], taken[1]);
                    let word = (taken[1] - 0x1000 / 4) as usize;
                    let finds = replayed[word];
                    replayed[word] = put[2] | put[3] << 16;
                    finds
                })
                .collect();
            if finds == found {
                assert_eq!(replayed, memory, "{script:?} on {inputs:x?}");
                break row;
            }
            found = finds;
        };
        assert_eq!(row.refused(), [""; 0]);
        let registers = row.said("leaves what it holds");
        let last = registers.iter().find(|message| message[..2] == [1, VALUE]).unwrap();
        assert_eq!(last[2] | last[3] << 16, value, "{script:?} on {inputs:x?}");
    }
}
