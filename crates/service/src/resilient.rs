//! A memory with a replica.

use std::{fmt, time::SystemTime};

use engram_air::F;
use engram_memory::{
    adapter::MemoryAdapter,
    address::{LEAF_CELLS, TIMESTAMP_BITS},
    config::MemoryConfig,
    error::{MemoryError, MemoryIntegrationError},
    image::MemoryImage,
    log::RecordId,
    online::Memory,
    proof::{MemoryProof, MemoryProofGenerator, ProofError},
};
use thiserror::Error;

use crate::{
    operation::{BusOperation, BusResponse},
    recovery::{Degradation, DegradationEvent, ErrorRecoveryAction, ErrorRecoveryStrategy, MemberRole},
};

/// Most events that are kept. Further ones are only counted.
pub const EVENTS_MAX: usize = 1 << 16;

/// Why an operation was not done. Then it was done nowhere.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResilienceError {
    /// Memory refuses the operation, or failed at it and the strategy says so.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// Memory failed, and there is no other to go on with.
    #[error("memory failed and no backup is in service: {error}; attach one and ask again")]
    NoBackup {
        /// The last error.
        error: MemoryError,
    },
    /// What the memories hold is not known any more.
    #[error("no memory is in service: attach one, which gets every acknowledged write, and ask again")]
    OutOfService,
}

impl From<ResilienceError> for MemoryIntegrationError {
    fn from(error: ResilienceError) -> Self {
        match error {
            ResilienceError::Memory(error) | ResilienceError::NoBackup { error } => error.into(),
            ResilienceError::OutOfService => Self::BusError(error.to_string()),
        }
    }
}

type SendMemory = Box<dyn MemoryAdapter + Send>;

struct Member {
    role: MemberRole,
    memory: SendMemory,
}

/// A member that failed for good.
struct GivenUp {
    error: MemoryError,
    use_backup: bool,
}

/// A primary memory and perhaps a backup, which hold the same cells, and one journal of what was acknowledged.
///
/// - A write is acknowledged once every member in service has it. Where one cannot, it is taken out of service, for good, or
///   the write is undone in all and returns an error: which of the two, the strategy says.
/// - So each member in service has every acknowledged write, and a read from the backup is never older than one.
/// - What a member reads is compared with the journal before it is returned. One that answers otherwise is out of service.
/// - Proofs are made from the journal alone, which has each acknowledged operation once, whichever member did it and however
///   often it was tried. Record ids and timestamps are the journal's.
///
/// The journal is a [`Memory`] in RAM. Members have clocks and logs of their own, of which nothing is used; one with a limited log
/// must have room for what is tried again or undone too.
pub struct ResilientMemorySystem {
    config: MemoryConfig,
    journal: Memory,
    /// Those in service, the first of which is asked first.
    members: Vec<Member>,
    strategy: ErrorRecoveryStrategy,
    operations: u64,
    events: Vec<DegradationEvent>,
    events_lost: u64,
}

impl fmt::Debug for ResilientMemorySystem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = formatter.debug_struct("ResilientMemorySystem");
        out.field("in_service", &self.in_service()).field("operations", &self.operations).finish_non_exhaustive()
    }
}

impl ResilientMemorySystem {
    /// A system with one memory, which holds `image`.
    ///
    /// # Errors
    /// An image that the configuration has no room for.
    pub fn new(
        config: &MemoryConfig,
        image: MemoryImage,
        primary: SendMemory,
        strategy: ErrorRecoveryStrategy,
    ) -> Result<Self, MemoryError> {
        Ok(Self {
            config: config.clone(),
            journal: Memory::with_image(config, image)?,
            members: vec![Member { role: MemberRole::Primary, memory: primary }],
            strategy,
            operations: 0,
            events: vec![],
            events_lost: 0,
        })
    }

    /// Bring a memory of zeros, or one of the first image, up to date and take it into service: as backup, or as primary
    /// where there is none. It gets every cell that was ever set, and each is read back.
    ///
    /// # Errors
    /// Two members are in service already, see [`MemoryError::NotAvailable`]; the memory fails, or reads other cells than it was
    /// given. Then it is not in service.
    pub fn attach(&mut self, mut memory: SendMemory) -> Result<(), MemoryError> {
        let free = |role: &MemberRole| self.members.iter().all(|member| member.role != *role);
        let role = [MemberRole::Primary, MemberRole::Backup].into_iter().find(free);
        let role = role.ok_or(MemoryError::NotAvailable { what: "a place for a third memory" })?;
        for (space, first, cells) in self.journal.image().cell_blocks() {
            let leaves = cells.chunks_exact(LEAF_CELLS).enumerate();
            for (leaf, cells) in leaves {
                let cell = first as usize + leaf * LEAF_CELLS;
                let pointer = (cell / self.config.pointer_unit()) as u32;
                match memory.read(space, pointer, LEAF_CELLS) {
                    Ok((_, held)) if held == cells => continue,
                    // A space may be smaller than a page of the image.
                    Err(MemoryError::AddressOutOfBounds { .. }) => break,
                    _ => memory.write(space, pointer, cells)?,
                };
                if memory.read(space, pointer, LEAF_CELLS)?.1 != cells {
                    return Err(MemoryError::NotAvailable { what: "what was just written to the new memory" });
                }
            }
        }
        self.members.push(Member { role, memory });
        self.members.sort_by_key(|member| member.role == MemberRole::Backup);
        Ok(())
    }

