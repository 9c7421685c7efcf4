//! The snippets of the integration guide, one module each, with imports, `Result`s and the field's type adapted: what the guide
//! names is called here, by paths of `engram` alone.

use engram::circuit::PrimeCharacteristicRing;

/// "VM Architecture Integration"
mod an_execution_context {
    use engram::{
        ContextInstruction, F, Memory, MemoryConfigBuilder, MemoryError, OpCode, VmConfig, VmExecutionContext,
    };

    use super::PrimeCharacteristicRing;

    #[test]
    fn memory_is_made_from_the_configuration_of_a_machine() {
        let memory = MemoryConfigBuilder::new().with_access_capacity(10000).build().unwrap();
        let config = VmConfig { memory, registers: 32 };
        assert_eq!(Memory::new(&config.memory).timestamp(), 1);
    }

    #[test]
    fn it_loads_and_stores() {
        let mut context = VmExecutionContext::new(&VmConfig::default());
        context.registers[1] = F::from_u32(9);
        let store = ContextInstruction { opcode: OpCode::Store, address_space: 1, pointer: 16, register: 1 };
        context.execute_instruction(&store).unwrap();
        context.execute_instruction(&ContextInstruction { opcode: OpCode::Load, register: 2, ..store }).unwrap();
        assert_eq!((context.registers[2], context.program_counter), (F::from_u32(9), 8));
        let far = context.execute_instruction(&ContextInstruction { pointer: 1 << 29, ..store });
        assert!(matches!(far, Err(MemoryError::AddressOutOfBounds { .. })));
    }
}

/// "STARK Proof Generation"
mod a_proof_generator {
    use engram::{
        AccessAdapterInventory, F, FinalBlock, FinalMemory, LeafRecord, MemoryConfig, MemoryError, MemoryImage,
        MemoryLog, MemoryLogEntry, MemoryProof, MemoryProofGenerator, OfflineMemory, generate_memory_proof,
        log_commitment, roots_digest,
    };

    use super::PrimeCharacteristicRing;

    struct Generator {
        log: MemoryLog,
        config: MemoryConfig,
        offline_memory: OfflineMemory,
        adapter_inventory: AccessAdapterInventory,
    }

    impl Generator {
        fn new(log: MemoryLog) -> Self {
            let config = MemoryConfig::default();
            let offline_memory = OfflineMemory::from_log(log.clone(), &config).unwrap();
            Self { log, config, offline_memory, adapter_inventory: AccessAdapterInventory::default() }
        }

        fn replay_operations(&mut self) -> Result<(), MemoryError> {
            let (memory, adapters) = (&mut self.offline_memory, &mut self.adapter_inventory);
            for entry in self.log.iter() {
                match entry {
                    MemoryLogEntry::Read { address_space, pointer, len } => {
                        memory.read_dynamic(address_space, pointer, len, adapters).map(|_| ())?;
                    }
                    MemoryLogEntry::Write { address_space, pointer, data } => {
                        memory.write(address_space, pointer, &data, adapters).map(|_| ())?;
                    }
                    MemoryLogEntry::IncrementTimestampBy(increment) => memory.increment_timestamp_by(increment)?,
                }
            }
            Ok(())
        }

        fn generate_proof(mut self) -> (FinalMemory, Vec<FinalBlock<8>>, MemoryProof) {
            self.replay_operations().unwrap();
            let (end, blocks) = self.offline_memory.finalize::<8>(&mut self.adapter_inventory).unwrap();
            (end, blocks, generate_memory_proof(self.log, &self.config).unwrap())
        }
    }

