//! RV32IM on a memory controller: its log must be what a proof of the run does to memory, access by access.

use engram_memory::{
    Access, Layout, MemoryConfig, MemoryError, MemoryLogEntry, OfflineMemory, SPACE_MEMORY, SPACE_REGISTERS,
    address::cells, log::WrittenCells,
};
use engram_prover::{
    CustomInstructionProcessor, LoadInstruction, Options, RV32IMWithMemory, RunError, StoreInstruction,
    replay::{Replay, ReplayError, ReplayMemory},
};
use engram_rv32im::{
    Emulator, ExecutionLog, FaultKind, Instruction, Opcode, Outcome, Program,
    testing::{guest_elf, guest_vectors},
};
use engram_rv32im_air::{bulk::BULK_STORE, registry::ExtensionRegistry, system::DISCARD_POINTER};
use engram_verifier::CommittedProgram;

fn program(guest: &str) -> CommittedProgram {
    let elf = std::fs::read(guest_elf(guest)).unwrap();
    CommittedProgram::new(&Program::from_elf(&elf).unwrap()).unwrap()
}

fn input_of(case: &str) -> (String, Vec<u8>) {
    let vector = guest_vectors().into_iter().find(|vector| vector.name == case).unwrap();
    (vector.guest, vector.input)
}

/// The proof's memory, and what it was asked.
struct Noted {
    memory: OfflineMemory,
    seen: Vec<Seen>,
}

#[derive(Debug, PartialEq, Eq)]
struct Seen {
    place: (u32, u32),
    time: u32,
    access: Access,
    written: Option<u32>,
}

struct Noting<'a>(&'a mut Noted);

impl ReplayMemory for Noting<'_> {
    fn read_word(&mut self, space: u32, pointer: u32, time: u32) -> Access {
        let access = self.0.memory.read_word(space, pointer, time);
        self.0.seen.push(Seen { place: (space, pointer), time, access, written: None });
        access
    }

    fn write_word(&mut self, space: u32, pointer: u32, time: u32, value: u32) -> Access {
        let access = self.0.memory.write_word(space, pointer, time, value);
        self.0.seen.push(Seen { place: (space, pointer), time, access, written: Some(value) });
        access
    }

    fn peek(&self, space: u32, pointer: u32) -> u32 {
        self.0.memory.peek(space, pointer)
    }
}

fn seen_by_the_proof(program: &CommittedProgram, input: &[u8]) -> Noted {
    let mut emulator = Emulator::new(program.program(), Box::new(input));
    let mut log = ExecutionLog::starting_at(emulator.state());
    // A guest that faults is replayed up to there.
    let _ = emulator.record(u64::MAX, &mut log);
    let memory = OfflineMemory::with_trees(program.image(), program.trees(), MemoryConfig::rv32im());
    let mut noted = Noted { memory, seen: vec![] };
    Replay::new(program.machine(), Noting(&mut noted)).segment(&log).unwrap();
    noted
}

/// The controller's log says what the proof's replay did: in its entries, and in what a replay of it finds.
fn check_log(machine: RV32IMWithMemory<'_>, proof: &Noted) {
    let entries = machine.memory().log();
    assert_eq!(entries.len(), proof.seen.len());
    for (entry, seen) in entries.iter().zip(&proof.seen) {
        let (space, pointer) = seen.place;
        let expected = match seen.written {
            None => MemoryLogEntry::Read { address_space: space, pointer, len: 2 },
            Some(word) => MemoryLogEntry::Write { address_space: space, pointer, data: WrittenCells::of_word(word) },
        };
        assert_eq!(entry, expected);
    }
    let end = machine.into_memory().finalize().unwrap();
    assert_eq!(end.accesses().len(), proof.seen.len());
    for ((id, access), seen) in end.accesses().iter().zip(&proof.seen) {
        assert_eq!((access.space, access.pointer), seen.place);
        assert_eq!((access.timestamp, access.gap), (seen.time, seen.access.gap));
        assert_eq!(end.accesses().previous(id), cells(seen.access.previous));
    }
    assert_eq!(end.memory().roots_after, proof.memory.clone().finish_segment().roots_after);
}