    /// With this memory as backup: [`Self::attach`].
    ///
    /// # Errors
    /// As for [`Self::attach`].
    pub fn with_backup(mut self, backup: SendMemory) -> Result<Self, MemoryError> {
        self.attach(backup)?;
        Ok(self)
    }

    /// The members in service, in the order in which they are asked.
    pub fn in_service(&self) -> Vec<MemberRole> {
        self.members.iter().map(|member| member.role).collect()
    }

    /// Every degradation so far, oldest first; the first [`EVENTS_MAX`].
    pub fn events(&self) -> &[DegradationEvent] {
        &self.events
    }

    /// How many more there were.
    pub fn events_lost(&self) -> u64 {
        self.events_lost
    }

    /// What was acknowledged: its log, its cells, its timestamp.
    pub fn journal(&self) -> &Memory {
        &self.journal
    }

    /// Prove what was acknowledged.
    ///
    /// # Errors
    /// As for [`MemoryProofGenerator::generate_proof`].
    pub fn generate_memory_proof(&self) -> Result<MemoryProof, ProofError> {
        let generator = MemoryProofGenerator::new(self.journal.log().clone(), &self.config);
        generator.with_image(self.journal.initial_image().clone()).generate_proof()
    }

    /// Do an operation, or return an error and do nothing.
    ///
    /// # Errors
    /// As [`ResilienceError`] lists.
    pub fn safe_operation(&mut self, operation: &BusOperation) -> Result<BusResponse, ResilienceError> {
        let done = self.done(operation);
        self.operations += 1;
        done
    }

    fn done(&mut self, operation: &BusOperation) -> Result<BusResponse, ResilienceError> {
        self.check(operation)?;
        match operation {
            BusOperation::MemoryRead { address_space, pointer, len } => {
                let cells = self.cells(*address_space, *pointer, *len);
                self.read_members(operation, &cells)?;
            }
            BusOperation::MemoryWrite { address_space, pointer, data } => {
                let previous = self.cells(*address_space, *pointer, data.len());
                let undo =
                    BusOperation::MemoryWrite { address_space: *address_space, pointer: *pointer, data: previous };
                self.write_members(operation, &undo)?;
            }
            // Time is the journal's.
            BusOperation::IncrementTimestamp => {}
        }
        // Nothing is left to refuse: the same was checked before any member was asked.
        Ok(match operation {
            &BusOperation::MemoryRead { address_space, pointer, len } => {
                let (record_id, values) = self.journal.read_dynamic(address_space, pointer, len)?;
                BusResponse::Read { record_id, values }
            }
            BusOperation::MemoryWrite { address_space, pointer, data } => {
                BusResponse::WriteAcknowledged { record_id: self.journal.write_slice(*address_space, *pointer, data)? }
            }
            BusOperation::IncrementTimestamp => {
                self.journal.increment_timestamp()?;
                BusResponse::TimestampIncremented
            }
        })
    }

    /// Refuse what the journal would refuse.
    fn check(&self, operation: &BusOperation) -> Result<(), MemoryError> {
        let mut probe = Memory::new(&self.config);
        match operation {
            &BusOperation::MemoryRead { address_space, pointer, len } => {
                probe.read_dynamic(address_space, pointer, len)?;
            }
            BusOperation::MemoryWrite { address_space, pointer, data } => {
                probe.write_slice(*address_space, *pointer, data)?;
            }
            BusOperation::IncrementTimestamp => {}
        }
        let (capacity, timestamp) = (self.config.access_capacity(), self.journal.timestamp());
        if *operation != BusOperation::IncrementTimestamp && self.journal.accesses() >= capacity {
            return Err(MemoryError::CapacityReached { capacity });
        }
        if timestamp >= 1 << TIMESTAMP_BITS {
            return Err(MemoryError::TimestampOverflow { timestamp, increment: 1 });
        }
        Ok(())
    }

    /// Cells as acknowledged, of an access that is possible.
    fn cells(&self, space: u32, pointer: u32, len: usize) -> Vec<F> {
        if self.config.position(space).is_none() {
            // The identity space, whose one cell is its pointer.
            let read = Memory::new(&self.config).read_dynamic(space, pointer, len);
            return read.map(|(_, cells)| cells).unwrap_or_default();
        }
        let first = u64::from(pointer) * self.config.pointer_unit() as u64;
        // Below 2^31, as no space has more cells.
        (first..first + len as u64).map(|cell| self.journal.image().cell(space, cell as u32)).collect()
    }

