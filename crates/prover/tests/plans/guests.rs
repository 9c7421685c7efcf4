//! Programs to plan for.

use std::io::Cursor;

use engram_machine::{plan::Plan, program::MachineProgram, testing::Assembler};
use engram_prover::{plan, profile, profile::Profile};
use engram_rv32im::{Machine, Program, machine::system_calls::SYS_EXIT};

/// A program with its input.
pub struct Guest {
    pub program: Program,
    pub input: Vec<u8>,
}

impl Guest {
    pub fn new(elf: &[u8], input: &[u8]) -> Self {
        Self { program: Program::from_elf(elf).unwrap(), input: input.to_vec() }
    }

    pub fn bundled(name: &str, input: &[u8]) -> Self {
        let path = format!("{}/../../guests/elf/{name}.elf", env!("CARGO_MANIFEST_DIR"));
        Self::new(&std::fs::read(path).unwrap(), input)
    }

    /// A program written here, which then exits.
    pub fn written(write: impl FnOnce(&mut Assembler)) -> Self {
        let mut assembler = Assembler::default();
        write(&mut assembler);
        assembler.call(SYS_EXIT, [0, 0, 0]);
        Self::new(&assembler.elf(&[]), &[])
    }

    pub fn machine(&self) -> Machine<'_> {
        Machine::new(&self.program, Box::new(Cursor::new(self.input.clone())))
    }

    pub fn machine_steps(&self) -> u64 {
        let mut machine = self.machine();
        machine.run(u64::MAX).unwrap();
        machine.steps()
    }

    pub fn profile(&self) -> Profile {
        profile(&mut self.machine(), u64::MAX, &mut |_| {}).unwrap()
    }

    pub fn plan(&self) -> Plan {
        plan(&MachineProgram::new(&self.program), &self.profile().windows)
    }
}
