//! A program, committed to.

use engram_air::field::Digest;
use engram_memory::{
    image::{ImageError, MemoryImage},
    tree::MerkleTree,
};
use engram_rv32im::Program;
use engram_rv32im_air::program::MachineProgram;

/// A program as keys, proofs and states need it: decoded for the machine, with the memory that it starts on and the name that
/// follows from both. Making it hashes the whole image, so it is made once and passed on.
#[derive(Clone, Debug)]
pub struct CommittedProgram {
    machine: MachineProgram,
    image: MemoryImage,
    trees: [MerkleTree; 3],
    commitment: Digest,
}

impl CommittedProgram {
    /// Decode a program and hash what it starts on.
    ///
    /// # Errors
    /// The program's image does not fit memory.
    pub fn new(program: &Program) -> Result<Self, ImageError> {
        let machine = MachineProgram::new(program);
        let image = machine.image()?;
        let trees = image.trees();
        let commitment = machine.commitment(&trees.each_ref().map(MerkleTree::root));
        Ok(Self { machine, image, trees, commitment })
    }

    /// The program as the machine proves it.
    pub fn machine(&self) -> &MachineProgram {
        &self.machine
    }

    /// The program itself.
    pub fn program(&self) -> &Program {
        self.machine.program()
    }

    /// Memory, registers and the program break at entry.
    pub fn image(&self) -> &MemoryImage {
        &self.image
    }

    /// The Merkle trees of the image.
    pub fn trees(&self) -> [MerkleTree; 3] {
        self.trees.clone()
    }

    /// Roots of the registers, of memory and of the output at entry.
    pub fn initial_roots(&self) -> [Digest; 3] {
        self.trees.each_ref().map(MerkleTree::root)
    }

    /// Root of the memory that the program starts on.
    pub fn initial_root(&self) -> Digest {
        let [_, memory, _] = self.initial_roots();
        memory
    }

    /// The program's commitment: its name in public.
    pub fn commitment(&self) -> Digest {
        self.commitment
    }
}
