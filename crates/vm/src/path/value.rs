//! What is known of a value of a path.

use crate::word::LIMB_BITS;

/// A value of a path, by its place in the path's arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WordId(pub(super) usize);

/// A byte of a value.
#[derive(Clone, Debug)]
pub(super) enum Byte<E> {
    /// A constant.
    Known(u32),
    /// An expression; `checked` once it is shown to be below 256.
    Expr { expr: E, checked: bool },
}

/// A limb cut in two: `limb = low + 2^position · high`, both shown to be short.
#[derive(Clone, Debug)]
pub(super) struct Split<E> {
    /// 0 or 1.
    pub limb: u32,
    pub position: u32,
    pub low: E,
    pub high: E,
}

/// The low limb (0) or the high one (1).
pub(super) fn limb_of<T>([low, high]: &[T; 2], limb: u32) -> &T {
    if limb == 0 { low } else { high }
}

/// The byte in a place from 0 to 3.
pub(super) fn byte_of<T>([b0, b1, b2, b3]: &[T; 4], place: u32) -> &T {
    match place {
        0 => b0,
        1 => b1,
        2 => b2,
        _ => b3,
    }
}

/// What is known of a value: `limbs[0] + 2^16 · limbs[1] + offset` modulo 2^32.
#[derive(Clone, Debug)]
pub(super) struct Value<E> {
    pub limbs: [E; 2],
    /// Largest value of each limb.
    pub limbs_max: [u64; 2],
    /// A constant yet to be added.
    pub offset: u32,
    /// The value that this one is an offset from; itself where the offset is zero.
    pub base: WordId,
    /// The value, where it is a constant.
    pub known: Option<u32>,
    /// Bits that can be set, for a normal value; shown, not assumed.
    pub mask: u32,
    pub bytes: Option<[Byte<E>; 4]>,
    pub normal: Option<WordId>,
    pub splits: Vec<Split<E>>,
    /// Values that are this one and an offset.
    pub derived: Vec<(u32, WordId)>,
    /// The two low bits are shown to be zero.
    pub aligned: bool,
}

/// A limb is normalized before its bound reaches this.
pub(super) const LIMB_LIMIT: u64 = 1 << 28;

pub(super) const LIMB_MAX: u64 = (1 << LIMB_BITS) - 1;
