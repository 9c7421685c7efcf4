//! A memory with a replica: it retries, fails over, reports both, and proves one log.

use std::error::Error;

use engram::{
    Degradation, ErrorRecoveryStrategy, F, MemberRole, Memory, MemoryAdapter, MemoryConfig, MemoryError, MemoryImage,
    OnlineMemoryAdapter, RecordId, ResilientMemorySystem, circuit::PrimeCharacteristicRing,
};

/// A memory whose every third access fails, and after so many accesses all.
struct Flaky {
    memory: OnlineMemoryAdapter,
    accesses: u32,
    dies_at: u32,
}

impl Flaky {
    fn fails(&mut self) -> Result<(), MemoryError> {
        self.accesses += 1;
        let fails = self.accesses.is_multiple_of(3) || self.accesses > self.dies_at;
        if fails { Err(MemoryError::NotAvailable { what: "the flaky memory" }) } else { Ok(()) }
    }
}

impl MemoryAdapter for Flaky {
    fn read(&mut self, space: u32, pointer: u32, len: usize) -> Result<(RecordId, Vec<F>), MemoryError> {
        self.fails()?;
        self.memory.read(space, pointer, len)
    }

    fn write(&mut self, space: u32, pointer: u32, data: &[F]) -> Result<RecordId, MemoryError> {
        self.fails()?;
        self.memory.write(space, pointer, data)
    }

    fn increment_timestamp(&mut self) -> Result<(), MemoryError> {
        self.memory.increment_timestamp()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let config = MemoryConfig::default();
    let online = || OnlineMemoryAdapter { memory: Memory::new(&config) };
    let primary = Flaky { memory: online(), accesses: 0, dies_at: 20 };
    let strategy = ErrorRecoveryStrategy::retry_then_use_backup(1);
    let mut system = ResilientMemorySystem::new(&config, MemoryImage::new(), Box::new(primary), strategy)?
        .with_backup(Box::new(online()))?;

    for step in 0..20 {
        system.write(1, step, &[F::from_u32(step)])?;
        assert_eq!(system.read(1, step, 1)?.1, [F::from_u32(step)]);
    }
    // Whatever is in service has every acknowledged write.
    assert_eq!(system.in_service(), [MemberRole::Backup]);
    assert_eq!(system.read(1, 0, 16)?.1, (0..16).map(F::from_u32).collect::<Vec<_>>());
    for event in system.events() {
        println!("operation {}: {}: {:?}", event.operation, event.member, event.what);
    }
    let retried = system.events().iter().filter(|event| matches!(event.what, Degradation::Retried { .. })).count();
    let failed_over =
        system.events().iter().filter(|event| matches!(event.what, Degradation::FailedOver { .. })).count();
    assert!(retried > 0);
    assert_eq!(failed_over, 1);

    // A new replica gets all cells first.
    system.attach(Box::new(online()))?;
    assert_eq!(system.in_service(), [MemberRole::Primary, MemberRole::Backup]);

    // The proof has each operation once, whoever did it.
    assert_eq!(system.journal().accesses(), 41);
    let statement = system.generate_memory_proof()?.verify(&config)?;
    assert_ne!(statement.initial_root, statement.final_root);
    Ok(())
}