#[test]
fn every_guest_leaves_the_log_of_its_proof() {
    let cases = guest_vectors().into_iter().filter(|vector| vector.input.len() < 5_000);
    let mut checked = 0;
    for vector in cases {
        let program = program(&vector.guest);
        let mut machine = RV32IMWithMemory::load(&program).unwrap();
        let ended = machine.run(Box::new(&vector.input[..]), 400_000);
        if matches!(ended, Ok(Outcome::OutOfSteps)) {
            continue;
        }
        let ends_in_fault = vector.end.starts_with("fault:");
        assert_eq!(matches!(ended, Err(RunError::Fault(_))), ends_in_fault, "{}: {ended:?}", vector.name);
        check_log(machine, &seen_by_the_proof(&program, &vector.input));
        checked += 1;
    }
    assert!(checked > 10, "{checked} guests");
}

#[test]
fn a_run_is_proven_and_ends_on_the_root_of_the_log() {
    for case in ["hello", "fib-47", "misaligned"] {
        let (guest, input) = input_of(case);
        let program = program(&guest);
        let mut machine = RV32IMWithMemory::load(&program).unwrap();
        let outcome = machine.run(Box::new(&input[..]), u64::MAX).unwrap();
        let Outcome::Exited(exit) = outcome else { panic!("{case} goes on") };
        let (proof, report) = machine.prove(&Options { check_constraints: true, ..Options::default() }).unwrap();
        let statement = report.statement.unwrap();
        let roots: Vec<_> =
            machine.memory().memory().image().trees(Layout::rv32im()).unwrap().iter().map(|tree| tree.root()).collect();
        assert_eq!(Some(statement.final_root), Layout::rv32im().root(&roots, SPACE_MEMORY), "{case}");
        assert_ne!(statement.final_root, statement.initial_root, "{case}");
        assert_eq!((statement.exit_value, machine.executor().exit()), (exit.value, Some(exit.value)));
        assert_eq!((report.instructions, proof.segments.len()), (machine.executor().steps(), 1));
    }
}

#[test]
fn a_run_may_stop_and_go_on() {
    let (guest, input) = input_of("misaligned");
    let program = program(&guest);
    let mut machine = RV32IMWithMemory::load(&program).unwrap();
    let mut emulator = Emulator::new(program.program(), Box::new(&input[..]));
    assert_eq!(machine.record(&mut emulator, 1000).unwrap(), Outcome::OutOfSteps);
    assert_eq!((machine.executor().steps(), machine.executor().pc()), (1000, emulator.pc()));
    assert!((0..32).all(|register| machine.register(register) == emulator.registers()[usize::from(register)]));
    assert!(matches!(machine.prove(&Options::default()), Err(RunError::NotARun)));
    // Another run, or this one from its start, is not where the machine is.
    let elsewhere = machine.run(Box::new(&input[..]), 1);
    assert!(matches!(elsewhere, Err(RunError::Elsewhere { pc }) if pc == emulator.pc()), "{elsewhere:?}");
    assert!(matches!(machine.record(&mut emulator, u64::MAX), Ok(Outcome::Exited(_))));
    assert!(matches!(machine.record(&mut emulator, 1), Err(RunError::Exited)));
    check_log(machine, &seen_by_the_proof(&program, &input));
}

fn immediate(opcode: Opcode, rd: u8, rs1: u8, imm: i32) -> Instruction {
    Instruction { opcode, rd, rs1, rs2: 0, imm }
}