    /// The guide starts with blocks of four cells, the default, and ends in blocks of eight.
    #[test]
    fn it_replays_a_log_and_proves_it() {
        let mut log = MemoryLog::new();
        log.push_write(1, 8, &[F::from_u32(3); 2]);
        log.push_increment(4);
        log.push_read(1, 8, 1);
        let config = MemoryConfig::default();
        let (end, blocks, proof) = Generator::new(log.clone()).generate_proof();
        let statement = proof.verify(&config).unwrap();
        assert_eq!(end.segment.roots_after, statement.final_roots);
        assert_eq!(roots_digest(&end.segment.roots_after), statement.final_root);
        let leaves: &[LeafRecord] = &end.segment.leaves;
        assert!(leaves.len() == 1 && leaves[0].is_changed());
        assert_eq!((blocks[1].pointer, blocks[1].timestamp), (8, 6));
        assert_eq!(blocks[1].cells[..3], [F::from_u32(3), F::from_u32(3), F::ZERO]);
        let commitment = log_commitment(&log, &MemoryImage::default(), &config, proof.parameters());
        assert_eq!(commitment.unwrap(), statement.log_commitment);
        assert_eq!(MemoryProof::decode(&proof.encode()).unwrap(), proof);
        MemoryProofGenerator::new(log, &config).check().unwrap();
    }
}

/// "Memory Bridge Integration"
mod a_bridge {
    use std::sync::Arc;

    use engram::{
        MemoryBridge, MemoryBus, MemoryConfig, MemoryController,
        circuit::{Parameters, check_witnesses, keygen},
    };

    struct ProofSystemIntegration {
        memory_bridge: MemoryBridge,
        memory_bus: MemoryBus,
    }

    #[test]
    fn it_is_connected_to_a_proof_system() {
        let memory_bus = MemoryBus::new();
        let integration = ProofSystemIntegration { memory_bridge: MemoryBridge::new(memory_bus), memory_bus };
        let controller = MemoryController::new(&MemoryConfig::default());
        assert_eq!(controller.bridge().bus(), integration.memory_bus);
        assert_eq!(controller.bridge().bus(), integration.memory_bridge.bus());
        // The chips' own circuits, which put accesses on the bus, would come before these.
        let circuits: Vec<_> = controller.circuits().into_iter().map(Arc::new).collect();
        let witnesses = controller.finalize().unwrap().into_witnesses();
        check_witnesses(&circuits, &witnesses).unwrap();
        let (proving, verifying) = keygen(&circuits, Parameters::SMALLEST).unwrap();
        verifying.verify(&proving.prove(witnesses).unwrap()).unwrap();
    }
}

/// "Range Checker Integration"
mod a_range_checker {
    use engram::{
        AccessAdapterInventory, F, MemoryConfig, MemoryError, MemoryImage, OfflineMemory,
        SharedVariableRangeCheckerChip,
    };

    use super::PrimeCharacteristicRing;

    struct RangeCheckedMemory {
        memory: OfflineMemory,
        range_checker: SharedVariableRangeCheckerChip,
    }

    impl RangeCheckedMemory {
        fn new(config: &MemoryConfig) -> Self {
            let memory = OfflineMemory::new(&MemoryImage::default(), config).unwrap();
            Self { memory, range_checker: SharedVariableRangeCheckerChip::new(config) }
        }

        fn safe_memory_access(&mut self, space: u32, pointer: u32, data: Vec<F>) -> Result<(), MemoryError> {
            self.memory.write(space, pointer, &data, &mut AccessAdapterInventory::default())?;
            Ok(())
        }
    }

    #[test]
    fn addresses_are_validated() {
        let mut memory = RangeCheckedMemory::new(&MemoryConfig::default());
        memory.safe_memory_access(1, 5, vec![F::ONE]).unwrap();
        let far = memory.safe_memory_access(1, 1 << 29, vec![F::ONE]);
        assert!(matches!(far, Err(MemoryError::AddressOutOfBounds { .. })));
        assert_eq!(memory.range_checker.check(5, 32).unwrap(), [5, 0]);
    }
}

/// "Memory Bus Operations"
mod a_bus {
    use engram::{BusClient, BusOperation, BusResponse, BusServer, F, MemoryFactory, OnlineMemoryAdapter};

