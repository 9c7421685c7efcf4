//! The program as the machine proves it: ROM entries, the initial memory, and the chips that its instructions need.

use std::collections::BTreeMap;

use engram_air::{
    Circuit, F, PrimeCharacteristicRing,
    field::{DIGEST_CELLS, Digest},
    poseidon2,
};
use engram_memory::{Layout, MemoryError, MemoryImage, SPACE_MEMORY, SPACE_REGISTERS};
use engram_rv32im::{Format, Instruction, Opcode, Program};
use engram_vm::rom::{ENTRY_CELLS, Entry, OPERANDS};

use crate::{
    chip::{CHIPS, Chip},
    custom::Custom,
    instruction::{Core, execute, place},
    misaligned,
    registry::ExtensionRegistry,
    system::{BREAK_POINTER, HIGHEST_BREAK, LOWEST_BREAK},
};

/// A program counter that no instruction has, in words: where a jump goes that must not be taken.
const NOWHERE: u32 = 1 << 30;

/// The last program counter, in words.
const LAST_PC: u32 = NOWHERE - 1;

/// An entry that no chip looks up: the instruction cannot be proven.
const UNPROVABLE: Entry = [0; ENTRY_CELLS];

/// What an instruction is to the machine.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The instruction.
    pub instruction: Instruction,
    /// Its program counter, in words.
    pub pc: u32,
    /// The chip that executes it; for a load or store the one for aligned addresses, for `ecall` any of its chips. `None`
    /// where it cannot be proven: `ebreak`, and custom instructions of a program that was not loaded with an
    /// [`ExtensionRegistry`].
    pub chip: Option<Chip>,
    /// The extension, of a custom instruction that can be proven.
    pub custom: Option<Custom>,
    /// The word that comes with it: its immediate, what it makes of the program counter (`auipc`), or the link of a `jal`.
    pub constant: u32,
    /// Where a branch or `jal` goes, in words; a program counter that no instruction has, where that is no multiple of 4.
    pub target: u32,
    /// Position of the entry for the break call, where the instruction is an `ecall`.
    pub break_entry: u32,
}

impl Decoded {
    fn new(address: u32, instruction: Instruction, break_entry: u32, extensions: &ExtensionRegistry) -> Self {
        let (pc, imm) = (address / 4, instruction.imm.cast_unsigned());
        let sum = address.wrapping_add(imm);
        let constant = match instruction.opcode {
            Opcode::Auipc => sum,
            Opcode::Jal => address.wrapping_add(4),
            _ => imm,
        };
        let target = if sum.is_multiple_of(4) { sum >> 2 } else { NOWHERE };
        let custom = instruction.extension().and_then(|id| extensions.get(id)).cloned();
        let chip = custom.as_ref().map(|custom| Chip::Custom(custom.id())).or_else(|| chip(instruction, pc));
        Self { instruction, pc, chip, custom, constant, target, break_entry }
    }

    /// The program counter of the next instruction, in words.
    pub fn next_pc(&self) -> u32 {
        self.pc.wrapping_add(1)
    }

    /// The byte address of the next instruction.
    #[inline]
    pub fn link(&self) -> u32 {
        (self.pc << 2).wrapping_add(4)
    }
}

/// A program, ready to be proven.
#[derive(Clone, Debug)]
pub struct MachineProgram {
    program: Program,
    decoded: Vec<Decoded>,
    entries: Vec<Entry>,
    /// Of which it has instructions, by id.
    extensions: Vec<Custom>,
}

impl MachineProgram {
    /// Decode for proving. Entries are in the order of instructions; the break call's follow.
    ///
    /// Extensions are those of the registry that the program was loaded with ([`ExtensionRegistry::load`]). Where it was
    /// loaded with something else, its custom instructions cannot be proven.
    pub fn new(program: &Program) -> Self {
        let registry = ExtensionRegistry::of(program);
        let decoded = decode(program.instructions(), &registry);
        let extensions = customs(&decoded).into_values().cloned().collect();
        let calls = decoded.iter().filter(|decoded| decoded.instruction.opcode == Opcode::Ecall);
        let breaks = calls.map(|call| break_entry_of(program, call.pc));
        let entries = decoded.iter().map(entry).chain(breaks).collect();
        Self { program: program.clone(), decoded, entries, extensions }
    }

