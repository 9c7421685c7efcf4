//! Many clients of one memory: each request is answered once, in its client's order; and whatever ends, nobody waits for it.

use std::{
    collections::HashMap,
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::Duration,
};

use engram_air::{F, PrimeCharacteristicRing};
use engram_memory::{
    adapter::{MemoryAdapter, OnlineMemoryAdapter},
    config::MemoryConfig,
    error::{MemoryError, MemoryIntegrationError},
    log::RecordId,
    online::Memory,
};
use engram_service::{BusOperation, BusResponse, BusServer, BusServiceError, QUEUE_CAPACITY_MAX};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Far more than any request takes.
const LONG: Duration = Duration::from_secs(60);
const CLIENTS: u32 = 16;
const REQUESTS: u32 = 500;

fn online() -> Box<OnlineMemoryAdapter> {
    Box::new(OnlineMemoryAdapter { memory: Memory::new(&MemoryConfig::default()) })
}

fn read(pointer: u32) -> BusOperation {
    BusOperation::MemoryRead { address_space: 1, pointer, len: 1 }
}

fn write(pointer: u32, value: u32) -> BusOperation {
    BusOperation::MemoryWrite { address_space: 1, pointer, data: vec![F::from_u32(value)] }
}

/// Memory that waits for a word before each access, and panics at some pointer.
struct Slow {
    memory: Box<OnlineMemoryAdapter>,
    go: Receiver<()>,
}

const PANICS_AT: u32 = 13;

impl MemoryAdapter for Slow {
    fn read(&mut self, space: u32, pointer: u32, len: usize) -> Result<(RecordId, Vec<F>), MemoryError> {
        let _ = self.go.recv();
        assert_ne!(pointer, PANICS_AT, "the thirteenth cell");
        self.memory.read(space, pointer, len)
    }

    fn write(&mut self, space: u32, pointer: u32, data: &[F]) -> Result<RecordId, MemoryError> {
        let _ = self.go.recv();
        self.memory.write(space, pointer, data)
    }

    fn increment_timestamp(&mut self) -> Result<(), MemoryError> {
        self.memory.increment_timestamp()
    }
}

fn slow() -> (Box<Slow>, Sender<()>) {
    let (go, received) = channel();
    (Box::new(Slow { memory: online(), go: received }), go)
}

#[test]
fn every_client_finds_its_own_writes_in_order() {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let server = BusServer::start(online(), 8).unwrap();
    thread::scope(|scope| {
        for number in 0..CLIENTS {
            let client = server.client();
            scope.spawn(move || {
                let mut random = ChaCha8Rng::seed_from_u64(seed ^ u64::from(number));
                // Each client has cells of its own, interleaved with all others'.
                let mut model: HashMap<u32, u32> = HashMap::new();
                let mut pending = vec![];
                let mut last_record = None;
                for _ in 0..REQUESTS {
                    let pointer = random.random_range(0..8) * CLIENTS + number;
                    if random.random_bool(0.5) {
                        let value = random.random_range(0..1 << 16);
                        pending.push((client.submit(write(pointer, value)).unwrap(), None));
                        model.insert(pointer, value);
                    } else {
                        let expected = model.get(&pointer).copied().unwrap_or(0);
                        pending.push((client.submit(read(pointer)).unwrap(), Some(expected)));
                    }
                    // Several are under way at once.
                    if random.random_bool(0.2) {
                        for (answer, expected) in pending.drain(..) {
                            let record = match (answer.wait_timeout(LONG).unwrap(), expected) {
                                (BusResponse::Read { record_id, values }, Some(expected)) => {
                                    assert_eq!(values, [F::from_u32(expected)]);
                                    record_id
                                }
                                (BusResponse::WriteAcknowledged { record_id }, None) => record_id,
                                other => panic!("not the answer to its request: {other:?}"),
                            };
                            assert!(last_record < Some(record), "requests were done in another order than sent");
                            last_record = Some(record);
                        }
                    }
                }
            });
        }
    });
    // Nothing was lost and nothing done twice, including answers that nobody waited for.
    let mut memory = server.shut_down().unwrap();
    let (RecordId(accesses), _) = memory.read(1, 0, 1).unwrap();
    assert_eq!(accesses, CLIENTS * REQUESTS);
}

#[test]
fn a_refusal_is_one_client_s_and_stops_nothing() {
    let server = BusServer::start(online(), 1).unwrap();
    let (client, other) = (server.client(), server.client());
    let refused = client.request(BusOperation::MemoryRead { address_space: 1, pointer: 1, len: 2 });
    let error = BusServiceError::Memory(MemoryError::Misaligned { space: 1, pointer: 1, len: 2 });
    assert_eq!(refused, Err(error.clone()));
    assert_eq!(MemoryIntegrationError::from(error), MemoryIntegrationError::InvalidAccessSize(2));
    assert_eq!(other.request(write(1, 5)), Ok(BusResponse::WriteAcknowledged { record_id: RecordId(0) }));
    assert_eq!(client.request(BusOperation::IncrementTimestamp), Ok(BusResponse::TimestampIncremented));
    let values = vec![F::from_u32(5)];
    assert_eq!(client.request(read(1)), Ok(BusResponse::Read { record_id: RecordId(1), values }));
}

