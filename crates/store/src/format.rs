//! The tables of the file, and the two records that say what it is and what state it is in.
//!
//! | table | key | value |
//! | --- | --- | --- |
//! | `store` | 0 | the *format record*: magic, version, spaces, fingerprint of the hash, program |
//! | `generations` | generation | the *generation record*: roots, metadata, seal |
//! | `pages` | space, page | [`crate::page`] |
//! | `bundles` | space, tier, index | [`crate::bundle`] |
//! | `earlier_pages`, `earlier_bundles` | generation, key as above | [`crate::undo`] |
//!
//! The last generation in its table is the current one. Its seal is a digest of the format record, its number, its roots
//! and its metadata, so a changed byte in any of them shows when the store is opened.

use redb::TableDefinition;

use crate::{
    config::{METADATA_BYTES_MAX, SPACES_MAX, check_spaces},
    error::StoreError,
    geometry::Geometry,
    hash::{Digest, seal},
    space::Space,
};

/// Version of the file's format.
pub const FORMAT_VERSION: u32 = 1;

const MAGIC: [u8; 8] = *b"ENGRSTOR";

type Bytes = &'static [u8];

pub(crate) const STORE: TableDefinition<u64, Bytes> = TableDefinition::new("store");
pub(crate) const GENERATIONS: TableDefinition<u64, Bytes> = TableDefinition::new("generations");
pub(crate) const PAGES: TableDefinition<u64, Bytes> = TableDefinition::new("pages");
pub(crate) const BUNDLES: TableDefinition<u64, Bytes> = TableDefinition::new("bundles");
pub(crate) const EARLIER_PAGES: TableDefinition<(u64, u64), Bytes> = TableDefinition::new("earlier_pages");
pub(crate) const EARLIER_BUNDLES: TableDefinition<(u64, u64), Bytes> = TableDefinition::new("earlier_bundles");

/// The format record.
pub(crate) fn encode_format(geometry: &Geometry) -> Vec<u8> {
    let mut record = MAGIC.to_vec();
    record.extend(FORMAT_VERSION.to_le_bytes());
    record.extend(encode_identity(geometry));
    record
}

/// What a store was made for: the count of spaces, number and height of each, the hash's fingerprint, the program.
pub(crate) fn encode_identity(geometry: &Geometry) -> Vec<u8> {
    let mut record = vec![geometry.spaces.len() as u8];
    for space in &geometry.spaces {
        record.extend(space.number.to_le_bytes());
        record.push(space.height as u8);
    }
    record.extend(geometry.fingerprint);
    record.extend(geometry.program);
    record
}

/// Refuse a format record that is not the one that `geometry` would write, and say in what it differs.
pub(crate) fn check_format(record: &[u8], geometry: &Geometry) -> Result<(), StoreError> {
    let malformed = |reason: &str| StoreError::NotAStore { reason: reason.to_owned() };
    let rest = record.strip_prefix(&MAGIC).ok_or_else(|| malformed("its first record has another magic"))?;
    let (version, rest) = rest.split_first_chunk::<4>().ok_or_else(|| malformed("its first record is cut short"))?;
    let found = u32::from_le_bytes(*version);
    if found != FORMAT_VERSION {
        return Err(StoreError::Version { found, supported: FORMAT_VERSION });
    }
    match check_identity(rest, geometry)? {
        [] => Ok(()),
        _ => Err(malformed("its first record is too long")),
    }
}

/// Refuse what [`encode_identity`] would not write for `geometry`, and say in what it differs. Returns what follows it.
pub(crate) fn check_identity<'r>(record: &'r [u8], geometry: &Geometry) -> Result<&'r [u8], StoreError> {
    let malformed = |reason: &str| StoreError::NotAStore { reason: reason.to_owned() };
    let cut = || malformed("what it says it was made for is cut short");
    let rest = record;
    let (&count, mut rest) = rest.split_first().ok_or_else(cut)?;
    if usize::from(count) > SPACES_MAX {
        return Err(malformed("it has too many address spaces"));
    }
    let mut stored = vec![];
    for _ in 0..count {
        let (&[a, b, c, d, height], after) = rest.split_first_chunk::<5>().ok_or_else(cut)?;
        stored.push(Space { number: u32::from_le_bytes([a, b, c, d]), height: height.into() });
        rest = after;
    }
    check_spaces(&stored)?;
    if stored != geometry.spaces {
        return Err(StoreError::Spaces { stored, expected: geometry.spaces.clone() });
    }
    let (fingerprint, rest) = rest.split_first_chunk::<32>().ok_or_else(cut)?;
    if *fingerprint != geometry.fingerprint {
        return Err(StoreError::Hash);
    }
    let (program, rest) = rest.split_first_chunk::<32>().ok_or_else(cut)?;
    if *program != geometry.program {
        return Err(StoreError::Program { stored: *program, expected: geometry.program });
    }
    Ok(rest)
}

/// The state of a generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GenerationRecord {
    pub number: u64,
    /// By position of the space.
    pub roots: Vec<Digest>,
    pub metadata: Vec<u8>,
}

impl GenerationRecord {
    /// The record.
    pub fn encode(&self, geometry: &Geometry) -> Vec<u8> {
        let mut record = self.roots.concat();
        record.extend(&self.metadata);
        let digest = self.seal(&record, geometry);
        record.extend(digest);
        record
    }

    fn seal(&self, body: &[u8], geometry: &Geometry) -> Digest {
        let mut sealed = encode_format(geometry);
        sealed.extend(self.number.to_le_bytes());
        sealed.extend(body);
        seal(&*geometry.hash, &sealed)
    }

    /// What a record says. It is refused unless its seal fits.
    pub fn decode(number: u64, record: &[u8], geometry: &Geometry) -> Result<Self, StoreError> {
        let malformed = |reason| StoreError::Malformed { what: "generation", index: number, reason };
        let (body, digest) = record.split_last_chunk::<32>().ok_or(malformed("it is too short"))?;
        let (roots, metadata) =
            body.split_at_checked(geometry.spaces.len() * 32).ok_or(malformed("it is too short"))?;
        if metadata.len() > METADATA_BYTES_MAX {
            return Err(malformed("it is too long"));
        }
        let roots = roots.as_chunks::<32>().0.to_vec();
        let decoded = Self { number, roots, metadata: metadata.to_vec() };
        if decoded.seal(body, geometry) != *digest || !decoded.roots.iter().all(|root| geometry.hash.is_digest(root)) {
            return Err(malformed("its seal does not fit"));
        }
        Ok(decoded)
    }
}
