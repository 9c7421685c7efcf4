//! A memory that several threads use: requests in, answers with record ids or errors out.

use std::{error::Error, thread, time::Duration};

use engram::{
    BusOperation, BusResponse, BusServer, BusServiceError, F, MemoryConfig, MemoryController, MemoryError,
    circuit::PrimeCharacteristicRing,
};

const CLIENTS: u32 = 4;
const REQUESTS: u32 = 100;

fn main() -> Result<(), Box<dyn Error>> {
    let server = BusServer::start(Box::new(MemoryController::new(&MemoryConfig::default())), 16)?;
    thread::scope(|scope| {
        let threads: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let client = server.client();
                // Each counts in a cell of its own. Its requests are done in the order in which it sends them.
                scope.spawn(move || {
                    let pointer = 8 * number;
                    for count in 1..=REQUESTS {
                        let data = vec![F::from_u32(count)];
                        let write = client.submit(BusOperation::MemoryWrite { address_space: 1, pointer, data })?;
                        let read = client.submit(BusOperation::MemoryRead { address_space: 1, pointer, len: 1 })?;
                        assert!(matches!(write.wait()?, BusResponse::WriteAcknowledged { .. }));
                        let BusResponse::Read { values, .. } = read.wait()? else {
                            panic!("a read's answer has cells")
                        };
                        assert_eq!(values, [F::from_u32(count)]);
                    }
                    Ok::<(), BusServiceError>(())
                })
            })
            .collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("no client panics"))
    })?;

    // What memory refuses is an answer too. A deadline is for a memory that may take long.
    let client = server.client();
    let nowhere = BusOperation::MemoryRead { address_space: 5, pointer: 0, len: 1 };
    let refused = client.request_timeout(nowhere.clone(), Duration::from_secs(10));
    assert_eq!(refused, Err(BusServiceError::Memory(MemoryError::UnknownSpace { space: 5 })));

    // The memory comes back, and clients learn that it is gone.
    let mut memory = server.shut_down()?;
    let (last, _) = memory.read(1, 0, 1)?;
    assert_eq!(last.0, 2 * CLIENTS * REQUESTS);
    assert_eq!(client.request(nowhere), Err(BusServiceError::Stopped));
    println!("{CLIENTS} clients, {} accesses", last.0);
    Ok(())
}
