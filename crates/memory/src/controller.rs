//! One handle for a VM's executor: online memory with its log, then the tables that prove it.

use engram_air::{Circuit, F};
use engram_stark::engine::Witness;

use crate::{
    bridge::MemoryBridge,
    config::MemoryConfig,
    error::{MemoryError, MemoryIntegrationError},
    image::MemoryImage,
    log::{MemoryLog, RecordId},
    messages::MemoryBus,
    offline::{AccessRecords, FinalMemory, OfflineMemory},
    online::Memory,
    proof::{MemoryProof, MemoryProofGenerator},
    range_checker::SharedVariableRangeCheckerChip,
    records::AccessAdapterInventory,
    segment::SegmentMemory,
    tables,
};

/// Memory from its first access to its tables.
///
/// While a program runs it reads and writes; [`Self::finalize`] then replays the log and says for each access what goes into
/// the rows of the VM's own chips, and fills all tables that memory needs besides. The chips' circuits put their accesses on
/// the bus with [`Self::bridge`], and their proof has [`Self::circuits`] too.
#[derive(Clone, Debug)]
pub struct MemoryController {
    memory: Memory,
    range_checker: SharedVariableRangeCheckerChip,
}

impl MemoryController {
    /// All cells zero, at timestamp 1.
    pub fn new(config: &MemoryConfig) -> Self {
        Self::of(Memory::new(config))
    }

    /// Memory that starts as `image`.
    ///
    /// # Errors
    /// As for [`Memory::with_image`].
    pub fn with_image(config: &MemoryConfig, image: MemoryImage) -> Result<Self, MemoryError> {
        Ok(Self::of(Memory::with_image(config, image)?))
    }

    fn of(memory: Memory) -> Self {
        let range_checker = SharedVariableRangeCheckerChip::new(memory.config());
        Self { memory, range_checker }
    }

    /// Read `N` cells.
    ///
    /// # Errors
    /// As for [`Memory::read`].
    pub fn read<const N: usize>(&mut self, space: u32, pointer: u32) -> Result<(RecordId, [F; N]), MemoryError> {
        self.memory.read(space, pointer)
    }

    /// Write `N` cells; returns what they were.
    ///
    /// # Errors
    /// As for [`Memory::write`].
    pub fn write<const N: usize>(
        &mut self,
        space: u32,
        pointer: u32,
        data: [F; N],
    ) -> Result<(RecordId, [F; N]), MemoryError> {
        self.memory.write(space, pointer, data)
    }

    /// Read `len` cells.
    ///
    /// # Errors
    /// As for [`Memory::read_dynamic`].
    pub fn read_dynamic(&mut self, space: u32, pointer: u32, len: usize) -> Result<(RecordId, Vec<F>), MemoryError> {
        self.memory.read_dynamic(space, pointer, len)
    }

    /// Write as many cells as `data` has; returns what they were.
    ///
    /// # Errors
    /// As for [`Memory::write_dynamic`].
    pub fn write_dynamic(&mut self, space: u32, pointer: u32, data: &[F]) -> Result<(RecordId, Vec<F>), MemoryError> {
        self.memory.write_dynamic(space, pointer, data)
    }

    /// Write as many cells as `data` has.
    ///
    /// # Errors
    /// As for [`Memory::write_slice`].
    pub fn write_slice(&mut self, space: u32, pointer: u32, data: &[F]) -> Result<RecordId, MemoryError> {
        self.memory.write_slice(space, pointer, data)
    }

    /// Read a word of 32 bits.
    ///
    /// # Errors
    /// As for [`Memory::read_word`].
    pub fn read_word(&mut self, space: u32, pointer: u32) -> Result<(RecordId, u32), MemoryError> {
        self.memory.read_word(space, pointer)
    }

    /// Write a word of 32 bits; returns what it was.
    ///
    /// # Errors
    /// As for [`Memory::write_word`].
    pub fn write_word(&mut self, space: u32, pointer: u32, word: u32) -> Result<(RecordId, u32), MemoryError> {
        self.memory.write_word(space, pointer, word)
    }

    /// Increase the timestamp by one.
    ///
    /// # Errors
    /// The timestamp would reach 2^29.
    pub fn increment_timestamp(&mut self) -> Result<(), MemoryError> {
        self.memory.increment_timestamp()
    }

