//! Memories that fail now and then, or for ever, before or after they did what was asked, or that forget: what the system acknowledged
//! is there, what it refused is not, and its proof is of one log.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use engram_air::{F, PrimeCharacteristicRing};
use engram_memory::{
    adapter::{MemoryAdapter, OnlineMemoryAdapter},
    config::{AddressSpaceConfig, AddressSpaceType, MemoryConfig, MemoryConfigBuilder},
    error::MemoryError,
    image::MemoryImage,
    log::{MemoryLog, RecordId},
    online::Memory,
    proof::log_commitment,
};
use engram_service::{
    BusOperation, BusResponse, Degradation, ErrorRecoveryAction, ErrorRecoveryStrategy, MemberRole, RETRIES_MAX,
    ResilienceError, ResilientMemorySystem,
};
use rand::{Rng, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

const FAULT: MemoryError = MemoryError::NotAvailable { what: "an injected fault" };

/// What goes wrong at an access.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    /// Nothing was done.
    Before,
    /// It was done, and the answer is an error all the same.
    After,
    /// A write is acknowledged and forgotten.
    Forgotten,
}

/// Decides about each access, by its number.
type Schedule = Box<dyn FnMut(u64) -> Fault + Send>;

/// Memory whose cells the test can see.
#[derive(Clone)]
struct Cells(Arc<Mutex<OnlineMemoryAdapter>>);

impl Cells {
    fn new() -> Self {
        let config = MemoryConfigBuilder::new().with_access_capacity(1 << 24).build().unwrap();
        Self(Arc::new(Mutex::new(OnlineMemoryAdapter { memory: Memory::new(&config) })))
    }

    fn cell(&self, pointer: u32) -> F {
        self.0.lock().unwrap().memory.image().cell(1, pointer)
    }
}

struct Faulty {
    cells: Cells,
    accesses: u64,
    schedule: Schedule,
}

impl Faulty {
    fn next(&mut self) -> Fault {
        self.accesses += 1;
        (self.schedule)(self.accesses - 1)
    }
}

impl MemoryAdapter for Faulty {
    fn read(&mut self, space: u32, pointer: u32, len: usize) -> Result<(RecordId, Vec<F>), MemoryError> {
        match self.next() {
            Fault::Before => Err(FAULT),
            fault => {
                let answer = self.cells.0.lock().unwrap().read(space, pointer, len)?;
                if fault == Fault::After { Err(FAULT) } else { Ok(answer) }
            }
        }
    }

    fn write(&mut self, space: u32, pointer: u32, data: &[F]) -> Result<RecordId, MemoryError> {
        match self.next() {
            Fault::Before => Err(FAULT),
            Fault::Forgotten => Ok(RecordId(0)),
            fault => {
                let answer = self.cells.0.lock().unwrap().write(space, pointer, data)?;
                if fault == Fault::After { Err(FAULT) } else { Ok(answer) }
            }
        }
    }

    fn increment_timestamp(&mut self) -> Result<(), MemoryError> {
        Ok(())
    }
}

fn faulty(schedule: impl FnMut(u64) -> Fault + Send + 'static) -> (Box<Faulty>, Cells) {
    let cells = Cells::new();
    (Box::new(Faulty { cells: cells.clone(), accesses: 0, schedule: Box::new(schedule) }), cells)
}

fn system(primary: Box<Faulty>, strategy: ErrorRecoveryStrategy) -> ResilientMemorySystem {
    ResilientMemorySystem::new(&MemoryConfig::default(), MemoryImage::new(), primary, strategy).unwrap()
}

fn write(pointer: u32, values: &[u32]) -> BusOperation {
    let data = values.iter().map(|&value| F::from_u32(value)).collect();
    BusOperation::MemoryWrite { address_space: 1, pointer, data }
}

fn read(pointer: u32, len: usize) -> BusOperation {
    BusOperation::MemoryRead { address_space: 1, pointer, len }
}

fn what(system: &ResilientMemorySystem) -> Vec<(u64, MemberRole, Degradation)> {
    system.events().iter().map(|event| (event.operation, event.member, event.what.clone())).collect()
}