#[test]
fn what_was_queued_before_the_end_is_answered_and_what_comes_later_refused() {
    let (memory, go) = slow();
    let server = BusServer::start(memory, 4).unwrap();
    let client = server.client();
    let first = client.submit(write(0, 1)).unwrap();
    let second = client.submit(read(0)).unwrap();
    let ending = thread::spawn(move || server.shut_down());
    go.send(()).unwrap();
    go.send(()).unwrap();
    assert!(first.wait_timeout(LONG).is_ok());
    assert!(matches!(second.wait_timeout(LONG), Ok(BusResponse::Read { values, .. }) if values == [F::ONE]));
    drop(go);
    assert!(ending.join().unwrap().is_ok());
    assert_eq!(client.request_timeout(read(0), LONG), Err(BusServiceError::Stopped));
    assert_eq!(client.request(read(0)), Err(BusServiceError::Stopped));
    assert_eq!(client.try_submit(read(0)).map(|_| ()), Err(BusServiceError::Stopped));
}

#[test]
fn clients_that_go_away_leave_the_server_running_and_a_dropped_server_frees_its_clients() {
    let (memory, go) = slow();
    let server = BusServer::start(memory, 4).unwrap();
    let gone = server.client();
    drop(gone.submit(write(3, 7)).unwrap());
    drop(gone);
    go.send(()).unwrap();
    go.send(()).unwrap();
    let client = server.client();
    assert!(
        matches!(client.request_timeout(read(3), LONG), Ok(BusResponse::Read { values, .. }) if values == [F::from_u32(7)])
    );
    // Memory is at one request, and others wait.
    let at_memory = client.submit(write(3, 8)).unwrap();
    let waiting: Vec<_> = (0..3).map(|_| client.submit(read(3)).unwrap()).collect();
    // Dropping does not wait for memory.
    drop(server);
    drop(go);
    let answer = at_memory.wait_timeout(LONG);
    assert!(matches!(answer, Ok(_) | Err(BusServiceError::Stopped)), "{answer:?}");
    for waiting in waiting {
        assert_eq!(waiting.wait_timeout(LONG), Err(BusServiceError::Stopped));
    }
    assert_eq!(client.request_timeout(read(3), LONG), Err(BusServiceError::Stopped));
}

#[test]
fn a_panic_reaches_every_client_as_an_error() {
    let (memory, go) = slow();
    let server = BusServer::start(memory, 4).unwrap();
    let client = server.client();
    let asked = client.submit(read(PANICS_AT)).unwrap();
    let behind = client.submit(read(0)).unwrap();
    // Fills the queue, and then waits in it.
    let waiting: Vec<_> = (0..8)
        .map(|_| {
            let client = server.client();
            thread::spawn(move || client.request(read(1)))
        })
        .collect();
    go.send(()).unwrap();
    let panicked = |answer: Result<BusResponse, BusServiceError>| {
        let Err(BusServiceError::Panicked { message }) = answer else { panic!("not a panic's error: {answer:?}") };
        assert!(message.contains("the thirteenth cell"), "{message}");
    };
    panicked(asked.wait_timeout(LONG));
    panicked(behind.wait_timeout(LONG));
    waiting.into_iter().for_each(|waiting| panicked(waiting.join().unwrap()));
    panicked(client.request_timeout(read(0), LONG));
    assert!(matches!(server.shut_down().map(|_| ()), Err(BusServiceError::Panicked { .. })));
}

#[test]
fn a_full_queue_and_a_slow_answer_are_errors_of_their_own() {
    let (memory, go) = slow();
    let server = BusServer::start(memory, 1).unwrap();
    let client = server.client();
    let short = Duration::from_millis(20);
    assert_eq!(client.request_timeout(read(0), short), Err(BusServiceError::TimedOut { waited_ms: 20 }));
    // That one is still with memory. One more fits.
    let queued = loop {
        if let Ok(queued) = client.try_submit(read(0)) {
            break queued;
        }
    };
    assert_eq!(client.try_submit(read(0)).map(|_| ()), Err(BusServiceError::QueueFull { capacity: 1 }));
    assert_eq!(client.request_timeout(read(0), short), Err(BusServiceError::QueueFull { capacity: 1 }));
    drop(go);
    assert!(queued.wait_timeout(LONG).is_ok());
    for capacity in [0, QUEUE_CAPACITY_MAX + 1] {
        let refused = BusServer::start(online(), capacity).map(|_| ());
        assert_eq!(refused, Err(BusServiceError::QueueCapacity { capacity }));
    }
}
