//! A registry lets in an extension that no table can have, or a program is proven with other extensions than it was loaded with, or
//! what is executed is not what the instruction says.

use std::sync::Arc;

use engram_air::{Ring, circuit::DEGREE_MAX};
use engram_memory::{Layout, MerkleTree, config::MemoryConfig, offline::OfflineMemory};
use engram_prover::{
    replay::{Replay, ReplayError},
    testing::{Assembler, Run, custom_elf},
};
use engram_rv32im::{
    Emulator, ExecutionLog, FaultKind, Instruction, Outcome, Program,
    testing::{BULK_LOAD, BULK_STORE, ElfSegment, SplitMix64, TestExtensions},
};
use engram_rv32im_air::{
    bulk::{BulkLoad, BulkStore},
    chip::{CHIPS, Chip},
    program::MachineProgram,
    registry::{ExtensionRegistry, RegisterError},
};
use engram_stark::engine::check_witnesses;
use engram_vm::{
    extension::{ExtensionError, ExtensionRow, MemoryExtension},
    row::RowBuilder,
};

/// Something that no table can have, or almost.
#[derive(Debug)]
enum Odd {
    Degree,
    Message,
    Padding,
    WideRange,
    SetTwice,
    NoAccess,
    TooLarge,
    /// Nothing is wrong with it.
    Renamed,
}

impl MemoryExtension for Odd {
    fn name(&self) -> &str {
        "odd"
    }

    fn eval<B: RowBuilder>(&self, row: &mut ExtensionRow<'_, '_, B>) {
        if let Self::Renamed = self {
            return BulkStore.eval(row);
        }
        let column = row.column("column", |_| 0);
        match self {
            Self::Degree => {
                let power = (0..DEGREE_MAX).fold(column.clone(), |power, _| power * column.clone());
                row.assert_zero("power", power);
            }
            Self::Message => row.range("square", column.clone() * column, 3),
            Self::Padding => row.assert_zero("is one", column - B::Expr::one()),
            Self::WideRange => row.range("wide", column, 18),
            Self::SetTwice => {
                let word = row.rs1();
                row.set_rd(word);
                row.set_rd(word);
            }
            Self::TooLarge => (0..1000).for_each(|_| row.range("again", column.clone(), 3)),
            Self::NoAccess | Self::Renamed => {}
        }
    }
}

#[test]
fn what_no_table_can_have_is_not_registered() {
    let name = || "odd".to_owned();
    let refused = |odd| ExtensionRegistry::empty().with(9, odd).unwrap_err();
    assert_eq!(refused(Odd::Degree), RegisterError::Degree { name: name(), degree: DEGREE_MAX + 1 });
    assert_eq!(refused(Odd::Message), RegisterError::Message { name: name(), label: "square".into() });
    assert_eq!(refused(Odd::Padding), RegisterError::Padding { name: name(), label: "is one".into() });
    let wide = ExtensionError::RangeTooWide { label: "wide".into(), bits: 18 };
    assert_eq!(refused(Odd::WideRange), RegisterError::Extension { name: name(), error: wide });
    let twice = ExtensionError::DestinationTwice;
    assert_eq!(refused(Odd::SetTwice), RegisterError::Extension { name: name(), error: twice });
    assert_eq!(refused(Odd::NoAccess), RegisterError::NoAccess { name: name() });
    assert!(matches!(refused(Odd::TooLarge), RegisterError::TooLarge { what: "messages", .. }));
}

#[test]
fn an_id_and_a_name_belong_to_one_extension() {
    let standard = ExtensionRegistry::standard;
    let taken = RegisterError::IdTaken { id: 1, owner: "bulk_store".into() };
    assert_eq!(standard().with(1, Odd::Renamed).unwrap_err(), taken);
    let taken = RegisterError::NameTaken { name: "bulk_load".into(), owner: 0 };
    assert_eq!(standard().with(5, BulkLoad).unwrap_err(), taken);
    assert_eq!(standard().with(1024, Odd::Renamed).unwrap_err(), RegisterError::Id { id: 1024 });
    assert!(standard().with(1023, Odd::Renamed).unwrap().get(1023).is_some());
}

