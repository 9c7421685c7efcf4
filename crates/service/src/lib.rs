//! Services around a memory of any kind: several clients ([`BusServer`]), and a replica to fail over to
//! ([`ResilientMemorySystem`]).
//!
//! Both speak of operations as data ([`BusOperation`]), so that one can be sent, tried again, applied twice and noted down.

mod client;
mod error;
mod message;
mod operation;
mod recovery;
mod resilient;
mod server;

pub use client::{BusClient, PendingResponse};
pub use error::{BusServiceError, QUEUE_CAPACITY_MAX};
pub use operation::{BusOperation, BusResponse};
pub use recovery::{
    Degradation, DegradationEvent, ErrorRecoveryAction, ErrorRecoveryStrategy, MemberRole, RETRIES_MAX,
};
pub use resilient::{EVENTS_MAX, ResilienceError, ResilientMemorySystem};
pub use server::BusServer;
