//! Recomputing what is kept of earlier generations: each record must be exactly what its commit replaced.

use crate::{
    error::StoreError,
    geometry::{BUNDLE_HEIGHT, BundleAt, Geometry, Shape},
    hash::{Digest, Leaf},
    page::PAGE_LEAVES,
    store::Store,
    undo::Undo,
    view::View,
};

impl Store {
    /// Check all records of earlier generations: none too many, none too few, each as its commit wrote it.
    pub(crate) fn verify_earlier(&self) -> Result<(), StoreError> {
        let current = self.view()?;
        let (oldest, newest) = current.kept();
        for of_pages in [true, false] {
            let rows = current.earlier_rows(of_pages);
            let ends = [rows.range(..=(oldest, u64::MAX)), rows.range((newest, u64::MAX)..)];
            for end in ends {
                if let Some(row) = end.map_err(storage)?.next() {
                    return Err(malformed(row.map_err(storage)?.0.value().1, "its generation is not kept"));
                }
            }
        }
        for generation in oldest..newest {
            let (before, after) = (self.view_of(generation)?, self.view_of(generation + 1)?);
            before.geometry.shapes().try_for_each(|shape| read_changed(&before, &after, &shape))?;
            compare_pages(&before, &after)?;
            compare_bundles(&before, &after)?;
        }
        Ok(())
    }
}

fn storage(error: redb::StorageError) -> StoreError {
    StoreError::storage("reading the store")(error.into())
}

fn malformed(key: u64, reason: &'static str) -> StoreError {
    StoreError::Malformed { what: "what replaced key", index: key, reason }
}

/// Read what a generation has different from the next, where each difference must have its record.
fn read_changed(before: &View, after: &View, shape: &Shape) -> Result<(), StoreError> {
    if before.root(shape) == after.root(shape) {
        return Ok(());
    }
    let is_there = |of_pages: bool, key| match after.earlier_rows(of_pages).get((after.state.number, key)) {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(malformed(key, "it is missing")),
        Err(error) => Err(storage(error)),
    };
    let read_page = |page| {
        is_there(true, shape.page_key(page))?;
        before.whole_page(shape, page).map(drop)
    };
    let Some(tier) = shape.tiers().checked_sub(1) else { return read_page(0) };
    let mut bundles = vec![BundleAt { tier, index: 0 }];
    while let Some(at) = bundles.pop() {
        is_there(false, shape.bundle_key(at))?;
        let (bundle, later) = (before.bundle(shape, at)?, after.bundle(shape, at)?);
        for place in (0..bundle.width()).filter(|&place| bundle.node(0, place) != later.node(0, place)) {
            let index = at.index << BUNDLE_HEIGHT | place as u32;
            match at.tier.checked_sub(1) {
                Some(tier) => bundles.push(BundleAt { tier, index }),
                None => read_page(index)?,
            }
        }
    }
    Ok(())
}

/// Compare the records of pages with what they must be, from the pages themselves.
fn compare_pages(before: &View, after: &View) -> Result<(), StoreError> {
    for (key, record) in records(after, true)? {
        let (shape, page) = page_of(&before.geometry, key).ok_or(malformed(key, "there is no such page"))?;
        let [earlier, later] = [before, after].map(|view| leaves(view, &shape, page));
        compare(key, &record, &*earlier?, &*later?, &[0; 32])?;
    }
    Ok(())
}

/// Compare the records of bundles with what they must be, from the bundles themselves.
fn compare_bundles(before: &View, after: &View) -> Result<(), StoreError> {
    for (key, record) in records(after, false)? {
        let (shape, at) = bundle_of(&before.geometry, key).ok_or(malformed(key, "there is no such bundle"))?;
        let zero: Digest = before.geometry.zeros[shape.bottom(at.tier) as usize];
        compare(key, &record, before.bundle(&shape, at)?.row(), after.bundle(&shape, at)?.row(), &zero)?;
    }
    Ok(())
}

fn compare(key: u64, record: &[u8], before: &[Leaf], after: &[Leaf], zero: &Leaf) -> Result<(), StoreError> {
    let expected = Undo::between(before, after, zero);
    if expected.encode() == record { Ok(()) } else { Err(malformed(key, "it is not what the commit replaced")) }
}

/// The records of the commit that led to a view: of pages, or else of bundles.
fn records(view: &View, of_pages: bool) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
    let number = view.state.number;
    let rows = view.earlier_rows(of_pages).range((number, 0)..=(number, u64::MAX)).map_err(storage)?;
    rows.map(|row| row.map(|(key, record)| (key.value().1, record.value().to_vec())).map_err(storage)).collect()
}

fn leaves(view: &View, shape: &Shape, page: u32) -> Result<Box<[Leaf; PAGE_LEAVES]>, StoreError> {
    let found = view.whole_page(shape, page)?;
    Ok(found.map_or_else(|| Box::new([[0; 32]; PAGE_LEAVES]), |found| found.leaves))
}

/// The page that a key stands for.
fn page_of(geometry: &Geometry, key: u64) -> Option<(Shape, u32)> {
    let shape = geometry.shapes().nth((key >> 32) as usize)?;
    let page = key as u32;
    (u64::from(page) < shape.pages()).then_some((shape, page))
}

/// The bundle that a key stands for.
fn bundle_of(geometry: &Geometry, key: u64) -> Option<(Shape, BundleAt)> {
    let shape = geometry.shapes().nth((key >> 40) as usize)?;
    let at = BundleAt { tier: u32::from((key >> 32) as u8), index: key as u32 };
    (at.tier < shape.tiers() && u64::from(at.index) < shape.bundles(at.tier)).then_some((shape, at))
}
