//! Proofs that the backend would accept by themselves, of tables that are not the program's.

use std::sync::Arc;

use engram_air::{Circuit, F, PrimeCharacteristicRing, Trace};
use engram_memory::{MemoryConfig, offline::OfflineMemory};
use engram_prover::{replay::Replay, segment::witnesses};
use engram_rv32im::ExecutionLog;
use engram_rv32im_air::{
    circuits::{CONNECTOR, FIRST_CHIP, LOOKUPS, Machine, ROM, ROOTS},
    program::MachineProgram,
};
use engram_stark::{
    engine::{self, Committed, EngineError, Witness, keygen},
    parameters::Parameters,
};
use engram_verifier::{RunProof, SegmentProof, VerifyError, verify};
use engram_vm::rom;

use super::guest::{Changes, Guest};

/// The program's first instructions as a segment, under a ROM of somebody's choice.
struct Forger {
    guest: &'static Guest,
    program: MachineProgram,
    machine: Machine,
}

impl Forger {
    fn new() -> Self {
        let guest = Guest::cached(Changes::Registers);
        let program = guest.program.machine().clone();
        let machine = Machine::of(program.decoded(), vec![]);
        Self { guest, program, machine }
    }

    fn witnesses(&self, steps: u64, rom: &Trace) -> Vec<Witness> {
        let committed = Committed::new(Parameters::SMALLEST, rom).unwrap();
        let mut executor = engram_rv32im::Emulator::without_input(self.guest.program.program());
        let mut log = ExecutionLog::starting_at(executor.state());
        executor.record(steps, &mut log).unwrap();
        let mut replay = Replay::new(
            &self.program,
            OfflineMemory::new(&self.program.image().unwrap(), MemoryConfig::rv32im()).unwrap(),
        );
        let rows = replay.segment(&log).unwrap();
        let memory = replay.memory_mut().finish_segment();
        let mut witnesses = witnesses(&self.machine, &self.program, &rows, &memory, &committed);
        let executions = witnesses[ROM].trace.take().unwrap();
        let mut cells = executions.into_values();
        cells.resize(rom.height(), Default::default());
        witnesses[ROM].trace = Some(Trace::from_rows(cells, 1));
        witnesses
    }

    fn rom(&self) -> Trace {
        rom::committed_trace(self.program.entries())
    }

    fn proof(&self, circuits: &[Arc<Circuit>], witnesses: Vec<Witness>) -> Result<RunProof, EngineError> {
        let (proving, _) = keygen(circuits, Parameters::SMALLEST)?;
        let bytes = proving.prove(witnesses)?.encode();
        let segments = vec![SegmentProof { parameters: Parameters::SMALLEST, bytes }];
        let (program_commitment, plan) = (self.guest.key.commitment(), self.guest.key.plan().clone());
        Ok(RunProof { program_commitment, plan, output: vec![], segments })
    }

    fn verify(&self, proof: &RunProof) -> VerifyError {
        verify(&self.guest.key, proof).expect_err("no exit is proven")
    }
}

/// The control: a segment that does nothing, or a little, is a proof but for the exit that it lacks.
#[test]
fn the_programs_own_rom_is_accepted() {
    let forger = Forger::new();
    for steps in [0, 3] {
        let witnesses = forger.witnesses(steps, &forger.rom());
        let proof = forger.proof(forger.machine.circuits(), witnesses).unwrap();
        assert!(matches!(forger.verify(&proof), VerifyError::Exit { segment: 0 }));
    }
}

#[test]
fn another_rom_is_refused() {
    let forger = Forger::new();
    let mut rom = forger.rom();
    // An instruction that the segment does not execute.
    let last = forger.program.entries().len() - 1;
    rom.row_mut(last)[2] += F::ONE;
    let proof = forger.proof(forger.machine.circuits(), forger.witnesses(3, &rom)).unwrap();
    assert!(matches!(forger.verify(&proof), VerifyError::Rom { segment: 0 }));
}

/// With rows of padding the ROM has the same instructions, and with its columns laid end to end the same commitment; neither
/// is what the key says.
#[test]
fn the_rom_at_another_height_is_refused() {
    let forger = Forger::new();
    let rom = forger.rom();
    let (width, height) = (rom.width(), rom.height());
    let mut padded = Trace::zeros(width, 2 * height);
    let mut relaid = Trace::zeros(width, 2 * height);
    for row in 0..height {
        padded.row_mut(row).copy_from_slice(rom.row(row));
        for column in 0..width {
            let place = column * height + row;
            relaid.row_mut(place % (2 * height))[place / (2 * height)] = rom.row(row)[column];
        }
    }
    let commitment = |trace: &Trace| Committed::new(Parameters::SMALLEST, trace).unwrap().commitment();
    assert_eq!(commitment(&relaid), commitment(&rom), "the commitment alone does not say how high the table is");
    for (trace, steps) in [(padded, 3), (relaid, 0)] {
        let proof = forger.proof(forger.machine.circuits(), forger.witnesses(steps, &trace)).unwrap();
        assert!(matches!(forger.verify(&proof), VerifyError::Rom { segment: 0 }));
    }
}

/// A segment that does nothing balances without any of them, and each is needed to say what it does.
#[test]
fn a_required_table_cannot_be_left_out() {
    let forger = Forger::new();
    // A prover that does not mind.
    let indulgent = |circuit: &Arc<Circuit>| Arc::new(Circuit { required: false, ..(**circuit).clone() });
    let indulgent: Vec<Arc<Circuit>> = forger.machine.circuits().iter().map(indulgent).collect();
    let required: Vec<usize> =
        (0..indulgent.len()).filter(|&table| forger.machine.circuits()[table].required).collect();
    assert_eq!(required, [ROM, CONNECTOR, ROOTS]);
    for table in required {
        for circuits in [forger.machine.circuits(), &indulgent] {
            let mut witnesses = forger.witnesses(0, &forger.rom());
            witnesses[table] = Witness::default();
            if table == CONNECTOR {
                // Nobody else asks the fixed tables for anything.
                witnesses[LOOKUPS..FIRST_CHIP].fill_with(Witness::default);
            }
            let proof = forger.proof(circuits, witnesses);
            if Arc::ptr_eq(&circuits[0], &indulgent[0]) {
                // Nothing else is wrong with it: under a key that requires nothing it is a proof.
                let bytes = &proof.as_ref().unwrap().segments[0].bytes;
                let (_, verifying) = keygen(&indulgent, Parameters::SMALLEST).unwrap();
                verifying.verify(&engine::StarkProof::decode(bytes).unwrap()).unwrap();
            }
            if let Ok(proof) = proof {
                assert!(matches!(forger.verify(&proof), VerifyError::Segment { segment: 0, .. }), "table {table}");
            }
        }
    }
}
