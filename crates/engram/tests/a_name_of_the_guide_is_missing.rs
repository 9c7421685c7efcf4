//! Every name of the integration guide leads to something, and to that of the same name.

use std::any::type_name;

/// Each type by its path in the façade, with the name that the compiler gives it.
macro_rules! named {
    ($($name:path),* $(,)?) => {
        [$((stringify!($name), type_name::<$name>())),*]
    };
}

#[test]
fn every_type_of_the_guide_has_its_name() {
    // Names of later parts of the library are added here, in the order of the guide.
    let names = named![
        engram::MemoryConfig,
        engram::VmConfig,
        engram::MemoryConfigBuilder,
        engram::AddressSpaceConfig,
        engram::AddressSpaceType,
        engram::Memory,
        engram::RecordId,
        engram::MemoryImage,
        engram::MemoryController,
        engram::VmExecutionContext,
        engram::OfflineMemory,
        engram::MemoryLogEntry,
        engram::AccessAdapterInventory,
        engram::MemoryBridge,
        engram::MemoryBus,
        engram::SharedVariableRangeCheckerChip,
        engram::MemoryProofGenerator,
        engram::BusOperation,
        engram::CustomInstructionProcessor,
        engram::IntegratedMemorySystem,
        engram::MemoryTraceGenerator,
        engram::MemoryDebugger,
        engram::MemoryTrace,
        engram::AccessPatternAnalysis,
        engram::MemoryPerformanceMonitor,
        engram::PerformanceReport,
        engram::MemoryFactory,
        engram::PersistentMemory,
        engram::OnlineMemoryAdapter,
        engram::MemoryError,
        engram::MemoryIntegrationError,
        engram::ErrorRecoveryStrategy,
        engram::ErrorRecoveryAction,
        engram::ResilientMemorySystem,
        engram::machine::Program,
        engram::machine::RunProof,
    ];
    for (path, named) in names {
        let last = |path: &str| path.rsplit("::").next().map(str::trim).map(str::to_owned);
        assert_eq!(last(path), last(named), "{path} leads to {named}");
    }
    let _: [engram::AddressSpaceType; 2] = [engram::AddressSpaceType::Identity, engram::AddressSpaceType::Normal];
}

#[test]
fn every_trait_and_function_of_the_guide_is_there() {
    fn is_object_safe(_: Option<Box<dyn engram::MemoryAdapter>>) {}
    is_object_safe(None);
    fn is_an_extension<E: engram::MemoryExtension>() {}
    is_an_extension::<engram::BulkLoad>();
    is_an_extension::<engram::BulkStore>();
    let refused = engram::generate_memory_proof(
        vec![engram::MemoryLogEntry::Read { address_space: 7, pointer: 0, len: 1 }],
        &engram::MemoryConfig::default(),
    );
    assert_eq!(refused, Err(engram::ProofError::Log(engram::MemoryError::UnknownSpace { space: 7 })));
    let elf = engram::machine::Program::from_elf(b"no ELF file");
    assert!(elf.is_err());
}