#[test]
fn loads_and_stores_make_the_accesses_of_their_rows() {
    let program = program("fib");
    let mut machine = RV32IMWithMemory::load(&program).unwrap();
    let entry = machine.executor().pc();
    machine.execute(&immediate(Opcode::Lui, 5, 0, 0x7000_0000)).unwrap();
    machine.execute(&immediate(Opcode::Addi, 6, 0, -2)).unwrap();
    let store = StoreInstruction { opcode: Opcode::Sh, rs1: 5, rs2: 6, immediate: 2 };
    machine.execute_store_instruction(&store).unwrap();
    let load = LoadInstruction { opcode: Opcode::Lw, rd: 7, rs1: 5, immediate: 1 };
    machine.execute_load_instruction(&load).unwrap();
    assert_eq!((machine.register(6), machine.register(7)), (0xffff_fffe, 0x00ff_fe00));
    assert_eq!((machine.executor().pc(), machine.executor().steps()), (entry + 16, 4));
    let word = 0x7000_0000 >> 2;
    let read = |pointer| MemoryLogEntry::Read { address_space: SPACE_REGISTERS, pointer, len: 2 };
    let write = |address_space, pointer, word| MemoryLogEntry::Write {
        address_space,
        pointer,
        data: WrittenCells::of_word(word),
    };
    let expected = [
        write(SPACE_REGISTERS, 5, 0x7000_0000),
        read(0),
        write(SPACE_REGISTERS, 6, 0xffff_fffe),
        read(5),
        read(6),
        write(SPACE_MEMORY, word, 0xfffe_0000),
        // A load that its width does not divide takes two words.
        read(5),
        write(SPACE_REGISTERS, 7, 0x00ff_fe00),
        write(SPACE_MEMORY, word, 0xfffe_0000),
        write(SPACE_MEMORY, word + 1, 0),
    ];
    assert_eq!(machine.memory().log().iter().collect::<Vec<_>>(), expected);
    // They are no run of the program, so there is nothing to prove, and no run goes on from here.
    assert!(matches!(machine.prove(&Options::default()), Err(RunError::NotARun)));
    assert!(matches!(machine.run(Box::new(&b""[..]), 1), Err(RunError::Elsewhere { .. })));
}

/// The accesses of a custom instruction are those of its row; without a program around it, too.
#[test]
fn custom_instructions_make_the_accesses_of_their_rows() {
    const DATA: u32 = 0x0100_0000;
    let registry = ExtensionRegistry::standard();
    let elf = std::fs::read(guest_elf("hello")).unwrap();
    let program = CommittedProgram::new(&registry.load(&elf).unwrap()).unwrap();
    let mut machine = RV32IMWithMemory::load(&program).unwrap();
    let fill = Instruction::custom(BULK_STORE, 0, 5, 6);
    for instruction in [immediate(Opcode::Lui, 5, 0, DATA as i32), immediate(Opcode::Addi, 6, 0, 7), fill] {
        machine.execute(&instruction).unwrap();
    }
    let log = machine.memory().log();
    let before = 3;
    let write = |address_space, pointer, word| MemoryLogEntry::Write {
        address_space,
        pointer,
        data: WrittenCells::of_word(word),
    };
    let written: Vec<_> =
        log.iter().skip(before).filter(|entry| matches!(entry, MemoryLogEntry::Write { .. })).collect();
    let mut expected: Vec<_> = (0..4).map(|word| write(SPACE_MEMORY, DATA / 4 + word, 7)).collect();
    expected.push(write(SPACE_REGISTERS, DISCARD_POINTER, DATA + 16));
    assert!(expected.iter().all(|entry| written.contains(entry)), "{written:?}");
    assert_eq!(machine.register(0), 0);

    let mut image = program.image().clone();
    image.set_word(SPACE_REGISTERS, 5, DATA);
    image.set_word(SPACE_REGISTERS, 6, 7);
    let mut alone = CustomInstructionProcessor::with_image(registry, MemoryConfig::rv32im(), image).unwrap();
    alone.execute_custom_instruction(&fill).unwrap();
    assert!(alone.memory().log().iter().eq(log.iter().skip(before)));
    // A base that 4 does not divide, and a word past the end, are refused, and nothing is logged.
    let accesses = alone.memory().log().len();
    for base in [DATA + 2, 0xffff_fff8] {
        let mut image = program.image().clone();
        image.set_word(SPACE_REGISTERS, 5, base);
        let registry = ExtensionRegistry::standard();
        let mut alone = CustomInstructionProcessor::with_image(registry, MemoryConfig::rv32im(), image).unwrap();
        let refused = alone.execute_custom_instruction(&fill);
        assert!(matches!(refused, Err(RunError::Replay(ReplayError::Refused { .. }))), "{base:#x}: {refused:?}");
        assert_eq!(alone.memory().log().len(), 0);
    }
    let full = MemoryConfig::rv32im().clone().with_access_capacity(accesses - 1).unwrap();
    let registry = ExtensionRegistry::standard();
    let mut full = CustomInstructionProcessor::with_image(registry, &full, program.image().clone()).unwrap();
    let refused = full.execute_custom_instruction(&fill);
    assert!(matches!(refused, Err(RunError::Memory(MemoryError::CapacityReached { .. }))), "{refused:?}");
    let add = immediate(Opcode::Addi, 1, 1, 1);
    assert!(matches!(full.execute_custom_instruction(&add), Err(RunError::WrongKind { .. })));
}

