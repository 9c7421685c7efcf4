//! The words of a space whose accesses are all whole words: what was there before, and since when.
//!
//! This is a loop of hundreds of millions of accesses a second: an access finds its page through a directory and its word in
//! the page, and touches no hash map and no field element.

use std::sync::Arc;

use rayon::prelude::*;

use crate::{
    address::{LEAF_CELLS, LEAF_WORDS, leaf_cells},
    backing::Backing,
    image::{ImagePage, MemoryImage, PAGE_WORDS},
    layout::AddressSpaceConfig,
    segment::LeafRecord,
    tree::{MerkleTree, leaf_digest},
};

/// Leaves in a page.
const PAGE_LEAVES: usize = PAGE_WORDS / LEAF_WORDS;

/// What an access finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// The word before the access.
    pub previous: u32,
    /// `timestamp - 1 -` the timestamp of the access before, which may be a refresh; below `2^GAP_BITS`.
    pub gap: u32,
}

/// A word and the timestamp of its last access in the open segment; zero before the first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Word {
    pub(super) value: u32,
    pub(super) timestamp: u32,
}

#[derive(Clone, Debug)]
struct Page {
    words: [Word; PAGE_WORDS],
    /// One more than the position of each leaf in [`WordSpace::touched`]; zero before its first access in the segment.
    touched: [u32; PAGE_LEAVES],
}

/// A leaf as the segment found it.
#[derive(Clone, Copy, Debug)]
struct TouchedLeaf {
    leaf: u32,
    before: [u32; LEAF_WORDS],
    initial_timestamps: [u32; LEAF_WORDS],
}

/// The words of one address space.
#[derive(Clone, Debug)]
pub(super) struct WordSpace {
    space: AddressSpaceConfig,
    /// By pointer divided by [`PAGE_WORDS`].
    directory: Vec<Option<Box<Page>>>,
    touched: Vec<TouchedLeaf>,
    /// Where pages come from that are not in the directory.
    backing: Option<Arc<dyn Backing>>,
}

impl Page {
    fn of(words: &ImagePage) -> Box<Self> {
        Box::new(Self { words: words.map(|value| Word { value, timestamp: 0 }), touched: [0; PAGE_LEAVES] })
    }
}

impl WordSpace {
    /// All words zero.
    pub(super) fn new(space: &AddressSpaceConfig) -> Self {
        let pages = (1usize << space.pointer_bits).div_ceil(PAGE_WORDS);
        Self { space: *space, directory: vec![None; pages], touched: vec![], backing: None }
    }

    /// No words at all, in the place of a space that is not there.
    pub(super) fn absent() -> Self {
        let space = AddressSpaceConfig::new(0, crate::layout::AddressSpaceType::Normal);
        Self { space: space.with_pointer_bits(0), directory: vec![], touched: vec![], backing: None }
    }

    /// The words of an image.
    pub(super) fn of(space: &AddressSpaceConfig, image: &MemoryImage) -> Self {
        let mut words = Self::new(space);
        for (number, values) in image.pages(space.number) {
            // The check of the image let pages of zeros pass that are past the space's end.
            if words.directory.get(number as usize).is_some() {
                words.directory[number as usize] = Some(Page::of(&values));
            }
        }
        words
    }

    /// Words that are kept elsewhere.
    pub(super) fn backed(space: &AddressSpaceConfig, backing: Arc<dyn Backing>) -> Self {
        Self { backing: Some(backing), ..Self::new(space) }
    }

    /// Leaves that the open segment has touched so far.
    pub(super) fn touched_leaves(&self) -> usize {
        self.touched.len()
    }

    /// The word as it is now, without an access; zero where there is none.
    pub(super) fn peek(&self, pointer: u32) -> u32 {
        match self.directory.get(pointer as usize / PAGE_WORDS) {
            Some(Some(page)) => page.words[pointer as usize % PAGE_WORDS].value,
            Some(None) => self.words_behind(pointer / PAGE_WORDS as u32)[pointer as usize % PAGE_WORDS],
            None => 0,
        }
    }

    /// The word, which the open segment has accessed.
    #[inline]
    pub(super) fn accessed_mut(&mut self, pointer: u32) -> &mut Word {
        let page = self.directory[pointer as usize / PAGE_WORDS].as_mut().expect("an accessed word has a page");
        let word = &mut page.words[pointer as usize % PAGE_WORDS];
        assert!(word.timestamp != 0, "the word is accessed before it is amended");
        word
    }

