//! What chips are written with: circuits, tables, keys and proofs.
//!
//! A chip is a [`Circuit`], written with a [`CircuitBuilder`], and a [`Trace`] that fills it. Memory's own circuits come from
//! [`crate::MemoryController::circuits`], and their witnesses from [`crate::FinalizedMemory::into_witnesses`], in the same order.
//! [`keygen`] takes all circuits of a machine, [`ProvingKey::prove`] all witnesses. The prover checks nothing:
//! [`check_witnesses`] says which constraint fails in which row.

pub use engram_air::{
    Bus, BusKind, Circuit, CircuitBuilder, Count, Expr, Field, PrimeCharacteristicRing, PrimeField32, Ring, Trace,
    check::Report, columns,
};
pub use engram_stark::{
    engine::check_witnesses,
    engine::{Committed, EngineError, ProvingKey, StarkProof, VerifyingKey, Witness, keygen, verifying_key},
    parameters::Parameters,
};

/// Where the table with memory's roots is among [`crate::MemoryController::circuits`]: its public values are
/// [`root_publics`]. Who verifies a machine's proof compares them.
pub use engram_memory::tables::ROOTS;

/// The public values that a memory's roots before and after stand for: for each normal space, in the configuration's order,
/// the root before and the root after.
pub use engram_memory::roots::public_values as root_publics;
