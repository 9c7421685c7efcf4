use engram_air::{F, PrimeCharacteristicRing};

use super::{circuit, trace};
use crate::{MemoryImage, OfflineMemory, SPACE_MEMORY, SPACE_REGISTERS, compress::Compressions, testing::Subject};

/// Leaves that are, in order: unchanged and changed.
fn honest() -> Subject {
    let mut image = MemoryImage::new();
    image.set_word(SPACE_MEMORY, 80, 0x1234_5678).unwrap();
    let mut memory = OfflineMemory::new(image);
    memory.read(SPACE_REGISTERS, 3, 1);
    memory.write(SPACE_MEMORY, 80, 2, 99);
    memory.read(SPACE_MEMORY, 87, 3);
    Subject::new(circuit(), trace(&memory.finish_segment().leaves, &mut Compressions::default()))
}

const UNCHANGED: usize = 0;
const CHANGED: usize = 1;

fn copy(subject: &mut Subject, row: usize, from: &str, to: &str, count: usize) {
    for index in 0..count {
        *subject.cell(row, &format!("{to}[{index}]")) = *subject.cell(row, &format!("{from}[{index}]"));
    }
}

#[test]
fn every_cell_matters() {
    let free = [("changed", "an unchanged leaf may be hashed again: the digest is the same")];
    honest().assert_every_cell_matters(2, &free);
}

#[test]
fn a_count_that_is_not_boolean_is_refused() {
    honest().with(CHANGED, &[("real", 2)]).assert_refused_only_by("real is boolean");
    honest().with(UNCHANGED, &[("changed", 2)]).assert_refused_only_by("changed is boolean");
}

#[test]
fn other_words_before_are_refused() {
    let mut attack = honest();
    *attack.cell(CHANGED, "before[0]") += F::ONE;
    attack.assert_refused_only_by("digest of the leaf before");
}

#[test]
fn other_words_after_are_refused() {
    let mut attack = honest();
    *attack.cell(CHANGED, "after[15]") += F::ONE;
    attack.assert_refused_only_by("digest of the leaf after");
}

#[test]
fn an_unchanged_leaf_with_other_words_is_refused() {
    let mut attack = honest().with(CHANGED, &[("changed", 0)]);
    copy(&mut attack, CHANGED, "digest_before", "digest_after", 8);
    attack.assert_refused_only_by("an unchanged leaf keeps its cells");
}

#[test]
fn an_unchanged_leaf_with_another_digest_is_refused() {
    let mut attack = honest();
    *attack.cell(UNCHANGED, "digest_after[3]") += F::ONE;
    attack.assert_refused_only_by("an unchanged leaf keeps its digest");
}
