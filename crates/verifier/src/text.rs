//! A program's instructions as a key holds them.

use engram_rv32im::{Instruction, Program};
use engram_rv32im_air::{
    program::{Decoded, decode},
    registry::ExtensionRegistry,
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Program counters, in words, are below this.
const PC_END: u32 = 1 << 30;

/// Legal instructions, in order of address, in runs of consecutive words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Text {
    runs: Vec<Run>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Run {
    /// Of the first word, in words.
    pc: u32,
    words: Vec<u32>,
}

/// A key whose text is no program's.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the key's instruction at word {pc:#x} is none; make the key anew from the ELF file")]
pub struct TextError {
    /// Where, in words.
    pub pc: u32,
}

impl Text {
    /// The instructions of a program.
    pub(crate) fn of(program: &Program) -> Self {
        let mut runs: Vec<Run> = vec![];
        let mut next_pc = None;
        for (address, instruction) in program.instructions() {
            let (pc, word) = (address >> 2, instruction.encode());
            match runs.last_mut() {
                Some(run) if next_pc == Some(pc) => run.words.push(word),
                _ => runs.push(Run { pc, words: vec![word] }),
            }
            next_pc = pc.checked_add(1);
        }
        Self { runs }
    }

    /// The instructions as the machine takes them.
    pub(crate) fn decoded(&self, extensions: &ExtensionRegistry) -> Result<Vec<Decoded>, TextError> {
        let mut instructions = vec![];
        for run in &self.runs {
            let mut pc = run.pc;
            for &word in &run.words {
                let instruction = Instruction::decode_with(word, extensions).filter(|_| pc < PC_END);
                let instruction = instruction.ok_or(TextError { pc })?;
                instructions.push((pc << 2, instruction));
                pc = pc.saturating_add(1);
            }
        }
        Ok(decode(&instructions, extensions))
    }
}
