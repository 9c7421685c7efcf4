//! Traces, analyses and reports of an RV32IM run, against what can be counted by hand.

use engram::{
    AccessPatternAnalysis, MemoryConfig, MemoryDebugger, MemoryPerformanceMonitor, MemoryTraceGenerator,
    RV32IMWithMemory,
    machine::{CommittedProgram, Opcode, Outcome, Program, RV32IMInstruction},
};
use engram_rv32im::testing::{elf_file, text_segment};

const ENTRY: u32 = 0x1_0000;
const ZERO: u8 = 0;
const SP: u8 = 2;
const COUNT: u8 = 5;
const SUM: u8 = 7;
const A0: u8 = 10;
const A7: u8 = 17;

/// Adds 4, 3, 2 and 1 to a word below the stack pointer, and exits with the sum.
fn program() -> CommittedProgram {
    let of = |opcode, rd, rs1, rs2, imm| RV32IMInstruction { opcode, rd, rs1, rs2, imm };
    let code = [
        of(Opcode::Addi, COUNT, ZERO, 0, 4),
        // Four times: 9 reads and 4 writes, of which a read and a write are of memory.
        of(Opcode::Lw, SUM, SP, 0, -16),
        of(Opcode::Add, SUM, SUM, COUNT, 0),
        of(Opcode::Sw, 0, SP, SUM, -16),
        of(Opcode::Addi, COUNT, COUNT, 0, -1),
        of(Opcode::Bne, 0, COUNT, ZERO, -16),
        of(Opcode::Addi, A0, SUM, 0, 0),
        of(Opcode::Addi, A7, ZERO, 0, 93),
        of(Opcode::Ecall, 0, 0, 0, 0),
    ];
    let elf = elf_file(ENTRY, &[text_segment(ENTRY, &code)]);
    CommittedProgram::new(&Program::from_elf(&elf).unwrap()).unwrap()
}

fn ran(program: &CommittedProgram) -> RV32IMWithMemory<'_> {
    let mut machine = RV32IMWithMemory::load(program).unwrap();
    let outcome = machine.run(Box::new(&b""[..]), 1000).unwrap();
    assert!(matches!(outcome, Outcome::Exited(exit) if exit.value == 10));
    assert_eq!(machine.executor().steps(), 1 + 4 * 5 + 3);
    machine
}

#[test]
fn an_analysis_counts_what_the_loop_does() {
    let program = program();
    let machine = ran(&program);
    let memory = machine.memory().memory();
    let mut debugger = MemoryDebugger::new(memory.clone());
    debugger.enable_tracing_from_start();
    let analysis: AccessPatternAnalysis = debugger.analyze_access_patterns().unwrap();
    assert_eq!((analysis.counts.reads, analysis.counts.writes), (1 + 4 * 9 + 4, 1 + 4 * 4 + 2));
    assert_eq!((analysis.counts.identity_reads, analysis.blocks_touched), (0, 6 + 1));
    // Space, pointer and accesses of each word; of those that are accessed as often, the lower address first.
    let word = u64::from((program.program().initial_registers()[2] - 16) >> 2);
    let hot: Vec<_> = analysis
        .hot_blocks
        .iter()
        .map(|block| (block.address.space, block.pointer, block.reads + block.writes))
        .collect();
    assert_eq!(hot, [(1, 5, 17), (1, 7, 17), (1, 2, 8), (2, word, 8), (1, 0, 6), (1, 10, 2), (1, 17, 2)]);

    let mut generator = MemoryTraceGenerator::new(MemoryConfig::rv32im()).with_image(program.image().clone());
    generator.enable();
    let trace = generator.generate_trace(machine.memory().log()).unwrap();
    assert_eq!(AccessPatternAnalysis::from_trace(&trace), analysis);
    assert_eq!((trace.adapters().count(), trace.closing().count()), (0, 0));
    let of_memory: Vec<_> = trace.records().filter(|record| record.space_name == "memory").collect();
    let words: Vec<u32> = of_memory.iter().map(|record| record.after[0]).collect();
    assert_eq!(words, [0, 4, 4, 7, 7, 9, 9, 10]);
}

#[test]
fn a_monitor_counts_what_the_loop_does() {
    let program = program();
    let machine = ran(&program);
    let monitor = MemoryPerformanceMonitor::of_memory(machine.memory().memory()).unwrap();
    let metrics = monitor.metrics();
    assert_eq!((metrics.total_operations, metrics.increment_count), (60, 0));
    // Accesses of two cells are in the second place.
    let counts = |space: u32| (metrics.spaces[&space].reads, metrics.spaces[&space].writes);
    assert_eq!(counts(1), ([0, 37, 0, 0, 0, 0], [0, 15, 0, 0, 0, 0]));
    assert_eq!(counts(2), ([0, 4, 0, 0, 0, 0], [0, 4, 0, 0, 0, 0]));
    assert!(!metrics.spaces.contains_key(&3));
    let report = monitor.get_performance_report();
    let touched: Vec<_> =
        report.memory_utilization.iter().map(|of| (of.space, of.cells_touched, of.leaves_touched)).collect();
    // Registers 0 to 7, 10 and 17 are in three leaves of eight words.
    assert_eq!(touched, [(1, 12, 3), (2, 2, 1), (3, 0, 0)]);
    assert!(report.adapter_rows.is_empty());
}
