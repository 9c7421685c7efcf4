//! Replay of a segment's accesses: what was there before, and since when.
//!
//! This is a loop of tens of millions of accesses a second: an access finds its page through a directory and its word in
//! the page, and touches no hash map and no field element.

use std::sync::Arc;

use engram_air::field::Digest;
use rayon::prelude::*;

use crate::{
    address::{GAP_BITS, LEAF_WORDS, SPACES, SPACES_COUNT, Space},
    backing::Backing,
    image::{ImagePage, MemoryImage, PAGE_LEAVES, PAGE_WORDS},
    segment::{LeafRecord, RefreshRecord, SegmentMemory},
    tree::{MerkleTree, NodeChange, leaf_digest},
};

/// What an access finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// The word before the access.
    pub previous: u32,
    /// `time - 1 -` the time of the access before, which may be a refresh; below `2^GAP_BITS`.
    pub gap: u32,
}

/// A word and the time of its last access in the open segment; zero before the first.
#[derive(Clone, Copy, Debug, Default)]
struct Word {
    value: u32,
    time: u32,
}

#[derive(Clone, Debug)]
struct Page {
    words: [Word; PAGE_WORDS],
    /// One more than the position of each leaf in [`Pages::touched`]; zero before its first access in the segment.
    touched: [u32; PAGE_LEAVES],
}

/// A leaf as the segment found it.
#[derive(Clone, Copy, Debug)]
struct TouchedLeaf {
    leaf: u32,
    before: [u32; LEAF_WORDS],
    initial_times: [u32; LEAF_WORDS],
}

/// The words of one address space.
#[derive(Clone, Debug)]
struct Pages {
    space: Space,
    /// By pointer divided by [`PAGE_WORDS`].
    directory: Vec<Option<Box<Page>>>,
    touched: Vec<TouchedLeaf>,
    /// Where pages come from that are not in the directory.
    backing: Option<Arc<dyn Backing>>,
}

/// Memory, as accesses in the order of their times see and leave it, cut into segments.
#[derive(Clone, Debug)]
pub struct OfflineMemory {
    /// By position in [`SPACES`].
    spaces: [Pages; SPACES_COUNT],
    refreshes: Vec<RefreshRecord>,
    trees: [MerkleTree; SPACES_COUNT],
}

impl OfflineMemory {
    /// Memory that holds an image, before the first segment.
    pub fn new(image: MemoryImage) -> Self {
        Self::with_trees(&image, image.trees())
    }

    /// The same, from an image whose trees are known.
    pub fn with_trees(image: &MemoryImage, trees: [MerkleTree; SPACES_COUNT]) -> Self {
        let spaces = SPACES.map(|space| {
            let mut pages = Pages::new(space, None);
            for (number, words) in image.pages(&space) {
                let page = pages.page_mut(number);
                for (word, &value) in page.words.iter_mut().zip(words) {
                    word.value = value;
                }
            }
            pages
        });
        Self { spaces, refreshes: vec![], trees }
    }

    /// The same before the first segment, but with one space whose words are kept elsewhere.
    pub fn with_backing(mut self, space: u32, backing: Arc<dyn Backing>) -> Self {
        for ((known, pages), tree) in SPACES.into_iter().zip(&mut self.spaces).zip(&mut self.trees) {
            if known.number == space {
                *pages = Pages::new(known, Some(backing.clone()));
                *tree = MerkleTree::backed(known, backing.clone());
            }
        }
        self
    }

    /// Read the word at `(space, pointer)`. Times start at 1 in each segment, stay below `2^TIME_BITS`, and rise from
    /// access to access of the same word.
    ///
    /// # Panics
    /// Where the address does not exist.
    #[inline]
    pub fn read(&mut self, space: u32, pointer: u32, time: u32) -> Access {
        let word = self.spaces[(space - 1) as usize].word_mut(pointer, time);
        let access = Access { previous: word.value, gap: time.wrapping_sub(1).wrapping_sub(word.time) };
        word.time = time;
        self.bridge(access, space, pointer, time)
    }

