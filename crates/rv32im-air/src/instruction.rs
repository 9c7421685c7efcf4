//! Instructions, each described once.
//!
//! [`execute`] says which registers an instruction reads and writes, in which order, and what it computes. Whatever carries an
//! instruction out is a [`Core`]: a row of a circuit, for an instruction that stands alone or is one of a block ([`crate::row`]); a
//! replay, which takes the accesses of such rows (in `engram-prover`); and the program's ROM, which collects the operands that a
//! row looks up ([`crate::program`]).

use engram_rv32im::{Format, Opcode};

use crate::chip::Chip;

/// What carries an instruction out.
///
/// Methods that return `None` do so where this core cannot have the instruction: a block whose path contradicts it.
pub trait Core {
    /// A word.
    type Word: Copy;

    /// Read the first source register.
    fn rs1(&mut self) -> Self::Word;

    /// Read the second source register.
    fn rs2(&mut self) -> Self::Word;

    /// Write the destination register.
    fn set_rd(&mut self, word: Self::Word);

    /// The word that comes with the instruction, [`crate::program::Decoded::constant`]: an immediate, or what depends on the program
    /// counter alone.
    fn constant(&mut self) -> Self::Word;

    /// The address of the next instruction, where another constant comes with the instruction.
    fn link(&mut self) -> Self::Word;

    /// What an instruction of format register, immediate or shift makes of two words.
    fn compute(&mut self, opcode: Opcode, x: Self::Word, y: Self::Word) -> Self::Word;

    /// Load from `base + offset`.
    fn load(&mut self, opcode: Opcode, base: Self::Word, offset: Self::Word) -> Option<Self::Word>;

    /// Store at `base + offset`.
    fn store(&mut self, opcode: Opcode, base: Self::Word, offset: Self::Word, value: Self::Word) -> Option<()>;

    /// Go on at the instruction's target if its condition holds of two words.
    fn branch(&mut self, opcode: Opcode, x: Self::Word, y: Self::Word) -> Option<()>;

    /// Go on at the instruction's target.
    fn jump(&mut self) -> Option<()>;

    /// Go on at `base + offset`, of which the lowest bit is ignored.
    fn jump_to(&mut self, base: Self::Word, offset: Self::Word) -> Option<()>;
}

/// Where a ROM entry holds an operand. Loads and stores have theirs apart, as the misaligned chip serves both.
pub mod place {
    /// The destination register.
    pub const RD: usize = 0;
    /// The first source register.
    pub const RS1: usize = 1;
    /// The second source register.
    pub const RS2: usize = 2;
    /// The low limb of the link of an indirect jump.
    pub const LINK: usize = 2;
    /// The target of a jump.
    pub const JUMP_TARGET: usize = 2;
    /// The target of a branch.
    pub const BRANCH_TARGET: usize = 3;
    /// The limbs of the instruction's constant, here and in the next place.
    pub const CONSTANT: usize = 3;
}

/// Carry out the instruction of a chip. Accesses are made in the order in which the core is asked for them.
#[inline(always)]
pub fn execute<C: Core>(chip: Chip, core: &mut C) -> Option<()> {
    match chip {
        Chip::Constant => {
            let value = core.constant();
            core.set_rd(value);
        }
        Chip::Arithmetic(opcode) => {
            let x = core.rs1();
            let y = if opcode.format() == Format::Register { core.rs2() } else { core.constant() };
            let result = core.compute(opcode, x, y);
            core.set_rd(result);
        }
        Chip::Branch(opcode) => {
            let (x, y) = (core.rs1(), core.rs2());
            core.branch(opcode, x, y)?;
        }
        Chip::JumpAndLink => {
            core.jump()?;
            let link = core.constant();
            core.set_rd(link);
        }
        Chip::Jump => core.jump()?,
        Chip::JumpAndLinkRegister => {
            let (base, offset) = (core.rs1(), core.constant());
            core.jump_to(base, offset)?;
            let link = core.link();
            core.set_rd(link);
        }
        Chip::JumpRegister => {
            let (base, offset) = (core.rs1(), core.constant());
            core.jump_to(base, offset)?;
        }
        Chip::Load(opcode) => {
            let (base, offset) = (core.rs1(), core.constant());
            let word = core.load(opcode, base, offset)?;
            core.set_rd(word);
        }
        Chip::Store(opcode) => {
            let (base, value, offset) = (core.rs1(), core.rs2(), core.constant());
            core.store(opcode, base, offset, value)?;
        }
        // Without effect, or a call or a step of one, which blocks and this function leave to its chip.
        _ => {}
    }
    Some(())
}