    use super::PrimeCharacteristicRing;

    #[test]
    fn operations_are_answered() {
        let memory = MemoryFactory::default().create_online_memory();
        let server = BusServer::start(Box::new(OnlineMemoryAdapter { memory }), 4).unwrap();
        let client: BusClient = server.client();
        let data = vec![F::TWO];
        let write = client.request(BusOperation::MemoryWrite { address_space: 1, pointer: 0, data }).unwrap();
        assert!(matches!(write, BusResponse::WriteAcknowledged { .. }));
        assert_eq!(client.request(BusOperation::IncrementTimestamp).unwrap(), BusResponse::TimestampIncremented);
        let read = client.request(BusOperation::MemoryRead { address_space: 1, pointer: 0, len: 1 }).unwrap();
        assert!(matches!(read, BusResponse::Read { values, .. } if values == [F::TWO]));
        let _ = server.shut_down().unwrap();
    }
}

/// "Instruction Set Integration"
mod a_register_in_memory {
    use engram::{MemoryConfig, MemoryController, MemoryError, cell};

    /// A register of 32 bits is no cell: it is two of 16 bits, or it is refused.
    #[test]
    fn a_word_comes_back() {
        let mut memory = MemoryController::new(&MemoryConfig::default());
        assert_eq!(cell(0xdead_beef), Err(MemoryError::NoFieldElement { value: 0xdead_beef }));
        assert_eq!(memory.write_word(1, 64, 0xdead_beef).unwrap().1, 0);
        assert_eq!(memory.read_word(1, 64).unwrap().1, 0xdead_beef);
        memory.increment_timestamp().unwrap();
        let statement = memory.generate_memory_proof().unwrap().verify(&MemoryConfig::default()).unwrap();
        assert_ne!(statement.initial_root, statement.final_root);
    }
}

/// "RISC-V Integration"
mod a_risc_v_machine {
    use engram::{
        LoadInstruction, MemoryController, RV32IMWithMemory, StoreInstruction,
        machine::{CommittedProgram, Opcode, Outcome, Program},
    };

    fn program() -> CommittedProgram {
        let elf = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../guests/elf/hello.elf")).unwrap();
        CommittedProgram::new(&Program::from_elf(&elf).unwrap()).unwrap()
    }

    #[test]
    fn loads_and_stores_go_through_memory() {
        let program = program();
        let mut machine = RV32IMWithMemory::load(&program).unwrap();
        let (sp, immediate) = (2, -8);
        machine
            .execute_store_instruction(&StoreInstruction { opcode: Opcode::Sw, rs1: sp, rs2: sp, immediate })
            .unwrap();
        machine.execute_load_instruction(&LoadInstruction { opcode: Opcode::Lhu, rd: 5, rs1: sp, immediate }).unwrap();
        assert_eq!(machine.register(5), machine.register(sp) & 0xffff);
        let memory: &MemoryController = machine.memory();
        assert_eq!((memory.log().len(), memory.memory().timestamp()), (6, 7));
    }

    #[test]
    fn a_run_has_a_log() {
        let program = program();
        let mut machine = RV32IMWithMemory::load(&program).unwrap();
        let outcome = machine.run(Box::new(&b""[..]), u64::MAX).unwrap();
        assert!(matches!(outcome, Outcome::Exited(_)) && machine.executor().steps() > 100);
        let accesses = machine.memory().log().len();
        assert_eq!(machine.into_memory().finalize().unwrap().accesses().len(), accesses);
    }
}

/// "Custom Instruction Extensions"
mod an_extension {
    use engram::{
        BULK_LOAD, BULK_STORE, BenchCase, BenchReport, BenchState, CustomInstructionProcessor, ExtensionBench,
        ExtensionRegistry, ExtensionRow, MemoryConfig, MemoryExtension, MemoryImage, RowBuilder, RunError,
        machine::RV32IMInstruction,
    };

    /// Stores the word at the address in rs1 at the address in rs2.
    #[derive(Debug)]
    struct Copy;

