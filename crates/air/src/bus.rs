//! Buses: named multisets of messages that must balance over all circuits of a proof.
//!
//! Messages of different buses or lengths are never taken for each other; `engram-stark` says why.

/// What balance on a bus means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BusKind {
    /// What is sent is exactly what is received, with multiplicity.
    Permutation,
    /// What is asked for is somewhere in the table; the table says how often.
    Lookup,
}

/// A bus. Every bus of the project is a constant of this type, defined beside the one function that writes its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bus {
    /// Number on the backend; distinct for distinct buses.
    pub index: u16,
    /// Name for people.
    pub name: &'static str,
    /// What balance means.
    pub kind: BusKind,
    /// Names of the message's fields, for people. A longer message repeats the name that ends in `*`, or else the last.
    pub fields: &'static [&'static str],
}

impl Bus {
    /// A bus on which sends and receives must be the same multiset.
    pub const fn permutation(index: u16, name: &'static str, fields: &'static [&'static str]) -> Self {
        Self { index, name, kind: BusKind::Permutation, fields }
    }

    /// A bus on which lookups must be contained in a table.
    pub const fn lookup(index: u16, name: &'static str, fields: &'static [&'static str]) -> Self {
        Self { index, name, kind: BusKind::Lookup, fields }
    }
}
