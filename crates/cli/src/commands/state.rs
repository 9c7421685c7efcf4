//! Runs on stored memory: `--store`.

use std::path::Path;
use std::sync::Arc;

use engram_air::field::Digest;
use engram_memory::{MemoryImage, SPACE_MEMORY};
use engram_prover::options::Stored;
use engram_rv32im::memory::Memory;
use engram_rv32im::{PageSource, Program};
use engram_store::{StateError, StateFile, StateReader};
use engram_verifier::CommittedProgram;

use crate::failure::Failure;
use crate::root::Root;

/// The state that a run starts on.
pub struct State {
    file: StateFile,
    name: String,
    reader: Arc<StateReader>,
}

impl State {
    /// Opens the state in a file, or makes it where there is none.
    pub fn of(path: &Path, expect_root: Option<&Root>, program: &CommittedProgram) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let failed = |source: StateError| Failure::State { name: name.clone(), source };
        let open = || StateFile::open_or_create(path, &program.commitment(), program.image());
        let file = match expect_root {
            // A state that is made only now has the program's own root.
            Some(expected) if !path.exists() => {
                let found = program.initial_root();
                if found != expected.0 {
                    return Err(failed(StateError::OtherRoot { found, expected: expected.0 }));
                }
                open()
            }
            Some(expected) => open().and_then(|file| file.expect_root(expected.0).map(|()| file)),
            None => open(),
        };
        let file = file.map_err(failed)?;
        let reader = file.reader();
        Ok(Self { file, name, reader })
    }

    /// For a prover.
    pub fn stored(&self) -> Stored {
        Stored { pages: self.reader.clone(), backing: self.reader.clone() }
    }

    /// Takes over what a run left, if it has the root that is expected.
    pub fn commit(&self, pages: &MemoryImage, expected: Option<Digest>) -> Result<(), Failure> {
        let failed = |source| Failure::State { name: self.name.clone(), source };
        self.file.commit(pages, expected).map_err(failed)
    }
}

/// The memory that a run starts on: the state's, or the program's own.
pub fn initial_memory(program: &Program, state: Option<&State>) -> Memory {
    match state {
        Some(state) => Memory::stored(program, state.reader.clone() as Arc<dyn PageSource>),
        None => Memory::of(program),
    }
}

/// What an executor's memory holds: the pages that it brought in or stored to.
pub fn pages_of(memory: &Memory) -> MemoryImage {
    let mut image = MemoryImage::new();
    for (address, bytes) in memory.pages() {
        image.set_bytes(SPACE_MEMORY, address, bytes);
    }
    image
}

/// What to say where a guest's exit leaves its state alone.
pub fn unchanged(path: &Path, status: u8) -> String {
    format!("{} is as it was, because the guest exited with {status} and not 0\n", path.display())
}