    impl MemoryExtension for Copy {
        fn name(&self) -> &str {
            "copy"
        }

        fn eval<B: RowBuilder>(&self, row: &mut ExtensionRow<'_, '_, B>) {
            let (from, to) = (row.rs1(), row.rs2());
            let word = row.load(from, 0);
            row.store(to, 0, word);
        }
    }

    const WORD: u32 = 0x0100_0040;

    #[test]
    fn it_is_tried_on_a_bench() {
        let before = BenchState { registers: vec![(5, WORD), (6, WORD + 4)], words: vec![(WORD, 0xdead_beef)] };
        let after = BenchState { registers: vec![], words: vec![(WORD + 4, 0xdead_beef)] };
        let case = BenchCase { name: "a word".into(), before, operands: vec![[0, 5, 6], [0, 6, 5]], after };
        let report: BenchReport = ExtensionBench::new(Copy).unwrap().check(&[case]);
        assert!(report.is_passed(), "{report}");
    }

    fn word(processor: &CustomInstructionProcessor, address: u32) -> u32 {
        processor.memory().memory().image().word(engram::SPACE_MEMORY, address / 4)
    }

    #[test]
    fn bulk_loads_and_stores_are_executed() {
        let registry = ExtensionRegistry::standard().with(9, Copy).unwrap();
        let mut image = MemoryImage::new();
        for (register, value) in [(5, WORD), (6, WORD + 16), (7, 0x1234_5678)] {
            image.set_word(engram::SPACE_REGISTERS, register, value);
        }
        let mut processor = CustomInstructionProcessor::with_image(registry, MemoryConfig::rv32im(), image).unwrap();
        let instructions = [[BULK_STORE, 5, 7], [BULK_LOAD, 5, 6], [9, 5, 6]];
        for [id, rs1, rs2] in instructions {
            let instruction = RV32IMInstruction::custom(id, 0, rs1 as u8, rs2 as u8);
            processor.execute_custom_instruction(&instruction).unwrap();
        }
        assert!((0..8).all(|offset| word(&processor, WORD + 4 * offset) == 0x1234_5678));
        let before = processor.memory().log().len();
        let unknown = RV32IMInstruction::custom(77, 0, 5, 6);
        let refused = processor.execute_custom_instruction(&unknown);
        assert!(matches!(refused, Err(RunError::NoExtension { id: 77 })), "{refused:?}");
        assert_eq!(processor.memory().log().len(), before);
        // The log can be proven by itself. A proof of the instructions is one of a program that has them.
        assert_eq!(processor.into_memory().finalize().unwrap().accesses().len(), before);
    }
}

/// "Debugging and Monitoring Integration"
mod a_debugger_and_a_monitor {
    use engram::{
        AccessPatternAnalysis, F, Memory, MemoryConfig, MemoryDebugger, MemoryPerformanceMonitor, MemoryTrace,
        MemoryTraceGenerator, PerformanceReport,
        observation::{Labels, TraceRecord},
    };

    use super::PrimeCharacteristicRing;

    fn memory() -> Memory {
        let mut memory = Memory::new(&MemoryConfig::default());
        let _ = memory.write(1, 0, [F::ONE]).unwrap();
        let _ = memory.read::<1>(1, 0).unwrap();
        let _ = memory.read::<1>(1, 0).unwrap();
        memory
    }

    #[test]
    fn a_log_is_traced_and_analyzed() {
        let mut generator = MemoryTraceGenerator::new(&MemoryConfig::default());
        generator.enable_from(0);
        let trace: MemoryTrace = generator.generate_trace(memory().log()).unwrap();
        let records: Vec<TraceRecord> = trace.records().collect();
        assert_eq!(records.len(), 3);
        assert!(!trace.write_csv(vec![]).unwrap().is_empty());
        let mut debugger = MemoryDebugger::new(memory());
        debugger.enable_tracing_from_start();
        let analysis: AccessPatternAnalysis = debugger.analyze_access_patterns().unwrap();
        let again = AccessPatternAnalysis::from_trace(&debugger.get_memory_trace().unwrap());
        assert_eq!(format!("{analysis:?}"), format!("{again:?}"));
    }