    /// Put the words as they are now into an image: the pages that are here.
    pub(super) fn write_to(&self, image: &mut MemoryImage) {
        for (number, page) in (0..).zip(&self.directory) {
            if let Some(page) = page {
                image.set_page(self.space.number, number, &page.words.map(|word| word.value));
            }
        }
    }

    fn page_mut(&mut self, number: u32) -> &mut Page {
        if self.directory[number as usize].is_none() {
            self.directory[number as usize] = Some(Page::of(&self.words_behind(number)));
        }
        self.directory[number as usize].as_mut().expect("the page is there now")
    }

    /// The words of a page that is not in the directory.
    fn words_behind(&self, number: u32) -> Box<ImagePage> {
        let stored = self.backing.as_ref().and_then(|backing| backing.page(self.space.number, number));
        stored.unwrap_or_else(|| Box::new([0; PAGE_WORDS]))
    }

    /// The word at `pointer`, with the timestamp before `timestamp` if this is its first access in the segment.
    #[inline]
    pub(super) fn word_mut(&mut self, pointer: u32, timestamp: u32) -> &mut Word {
        let (number, offset) = (pointer as usize / PAGE_WORDS, pointer as usize % PAGE_WORDS);
        let known = matches!(&self.directory[number], Some(page) if page.words[offset].timestamp != 0);
        if !known {
            self.touch(pointer, timestamp);
        }
        let page = self.directory[number].as_mut().expect("a touched word has a page");
        &mut page.words[offset]
    }

    /// First access of a word in the segment.
    #[cold]
    #[inline(never)]
    fn touch(&mut self, pointer: u32, timestamp: u32) {
        assert!(pointer >> self.space.pointer_bits == 0, "word {pointer:#x} is past the end of {}", self.space);
        let offset = pointer as usize % PAGE_WORDS;
        let touched_count = self.touched.len();
        let page = self.page_mut(pointer / PAGE_WORDS as u32);
        page.words[offset].timestamp = timestamp - 1;
        let slot = &mut page.touched[offset / LEAF_WORDS];
        let position = if *slot == 0 {
            *slot = touched_count as u32 + 1;
            let start = offset / LEAF_WORDS * LEAF_WORDS;
            let before = std::array::from_fn(|index| page.words[start + index].value);
            let leaf = pointer / LEAF_WORDS as u32;
            self.touched.push(TouchedLeaf { leaf, before, initial_timestamps: [0; LEAF_WORDS] });
            touched_count
        } else {
            *slot as usize - 1
        };
        self.touched[position].initial_timestamps[offset % LEAF_WORDS] = timestamp - 1;
    }

    /// The touched leaves, by ascending index; none is touched any more.
    pub(super) fn finish(&mut self, tree: &MerkleTree) -> Vec<LeafRecord> {
        let mut touched = std::mem::take(&mut self.touched);
        touched.par_sort_unstable_by_key(|leaf| leaf.leaf);
        let records = touched.par_iter().map(|leaf| self.record(leaf, tree)).collect();
        for leaf in &touched {
            let first = leaf.leaf as usize * LEAF_WORDS;
            let page = self.page_mut((first / PAGE_WORDS) as u32);
            page.touched[first % PAGE_WORDS / LEAF_WORDS] = 0;
            for word in &mut page.words[first % PAGE_WORDS..][..LEAF_WORDS] {
                word.timestamp = 0;
            }
        }
        records
    }

    fn record(&self, leaf: &TouchedLeaf, tree: &MerkleTree) -> LeafRecord {
        let &TouchedLeaf { leaf, before, initial_timestamps } = leaf;
        let first = leaf as usize * LEAF_WORDS;
        let page = self.directory[first / PAGE_WORDS].as_ref().expect("a touched leaf has a page");
        let words = |index: usize| page.words[first % PAGE_WORDS + index];
        let after: [u32; LEAF_WORDS] = std::array::from_fn(|index| words(index).value);
        let digest_before = tree.node(0, leaf);
        let digest_after = if after == before { digest_before } else { leaf_digest(&leaf_cells(&after)) };
        let timestamps = |timestamp: &dyn Fn(usize) -> u32| {
            let mut timestamps = [0; LEAF_CELLS];
            timestamps[..LEAF_WORDS].iter_mut().enumerate().for_each(|(index, slot)| *slot = timestamp(index));
            timestamps
        };
        LeafRecord {
            space: self.space.number,
            leaf,
            before: leaf_cells(&before),
            after: leaf_cells(&after),
            initial_timestamps: timestamps(&|index| initial_timestamps[index]),
            final_timestamps: timestamps(&|index| words(index).timestamp),
            digest_before,
            digest_after,
        }
    }
}