    /// Read from the first member that can, and compare.
    fn read_members(&mut self, operation: &BusOperation, expected: &[F]) -> Result<(), ResilienceError> {
        while !self.members.is_empty() {
            match self.attempt(0, operation) {
                Ok(BusResponse::Read { values, .. }) if values == expected => return Ok(()),
                Ok(_) => {
                    let (address_space, pointer) = match *operation {
                        BusOperation::MemoryRead { address_space, pointer, .. } => (address_space, pointer),
                        _ => (0, 0),
                    };
                    self.retire(0, Degradation::Diverged { address_space, pointer });
                }
                Err(GivenUp { error, use_backup: false }) => return Err(error.into()),
                Err(GivenUp { error, .. }) if self.members.len() == 1 => {
                    return Err(ResilienceError::NoBackup { error });
                }
                Err(GivenUp { error, .. }) => self.retire(0, Degradation::FailedOver { error }),
            }
        }
        Err(ResilienceError::OutOfService)
    }

    /// Write to all members, or undo what was written.
    fn write_members(&mut self, operation: &BusOperation, undo: &BusOperation) -> Result<(), ResilienceError> {
        let mut written = 0;
        while written < self.members.len() {
            match self.attempt(written, operation) {
                Ok(_) => written += 1,
                Err(GivenUp { error, use_backup: true }) if self.members.len() > 1 => {
                    self.retire(written, Degradation::FailedOver { error });
                }
                Err(GivenUp { error, use_backup }) => {
                    // The one that failed may have written before it did.
                    self.roll_back(written + 1, undo);
                    return Err(match use_backup {
                        true => ResilienceError::NoBackup { error },
                        false => error.into(),
                    });
                }
            }
        }
        if self.members.is_empty() { Err(ResilienceError::OutOfService) } else { Ok(()) }
    }

    /// Give the first members their cells back, and read them to be sure.
    fn roll_back(&mut self, count: usize, undo: &BusOperation) {
        let BusOperation::MemoryWrite { address_space, pointer, data } = undo else { return };
        let read = BusOperation::MemoryRead { address_space: *address_space, pointer: *pointer, len: data.len() };
        for index in (0..count.min(self.members.len())).rev() {
            let undone = self.attempt(index, undo).and_then(|_| self.attempt(index, &read));
            match undone {
                Ok(BusResponse::Read { values, .. }) if values == *data => {
                    self.report(index, Degradation::RolledBack);
                }
                Ok(_) => {
                    let (address_space, pointer) = (*address_space, *pointer);
                    self.retire(index, Degradation::Diverged { address_space, pointer });
                }
                Err(GivenUp { error, .. }) => self.retire(index, Degradation::StateUnknown { error }),
            }
        }
    }

    /// Ask a member as often as the strategy says.
    fn attempt(&mut self, index: usize, operation: &BusOperation) -> Result<BusResponse, GivenUp> {
        let mut failed = 0;
        let mut last_error = None;
        let answer = loop {
            match operation.apply(&mut *self.members[index].memory) {
                Ok(answer) => break Ok(answer),
                Err(error) => {
                    failed += 1;
                    let action = self.strategy.handle_error(&error, failed);
                    if action != ErrorRecoveryAction::Retry {
                        break Err(GivenUp { error, use_backup: action == ErrorRecoveryAction::UseBackup });
                    }
                    last_error = Some(error);
                }
            }
        };
        if let Some(error) = last_error {
            self.report(index, Degradation::Retried { failed, error });
        }
        answer
    }

    fn retire(&mut self, index: usize, what: Degradation) {
        self.report(index, what);
        self.members.remove(index);
    }

    fn report(&mut self, index: usize, what: Degradation) {
        if self.events.len() >= EVENTS_MAX {
            self.events_lost += 1;
            return;
        }
        let member = self.members[index].role;
        self.events.push(DegradationEvent { operation: self.operations, time: SystemTime::now(), member, what });
    }
}

/// What was done is what [`ResilientMemorySystem::safe_operation`] does.
impl MemoryAdapter for ResilientMemorySystem {
    fn read(&mut self, space: u32, pointer: u32, len: usize) -> Result<(RecordId, Vec<F>), MemoryError> {
        match self.safe_operation(&BusOperation::MemoryRead { address_space: space, pointer, len }) {
            Ok(BusResponse::Read { record_id, values }) => Ok((record_id, values)),
            answer => Err(memory_error(answer)),
        }
    }

    fn write(&mut self, space: u32, pointer: u32, data: &[F]) -> Result<RecordId, MemoryError> {
        match self.safe_operation(&BusOperation::MemoryWrite { address_space: space, pointer, data: data.to_vec() }) {
            Ok(BusResponse::WriteAcknowledged { record_id }) => Ok(record_id),
            answer => Err(memory_error(answer)),
        }
    }

    fn increment_timestamp(&mut self) -> Result<(), MemoryError> {
        match self.safe_operation(&BusOperation::IncrementTimestamp) {
            Ok(BusResponse::TimestampIncremented) => Ok(()),
            answer => Err(memory_error(answer)),
        }
    }
}

fn memory_error(answer: Result<BusResponse, ResilienceError>) -> MemoryError {
    match answer {
        Err(ResilienceError::Memory(error) | ResilienceError::NoBackup { error }) => error,
        // An answer of another kind is as good as none.
        Err(ResilienceError::OutOfService) | Ok(_) => MemoryError::NotAvailable { what: "any memory of the system" },
    }
}