    #[test]
    fn operations_are_counted() {
        let mut monitor = MemoryPerformanceMonitor::new(&MemoryConfig::default()).unwrap();
        memory().log().iter().for_each(|entry| monitor.record_operation(entry).unwrap());
        let report: PerformanceReport = monitor.get_performance_report();
        assert_eq!((report.total_operations, report.read_write_ratio.reads), (3, 2));
        let labels = Labels::new().with("machine", "one").unwrap();
        assert!(report.prometheus_text(&labels).contains("machine=\"one\""));
    }
}

/// "Factory Pattern" and "Adapter Pattern"
mod a_factory {
    use engram::{F, MemoryAdapter, MemoryFactory, MemoryImage, OfflineMemoryAdapter, OnlineMemoryAdapter};

    use super::PrimeCharacteristicRing;

    #[test]
    fn it_makes_every_kind_of_memory_of_the_default_configuration() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("memory");
        let factory = MemoryFactory::default();
        let mut persistent = factory.create_persistent_memory(&path).unwrap();
        let mut online = OnlineMemoryAdapter { memory: factory.create_online_memory() };
        let mut offline = OfflineMemoryAdapter::new(factory.create_offline_memory(&MemoryImage::default()).unwrap());
        let memories: [&mut dyn MemoryAdapter; 3] = [&mut online, &mut offline, &mut persistent];
        for memory in memories {
            memory.write(1, 4, &[F::ONE, F::TWO]).unwrap();
            memory.increment_timestamp().unwrap();
            assert_eq!(memory.read(1, 5, 1).unwrap().1, [F::TWO]);
        }
        let proof = persistent.proof_generator().unwrap().generate_proof().unwrap();
        let statement = proof.verify(factory.config()).unwrap();
        persistent.commit_expecting(&statement.final_roots).unwrap();
        drop(persistent);
        let mut again = factory.create_persistent_memory(&path).unwrap();
        assert_eq!(again.read(1, 4, 1).unwrap().1, [F::ONE]);
    }
}

/// "Builder Pattern" and "Unified Error Handling"
mod a_configuration {
    use engram::{
        AddressSpaceConfig, AddressSpaceType, Memory, MemoryConfig, MemoryConfigBuilder, MemoryError,
        MemoryIntegrationError,
    };

    #[test]
    fn it_is_built() {
        let config: MemoryConfig = MemoryConfigBuilder::new()
            .with_access_capacity(5000)
            .add_address_space(AddressSpaceConfig::new(0, AddressSpaceType::Identity))
            .add_address_space(AddressSpaceConfig::new(1, AddressSpaceType::Normal))
            .with_range_bits(32)
            .build()
            .unwrap();
        let _ = Memory::new(&config).read::<1>(1, 0x1000).unwrap();
        assert_eq!(config.access_capacity(), 5000);
    }

    #[test]
    fn errors_are_converted() {
        let refused = || -> Result<(), MemoryIntegrationError> { Err(MemoryError::InvalidAccessSize { len: 3 })? };
        assert_eq!(refused(), Err(MemoryIntegrationError::InvalidAccessSize(3)));
    }
}

/// "Graceful Degradation"
mod a_resilient_system {
    use engram::{
        BusOperation, BusResponse, ErrorRecoveryStrategy, F, MemoryFactory, MemoryImage, OnlineMemoryAdapter,
        ResilientMemorySystem,
    };

    use super::PrimeCharacteristicRing;

