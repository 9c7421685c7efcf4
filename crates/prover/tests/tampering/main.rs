//! Proofs and keys, tampered with: no change is accepted, and each is answered with a typed error.

mod chain;
mod fields;
mod files;
mod guest;
mod tables;
