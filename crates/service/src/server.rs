//! A thread that owns a memory and answers requests in the order in which they come.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, sync_channel},
    },
    thread::{self, JoinHandle},
};

use engram_memory::adapter::MemoryAdapter;

use crate::{
    client::BusClient,
    error::{BusServiceError, QUEUE_CAPACITY_MAX},
    message::{Message, Panic},
};

/// A memory that answers many clients, one request after the other.
///
/// Requests of one client are done in the order in which it sent them; those of several clients in some order of all. A request
/// that memory refuses changes nothing and does not stop the server.
///
/// Dropping the server stops it without waiting: the request that memory is at is still done, and all others get
/// [`BusServiceError::Stopped`].
#[derive(Debug)]
pub struct BusServer {
    client: BusClient,
    /// Set where the requests in the queue are not to be done.
    abandoned: Arc<AtomicBool>,
    thread: Option<JoinHandle<Option<SendMemory>>>,
}

type SendMemory = Box<dyn MemoryAdapter + Send>;

impl BusServer {
    /// Start a thread that owns the memory. `queue_capacity` is how many requests can wait, 1 to [`QUEUE_CAPACITY_MAX`].
    ///
    /// # Errors
    /// [`BusServiceError::QueueCapacity`], [`BusServiceError::NoThread`].
    pub fn start(memory: SendMemory, queue_capacity: usize) -> Result<Self, BusServiceError> {
        if !(1..=QUEUE_CAPACITY_MAX).contains(&queue_capacity) {
            return Err(BusServiceError::QueueCapacity { capacity: queue_capacity });
        }
        let (sender, receiver) = sync_channel(queue_capacity);
        let panic = Panic::default();
        let client = BusClient::new(sender, panic.clone(), queue_capacity);
        let abandoned = Arc::new(AtomicBool::new(false));
        let stop_early = abandoned.clone();
        let thread = thread::Builder::new()
            .name("memory".into())
            .spawn(move || serve(memory, receiver, &panic, &stop_early))
            .map_err(|error| BusServiceError::NoThread { reason: error.to_string() })?;
        Ok(Self { client, abandoned, thread: Some(thread) })
    }

    /// A new client. It can be cloned, and each clone is a client of its own.
    pub fn client(&self) -> BusClient {
        self.client.clone()
    }

    /// Answer all requests that are in the queue, then stop and give the memory back. Requests that come later get
    /// [`BusServiceError::Stopped`]. It waits as long as memory takes.
    ///
    /// # Errors
    /// [`BusServiceError::Panicked`]: there is no memory to give back.
    pub fn shut_down(mut self) -> Result<SendMemory, BusServiceError> {
        self.client.stop();
        // The thread itself does not panic: where memory did, it says so and has no memory.
        let memory = self.thread.take().and_then(|thread| thread.join().ok()?);
        memory.ok_or_else(|| self.client.ended())
    }
}

impl Drop for BusServer {
    fn drop(&mut self) {
        self.abandoned.store(true, Ordering::Release);
        self.client.wake();
    }
}

/// Answer until told to stop, until nobody can ask any more, or until memory panics.
fn serve(
    mut memory: SendMemory,
    requests: Receiver<Message>,
    panic: &Panic,
    abandoned: &AtomicBool,
) -> Option<SendMemory> {
    while let Ok(Message::Request { operation, reply }) = requests.recv() {
        if abandoned.load(Ordering::Acquire) {
            break;
        }
        // Memory that has panicked is dropped and never looked at again.
        let answer = match catch_unwind(AssertUnwindSafe(|| operation.apply(&mut *memory))) {
            Ok(answer) => answer.map_err(BusServiceError::Memory),
            Err(payload) => {
                let message = panic.get_or_init(|| said(&*payload)).clone();
                let _ = reply.send(Err(BusServiceError::Panicked { message }));
                // Its destructor may panic as well.
                let _ = catch_unwind(AssertUnwindSafe(|| drop(memory)));
                return None;
            }
        };
        // A client that has gone away wants no answer. What it asked for is done.
        let _ = reply.send(answer);
    }
    Some(memory)
}

/// What a panic said.
fn said(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it did not say why".into())
}