/// The standard extensions pass what registration asks.
#[test]
fn the_standard_ones_can_be_registered() {
    let registry = ExtensionRegistry::empty().with(BULK_LOAD, BulkLoad).and_then(|one| one.with(BULK_STORE, BulkStore));
    for (id, name) in [(BULK_LOAD, "bulk_load"), (BULK_STORE, "bulk_store")] {
        assert_eq!(registry.as_ref().unwrap().get(id).unwrap().name(), name);
        assert_eq!(ExtensionRegistry::standard().get(id).unwrap().name(), name);
        let circuit = ExtensionRegistry::standard().get(id).unwrap().circuit();
        let counts = [circuit.width(), circuit.interactions.len(), circuit.constraints.len()];
        println!("{name}: {counts:?} columns, interactions, constraints");
    }
}

fn model(elf: &[u8]) -> Program {
    Program::from_elf_with(elf, Arc::new(TestExtensions)).unwrap()
}

/// The function of the circuit executes as the plain model of custom.h does.
#[test]
fn random_programs_are_executed_as_by_the_model() {
    let seed = SplitMix64::entropy();
    println!("seed {seed:#x}");
    let mut random = SplitMix64::new(seed);
    for _ in 0..40 {
        let elf = custom_elf(random.next_u64(), 200);
        let programs = [ExtensionRegistry::standard().load(&elf).unwrap(), model(&elf)];
        let [own, model] = programs.each_ref().map(|program| {
            let mut emulator = Emulator::without_input(program);
            let outcome = emulator.run(u64::MAX);
            assert!(matches!(outcome, Ok(Outcome::Exited(exit)) if exit.value == 7), "{outcome:?}");
            (emulator.state(), emulator.output().to_vec())
        });
        assert_eq!(own, model);
    }
}

const DATA: u32 = 0x0100_0000;

/// A program of one custom instruction on data that can be read and written, then on a page that can only be read.
fn one_instruction(id: u16, rs1: u32, rs2: u32) -> Vec<u8> {
    let mut assembler = Assembler::default();
    assembler.set(5, rs1);
    assembler.set(6, rs2);
    assembler.custom(id, 7, 5, 6);
    assembler.call(93, [0; 3]);
    let page = |address, flags| ElfSegment { address, data: vec![1; 4096], memory_bytes: 4096, flags };
    assembler.elf(&[page(DATA, 6), page(DATA + 4096, 4), page(DATA + 8192, 2)])
}

/// Faults, too, are those of the model, and nothing changes.
#[test]
fn faults_are_those_of_the_model() {
    let places = [DATA, DATA + 2, DATA + 4080, DATA + 4084, DATA + 8192, DATA + 12276, 0, 0xffff_fff0, 0xffff_fff4];
    let mut faults = 0;
    for (id, rs1, rs2) in [BULK_LOAD, BULK_STORE]
        .into_iter()
        .flat_map(|id| places.into_iter().flat_map(move |rs1| places.map(|rs2| (id, rs1, rs2))))
    {
        let elf = one_instruction(id, rs1, rs2);
        let programs = [ExtensionRegistry::standard().load(&elf).unwrap(), model(&elf)];
        let [own, model] = programs.each_ref().map(|program| {
            let mut emulator = Emulator::without_input(program);
            let outcome = emulator.run(u64::MAX).map_err(|fault| fault.kind);
            (outcome, emulator.state(), emulator.memory().pages().map(|(at, page)| (at, *page)).collect::<Vec<_>>())
        });
        faults += u32::from(own.0.is_err());
        assert_eq!(own.0, model.0, "{id} {rs1:#x} {rs2:#x}");
        assert!(own == model, "{id} {rs1:#x} {rs2:#x}");
    }
    assert!(faults > 50, "{faults}");
}

