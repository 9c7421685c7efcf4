//! A program, committed to.

use engram_air::field::Digest;
use engram_memory::{Layout, MemoryError, MemoryImage, MerkleTree, SPACE_MEMORY};
use engram_rv32im::Program;
use engram_rv32im_air::program::MachineProgram;

/// A program as keys, proofs and states need it: decoded for the machine, with the memory that it starts on and the name that
/// follows from both. Making it hashes the whole image, so it is made once and passed on.
#[derive(Clone, Debug)]
pub struct CommittedProgram {
    machine: MachineProgram,
    image: MemoryImage,
    trees: Vec<MerkleTree>,
    initial_root: Digest,
    commitment: Digest,
}

impl CommittedProgram {
    /// Decode a program and hash what it starts on.
    ///
    /// # Errors
    /// The program's image does not fit memory.
    pub fn new(program: &Program) -> Result<Self, MemoryError> {
        let machine = MachineProgram::new(program);
        let image = machine.image()?;
        let trees = image.trees(Layout::rv32im())?;
        let roots: Vec<Digest> = trees.iter().map(MerkleTree::root).collect();
        let unknown = MemoryError::UnknownSpace { space: SPACE_MEMORY };
        let initial_root = Layout::rv32im().root(&roots, SPACE_MEMORY).ok_or(unknown)?;
        let commitment = machine.commitment(&roots);
        Ok(Self { machine, image, trees, initial_root, commitment })
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

    /// The Merkle trees of the image, in the layout's order.
    pub fn trees(&self) -> Vec<MerkleTree> {
        self.trees.clone()
    }

    /// Roots at entry of the spaces of RV32IM's layout, in its order.
    pub fn initial_roots(&self) -> Vec<Digest> {
        self.trees.iter().map(MerkleTree::root).collect()
    }

    /// Root of the memory that the program starts on.
    pub fn initial_root(&self) -> Digest {
        self.initial_root
    }

    /// The program's commitment: its name in public.
    pub fn commitment(&self) -> Digest {
        self.commitment
    }
}
