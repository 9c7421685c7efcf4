//! The registers while a program runs.

/// Registers, indexed by any byte. 0 to 31 are the guest's; writes to register 0 land elsewhere, see
/// [`code`](super::code).
pub(super) struct Registers([u32; 256]);

impl Registers {
    /// All zero.
    pub(super) fn zero() -> Self {
        Self([0; 256])
    }

    /// Those of the guest.
    pub(super) fn of_guest(&self) -> [u32; 32] {
        std::array::from_fn(|number| self.0[number])
    }

    #[inline(always)]
    pub(super) fn get(&self, number: u8) -> u32 {
        self.0[usize::from(number)]
    }

    #[inline(always)]
    pub(super) fn set(&mut self, number: u8, value: u32) {
        self.0[usize::from(number)] = value;
    }
}