    /// Write the word at `(space, pointer)`; otherwise as [`Self::read`].
    ///
    /// # Panics
    /// Where the address does not exist.
    #[inline]
    pub fn write(&mut self, space: u32, pointer: u32, time: u32, value: u32) -> Access {
        let word = self.spaces[(space - 1) as usize].word_mut(pointer, time);
        let access = Access { previous: word.value, gap: time.wrapping_sub(1).wrapping_sub(word.time) };
        *word = Word { value, time };
        self.bridge(access, space, pointer, time)
    }

    /// Change what the last access of a word left there, as if it had written `value` itself.
    ///
    /// # Panics
    /// Where the open segment has not accessed the word.
    #[inline]
    pub fn amend(&mut self, space: u32, pointer: u32, value: u32) {
        let pages = &mut self.spaces[(space - 1) as usize];
        let page = pages.directory[pointer as usize / PAGE_WORDS].as_mut().expect("an accessed word has a page");
        let word = &mut page.words[pointer as usize % PAGE_WORDS];
        assert!(word.time != 0, "the word is accessed before it is amended");
        word.value = value;
    }

    /// The word at `(space, pointer)` as it is now, without an access.
    ///
    /// # Panics
    /// Where the space does not exist.
    pub fn peek(&self, space: u32, pointer: u32) -> u32 {
        let pages = &self.spaces[(space - 1) as usize];
        match pages.directory.get(pointer as usize / PAGE_WORDS) {
            Some(Some(page)) => page.words[pointer as usize % PAGE_WORDS].value,
            Some(None) => pages.words_behind(pointer / PAGE_WORDS as u32)[pointer as usize % PAGE_WORDS],
            None => 0,
        }
    }

    /// The Merkle roots of all spaces where the open segment started.
    pub fn roots(&self) -> [Digest; SPACES_COUNT] {
        self.trees.each_ref().map(MerkleTree::root)
    }

    /// The Merkle trees of all spaces where the open segment started.
    pub fn trees(&self) -> &[MerkleTree; SPACES_COUNT] {
        &self.trees
    }

    /// Leaves that the open segment has touched so far.
    pub fn touched_leaves(&self) -> usize {
        self.spaces.iter().map(|pages| pages.touched.len()).sum()
    }

    /// Refreshes that the open segment has needed so far.
    pub fn refreshes(&self) -> usize {
        self.refreshes.len()
    }

    /// The words as they are now; of a space that is kept elsewhere, the pages that were touched.
    pub fn image(&self) -> MemoryImage {
        let mut image = MemoryImage::new();
        for pages in &self.spaces {
            for (number, page) in pages.directory.iter().enumerate() {
                if let Some(page) = page {
                    let words = page.words.map(|word| word.value);
                    image.set_page(pages.space.number, number as u32, words).expect("the page is in its space");
                }
            }
        }
        image
    }

    /// End the open segment: bring the Merkle trees up to date and say what the segment did. The next starts at time 1.
    pub fn finish_segment(&mut self) -> SegmentMemory {
        let roots_before = self.roots();
        let (mut leaves, mut nodes) = (vec![], vec![]);
        for (pages, tree) in self.spaces.iter_mut().zip(&mut self.trees) {
            let touched = pages.finish(tree);
            let change = |record: &LeafRecord| NodeChange {
                index: record.leaf,
                before: record.digest_before,
                after: record.digest_after,
            };
            nodes.extend(tree.update(touched.iter().map(change).collect()));
            leaves.extend(touched);
        }
        let refreshes = std::mem::take(&mut self.refreshes);
        SegmentMemory { leaves, nodes, refreshes, roots_before, roots_after: self.roots() }
    }

    #[inline]
    fn bridge(&mut self, access: Access, space: u32, pointer: u32, time: u32) -> Access {
        if access.gap < 1 << GAP_BITS { access } else { self.refresh(access, space, pointer, time) }
    }

