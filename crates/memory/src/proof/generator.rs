//! Proving a log.

use std::sync::Arc;

use engram_air::{Circuit, F, PrimeCharacteristicRing, Trace, field::Digest, poseidon2::hash};
use engram_stark::{
    engine::{Witness, check_witnesses, common_commitment, keygen},
    parameters::Parameters,
};

use super::{MemoryProof, ProofError, circuits, commitment::log_digest, fitting::Size};
use crate::{
    address::IDENTITY_SPACE,
    clock::Clock,
    config::MemoryConfig,
    image::MemoryImage,
    log::{MemoryLog, MemoryLogEntry},
    log_table::{self, ROWS_MAX},
    offline::{FinalMemory, OfflineMemory},
    range_checker::SharedVariableRangeCheckerChip,
    records::AccessAdapterInventory,
};

/// Proves a memory log.
#[derive(Clone, Debug)]
pub struct MemoryProofGenerator {
    config: MemoryConfig,
    image: MemoryImage,
    log: MemoryLog,
    parameters: Option<Parameters>,
}

impl MemoryProofGenerator {
    /// A proof of this log, on memory of zeros.
    pub fn new(log: MemoryLog, config: &MemoryConfig) -> Self {
        Self { config: config.clone(), image: MemoryImage::new(), log, parameters: None }
    }

    /// The log started from this image.
    pub fn with_image(self, image: MemoryImage) -> Self {
        Self { image, ..self }
    }

    /// Prove under this parameter set, and not the one that fits the log's size.
    pub fn with_parameters(self, parameters: Parameters) -> Self {
        Self { parameters: Some(parameters), ..self }
    }

    /// Replay the log and prove it.
    ///
    /// # Errors
    /// The log is not possible on the image, a table is higher than a proof allows, or the backend fails.
    pub fn generate_proof(&self) -> Result<MemoryProof, ProofError> {
        let witnesses = witnesses(&self.log, &self.image, &self.config)?;
        let size = Size::of(witnesses.iter().filter_map(|witness| witness.trace.as_ref()));
        let parameters = self.parameters.unwrap_or_else(|| size.fitting());
        size.check(parameters)?;
        let (proving, _) = keygen(&self.circuits(), parameters).map_err(ProofError::of_backend)?;
        let proof = proving.prove(witnesses).map_err(ProofError::of_backend)?;
        Ok(MemoryProof { parameters, proof, aside: aside_digest(&self.log) })
    }

    /// Replay the log and check every row and bus of its tables, without a proof: it says which constraint fails where.
    ///
    /// # Errors
    /// The log is not possible on the image, or a constraint or a bus fails, which is named.
    pub fn check(&self) -> Result<(), ProofError> {
        let witnesses = witnesses(&self.log, &self.image, &self.config)?;
        check_witnesses(&self.circuits(), &witnesses).map_err(|report| ProofError::Rows(report.to_string()))
    }

    fn circuits(&self) -> Vec<Arc<Circuit>> {
        circuits(&self.config).into_iter().map(Arc::new).collect()
    }
}

/// The tables that a proof of the log has.
fn witnesses(log: &MemoryLog, image: &MemoryImage, config: &MemoryConfig) -> Result<Vec<Witness>, ProofError> {
    let memory = replayed(log, image, config)?;
    let range = SharedVariableRangeCheckerChip::new(config);
    let mut witnesses = vec![];
    for table in log_table::tables(config) {
        let trace = log_table::trace(config, table, &memory.accesses, &range);
        match trace.as_ref().map_or(0, Trace::height) {
            rows if rows > ROWS_MAX => return Err(ProofError::TooManyRows { rows, rows_max: ROWS_MAX }),
            _ => witnesses.push(Witness { trace, ..Default::default() }),
        }
    }
    witnesses.extend(memory.segment.witnesses(&range));
    witnesses.extend(range.witnesses());
    Ok(witnesses)
}

/// Accesses get timestamps of their own, one after the other: increments change nothing that a proof says. But what they leave no
/// time for is refused, as by every replay.
fn replayed(log: &MemoryLog, image: &MemoryImage, config: &MemoryConfig) -> Result<FinalMemory, ProofError> {
    let mut memory = OfflineMemory::new(image, config)?.with_narrow_accesses();
    let mut adapters = AccessAdapterInventory::new();
    let mut clock = Clock::new(config);
    for entry in log.iter() {
        if let MemoryLogEntry::IncrementTimestampBy(increment) = entry {
            clock.increment_by(increment)?;
            continue;
        }
        clock.check_access()?;
        memory.apply(entry, &mut adapters)?;
        clock.access();
    }
    Ok(memory.finish(adapters))
}

/// Prove a log on memory of zeros.
///
/// # Errors
/// As for [`MemoryProofGenerator::generate_proof`].
pub fn generate_memory_proof(log: MemoryLog, config: &MemoryConfig) -> Result<MemoryProof, ProofError> {
    MemoryProofGenerator::new(log, config).generate_proof()
}

/// The commitment to a log that started from `image`, as a proof under this parameter set has it: for whoever has the log.
/// Nothing is proven.
///
/// # Errors
/// The log is not possible on the image, or a table is higher than the parameter set allows.
pub fn log_commitment(
    log: &MemoryLog,
    image: &MemoryImage,
    config: &MemoryConfig,
    parameters: Parameters,
) -> Result<Digest, ProofError> {
    let witnesses = witnesses(log, image, config)?;
    Size::of(witnesses.iter().filter_map(|witness| witness.trace.as_ref())).check(parameters)?;
    let heights: Vec<usize> = witnesses.iter().map(|witness| witness.trace.as_ref().map_or(0, Trace::height)).collect();
    let tables = common_commitment(parameters, witnesses).map_err(ProofError::of_backend)?;
    Ok(log_digest(heights.into_iter(), &tables, &aside_digest(log)))
}

/// Marks an increment of time.
const INCREMENT: u32 = 1;
/// Marks a read of the identity space.
const IDENTITY_READ: u32 = 2;

/// The digest of those entries of a log that touch no memory, each with its place.
fn aside_digest(log: &MemoryLog) -> Digest {
    let mut cells = vec![];
    for (place, entry) in log.iter().enumerate() {
        let (mark, value) = match entry {
            MemoryLogEntry::IncrementTimestampBy(increment) => (INCREMENT, increment),
            MemoryLogEntry::Read { address_space: IDENTITY_SPACE, pointer, .. } => (IDENTITY_READ, pointer),
            _ => continue,
        };
        let place = u64::try_from(place).unwrap_or(u64::MAX);
        let limbs = [place & 0xffff, place >> 16 & 0xffff, place >> 32 & 0xffff, place >> 48];
        cells.extend(limbs.map(F::from_u64));
        cells.extend([mark, value & 0xffff, value >> 16].map(F::from_u32));
    }
    hash(cells.into_iter())
}