#[test]
fn what_cannot_be_changes_nothing() {
    let program = program("fib");
    let mut machine = RV32IMWithMemory::load(&program).unwrap();
    let entry = machine.executor().pc();
    let mut refused = |instruction| machine.execute(&instruction).unwrap_err();
    let wide = immediate(Opcode::Addi, 1, 0, 2048);
    assert!(matches!(refused(wide), RunError::NoInstruction(instruction) if instruction == wide));
    assert!(matches!(refused(immediate(Opcode::Addi, 32, 0, 0)), RunError::NoInstruction(_)));
    let unknown = refused(Instruction::custom(0, 1, 2, 3));
    assert!(matches!(unknown, RunError::NoExtension { id: 0 }), "{unknown}");
    for opcode in [Opcode::Ecall, Opcode::Ebreak] {
        let error = refused(immediate(opcode, 0, 0, 0));
        assert!(matches!(error, RunError::Replay(ReplayError::Unprovable { pc }) if pc == entry), "{opcode}: {error}");
    }
    let jump = refused(immediate(Opcode::Jalr, 1, 0, 6));
    assert!(matches!(jump, RunError::MisalignedJump { pc, target: 6 } if pc == entry));
    let branch = |opcode| Instruction { opcode, rd: 0, rs1: 0, rs2: 0, imm: 2 };
    assert!(matches!(refused(branch(Opcode::Beq)), RunError::MisalignedJump { .. }));
    assert!(matches!(refused(immediate(Opcode::Jal, 0, 0, 2)), RunError::MisalignedJump { .. }));
    let past_the_end = refused(immediate(Opcode::Lw, 1, 0, -2));
    assert!(matches!(past_the_end, RunError::Memory(MemoryError::AddressOutOfBounds { pointer: 0x4000_0000, .. })));
    let load = LoadInstruction { opcode: Opcode::Sw, rd: 1, rs1: 1, immediate: 0 };
    assert!(matches!(machine.execute_load_instruction(&load), Err(RunError::WrongKind { wanted: "load", .. })));
    let store = StoreInstruction { opcode: Opcode::Lw, rs1: 1, rs2: 1, immediate: 0 };
    assert!(matches!(machine.execute_store_instruction(&store), Err(RunError::WrongKind { wanted: "store", .. })));
    assert_eq!((machine.executor().pc(), machine.memory().log().len()), (entry, 0));
    assert!(matches!(RV32IMWithMemory::with_config(&program, &MemoryConfig::default()), Err(RunError::Layout)));
    // A branch that is not taken may name any place.
    machine.execute(&branch(Opcode::Bne)).unwrap();
    assert_eq!(machine.executor().pc(), entry + 4);
}

#[test]
fn a_full_log_is_an_error() {
    let program = program("fib");
    let config = MemoryConfig::rv32im().clone().with_access_capacity(100).unwrap();
    let mut machine = RV32IMWithMemory::with_config(&program, &config).unwrap();
    let full = machine.run(Box::new(&b""[..]), u64::MAX);
    assert!(matches!(full, Err(RunError::Memory(MemoryError::CapacityReached { capacity: 100 }))), "{full:?}");
    assert_eq!((machine.executor().steps(), machine.memory().log().len()), (0, 100));
    let mut machine = RV32IMWithMemory::with_config(&program, &config).unwrap();
    let add = Instruction { opcode: Opcode::Add, rd: 1, rs1: 1, rs2: 2, imm: 0 };
    let done = (0..).take_while(|_| machine.execute(&add).is_ok()).count();
    // Three accesses each; the last four are left for an instruction that needs them.
    assert_eq!((done, machine.memory().log().len()), (33, 99));
    assert!(matches!(machine.execute(&add), Err(RunError::Memory(MemoryError::CapacityReached { .. }))));
}

#[test]
fn a_fault_is_the_emulators() {
    let program = program("fault-breakpoint");
    let mut machine = RV32IMWithMemory::load(&program).unwrap();
    let fault = machine.run(Box::new(&b""[..]), u64::MAX);
    assert!(matches!(&fault, Err(RunError::Fault(fault)) if fault.kind == FaultKind::Breakpoint), "{fault:?}");
    assert!(machine.executor().steps() > 0 && !machine.memory().log().is_empty());
}
