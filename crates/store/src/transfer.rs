//! Exports: a generation as a stream, to keep elsewhere or to move to another version of the file's format.
//!
//! Magic, version, length of the head; the head: what the store was made for, generation, roots, metadata; then for each
//! space its pages that are not zero, ascending, each as the byte 1, its number, which leaves are not zero (16 bytes), and
//! these leaves; after each space the byte 0; at the end the number of pages. One generation has one encoding.
//!
//! No digest in an export is trusted: an import computes all of them, and refuses other roots than those in the head.

use std::{
    collections::BTreeSet,
    io::{self, Read, Write},
    path::Path,
    sync::Arc,
};

use redb::StorageBackend;

use crate::{
    config::{GENERATION_LAST, METADATA_BYTES_MAX, SPACES_MAX, StoreConfig, check_limit},
    error::{Limit, StoreError},
    format::{GenerationRecord, check_identity, encode_identity},
    geometry::{Geometry, Shape},
    hash::TreeHash,
    page::PAGE_LEAVES,
    pending::PendingPage,
    snapshot::Snapshot,
    store::Store,
    transaction::{begin, check_root, commit, write_state},
    view::View,
    writer::Writer,
};

/// Version of the format of exports.
pub const EXPORT_VERSION: u32 = 1;

const MAGIC: [u8; 8] = *b"ENGREXPT";

/// Most bytes of a head: spaces, fingerprint, program, generation, roots, metadata.
const HEAD_BYTES_MAX: usize = 1 + SPACES_MAX * (4 + 1 + 32) + 32 + 32 + 8 + METADATA_BYTES_MAX;

/// Before a page, and after the last page of a space.
const PAGE_FOLLOWS: u8 = 1;
const SPACE_ENDS: u8 = 0;

impl Store {
    /// Write the current generation to `to`. Returns the number of pages. All that is written was checked against the root.
    ///
    /// # Errors
    /// A failure to write, or stored bytes that do not hash to the root: then what was written is refused by an import.
    pub fn export(&self, to: impl Write) -> Result<u64, StoreError> {
        export(self.view()?, to)
    }

    /// Make a store in a new file from an export. Its generation and metadata are those of the export.
    ///
    /// # Errors
    /// All that `from` can be other than an export of a store made with the same configuration; a file that exists; a
    /// failure to write. Then there is no new file.
    pub fn import(
        path: &Path,
        config: &StoreConfig,
        hash: Arc<dyn TreeHash>,
        from: impl Read,
    ) -> Result<Self, StoreError> {
        Self::create_filled(path, config, hash, |store| import(store, from))
    }

    /// Make a store from an export, on other storage than a file, which must be empty.
    ///
    /// # Errors
    /// As for [`Self::import`]; then what is on the storage is not to be used.
    pub fn import_on(
        backend: impl StorageBackend,
        config: &StoreConfig,
        hash: Arc<dyn TreeHash>,
        from: impl Read,
    ) -> Result<Self, StoreError> {
        let mut store = Self::create_on(backend, config, hash)?;
        import(&mut store, from)?;
        Ok(store)
    }
}

impl Snapshot {
    /// Write this generation to `to`. Returns the number of pages.
    ///
    /// # Errors
    /// Those of [`Store::export`].
    pub fn export(&self, to: impl Write) -> Result<u64, StoreError> {
        export(&self.view, to)
    }
}

fn export(view: &View, mut to: impl Write) -> Result<u64, StoreError> {
    let failed = |source| StoreError::Io { doing: "writing the export", source };
    let mut head = encode_identity(&view.geometry);
    head.extend(view.state.number.to_le_bytes());
    head.extend(view.state.roots.concat());
    head.extend(&view.state.metadata);
    let mut first = MAGIC.to_vec();
    first.extend(EXPORT_VERSION.to_le_bytes());
    first.extend((head.len() as u32).to_le_bytes());
    first.extend(head);
    to.write_all(&first).map_err(failed)?;
    let mut pages_count = 0u64;
    for shape in view.geometry.shapes() {
        for page in page_numbers(view, &shape)? {
            let page = page?;
            let Some(found) = view.whole_page(&shape, page)? else { continue };
            let mut bytes = vec![PAGE_FOLLOWS];
            bytes.extend(page.to_le_bytes());
            bytes.extend(found.nonzero().to_le_bytes());
            found.leaves.iter().filter(|leaf| **leaf != [0; 32]).for_each(|leaf| bytes.extend(leaf));
            to.write_all(&bytes).map_err(failed)?;
            pages_count += 1;
        }
        to.write_all(&[SPACE_ENDS]).map_err(failed)?;
    }
    to.write_all(&pages_count.to_le_bytes()).and_then(|()| to.flush()).map_err(failed)?;
    Ok(pages_count)
}

fn storage(error: redb::StorageError) -> StoreError {
    StoreError::storage("reading the store")(error.into())
}

/// Pages of a space that a view may have different from zero, ascending.
fn page_numbers<'v>(
    view: &'v View,
    shape: &Shape,
) -> Result<impl Iterator<Item = Result<u32, StoreError>> + use<'v>, StoreError> {
    let keys = shape.page_key(0)..=shape.page_key(u32::MAX);
    let mut earlier = BTreeSet::new();
    let first = (view.state.number.saturating_add(1), 0);
    for row in view.earlier_rows(true).range(first..).map_err(storage)? {
        let key = row.map_err(storage)?.0.value().1;
        if keys.contains(&key) && view.page_rows().get(key).map_err(storage)?.is_none() {
            earlier.insert(key);
        }
    }
    let mut stored = view.page_rows().range(keys).map_err(storage)?;
    let mut next = None;
    Ok(std::iter::from_fn(move || {
        if next.is_none() {
            next = match stored.next() {
                Some(Ok((key, _))) => Some(key.value()),
                Some(Err(error)) => return Some(Err(storage(error))),
                None => None,
            };
        }
        let key = match (next, earlier.first().copied()) {
            (Some(stored), Some(gone)) if gone < stored => earlier.pop_first()?,
            (None, Some(_)) => earlier.pop_first()?,
            _ => next.take()?,
        };
        Some(Ok(key as u32))
    }))
}