    /// The program itself.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The instructions, by their position in the program.
    #[inline]
    pub fn decoded(&self) -> &[Decoded] {
        &self.decoded
    }

    /// The extensions of which it has instructions, by id.
    pub fn extensions(&self) -> &[Custom] {
        &self.extensions
    }

    /// The ROM's entries.
    #[inline]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Memory, registers and the program break at entry.
    ///
    /// # Errors
    /// None for a program that was loaded: its segments lie in the address space.
    pub fn image(&self) -> Result<MemoryImage, MemoryError> {
        let mut image = MemoryImage::new();
        for segment in self.program.image() {
            image.set_bytes(SPACE_MEMORY, segment.address, &segment.data);
        }
        for (register, value) in (0..).zip(self.program.initial_registers()) {
            image.set_word(SPACE_REGISTERS, register, value);
        }
        image.set_word(SPACE_REGISTERS, BREAK_POINTER, self.program.initial_break());
        image.check(Layout::rv32im())?;
        Ok(image)
    }

    /// The chips that runs of this program may need, in the order of their numbers.
    pub fn chips(&self) -> Vec<Chip> {
        chips(&self.decoded)
    }

    /// What names the program in public: a digest of its entry point, its ROM, its initial memory and registers, and
    /// of ids and names of the extensions that it uses.
    pub fn commitment(&self, initial_roots: &[Digest]) -> Digest {
        let head = [F::from_u32(self.program.entry() / 4), F::from_usize(self.entries.len())];
        let roots = initial_roots.iter().flatten().copied();
        let rom = self.entries.iter().flatten().map(|&cell| F::from_u32(cell));
        let mut cells: Vec<F> = head.into_iter().chain(roots).chain(rom).collect();
        for extension in &self.extensions {
            let name = extension.name().as_bytes();
            cells.extend([F::from_u16(extension.id()), F::from_usize(name.len())]);
            cells.extend(name.iter().map(|&byte| F::from_u8(byte)));
        }
        debug_assert!(cells.len() > DIGEST_CELLS);
        poseidon2::hash(cells.into_iter())
    }
}

/// Instructions with their addresses, in the order of a program, as the machine takes them.
pub fn decode(instructions: &[(u32, Instruction)], extensions: &ExtensionRegistry) -> Vec<Decoded> {
    let mut break_entry = u32::try_from(instructions.len()).unwrap_or(u32::MAX);
    let decode = |&(address, instruction): &(u32, Instruction)| {
        let decoded = Decoded::new(address, instruction, break_entry, extensions);
        break_entry = break_entry.saturating_add((instruction.opcode == Opcode::Ecall).into());
        decoded
    };
    instructions.iter().map(decode).collect()
}

/// The chips that runs of a program may need, in the order of their numbers.
pub fn chips(program: &[Decoded]) -> Vec<Chip> {
    let customs = customs(program).into_keys().map(Chip::Custom);
    listed_chips(program).chain(customs).collect()
}

/// The same with their circuits.
pub fn tables(program: &[Decoded]) -> Vec<(Chip, Circuit)> {
    let customs = customs(program).into_iter().map(|(id, custom)| (Chip::Custom(id), custom.circuit()));
    listed_chips(program).map(|chip| (chip, chip.circuit())).chain(customs).collect()
}

/// Of [`CHIPS`].
fn listed_chips(program: &[Decoded]) -> impl Iterator<Item = Chip> {
    let uses = |wanted: fn(Opcode) -> bool| program.iter().any(|decoded| wanted(decoded.instruction.opcode));
    let calls = uses(|opcode| opcode == Opcode::Ecall);
    let misaligned = uses(|opcode| misaligned::OPCODES.contains(&opcode));
    CHIPS.into_iter().filter(move |&chip| match chip {
        Chip::Misaligned => misaligned,
        _ if chip.is_call() => calls,
        _ => program.iter().any(|decoded| decoded.chip == Some(chip)),
    })
}

/// The extensions of which a program has instructions, by id.
fn customs(program: &[Decoded]) -> BTreeMap<u16, &Custom> {
    program.iter().filter_map(|decoded| decoded.custom.as_ref()).map(|custom| (custom.id(), custom)).collect()
}

