//! What the replay, the image and the trees could get wrong.

use engram_air::poseidon2::compress;
use engram_memory::{
    Access, Layout, MemoryConfig, MemoryError, MemoryImage, OfflineMemory, RefreshRecord, SPACE_MEMORY, SPACE_OUTPUT,
    SPACE_REGISTERS,
    address::{GAP_BITS, cells, leaf_cells},
    tree::leaf_digest,
};

const LONGEST_GAP: u32 = (1 << GAP_BITS) - 1;

fn zeros() -> OfflineMemory {
    OfflineMemory::new(&MemoryImage::new(), MemoryConfig::rv32im()).unwrap()
}

#[test]
fn a_first_access_has_no_gap_and_the_next_counts_from_it() {
    let mut memory = zeros();
    assert_eq!(memory.write_word(SPACE_MEMORY, 9, 1000, 5), Access { previous: 0, gap: 0 });
    assert_eq!(memory.read_word(SPACE_MEMORY, 9, 1001), Access { previous: 5, gap: 0 });
    assert_eq!(memory.read_word(SPACE_MEMORY, 9, 1001 + 8), Access { previous: 5, gap: 7 });
    let segment = memory.finish_segment();
    let leaf = &segment.leaves[0];
    assert_eq!(
        (leaf.space, leaf.leaf, leaf.initial_timestamps[1], leaf.final_timestamps[1]),
        (SPACE_MEMORY, 1, 999, 1009)
    );
    assert_eq!((leaf.initial_timestamps[0], leaf.final_timestamps[0]), (0, 0));
    assert_eq!((leaf.before, leaf.after), (leaf_cells(&[0; 8]), leaf_cells(&[0, 5, 0, 0, 0, 0, 0, 0])));
}

#[test]
fn a_first_access_at_time_one_is_known_as_an_access() {
    let mut memory = zeros();
    memory.read_word(SPACE_REGISTERS, 1, 1);
    assert_eq!(memory.read_word(SPACE_REGISTERS, 1, 2).gap, 0);
    assert_eq!(memory.finish_segment().leaves[0].final_timestamps[1], 2);
}

#[test]
fn a_gap_is_bridged_when_it_is_too_long_and_not_before() {
    for (gap, steps) in [(LONGEST_GAP, 0), (LONGEST_GAP + 1, 1), (5 << GAP_BITS, 5), ((5 << GAP_BITS) + LONGEST_GAP, 5)]
    {
        let mut memory = zeros();
        memory.write_word(SPACE_OUTPUT, 4, 10, 7);
        let access = memory.read_word(SPACE_OUTPUT, 4, 11 + gap);
        assert_eq!(access, Access { previous: 7, gap: gap & LONGEST_GAP });
        let timestamp = 10 + (steps << GAP_BITS);
        let refresh = RefreshRecord { space: SPACE_OUTPUT, pointer: 4, timestamp, steps };
        let refreshes = if steps > 0 { vec![(refresh, cells(7))] } else { vec![] };
        let segment = memory.finish_segment();
        let of_words = segment.refreshes[1].iter().map(|(refresh, cells)| (*refresh, cells.try_into().unwrap()));
        assert_eq!(of_words.collect::<Vec<_>>(), refreshes);
        assert_eq!(segment.refresh_count(), refreshes.len());
    }
}

#[test]
fn a_segment_starts_where_the_last_one_ended() {
    let mut memory = zeros();
    memory.write_word(SPACE_MEMORY, 1 << 29, 100, 3);
    let first = memory.finish_segment();
    assert_eq!(memory.read_word(SPACE_MEMORY, 1 << 29, 1), Access { previous: 3, gap: 0 });
    memory.write_word(SPACE_MEMORY, 1 << 29, 2, 0);
    let second = memory.finish_segment();
    assert_eq!(first.roots_after, second.roots_before);
    assert_eq!(first.roots_before, second.roots_after);
    assert_eq!(second.leaves[0].initial_timestamps[0], 0);
    let third = memory.finish_segment();
    assert!(third.leaves.is_empty() && third.nodes.is_empty());
    assert_eq!(third.roots_before, third.roots_after);
}

#[test]
fn leaves_are_in_order_of_space_and_index() {
    let mut memory = zeros();
    for (timestamp, (space, pointer)) in (1..).zip([(3, 9), (2, (1 << 30) - 1), (2, 0), (1, 31), (2, 800_000), (1, 0)])
    {
        memory.read_word(space, pointer, timestamp);
    }
    let segment = memory.finish_segment();
    let order: Vec<(u32, u32)> = segment.leaves.iter().map(|leaf| (leaf.space, leaf.leaf)).collect();
    assert_eq!(order, [(1, 0), (1, 3), (2, 0), (2, 100_000), (2, (1 << 27) - 1), (3, 1)]);
}