#[test]
fn a_short_fault_is_tried_again_and_reported() {
    let (primary, _) = faulty(|access| if access < 2 { Fault::Before } else { Fault::None });
    let mut system = system(primary, ErrorRecoveryStrategy::retry_then_fail(2));
    assert_eq!(system.safe_operation(&write(0, &[7])), Ok(BusResponse::WriteAcknowledged { record_id: RecordId(0) }));
    assert_eq!(what(&system), [(0, MemberRole::Primary, Degradation::Retried { failed: 2, error: FAULT })]);
    assert_eq!(system.journal().log().len(), 1);
}

#[test]
fn retries_end() {
    for (asked, tried) in [(0, 1), (5, 6), (u32::MAX, RETRIES_MAX + 1)] {
        let strategy = ErrorRecoveryStrategy::retry_then_fail(asked);
        let tries = (1..).take_while(|&failed| strategy.handle_error(&FAULT, failed) == ErrorRecoveryAction::Retry);
        assert_eq!(tries.count() as u32 + 1, tried);
    }
    let refusal = MemoryError::UnknownSpace { space: 5 };
    assert_eq!(ErrorRecoveryStrategy::default().handle_error(&refusal, 1), ErrorRecoveryAction::Fail);
}

#[test]
fn a_refusal_reaches_no_memory() {
    let (primary, cells) = faulty(|_| Fault::None);
    let mut system = system(primary, ErrorRecoveryStrategy::default());
    let refused = system.safe_operation(&read(1, 2));
    assert_eq!(refused, Err(ResilienceError::Memory(MemoryError::Misaligned { space: 1, pointer: 1, len: 2 })));
    let wide = BusOperation::MemoryWrite { address_space: 0, pointer: 1, data: vec![F::ONE] };
    assert_eq!(system.safe_operation(&wide), Err(MemoryError::IdentityReadOnly { space: 0 }.into()));
    assert_eq!(cells.0.lock().unwrap().memory.accesses(), 0);
    assert!(system.events().is_empty() && system.journal().log().is_empty());
}

#[test]
fn the_backup_goes_on_with_every_acknowledged_write() {
    let (primary, _) = faulty(|access| if access < 3 { Fault::None } else { Fault::Before });
    let (backup, _) = faulty(|_| Fault::None);
    let mut system = system(primary, ErrorRecoveryStrategy::retry_then_use_backup(1)).with_backup(backup).unwrap();
    for pointer in 0..3 {
        system.safe_operation(&write(pointer, &[pointer + 10])).unwrap();
    }
    let values = vec![F::from_u32(12)];
    assert_eq!(system.safe_operation(&read(2, 1)), Ok(BusResponse::Read { record_id: RecordId(3), values }));
    assert_eq!(system.in_service(), [MemberRole::Backup]);
    let events = [
        (3, MemberRole::Primary, Degradation::Retried { failed: 2, error: FAULT }),
        (3, MemberRole::Primary, Degradation::FailedOver { error: FAULT }),
    ];
    assert_eq!(what(&system), events);
}

#[test]
fn a_write_that_the_backup_cannot_take_is_undone_in_the_primary() {
    let (primary, first) = faulty(|_| Fault::None);
    let (backup, second) = faulty(|access| if access == 1 { Fault::After } else { Fault::None });
    let mut system = system(primary, ErrorRecoveryStrategy::fail()).with_backup(backup).unwrap();
    system.safe_operation(&write(4, &[1, 2])).unwrap();
    assert_eq!(system.safe_operation(&write(4, &[8, 9])), Err(ResilienceError::Memory(FAULT)));
    for cells in [&first, &second] {
        assert_eq!([cells.cell(4), cells.cell(5)], [F::ONE, F::TWO]);
    }
    assert_eq!(system.in_service(), [MemberRole::Primary, MemberRole::Backup]);
    let undone = |member| (1, member, Degradation::RolledBack);
    assert_eq!(what(&system), [undone(MemberRole::Backup), undone(MemberRole::Primary)]);
    assert_eq!(system.journal().log().len(), 1);
}