fn refuse(reason: impl Into<String>) -> StoreError {
    StoreError::Import { reason: reason.into() }
}

fn fill(from: &mut impl Read, bytes: &mut [u8]) -> Result<(), StoreError> {
    from.read_exact(bytes).map_err(|source| match source.kind() {
        io::ErrorKind::UnexpectedEof => refuse("it is cut short"),
        _ => StoreError::Io { doing: "reading the export", source },
    })
}

fn take<const N: usize>(from: &mut impl Read) -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    fill(from, &mut bytes)?;
    Ok(bytes)
}

fn import(store: &mut Store, mut from: impl Read) -> Result<(), StoreError> {
    let view = store.view()?;
    let state = read_head(&mut from, &view.geometry)?;
    let transaction = begin(store.database())?;
    let mut writer = Writer::new(view, &transaction, None)?;
    let mut pages_count = 0u64;
    for shape in view.geometry.shapes() {
        let mut pages = Pages { from: &mut from, shape, next: 0, ended: false };
        let counted = std::iter::from_fn(|| pages.next()).inspect(|page| pages_count += u64::from(page.is_ok()));
        let root = writer.write_space(&shape, counted)?;
        check_root(&shape, root, Some(&state.roots))?;
    }
    if u64::from_le_bytes(take(&mut from)?) != pages_count {
        return Err(refuse("its number of pages is wrong"));
    }
    if from.read(&mut [0]).map_err(|source| StoreError::Io { doing: "reading the export", source })? != 0 {
        return Err(refuse("it has bytes after its end"));
    }
    let done = writer.finish(state);
    write_state(&transaction, &done.state, view, 1)?;
    commit(transaction)?;
    store.finish(Ok(done)).map(drop)
}

fn read_head(from: &mut impl Read, geometry: &Geometry) -> Result<GenerationRecord, StoreError> {
    if take::<8>(from)? != MAGIC {
        return Err(refuse("it is no export of a store"));
    }
    let version = u32::from_le_bytes(take(from)?);
    if version != EXPORT_VERSION {
        return Err(refuse(format!("it has version {version}, this program reads version {EXPORT_VERSION}")));
    }
    let length = u32::from_le_bytes(take(from)?) as usize;
    if length > HEAD_BYTES_MAX {
        return Err(refuse(format!("its head has {length} bytes, at most {HEAD_BYTES_MAX} are possible")));
    }
    let mut head = vec![0; length];
    fill(from, &mut head)?;
    let rest = check_identity(&head, geometry)?;
    let (number, rest) = rest.split_first_chunk::<8>().ok_or_else(|| refuse("its head is cut short"))?;
    let roots_bytes = 32 * geometry.spaces.len();
    let (roots, metadata) = rest.split_at_checked(roots_bytes).ok_or_else(|| refuse("its head is cut short"))?;
    check_limit(Limit::MetadataBytes, metadata.len() as u64, 0, METADATA_BYTES_MAX as u64)?;
    let number = u64::from_le_bytes(*number);
    check_limit(Limit::Generation, number, 0, GENERATION_LAST)?;
    Ok(GenerationRecord { number, roots: roots.as_chunks::<32>().0.to_vec(), metadata: metadata.to_vec() })
}

/// The pages of a space in an export.
struct Pages<'r, R> {
    from: &'r mut R,
    shape: Shape,
    /// The lowest number that the next page may have.
    next: u64,
    ended: bool,
}

impl<R: Read> Pages<'_, R> {
    fn next(&mut self) -> Option<Result<(u32, PendingPage), StoreError>> {
        if self.ended {
            return None;
        }
        let page = self.read().transpose();
        self.ended = !matches!(page, Some(Ok(_)));
        page
    }

    fn read(&mut self) -> Result<Option<(u32, PendingPage)>, StoreError> {
        match take(self.from)? {
            [SPACE_ENDS] => return Ok(None),
            [PAGE_FOLLOWS] => {}
            [other] => return Err(refuse(format!("the byte {other} stands where a page begins"))),
        }
        let page = u32::from_le_bytes(take(self.from)?);
        if u64::from(page) < self.next {
            return Err(refuse(format!("page {page} is out of order")));
        }
        self.shape.check_page(page)?;
        self.next = u64::from(page) + 1;
        let mask = u128::from_le_bytes(take(self.from)?);
        let leaves_count = self.shape.leaves().min(PAGE_LEAVES as u64) as usize;
        if mask == 0 || (leaves_count < PAGE_LEAVES && mask >> leaves_count != 0) {
            return Err(refuse(format!("page {page} has no leaves, or leaves past the end of its space")));
        }
        let mut leaves = [[0; 32]; PAGE_LEAVES];
        for leaf in (0..PAGE_LEAVES).filter(|&leaf| mask >> leaf & 1 == 1) {
            leaves[leaf] = take(self.from)?;
            if leaves[leaf] == [0; 32] {
                return Err(refuse(format!("page {page} has a leaf of zeros")));
            }
        }
        Ok(Some((page, PendingPage::whole(&leaves))))
    }
}