#[test]
fn only_what_a_program_uses_has_a_table_and_an_opcode_of_its_own() {
    let program = |elf: &[u8]| MachineProgram::new(&ExtensionRegistry::standard().load(elf).unwrap());
    let ids = |program: &MachineProgram| program.extensions().iter().map(|custom| custom.id()).collect::<Vec<_>>();
    let [load, store] = [BULK_LOAD, BULK_STORE].map(|id| program(&one_instruction(id, DATA, DATA)));
    assert_eq!((ids(&load), ids(&store)), (vec![0], vec![1]));
    assert!(load.chips().contains(&Chip::Custom(0)) && !load.chips().contains(&Chip::Custom(1)));
    let opcode = |id| Chip::Custom(id).rom_opcode();
    assert!(CHIPS.iter().all(|chip| chip.rom_opcode() < opcode(0)));
    assert!((0..1023).all(|id| opcode(id) < opcode(id + 1)));
    // Operands are in their places, and x0 as a destination is a word that nothing else names.
    let custom = ExtensionRegistry::standard().get(BULK_STORE).unwrap().clone();
    let entry = |rd| custom.entry(9, Instruction::custom(BULK_STORE, rd, 3, 4));
    assert_eq!(entry(2), [9, opcode(1), 2, 3, 4, 0, 0]);
    assert_eq!(entry(0), [9, opcode(1), 33, 3, 4, 0, 0]);
}

#[test]
fn programs_of_other_registries_are_others() {
    let elf = one_instruction(BULK_STORE, DATA, 5);
    let standard = ExtensionRegistry::standard().load(&elf).unwrap();
    let renamed = ExtensionRegistry::empty().with(BULK_STORE, Odd::Renamed).unwrap().load(&elf).unwrap();
    let more = ExtensionRegistry::standard().with(7, Odd::Renamed).unwrap().load(&elf).unwrap();
    let none = Program::from_elf(&elf).unwrap();
    let commitment = |program: &Program| {
        let machine = MachineProgram::new(program);
        let trees = machine.image().unwrap().trees(Layout::rv32im()).unwrap();
        machine.commitment(&trees.iter().map(MerkleTree::root).collect::<Vec<_>>())
    };
    // An extension that it does not use is no part of a program.
    assert_eq!(commitment(&standard), commitment(&more));
    let different = [commitment(&standard), commitment(&renamed), commitment(&none)];
    assert!(different[0] != different[1] && different[0] != different[2] && different[1] != different[2]);
    // The function is the same, so nothing but the name tells them apart.
    assert_eq!(MachineProgram::new(&standard).entries(), MachineProgram::new(&renamed).entries());
}

#[test]
fn an_instruction_of_no_registered_extension_is_illegal() {
    let elf = one_instruction(2, DATA, DATA);
    for program in [ExtensionRegistry::standard().load(&elf).unwrap(), Program::from_elf(&elf).unwrap()] {
        let fault = Emulator::without_input(&program).run(u64::MAX).unwrap_err();
        assert!(matches!(fault.kind, FaultKind::IllegalInstruction { .. }), "{fault}");
    }
}

/// It runs, but what executed it is no circuit.
#[test]
fn a_program_that_was_loaded_otherwise_cannot_be_proven() {
    let program = MachineProgram::new(&model(&one_instruction(BULK_STORE, DATA, 5)));
    let mut emulator = Emulator::without_input(program.program());
    let mut log = ExecutionLog::starting_at(emulator.state());
    emulator.record(u64::MAX, &mut log).unwrap();
    let memory = OfflineMemory::new(&program.image().unwrap(), MemoryConfig::rv32im()).unwrap();
    let error = Replay::new(&program, memory).segment(&log).unwrap_err();
    assert!(matches!(error, ReplayError::Unprovable { .. }), "{error}");
}

#[test]
fn every_row_of_random_programs_holds() {
    let seed = SplitMix64::entropy();
    println!("seed {seed:#x}");
    let mut random = SplitMix64::new(seed);
    for segment_steps in [u64::MAX, 300] {
        let run = Run::checked(&custom_elf(random.next_u64(), 300), &[], segment_steps);
        assert_eq!(run.exit, 7);
    }
    let (run, segment) = Run::in_blocks(&custom_elf(random.next_u64(), 300), &[], 40, 60);
    check_witnesses(run.circuits(), &segment.witnesses).unwrap_or_else(|report| panic!("{report}"));
    assert!(segment.rows.blocks.iter().any(|rows| !rows.is_empty()));
}
