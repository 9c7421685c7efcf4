//! A client of a memory's server.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    thread,
    time::{Duration, Instant},
};

use crate::{
    error::BusServiceError,
    message::{Message, Panic},
    operation::{BusOperation, BusResponse},
};

/// How often a client with a deadline looks whether the queue has room again.
const QUEUE_POLL: Duration = Duration::from_micros(200);

/// Sends requests to a [`crate::BusServer`]. Clones are clients of their own.
#[derive(Clone, Debug)]
pub struct BusClient {
    requests: SyncSender<Message>,
    panic: Panic,
    queue_capacity: usize,
}

/// A request that was sent. Dropping it drops the answer and not the request.
#[derive(Debug)]
pub struct PendingResponse {
    reply: Receiver<Result<BusResponse, BusServiceError>>,
    panic: Panic,
}

impl BusClient {
    pub(crate) fn new(requests: SyncSender<Message>, panic: Panic, queue_capacity: usize) -> Self {
        Self { requests, panic, queue_capacity }
    }

    /// Send a request and wait for its answer.
    ///
    /// # Errors
    /// What memory refuses; a server that has stopped or panicked.
    pub fn request(&self, operation: BusOperation) -> Result<BusResponse, BusServiceError> {
        self.submit(operation)?.wait()
    }

    /// Send a request and wait for its answer, but no longer than this.
    ///
    /// # Errors
    /// As for [`Self::request`]; [`BusServiceError::QueueFull`] where there was no room in time, and memory has not seen the
    /// request; [`BusServiceError::TimedOut`] where no answer came in time, and memory may still do it.
    pub fn request_timeout(&self, operation: BusOperation, limit: Duration) -> Result<BusResponse, BusServiceError> {
        let started = Instant::now();
        loop {
            match self.try_submit(operation.clone()) {
                Err(BusServiceError::QueueFull { .. }) if started.elapsed() < limit => thread::sleep(QUEUE_POLL),
                Err(error) => return Err(error),
                Ok(pending) => return pending.wait_rest(limit.saturating_sub(started.elapsed()), limit),
            }
        }
    }

    /// Send a request, and wait only while the queue is full. A client's requests are done in the order in which it sent them.
    ///
    /// # Errors
    /// A server that has stopped or panicked.
    pub fn submit(&self, operation: BusOperation) -> Result<PendingResponse, BusServiceError> {
        let (message, pending) = self.message(operation);
        self.requests.send(message).map_err(|_| self.ended())?;
        Ok(pending)
    }

    /// Send a request without waiting.
    ///
    /// # Errors
    /// As for [`Self::submit`]; [`BusServiceError::QueueFull`].
    pub fn try_submit(&self, operation: BusOperation) -> Result<PendingResponse, BusServiceError> {
        let (message, pending) = self.message(operation);
        match self.requests.try_send(message) {
            Ok(()) => Ok(pending),
            Err(TrySendError::Full(_)) => Err(BusServiceError::QueueFull { capacity: self.queue_capacity }),
            Err(TrySendError::Disconnected(_)) => Err(self.ended()),
        }
    }

    fn message(&self, operation: BusOperation) -> (Message, PendingResponse) {
        let (reply, answer) = sync_channel(1);
        (Message::Request { operation, reply }, PendingResponse { reply: answer, panic: self.panic.clone() })
    }

    /// Let the server stop once it comes to this message. Where it has ended, there is nothing to stop.
    pub(crate) fn stop(&self) {
        let _ = self.requests.send(Message::Stop);
    }

    /// Let the server look up, where it waits for a request. Where the queue is full it does not wait.
    pub(crate) fn wake(&self) {
        let _ = self.requests.try_send(Message::Stop);
    }

    /// Why the server has ended.
    pub(crate) fn ended(&self) -> BusServiceError {
        ended(&self.panic)
    }
}

fn ended(panic: &Panic) -> BusServiceError {
    match panic.get() {
        Some(message) => BusServiceError::Panicked { message: message.clone() },
        None => BusServiceError::Stopped,
    }
}

impl PendingResponse {
    /// Wait for the answer.
    ///
    /// # Errors
    /// What memory refuses; a server that has stopped or panicked.
    pub fn wait(self) -> Result<BusResponse, BusServiceError> {
        self.reply.recv().unwrap_or_else(|_| Err(ended(&self.panic)))
    }

    /// Wait for the answer, but no longer than this.
    ///
    /// # Errors
    /// As for [`Self::wait`]; [`BusServiceError::TimedOut`].
    pub fn wait_timeout(self, limit: Duration) -> Result<BusResponse, BusServiceError> {
        self.wait_rest(limit, limit)
    }

    /// Wait for what is left of the limit.
    fn wait_rest(self, rest: Duration, limit: Duration) -> Result<BusResponse, BusServiceError> {
        match self.reply.recv_timeout(rest) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Disconnected) => Err(ended(&self.panic)),
            Err(RecvTimeoutError::Timeout) => {
                Err(BusServiceError::TimedOut { waited_ms: u64::try_from(limit.as_millis()).unwrap_or(u64::MAX) })
            }
        }
    }
}
