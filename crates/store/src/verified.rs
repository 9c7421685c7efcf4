//! Bundles whose path to the root has been checked, in bounded memory.

use std::{collections::HashMap, sync::Arc};

use crate::{bundle::Bundle, geometry::BUNDLE_NODES};

/// Memory of a cached bundle, in bytes: all its nodes, and its entry.
const ENTRY_BYTES: usize = 2 * BUNDLE_NODES * 32 + 128;

/// A cache in two halves: a bundle not asked for while the newer half fills up is dropped.
pub(crate) struct VerifiedBundles {
    half_entries: usize,
    newer: HashMap<u64, Arc<Bundle>>,
    older: HashMap<u64, Arc<Bundle>>,
}

impl VerifiedBundles {
    /// A cache of at most so many bytes.
    pub fn new(bytes: usize) -> Self {
        let half_entries = (bytes / ENTRY_BYTES / 2).max(1);
        Self { half_entries, newer: HashMap::new(), older: HashMap::new() }
    }

    /// The bundle with a key, if it is here.
    pub fn get(&mut self, key: u64) -> Option<Arc<Bundle>> {
        if let Some(bundle) = self.newer.get(&key) {
            return Some(bundle.clone());
        }
        let bundle = self.older.remove(&key)?;
        self.insert(key, bundle.clone());
        Some(bundle)
    }

    /// Put in a bundle whose path to the root was checked.
    pub fn insert(&mut self, key: u64, bundle: Arc<Bundle>) {
        self.older.remove(&key);
        self.newer.insert(key, bundle);
        if self.newer.len() >= self.half_entries {
            self.older = std::mem::take(&mut self.newer);
        }
    }

    /// Forget a bundle.
    pub fn remove(&mut self, key: u64) {
        self.newer.remove(&key);
        self.older.remove(&key);
    }
}
