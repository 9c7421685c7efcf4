//! Executes custom instructions. What one changes is kept apart until it is done, so that one that fails changes nothing.

use super::Emulator;
use crate::access::{Access, AccessError};
use crate::extension::{GuestAccess, Refusal};
use crate::fault::FaultKind;
use crate::memory::Memory;

/// The guest as a custom instruction sees it.
struct Guest<'a> {
    rs1: u32,
    rs2: u32,
    rd: Option<u32>,
    memory: &'a mut Memory,
    /// Addresses and words, in the order in which they were stored.
    stores: &'a mut Vec<(u32, u32)>,
    /// The first access that was refused. It refuses the instruction, whatever the extension makes of it.
    refused: Option<Refusal>,
}

impl Emulator<'_> {
    /// Executes an instruction of the extension `id` on two operands. Returns what it leaves in `rd`, if anything.
    pub(super) fn custom_instruction(&mut self, id: u16, rs1: u32, rs2: u32) -> Result<Option<u32>, FaultKind> {
        self.stores.clear();
        let (memory, stores) = (&mut self.memory, &mut self.stores);
        let mut guest = Guest { rs1, rs2, rd: None, memory, stores, refused: None };
        let result = self.program.extensions().execute(id, &mut guest);
        let (rd, refused) = (guest.rd, guest.refused);
        if let Some(refusal) = refused.or(result.err()) {
            return Err(FaultKind::from(refusal));
        }
        for &(address, word) in &self.stores {
            self.memory.set_word(address, word);
        }
        Ok(rd)
    }
}

impl From<Refusal> for FaultKind {
    fn from(refusal: Refusal) -> FaultKind {
        match refusal {
            Refusal::Access { access, error } => FaultKind::Access { access, error },
            Refusal::Host { message } => FaultKind::Host { stream: "stored memory", message },
            Refusal::Operands { .. } | Refusal::Misaligned { .. } => FaultKind::Refused { reason: refusal.to_string() },
        }
    }
}

impl Guest<'_> {
    /// The address of a word, which allows the access and was brought in.
    fn address(&mut self, base: u32, offset_words: u32, access: Access) -> Result<u32, Refusal> {
        let address = self.checked_address(base, offset_words, access);
        if let Err(refusal) = &address {
            self.refused.get_or_insert_with(|| refusal.clone());
        }
        address
    }

    fn checked_address(&mut self, base: u32, offset_words: u32, access: Access) -> Result<u32, Refusal> {
        if !base.is_multiple_of(4) {
            return Err(Refusal::Misaligned { address: base });
        }
        let address = offset_words.checked_mul(4).and_then(|distance| base.checked_add(distance));
        let address = address.ok_or(Refusal::Access { access, error: AccessError::Unmapped { address: 0 } })?;
        self.memory.check(address, 4, access).map_err(|error| Refusal::Access { access, error })?;
        self.memory.bring_in(address, 4).map_err(|message| Refusal::Host { message })?;
        Ok(address)
    }
}

impl GuestAccess for Guest<'_> {
    fn rs1(&self) -> u32 {
        self.rs1
    }

    fn rs2(&self) -> u32 {
        self.rs2
    }

    fn set_rd(&mut self, value: u32) {
        self.rd = Some(value);
    }

    fn load(&mut self, base: u32, offset_words: u32) -> Result<u32, Refusal> {
        let address = self.address(base, offset_words, Access::Load)?;
        let stored = self.stores.iter().rev().find(|&&(place, _)| place == address);
        Ok(stored.map_or_else(|| self.memory.word(address), |&(_, word)| word))
    }

    fn store(&mut self, base: u32, offset_words: u32, word: u32) -> Result<(), Refusal> {
        let address = self.address(base, offset_words, Access::Store)?;
        self.stores.push((address, word));
        Ok(())
    }
}
