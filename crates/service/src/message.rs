//! What clients and the server's thread hand each other.

use std::sync::{Arc, OnceLock, mpsc::SyncSender};

use crate::{
    error::BusServiceError,
    operation::{BusOperation, BusResponse},
};

/// What a client sends.
pub(crate) enum Message {
    Request {
        operation: BusOperation,
        /// It has room for the one answer, so that the server never waits for a client.
        reply: SyncSender<Result<BusResponse, BusServiceError>>,
    },
    Stop,
}

/// Why a server's thread ended, where a panic ended it. Set before clients can notice that it has ended.
pub(crate) type Panic = Arc<OnceLock<String>>;