    /// Read the word once more, a multiple of `2^GAP_BITS` after the access before, so that the gap to the one at `time` is
    /// small.
    #[cold]
    #[inline(never)]
    fn refresh(&mut self, access: Access, space: u32, pointer: u32, time: u32) -> Access {
        let steps = access.gap >> GAP_BITS;
        let start = time.wrapping_sub(1).wrapping_sub(access.gap);
        assert!(start < time, "times of one word rise");
        let time = start + (steps << GAP_BITS);
        self.refreshes.push(RefreshRecord { space, pointer, word: access.previous, time, steps });
        Access { gap: access.gap & ((1 << GAP_BITS) - 1), ..access }
    }
}

impl Page {
    fn of(words: &ImagePage) -> Box<Self> {
        Box::new(Self { words: words.map(|value| Word { value, time: 0 }), touched: [0; PAGE_LEAVES] })
    }
}

impl Pages {
    fn new(space: Space, backing: Option<Arc<dyn Backing>>) -> Self {
        let pages = space.words().div_ceil(PAGE_WORDS as u32);
        Self { space, directory: vec![None; pages as usize], touched: vec![], backing }
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

    /// The word at `pointer`, with the time before `time` if this is its first access in the segment.
    #[inline]
    fn word_mut(&mut self, pointer: u32, time: u32) -> &mut Word {
        let (number, offset) = (pointer as usize / PAGE_WORDS, pointer as usize % PAGE_WORDS);
        let known = matches!(&self.directory[number], Some(page) if page.words[offset].time != 0);
        if !known {
            self.touch(pointer, time);
        }
        let page = self.directory[number].as_mut().expect("a touched word has a page");
        &mut page.words[offset]
    }

    /// First access of a word in the segment.
    #[cold]
    #[inline(never)]
    fn touch(&mut self, pointer: u32, time: u32) {
        assert!(pointer < self.space.words(), "word {pointer:#x} is past the end of the {} space", self.space.name);
        let offset = pointer as usize % PAGE_WORDS;
        let touched_count = self.touched.len();
        let page = self.page_mut(pointer / PAGE_WORDS as u32);
        page.words[offset].time = time - 1;
        let slot = &mut page.touched[offset / LEAF_WORDS];
        let position = if *slot == 0 {
            *slot = touched_count as u32 + 1;
            let start = offset / LEAF_WORDS * LEAF_WORDS;
            let before = std::array::from_fn(|index| page.words[start + index].value);
            let leaf = pointer / LEAF_WORDS as u32;
            self.touched.push(TouchedLeaf { leaf, before, initial_times: [0; LEAF_WORDS] });
            touched_count
        } else {
            *slot as usize - 1
        };
        self.touched[position].initial_times[offset % LEAF_WORDS] = time - 1;
    }

    /// The touched leaves, by ascending index; none is touched any more.
    fn finish(&mut self, tree: &MerkleTree) -> Vec<LeafRecord> {
        let mut touched = std::mem::take(&mut self.touched);
        touched.par_sort_unstable_by_key(|leaf| leaf.leaf);
        let records = touched.par_iter().map(|leaf| self.record(leaf, tree)).collect();
        for leaf in &touched {
            let first = leaf.leaf as usize * LEAF_WORDS;
            let page = self.page_mut((first / PAGE_WORDS) as u32);
            page.touched[first % PAGE_WORDS / LEAF_WORDS] = 0;
            for word in &mut page.words[first % PAGE_WORDS..][..LEAF_WORDS] {
                word.time = 0;
            }
        }
        records
    }

    fn record(&self, leaf: &TouchedLeaf, tree: &MerkleTree) -> LeafRecord {
        let &TouchedLeaf { leaf, before, initial_times } = leaf;
        let first = leaf as usize * LEAF_WORDS;
        let page = self.directory[first / PAGE_WORDS].as_ref().expect("a touched leaf has a page");
        let words = |index: usize| page.words[first % PAGE_WORDS + index];
        let after = std::array::from_fn(|index| words(index).value);
        let digest_before = tree.node(0, leaf);
        let digest_after = if after == before { digest_before } else { leaf_digest(&after) };
        LeafRecord {
            space: self.space.number,
            leaf,
            before,
            after,
            initial_times,
            final_times: std::array::from_fn(|index| words(index).time),
            digest_before,
            digest_after,
        }
    }
}
