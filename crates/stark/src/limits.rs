//! What the circuits of one proof may be in all.
//!
//! The backend's production parameters reach 100 bits, proven, under these assumptions on the circuits. A verifying key says
//! by itself how many bits it has ([`crate::VerifyingKey::security_bits`]). Whoever keeps to these limits knows beforehand that
//! they are enough.

/// Most circuits. Of what the bound adds up, circuits weigh three each and constraints of one circuit one each: these 200 are far
/// below those 5,000, so that more of them cost no bit. A proof that verifies others takes at most 256.
pub const CIRCUITS_MAX: usize = 200;

/// Most columns over all circuits.
pub const COLUMNS_MAX: usize = 30_000;

/// Most messages of one row.
pub const INTERACTIONS_MAX: usize = 1_000;

/// Most constraints of one circuit.
pub const CONSTRAINTS_MAX: usize = 5_000;
