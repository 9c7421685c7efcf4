//! Proving a log.

use std::sync::Arc;

use engram_air::{Circuit, field::Digest};
use engram_stark::{
    engine::check_witnesses,
    engine::{Committed, Witness, keygen},
    parameters::Parameters,
};

use super::{
    MemoryProof, ProofError, Size, circuits,
    commitment::{CommittedTable, aside_digest, log_digest},
};
use crate::{
    config::MemoryConfig,
    image::MemoryImage,
    log::MemoryLogEntry,
    log_table::{self, AccessTrace, ROWS_MAX},
    offline::{AccessRecords, FinalMemory, OfflineMemory},
    range_checker::SharedVariableRangeCheckerChip,
    records::AccessAdapterInventory,
};

/// Proves a memory log.
#[derive(Clone, Debug)]
pub struct MemoryProofGenerator {
    config: MemoryConfig,
    image: MemoryImage,
    log: Vec<MemoryLogEntry>,
    parameters: Option<Parameters>,
}

/// A log's tables before they are committed.
pub(crate) struct LogTables {
    /// All circuits.
    pub(crate) circuits: Vec<Arc<Circuit>>,
    /// The log's own tables, absent where empty: the first circuits'.
    pub(crate) accesses: Vec<Option<AccessTrace>>,
    /// The witnesses of the other circuits.
    pub(crate) others: Vec<Witness>,
}

impl MemoryProofGenerator {
    /// A proof of this log, on memory of zeros.
    pub fn new(log: Vec<MemoryLogEntry>, config: &MemoryConfig) -> Self {
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
    pub fn generate_proof(&self) -> Result<MemoryProof, ProofError> {
        let LogTables { circuits, accesses, others } = self.tables()?;
        let own = accesses.iter().flatten().flat_map(|table| [&table.committed, &table.witness]);
        let size = Size::of(own.chain(others.iter().filter_map(|witness| witness.trace.as_ref())));
        let parameters = self.parameters.unwrap_or_else(|| size.fitting());
        size.check(parameters)?;
        let (proving, _) = keygen(&circuits, parameters).map_err(ProofError::of_backend)?;
        let mut witnesses = vec![];
        for table in accesses {
            witnesses.push(match table {
                None => Witness::default(),
                Some(AccessTrace { committed, witness }) => Witness {
                    trace: Some(witness),
                    publics: vec![],
                    committed: Some(Committed::new(parameters, &committed).map_err(ProofError::of_backend)?),
                },
            });
        }
        witnesses.extend(others);
        let proof = proving.prove(witnesses).map_err(ProofError::of_backend)?;
        Ok(MemoryProof { parameters, proof, aside: aside_digest(&self.log) })
    }

    /// Replay the log and check every row and bus of its tables, without a proof: it says which constraint fails where.
    pub fn check(&self) -> Result<(), ProofError> {
        let LogTables { circuits, accesses, others } = self.tables()?;
        let whole = accesses.iter().map(|table| table.as_ref().map(AccessTrace::whole));
        let own = whole.map(|trace| Witness { trace, ..Default::default() });
        let witnesses: Vec<Witness> = own.chain(others).collect();
        check_witnesses(&circuits, &witnesses).map_err(|report| ProofError::Rows(report.to_string()))
    }

    /// The tables that a proof of the log has.
    pub(crate) fn tables(&self) -> Result<LogTables, ProofError> {
        let memory = self.replay()?;
        let range = SharedVariableRangeCheckerChip::new(&self.config);
        let accesses = access_tables(&self.config, &memory.accesses, &range)?;
        let mut others = memory.segment.witnesses(&range);
        others.extend(range.witnesses());
        Ok(LogTables { circuits: circuits(&self.config).into_iter().map(Arc::new).collect(), accesses, others })
    }

    /// Accesses get times of their own, one after the other: increments change nothing that a proof says.
    fn replay(&self) -> Result<FinalMemory, ProofError> {
        let mut memory = OfflineMemory::new(&self.image, &self.config)?;
        let mut adapters = AccessAdapterInventory::new();
        for entry in &self.log {
            if !matches!(entry, MemoryLogEntry::IncrementTimestampBy(_)) {
                memory.apply(entry, &mut adapters)?;
            }
        }
        Ok(memory.finish(adapters))
    }
}

fn access_tables(
    config: &MemoryConfig,
    accesses: &AccessRecords,
    range: &SharedVariableRangeCheckerChip,
) -> Result<Vec<Option<AccessTrace>>, ProofError> {
    let tables = log_table::tables(config).into_iter().map(|table| {
        let trace = log_table::trace(config, table, accesses, range);
        match trace.as_ref().map(|trace| trace.committed.height()) {
            Some(rows) if rows > ROWS_MAX => Err(ProofError::TooManyRows { rows, rows_max: ROWS_MAX }),
            _ => Ok(trace),
        }
    });
    tables.collect()
}

/// Prove a log on memory of zeros.
pub fn generate_memory_proof(log: Vec<MemoryLogEntry>, config: &MemoryConfig) -> Result<MemoryProof, ProofError> {
    MemoryProofGenerator::new(log, config).generate_proof()
}

/// The commitment to a log that started from `image`, as a proof under this parameter set has it: for whoever has the log.
/// Nothing is proven.
pub fn log_commitment(
    log: &[MemoryLogEntry],
    image: &MemoryImage,
    config: &MemoryConfig,
    parameters: Parameters,
) -> Result<Digest, ProofError> {
    let generator = MemoryProofGenerator::new(log.to_vec(), config).with_image(image.clone());
    let memory = generator.replay()?;
    let range = SharedVariableRangeCheckerChip::new(config);
    let tables = access_tables(config, &memory.accesses, &range)?;
    let commit =
        |table: &Option<AccessTrace>| CommittedTable::commit(parameters, table.as_ref().map(|table| &table.committed));
    let committed = tables.iter().map(commit).collect::<Result<Vec<_>, _>>()?;
    Ok(log_digest(&committed, &aside_digest(log)))
}
