//! Memory at rest: the words of each address space, sparse.

use std::collections::BTreeMap;

use engram_air::field::Digest;
use rayon::prelude::*;
use thiserror::Error;

use crate::{
    address::{LEAF_WORDS, SPACES, SPACES_COUNT, Space},
    tree::{MerkleTree, leaf_digest},
};

/// Words in a page: 4 KiB.
pub const PAGE_WORDS: usize = 1024;

/// Leaves in a page.
pub const PAGE_LEAVES: usize = PAGE_WORDS / LEAF_WORDS;

/// Bytes in a word.
const WORD_BYTES: u64 = 4;

/// A page of an image.
pub type ImagePage = [u32; PAGE_WORDS];

/// What an image cannot hold.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImageError {
    /// There is no such address space.
    #[error("there is no address space {space}")]
    Space {
        /// The number asked for.
        space: u32,
    },
    /// The address is past the end of its space.
    #[error("byte {byte_end:#x} is past the end of the {space} space, which has {bytes:#x} bytes")]
    Outside {
        /// Name of the space.
        space: &'static str,
        /// First byte after those asked for.
        byte_end: u64,
        /// Bytes in the space.
        bytes: u64,
    },
}

/// Words of each address space; those never set are zero.
#[derive(Clone, Debug, Default)]
pub struct MemoryImage {
    pages: [BTreeMap<u32, Box<ImagePage>>; SPACES_COUNT],
}

/// Equal words, whichever zeros are stored.
impl PartialEq for MemoryImage {
    fn eq(&self, other: &Self) -> bool {
        let covers = |a: &Self, b: &Self| {
            SPACES.iter().all(|space| {
                a.pages(space).all(|(page, words)| match b.pages[(space.number - 1) as usize].get(&page) {
                    Some(others) => **others == *words,
                    None => words.iter().all(|&word| word == 0),
                })
            })
        };
        covers(self, other) && covers(other, self)
    }
}

impl Eq for MemoryImage {}

impl MemoryImage {
    /// All words zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// The word at `pointer`, counted in words; zero where nothing was set.
    pub fn word(&self, space: u32, pointer: u32) -> u32 {
        let pages = (space as usize).checked_sub(1).and_then(|position| self.pages.get(position));
        let page = pages.and_then(|pages| pages.get(&(pointer / PAGE_WORDS as u32)));
        page.map_or(0, |page| page[pointer as usize % PAGE_WORDS])
    }

    /// Set the word at `pointer`, counted in words.
    pub fn set_word(&mut self, space: u32, pointer: u32, word: u32) -> Result<(), ImageError> {
        let byte_end = (u64::from(pointer) + 1) * WORD_BYTES;
        let page = self.page_mut(space, pointer / PAGE_WORDS as u32, byte_end)?;
        page[pointer as usize % PAGE_WORDS] = word;
        Ok(())
    }

    /// Set bytes from `byte_address` on; words are little-endian.
    pub fn set_bytes(&mut self, space: u32, byte_address: u32, bytes: &[u8]) -> Result<(), ImageError> {
        let byte_end = u64::from(byte_address) + bytes.len() as u64;
        let space_of = space_of(space)?;
        check_end(space_of, byte_end)?;
        let mut address = byte_address;
        let mut rest = bytes;
        while !rest.is_empty() {
            let pointer = address / WORD_BYTES as u32;
            let page = self.page_mut(space, pointer / PAGE_WORDS as u32, byte_end)?;
            let page_byte = address as usize % (PAGE_WORDS * WORD_BYTES as usize);
            let count = rest.len().min(PAGE_WORDS * WORD_BYTES as usize - page_byte);
            for (offset, &byte) in rest[..count].iter().enumerate() {
                let at = page_byte + offset;
                let (word, shift) = (&mut page[at / 4], at % 4 * 8);
                *word = *word & !(0xff << shift) | u32::from(byte) << shift;
            }
            rest = &rest[count..];
            // The last page of a space of 2^32 bytes ends where the address wraps; nothing is left then.
            address = address.wrapping_add(count as u32);
        }
        Ok(())
    }

    /// The stored pages of a space, ascending, each with its number: its first pointer divided by [`PAGE_WORDS`].
    pub fn pages(&self, space: &Space) -> impl Iterator<Item = (u32, &ImagePage)> {
        self.pages[(space.number - 1) as usize].iter().map(|(&page, words)| (page, &**words))
    }

    /// Replace a whole page.
    pub fn set_page(&mut self, space: u32, page: u32, words: ImagePage) -> Result<(), ImageError> {
        // A space smaller than a page has one page, whose tail is not addressable.
        let byte_end = u64::from(page) * PAGE_WORDS as u64 * WORD_BYTES + 1;
        *self.page_mut(space, page, byte_end)? = words;
        Ok(())
    }

    /// The Merkle trees of all spaces.
    pub fn trees(&self) -> [MerkleTree; SPACES_COUNT] {
        SPACES.map(|space| {
            let pages: Vec<(u32, &ImagePage)> = self.pages(&space).collect();
            let leaves = pages.par_iter().flat_map_iter(|&(page, words)| {
                words.as_chunks::<LEAF_WORDS>().0.iter().enumerate().filter_map(move |(position, leaf)| {
                    let index = page * PAGE_LEAVES as u32 + position as u32;
                    (*leaf != [0; LEAF_WORDS]).then(|| (index, leaf_digest(leaf)))
                })
            });
            let mut tree = MerkleTree::new(space);
            tree.set_leaves(leaves.collect());
            tree
        })
    }

    /// The Merkle roots of all spaces.
    pub fn roots(&self) -> [Digest; SPACES_COUNT] {
        self.trees().map(|tree| tree.root())
    }

    fn page_mut(&mut self, space: u32, page: u32, byte_end: u64) -> Result<&mut ImagePage, ImageError> {
        let space = space_of(space)?;
        check_end(space, byte_end)?;
        let pages = &mut self.pages[(space.number - 1) as usize];
        Ok(pages.entry(page).or_insert_with(|| Box::new([0; PAGE_WORDS])))
    }
}

fn space_of(space: u32) -> Result<&'static Space, ImageError> {
    SPACES.iter().find(|known| known.number == space).ok_or(ImageError::Space { space })
}

fn check_end(space: &Space, byte_end: u64) -> Result<(), ImageError> {
    let bytes = u64::from(space.words()) * WORD_BYTES;
    if byte_end <= bytes { Ok(()) } else { Err(ImageError::Outside { space: space.name, byte_end, bytes }) }
}