    #[test]
    fn an_operation_is_done_on_both_memories() {
        let factory = MemoryFactory::default();
        let memory = || Box::new(OnlineMemoryAdapter { memory: factory.create_online_memory() });
        let strategy = ErrorRecoveryStrategy::default();
        let system = ResilientMemorySystem::new(factory.config(), MemoryImage::default(), memory(), strategy).unwrap();
        let mut system = system.with_backup(memory()).unwrap();
        let write = BusOperation::MemoryWrite { address_space: 1, pointer: 0, data: vec![F::ONE] };
        assert!(matches!(system.safe_operation(&write).unwrap(), BusResponse::WriteAcknowledged { .. }));
        assert_eq!(system.in_service().len(), 2);
    }
}

/// "Integration Test Framework"
mod an_integrated_system {
    use engram::{
        IntegratedMemorySystem, MemoryConfig, SPACE_MEMORY,
        machine::{Opcode, RV32IMInstruction},
    };

    fn setup_integrated_memory_system() -> IntegratedMemorySystem<'static> {
        let config = MemoryConfig::rv32im().clone().with_access_capacity(1000).unwrap();
        IntegratedMemorySystem::new(&config).unwrap()
    }

    #[test]
    fn test_vm_memory_integration() {
        let mut system = setup_integrated_memory_system();
        let _ = system.memory().write_word(SPACE_MEMORY, 0x1004 / 4, 42).unwrap();
        let address = RV32IMInstruction { opcode: Opcode::Lui, rd: 3, rs1: 0, rs2: 0, imm: 0x1000 };
        let load = RV32IMInstruction { opcode: Opcode::Lw, rd: 4, rs1: 3, rs2: 0, imm: 4 };
        let store = RV32IMInstruction { opcode: Opcode::Sw, rd: 0, rs1: 3, rs2: 4, imm: 0 };
        let fill = RV32IMInstruction::custom(engram::BULK_STORE, 3, 3, 4);
        for instruction in [address, load, store, fill] {
            system.execute_instruction(&instruction).unwrap();
        }
        assert_eq!((system.register(4), system.register(3)), (42, 0x1010));
        for pointer in 0x1000 / 4..0x1010 / 4 {
            assert_eq!(system.memory().read_word(SPACE_MEMORY, pointer).unwrap().1, 42);
        }
    }

    #[test]
    fn test_proof_generation_integration() {
        let mut system = setup_integrated_memory_system();
        let _ = system.memory().write_word(SPACE_MEMORY, 0x1000, 42).unwrap();
        system.memory().increment_timestamp().unwrap();
        let proof = system.generate_memory_proof().unwrap();
        system.verify_memory_proof(&proof).unwrap();
        // What happens after that is not in it.
        let _ = system.memory().write_word(SPACE_MEMORY, 0x1000, 43).unwrap();
        assert!(system.verify_memory_proof(&proof).is_err());
    }
}

/// Columns of a chip's author.
mod a_chip {
    use engram::{
        F,
        circuit::{CircuitBuilder, Expr},
    };

    use super::PrimeCharacteristicRing;

    engram::circuit::columns! { struct PairCols { left: T, right: T } }

    #[test]
    fn its_columns_are_named_once() {
        let mut circuit = CircuitBuilder::new("pair");
        let columns = PairCols::<Expr>::allocate(&mut circuit);
        circuit.assert_equal("both are equal", columns.left, columns.right);
        assert_eq!(circuit.build().columns, ["left", "right"]);
        let mut row = [F::ZERO; PairCols::<F>::WIDTH];
        PairCols { right: F::TWO, ..PairCols::default() }.write(&mut row);
        assert_eq!(row, [F::ZERO, F::TWO]);
    }
}

/// Things of one kind in the library and in the RV32IM machine have names apart.
#[test]
fn the_machines_names_are_its_own() {
    assert!(engram::machine::Program::from_elf(b"no ELF file").is_err());
    let of_machine = std::any::type_name::<(engram::machine::GuestMemory, engram::machine::RV32IMInstruction)>();
    assert_ne!(of_machine, std::any::type_name::<(engram::Memory, engram::ContextInstruction)>());
}
