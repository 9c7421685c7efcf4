//! Extensions for tests: those of `guests/runtime/custom.h` as a model, and one that touches no memory.

use crate::extension::{Extensions, GuestAccess, Refusal};

/// Copies four words from the address in `rs1` to that in `rs2`; `rd` becomes the address after those read.
pub const BULK_LOAD: u16 = 0;
/// Writes the word in `rs2` to four words at the address in `rs1`; `rd` becomes the address after them.
pub const BULK_STORE: u16 = 1;
/// `rd` becomes `rs1`, rotated left by the low bits of `rs2`, xor `rs2`. Refuses to rotate by nothing.
pub const ROTATE_XOR: u16 = 685;

/// The extensions with the ids above.
#[derive(Clone, Copy, Debug)]
pub struct TestExtensions;

impl Extensions for TestExtensions {
    fn name(&self, id: u16) -> Option<&str> {
        match id {
            BULK_LOAD => Some("bulk_load"),
            BULK_STORE => Some("bulk_store"),
            ROTATE_XOR => Some("rotate_xor"),
            _ => None,
        }
    }

    fn execute(&self, id: u16, guest: &mut dyn GuestAccess) -> Result<(), Refusal> {
        let (rs1, rs2) = (guest.rs1(), guest.rs2());
        match id {
            BULK_LOAD => {
                let mut words = [0; 4];
                for (offset, word) in (0..).zip(&mut words) {
                    *word = guest.load(rs1, offset)?;
                }
                for (offset, word) in (0..).zip(words) {
                    guest.store(rs2, offset, word)?;
                }
                guest.set_rd(rs1.wrapping_add(16));
            }
            BULK_STORE => {
                for offset in 0..4 {
                    guest.store(rs1, offset, rs2)?;
                }
                guest.set_rd(rs1.wrapping_add(16));
            }
            _ if rs2 % 32 == 0 => return Err(Refusal::Operands { reason: format!("{rs2:#x} rotates by nothing") }),
            _ => guest.set_rd(rs1.rotate_left(rs2 % 32) ^ rs2),
        }
        Ok(())
    }
}