#[test]
#[should_panic(expected = "timestamps of one word rise")]
fn a_time_that_falls_is_refused() {
    let mut memory = zeros();
    memory.read_word(SPACE_MEMORY, 0, 5);
    memory.read_word(SPACE_MEMORY, 0, 5);
}

#[test]
#[should_panic(expected = "past the end of registers")]
fn an_address_past_the_end_is_refused() {
    zeros().read_word(SPACE_REGISTERS, 64, 1);
}

#[test]
fn bytes_land_in_their_words() {
    let mut image = MemoryImage::new();
    image.set_bytes(SPACE_MEMORY, 4094, &[1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(image.word(SPACE_MEMORY, 1023), 0x0201_0000);
    assert_eq!(image.word(SPACE_MEMORY, 1024), 0x0605_0403);
    assert_eq!(image.word(SPACE_MEMORY, 1025), 0x0000_0007);
    image.set_bytes(SPACE_MEMORY, 4096, &[9]);
    assert_eq!(image.word(SPACE_MEMORY, 1024), 0x0605_0409);
    image.set_bytes(SPACE_MEMORY, u32::MAX, &[0xaa]);
    assert_eq!(image.word(SPACE_MEMORY, (1 << 30) - 1), 0xaa00_0000);
    assert_eq!(image.word(7, 0), 0);
}

/// An image holds them, but no memory is made from it.
#[test]
fn bytes_outside_a_space_are_refused() {
    let refused = |set: &dyn Fn(&mut MemoryImage)| {
        let mut image = MemoryImage::new();
        set(&mut image);
        let refused = OfflineMemory::new(&image, MemoryConfig::rv32im()).unwrap_err();
        assert_eq!(image.roots(Layout::rv32im()), Err(refused.clone()));
        refused
    };
    let outside = |space, pointer| MemoryError::AddressOutOfBounds { space, pointer, len: 1 };
    assert_eq!(refused(&|image| image.set_bytes(SPACE_MEMORY, u32::MAX, &[1, 2])), outside(SPACE_MEMORY, 1 << 30));
    assert_eq!(refused(&|image| image.set_word(SPACE_REGISTERS, 64, 1)), outside(SPACE_REGISTERS, 64));
    assert_eq!(refused(&|image| image.set_word(0, 0, 1)), MemoryError::UnknownSpace { space: 0 });
    assert_eq!(refused(&|image| image.set_bytes(4, 0, &[1])), MemoryError::UnknownSpace { space: 4 });
}

#[test]
fn an_image_is_what_was_written() {
    let mut image = MemoryImage::new();
    image.set_word(SPACE_MEMORY, 77, 5);
    let mut memory = OfflineMemory::new(&image, MemoryConfig::rv32im()).unwrap();
    assert_eq!((memory.peek(SPACE_MEMORY, 77), memory.peek(SPACE_MEMORY, 78)), (5, 0));
    memory.read_word(SPACE_MEMORY, 1 << 25, 1);
    assert_eq!(memory.image(), image);
    memory.write_word(SPACE_OUTPUT, 0, 2, 6);
    image.set_word(SPACE_OUTPUT, 0, 6);
    assert_eq!(memory.image(), image);
    memory.finish_segment();
    assert_eq!(memory.roots(), image.roots(Layout::rv32im()).unwrap());
}

#[test]
fn siblings_lead_to_the_root() {
    let mut image = MemoryImage::new();
    for pointer in [0, 8, 5000, 1 << 28, (1 << 30) - 1] {
        image.set_word(SPACE_MEMORY, pointer, pointer + 1);
    }
    let trees = image.trees(Layout::rv32im()).unwrap();
    let tree = &trees[Layout::rv32im().position(SPACE_MEMORY).unwrap()];
    for leaf in [0, 1, 2, 625, (1 << 27) - 1] {
        let words = std::array::from_fn(|index| image.word(SPACE_MEMORY, leaf * 8 + index as u32));
        let path = (0..).zip(tree.siblings(leaf));
        let root = path.fold(leaf_digest(&leaf_cells(&words)), |digest, (height, sibling)| {
            if leaf >> height & 1 == 0 { compress(&digest, &sibling) } else { compress(&sibling, &digest) }
        });
        assert_eq!(root, tree.root());
    }
    assert_eq!(tree.siblings(0).len(), 27);
}
