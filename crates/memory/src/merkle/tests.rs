use engram_air::{F, PrimeCharacteristicRing, field::Digest, poseidon2::compress};

use super::{circuit, trace};
use crate::{
    MemoryConfig, MemoryImage, OfflineMemory, SPACE_MEMORY, SPACE_REGISTERS, compress::Compressions, testing::Subject,
};

/// Nodes of the registers' tree and of memory's. Row [`UNCHANGED`] has an unchanged touched left child and an untouched right
/// one; row [`CHANGED`] a changed left child and an untouched right one.
fn honest() -> Subject {
    let mut memory = OfflineMemory::new(&MemoryImage::new(), MemoryConfig::rv32im()).unwrap();
    memory.read_word(SPACE_REGISTERS, 3, 1);
    memory.write_word(SPACE_MEMORY, 0, 2, 99);
    Subject::new(circuit(), trace(&memory.finish_segment().nodes, &mut Compressions::default()))
}

const UNCHANGED: usize = 0;
const CHANGED: usize = 3;
const PADDING: usize = 30;

fn digest(subject: &mut Subject, row: usize, column: &str) -> Digest {
    std::array::from_fn(|index| *subject.cell(row, &format!("{column}[{index}]")))
}

fn set_digest(subject: &mut Subject, row: usize, column: &str, digest: Digest) {
    for (index, cell) in digest.into_iter().enumerate() {
        *subject.cell(row, &format!("{column}[{index}]")) = cell;
    }
}

#[test]
fn every_cell_matters() {
    let free = [("changed", "an unchanged node may be hashed again: the digest is the same")];
    honest().assert_every_cell_matters(4, &free);
}

#[test]
fn a_multiplicity_that_is_not_boolean_is_refused() {
    honest().with(UNCHANGED, &[("real", 2), ("touched[0]", 0)]).assert_refused_only_by("real is boolean");
    honest().with(UNCHANGED, &[("changed", 2)]).assert_refused_only_by("changed is boolean");
    honest().with(UNCHANGED, &[("touched[1]", 2)]).assert_refused_only_by("touched is boolean");
}

#[test]
fn a_row_that_is_no_node_cannot_vouch_for_children() {
    let attack = honest().with(PADDING, &[("touched[0]", 1), ("height", 1), ("children_before[0][0]", 5)]);
    let attack = attack.with(PADDING, &[("children_after[0][0]", 5)]);
    attack.assert_refused_only_by("only a real node has touched children");
}

#[test]
fn an_untouched_child_that_changes_is_refused() {
    let mut attack = honest();
    *attack.cell(CHANGED, "children_after[1][2]") += F::ONE;
    let children = [0, 1].map(|child| digest(&mut attack, CHANGED, &format!("children_after[{child}]")));
    set_digest(&mut attack, CHANGED, "after", compress(&children[0], &children[1]));
    attack.assert_refused_only_by("an untouched child keeps its digest");
}

#[test]
fn an_unchanged_node_whose_child_changes_is_refused() {
    let mut attack = honest();
    *attack.cell(UNCHANGED, "children_after[0][2]") += F::ONE;
    attack.assert_refused_only_by("an unchanged node keeps its children");
}

#[test]
fn an_unchanged_node_with_another_digest_is_refused() {
    let mut attack = honest();
    *attack.cell(UNCHANGED, "after[7]") += F::ONE;
    attack.assert_refused_only_by("an unchanged node keeps its digest");
}

#[test]
fn a_node_with_other_children_before_is_refused() {
    let mut attack = honest();
    *attack.cell(CHANGED, "children_before[0][0]") += F::ONE;
    attack.assert_refused_only_by("digest of the node before");
}

#[test]
fn a_node_with_other_children_after_is_refused() {
    let mut attack = honest();
    *attack.cell(CHANGED, "children_after[0][0]") += F::ONE;
    attack.assert_refused_only_by("digest of the node after");
}