/// The chip that executes an instruction.
fn chip(instruction: Instruction, pc: u32) -> Option<Chip> {
    let Instruction { opcode, rd, .. } = instruction;
    let writes = rd != 0;
    Some(match opcode.format() {
        Format::Branch => Chip::Branch(opcode),
        Format::Store => Chip::Store(opcode),
        Format::Jump => {
            if writes {
                Chip::JumpAndLink
            } else {
                Chip::Jump
            }
        }
        // The link of a jump in the last word of the address space has no high limb.
        Format::JumpRegister if writes && pc == LAST_PC => return None,
        Format::JumpRegister => {
            if writes {
                Chip::JumpAndLinkRegister
            } else {
                Chip::JumpRegister
            }
        }
        Format::Bare if opcode == Opcode::Ecall => Chip::ReadCall,
        Format::Bare | Format::Custom => return None,
        Format::Fence => Chip::Nothing,
        // Memory is flat, so a load into x0 can neither fail nor be seen.
        _ if !writes => Chip::Nothing,
        Format::Upper => Chip::Constant,
        Format::Load => Chip::Load(opcode),
        Format::Register | Format::Immediate | Format::Shift => Chip::Arithmetic(opcode),
    })
}

fn limbs(word: u32) -> [u32; 2] {
    [word & 0xffff, word >> 16]
}

/// An instruction's ROM entry: program counter, opcode, and the operands that its row looks up.
fn entry(decoded: &Decoded) -> Entry {
    if let Some(custom) = &decoded.custom {
        return custom.entry(decoded.pc, decoded.instruction);
    }
    let Some(chip) = decoded.chip else { return UNPROVABLE };
    let mut core = EntryCore { decoded, operands: [0; OPERANDS] };
    let possible = execute(chip, &mut core);
    debug_assert!(possible.is_some(), "an instruction that stands alone goes where it goes");
    let [a, b, c, d, e] = core.operands;
    [decoded.pc, chip.rom_opcode(), a, b, c, d, e]
}

/// Collects the operands that an instruction's row looks up.
struct EntryCore<'a> {
    decoded: &'a Decoded,
    operands: [u32; OPERANDS],
}

impl Core for EntryCore<'_> {
    type Word = ();

    fn rs1(&mut self) {
        self.operands[place::RS1] = self.decoded.instruction.rs1.into();
    }

    fn rs2(&mut self) {
        self.operands[place::RS2] = self.decoded.instruction.rs2.into();
    }

    fn set_rd(&mut self, (): ()) {
        self.operands[place::RD] = self.decoded.instruction.rd.into();
    }

    fn constant(&mut self) {
        [self.operands[place::CONSTANT], self.operands[place::CONSTANT + 1]] = limbs(self.decoded.constant);
    }

    fn link(&mut self) {
        [self.operands[place::LINK], _] = limbs(self.decoded.link());
    }

    fn compute(&mut self, _: Opcode, (): (), (): ()) {}

    fn load(&mut self, _: Opcode, (): (), (): ()) -> Option<()> {
        Some(())
    }

    fn store(&mut self, _: Opcode, (): (), (): (), (): ()) -> Option<()> {
        Some(())
    }

    fn branch(&mut self, _: Opcode, (): (), (): ()) -> Option<()> {
        self.operands[place::BRANCH_TARGET] = self.decoded.target;
        Some(())
    }

    fn jump(&mut self) -> Option<()> {
        self.operands[place::JUMP_TARGET] = self.decoded.target;
        Some(())
    }

    fn jump_to(&mut self, (): (), (): ()) -> Option<()> {
        Some(())
    }
}

fn break_entry_of(program: &Program, pc: u32) -> Entry {
    let mut operands = [0; OPERANDS];
    [operands[LOWEST_BREAK], operands[LOWEST_BREAK + 1]] = limbs(program.initial_break());
    [operands[HIGHEST_BREAK], operands[HIGHEST_BREAK + 1]] = limbs(program.heap_limit());
    let [a, b, c, d, e] = operands;
    [pc, Chip::BreakCall.rom_opcode(), a, b, c, d, e]
}