    /// Increase the timestamp.
    ///
    /// # Errors
    /// The timestamp would reach 2^29.
    pub fn increment_timestamp_by(&mut self, increment: u32) -> Result<(), MemoryError> {
        self.memory.increment_timestamp_by(increment)
    }

    /// The memory.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Everything that was done, in order.
    pub fn log(&self) -> &MemoryLog {
        self.memory.log()
    }

    /// The range checker that all chips of the proof share: clone it into each thread.
    pub fn range_checker(&self) -> &SharedVariableRangeCheckerChip {
        &self.range_checker
    }

    /// What a chip's author calls in `eval`.
    pub fn bridge(&self) -> MemoryBridge {
        MemoryBridge::new(MemoryBus::new())
    }

    /// The circuits that a proof needs besides those of the VM's own chips: memory's tables, then the range checker's.
    pub fn circuits(&self) -> Vec<Circuit> {
        let mut circuits = tables::circuits(self.memory.config().layout());
        circuits.extend(SharedVariableRangeCheckerChip::circuits());
        circuits
    }

    /// As [`Self::circuits`], for memory that starts as zeros and is forgotten: without Merkle trees and roots.
    pub fn volatile_circuits(&self) -> Vec<Circuit> {
        let mut circuits = tables::volatile_circuits(self.memory.config().layout());
        circuits.extend(SharedVariableRangeCheckerChip::circuits());
        circuits
    }

    /// End the log and replay it.
    ///
    /// # Errors
    /// None: a log that the memory wrote can be replayed.
    pub fn finalize(self) -> Result<FinalizedMemory, MemoryError> {
        let config = self.memory.config().clone();
        let (image, log) = self.memory.into_log();
        let mut offline = OfflineMemory::from_image_and_log(&image, log, &config)?;
        let mut adapters = AccessAdapterInventory::new();
        offline.replay(&mut adapters)?;
        Ok(FinalizedMemory { memory: offline.finish(adapters), range_checker: self.range_checker })
    }

    /// Prove the log by itself.
    ///
    /// # Errors
    /// A table is higher than a proof allows, or the backend fails.
    pub fn generate_memory_proof(self) -> Result<MemoryProof, MemoryIntegrationError> {
        let config = self.memory.config().clone();
        let (image, log) = self.memory.into_log();
        Ok(MemoryProofGenerator::new(log, &config).with_image(image).generate_proof()?)
    }
}

/// A replayed log: what chips need to fill their rows, and memory's own tables.
#[derive(Clone, Debug)]
pub struct FinalizedMemory {
    memory: FinalMemory,
    range_checker: SharedVariableRangeCheckerChip,
}

impl FinalizedMemory {
    /// What each access found and left, when, and how long after the message before.
    pub fn accesses(&self) -> &AccessRecords {
        &self.memory.accesses
    }

    /// Leaves, nodes, refreshes, adapters and roots.
    pub fn memory(&self) -> &SegmentMemory {
        &self.memory.segment
    }

    /// The splits and merges.
    pub fn adapters(&self) -> &AccessAdapterInventory {
        &self.memory.segment.adapters
    }

    /// The range checker. A chip counts with it each lookup of its rows, the gaps of its accesses among them.
    pub fn range_checker(&self) -> &SharedVariableRangeCheckerChip {
        &self.range_checker
    }

    /// The witnesses of [`MemoryController::circuits`], once all chips have filled their rows. Tables without rows are left out.
    pub fn into_witnesses(self) -> Vec<Witness> {
        let mut witnesses = self.memory.segment.witnesses(&self.range_checker);
        witnesses.extend(self.range_checker.witnesses());
        witnesses
    }

    /// The witnesses of [`MemoryController::volatile_circuits`], likewise.
    ///
    /// # Errors
    /// Memory did not start as zeros.
    pub fn into_volatile_witnesses(self) -> Result<Vec<Witness>, MemoryError> {
        let mut witnesses = self.memory.segment.volatile_witnesses(&self.range_checker)?;
        witnesses.extend(self.range_checker.witnesses());
        Ok(witnesses)
    }
}