#[test]
fn a_memory_that_cannot_be_undone_is_out_of_service() {
    let (primary, _) = faulty(|access| if access == 0 { Fault::After } else { Fault::Before });
    let mut system = system(primary, ErrorRecoveryStrategy::fail());
    assert_eq!(system.safe_operation(&write(0, &[1])), Err(ResilienceError::Memory(FAULT)));
    assert_eq!(what(&system), [(0, MemberRole::Primary, Degradation::StateUnknown { error: FAULT })]);
    assert_eq!(system.safe_operation(&read(0, 1)), Err(ResilienceError::OutOfService));
    assert_eq!(system.safe_operation(&write(0, &[1])), Err(ResilienceError::OutOfService));
    // Another can be attached, and has what was acknowledged: nothing.
    let (next, _) = faulty(|_| Fault::None);
    system.attach(next).unwrap();
    assert!(matches!(system.safe_operation(&read(0, 1)), Ok(BusResponse::Read { values, .. }) if values == [F::ZERO]));
}

#[test]
fn a_memory_that_forgets_is_found_and_its_answer_not_given() {
    let (primary, _) = faulty(|access| if access == 0 { Fault::Forgotten } else { Fault::None });
    let (backup, _) = faulty(|_| Fault::None);
    let mut system = system(primary, ErrorRecoveryStrategy::fail()).with_backup(backup).unwrap();
    system.safe_operation(&write(6, &[5])).unwrap();
    assert!(
        matches!(system.safe_operation(&read(6, 1)), Ok(BusResponse::Read { values, .. }) if values == [F::from_u32(5)])
    );
    let diverged = Degradation::Diverged { address_space: 1, pointer: 6 };
    assert_eq!(what(&system), [(1, MemberRole::Primary, diverged)]);
    let (liar, _) = faulty(|_| Fault::Forgotten);
    assert!(system.attach(liar).is_err());
    let (next, cells) = faulty(|_| Fault::None);
    system.attach(next).unwrap();
    assert_eq!(cells.cell(6), F::from_u32(5));
    assert_eq!(system.in_service(), [MemberRole::Primary, MemberRole::Backup]);
    let (third, _) = faulty(|_| Fault::None);
    assert!(matches!(system.attach(third), Err(MemoryError::NotAvailable { .. })));
}

/// A schedule of faults of some probability, which may become permanent at some access; and whether it forgets writes.
fn random_schedule(random: &mut ChaCha8Rng) -> (Schedule, bool) {
    let mut faults = ChaCha8Rng::seed_from_u64(random.random());
    let often = *[0.0, 0.02, 0.2, 0.5].choose(random).unwrap();
    let dies_at = if random.random_bool(0.4) { random.random_range(0..200) } else { u64::MAX };
    let forgets = random.random_bool(0.2);
    let kinds: &[Fault] =
        if forgets { &[Fault::Before, Fault::After, Fault::Forgotten] } else { &[Fault::Before, Fault::After] };
    let schedule = Box::new(move |access| match access {
        _ if access >= dies_at => Fault::Before,
        _ if faults.random_bool(often) => *kinds.choose(&mut faults).unwrap(),
        _ => Fault::None,
    });
    (schedule, forgets)
}

#[test]
fn random_faults_never_change_what_was_acknowledged() {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (mut acknowledged, mut failed, mut degraded, mut compared) = (0, 0, 0, 0);
    for _ in 0..300 {
        let [(first_schedule, first_forgets), (second_schedule, second_forgets)] =
            [(); 2].map(|()| random_schedule(&mut random));
        let (primary, first) = faulty(first_schedule);
        let (backup, second) = faulty(second_schedule);
        let retries = random.random_range(0..4);
        let strategy = *[
            ErrorRecoveryStrategy::fail(),
            ErrorRecoveryStrategy::retry_then_fail(retries),
            ErrorRecoveryStrategy::retry_then_use_backup(retries),
        ]
        .choose(&mut random)
        .unwrap();
        let mut system = system(primary, strategy).with_backup(backup).unwrap();
        let mut model: HashMap<u32, F> = HashMap::new();
        let mut log = MemoryLog::new();
        for _ in 0..100 {
            let len = 1 << random.random_range(0..4);
            let pointer = random.random_range(0..32 / len) * len;
            let cells = |model: &HashMap<u32, F>| -> Vec<F> {
                (pointer..pointer + len).map(|cell| model.get(&cell).copied().unwrap_or(F::ZERO)).collect()
            };
            let operation = match random.random_range(0..5) {
                0 => BusOperation::IncrementTimestamp,
                1 | 2 => read(pointer, len as usize),
                _ => write(pointer, &(0..len).map(|_| random.random_range(0..1 << 16)).collect::<Vec<_>>()),
            };
            let events = system.events().len();
            match system.safe_operation(&operation) {
                Ok(BusResponse::Read { values, record_id }) => {
                    assert_eq!(values, cells(&model), "a read that is older than an acknowledged write");
                    assert_eq!(record_id.0 as usize + 1, system.journal().accesses());
                    log.push_read(1, pointer, len as usize);
                }
                Ok(BusResponse::WriteAcknowledged { .. }) => {
                    let BusOperation::MemoryWrite { data, .. } = &operation else { panic!("not a write") };
                    model.extend((pointer..).zip(data.iter().copied()));
                    log.push_write(1, pointer, data);
                }
                Ok(BusResponse::TimestampIncremented) => log.push_increment(1),
                Err(error) => {
                    failed += 1;
                    let reported =
                        system.events().len() > events || matches!(operation, BusOperation::MemoryRead { .. });
                    assert!(reported || error == ResilienceError::OutOfService, "a silent failure: {error}");
                    continue;
                }
            }
            acknowledged += 1;
        }
        degraded += system.events().len();
        assert_eq!(*system.journal().log(), log);
        // A member in service that forgets nothing has exactly what was acknowledged: so both do, or neither.
        let members = [(MemberRole::Primary, &first, first_forgets), (MemberRole::Backup, &second, second_forgets)];
        for (role, cells, forgets) in members {
            if system.in_service().contains(&role) && !forgets {
                let differs = (0..32).find(|cell| cells.cell(*cell) != model.get(cell).copied().unwrap_or(F::ZERO));
                assert_eq!(differs, None, "{role} is in service and has another cell");
                compared += 1;
            }
        }
    }
    println!("{acknowledged} acknowledged, {failed} failed, {degraded} degradations");
    assert!(acknowledged > 1000 && failed > 100 && degraded > 100 && compared > 100);
}

#[test]
fn a_proof_is_of_the_acknowledged_log() {
    let space = AddressSpaceConfig::new(1, AddressSpaceType::Normal);
    let config = MemoryConfigBuilder::new().add_address_space(space).build().unwrap();
    let mut image = MemoryImage::new();
    image.set_cell(1, 0, F::from_u32(3));
    let (primary, cells) = faulty(|access| if access % 3 == 1 { Fault::After } else { Fault::None });
    cells.0.lock().unwrap().write(1, 0, &[F::from_u32(3)]).unwrap();
    let strategy = ErrorRecoveryStrategy::retry_then_fail(1);
    let mut system = ResilientMemorySystem::new(&config, image.clone(), primary, strategy).unwrap();
    for step in 0..10 {
        system.safe_operation(&write(step, &[step])).unwrap();
        system.safe_operation(&read(0, 8)).unwrap();
    }
    assert!(!system.events().is_empty());
    let proof = system.generate_memory_proof().unwrap();
    let statement = proof.verify(&config).unwrap();
    // Each operation once, however often it was tried.
    let mut log = MemoryLog::new();
    for step in 0..10 {
        log.push_write(1, step, &[F::from_u32(step)]);
        log.push_read(1, 0, 8);
    }
    assert_eq!(statement.log_commitment, log_commitment(&log, &image, &config, proof.parameters()).unwrap());
}
