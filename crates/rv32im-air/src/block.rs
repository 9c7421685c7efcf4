//! Blocks: a straight path of instructions proven on one row.
//!
//! A block is advice. Its circuit is derived from the program and the path alone, so a bad one can cost time but not truth:
//! it says that *if* execution stands at the first instruction and everything that the path assumes holds (every branch
//! goes its way, every address is aligned), *then* registers, memory, clock and program counter change as its instructions
//! say.

use std::sync::Arc;

use engram_air::{Circuit, Ring};
use engram_rv32im::{Format, Opcode};
use engram_vm::{
    path::{Condition, Path, Width, WordId},
    row::{RowBuilder, SymbolicRow},
    shift::{Shift, shift},
    word::Bitwise,
};

use crate::{arithmetic::compute, program::Decoded, storage};

/// Most instructions of a block.
pub const STEPS_MAX: usize = 512;

/// A path through the program.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BlockPath {
    /// Positions of its instructions in the program.
    pub steps: Vec<u32>,
    /// Where execution stands after it, as a program counter in words.
    pub final_pc: u32,
}

/// A path that a circuit can prove.
#[derive(Clone, Debug)]
pub struct Block {
    /// The path.
    pub path: BlockPath,
    /// Its circuit.
    pub circuit: Arc<Circuit>,
    /// The registers that it uses, ascending.
    pub registers: Vec<u32>,
    /// Which of its accesses to memory take the word off the bus, in order; a store of less than a word is two accesses.
    pub openings: Vec<bool>,
    /// Bytes below and above some base that it accesses. No row has an access that wraps around the address space.
    pub reach: [u32; 2],
    /// The instructions themselves.
    decoded: Vec<Decoded>,
}

impl Block {
    /// The block of a path; `None` where no row could have it, or a circuit cannot hold it: it is empty or too long or touches nothing, an
    /// instruction cannot follow the one before, calls the system or faults, or a constant contradicts the way it goes.
    pub fn new(program: &[Decoded], path: BlockPath) -> Option<Self> {
        if path.steps.is_empty() || path.steps.len() > STEPS_MAX || path.final_pc >> 30 != 0 {
            return None;
        }
        let decoded = path.steps.iter().map(|&step| program.get(step as usize).copied());
        let decoded: Vec<Decoded> = decoded.collect::<Option<_>>()?;
        let registers = registers(&decoded);
        let mut memory = None;
        let name = format!("block {:#x}+{}", u64::from(decoded[0].pc) << 2, decoded.len());
        let circuit = SymbolicRow::circuit(&name, |row| memory = eval(row, &decoded, path.final_pc, &registers));
        let (openings, reach) = memory?;
        let block = Self { circuit: Arc::new(circuit), openings, reach, registers, decoded, path };
        (block.accesses() > 0).then_some(block)
    }

    /// The instructions of the path.
    pub fn decoded(&self) -> &[Decoded] {
        &self.decoded
    }

    /// Accesses of a row: its registers, then its openings of memory.
    pub fn accesses(&self) -> usize {
        self.registers.len() + self.openings.iter().filter(|&&opens| opens).count()
    }

    /// Ticks of the clock that a row takes.
    pub fn clock(&self) -> u32 {
        1 + (self.accesses() - self.registers.len()) as u32
    }

    /// Fill a row.
    pub fn fill<B: RowBuilder>(&self, row: &mut B) {
        eval(row, &self.decoded, self.path.final_pc, &self.registers);
    }
}

/// The registers that instructions name, ascending, without x0.
fn registers(decoded: &[Decoded]) -> Vec<u32> {
    let mut used = [false; 32];
    for decoded in decoded {
        let (rs1, rs2) = decoded.instruction.sources();
        for register in [rs1, rs2, decoded.instruction.destination()].into_iter().flatten() {
            used[usize::from(register)] = true;
        }
    }
    (1..32).filter(|&register| used[register as usize]).collect()
}

/// Write one row. Accesses: registers in ascending order, then memory as the path opens it. Returns the openings and the
/// reach; `None` where no row has the path.
fn eval<B: RowBuilder>(
    row: &mut B,
    decoded: &[Decoded],
    final_pc: u32,
    registers: &[u32],
) -> Option<(Vec<bool>, [u32; 2])> {
    let first = decoded.first()?;
    let mut path = Path::open(row, first.pc);
    path.open_registers(registers);
    for (index, step) in decoded.iter().enumerate() {
        let next_pc = decoded.get(index + 1).map_or(final_pc, |next| next.pc);
        eval_step(&mut path, step, next_pc)?;
    }
    let memory = (path.memory_openings().to_vec(), path.memory_reach());
    path.close(B::Expr::integer(final_pc));
    Some(memory)
}

/// One instruction, after which execution stands at `next_pc`.
fn eval_step<B: RowBuilder>(path: &mut Path<'_, B>, step: &Decoded, next_pc: u32) -> Option<()> {
    let instruction = step.instruction;
    let opcode = instruction.opcode;
    let [rd, rs1, rs2] = [instruction.rd, instruction.rs1, instruction.rs2].map(u32::from);
    let (imm, address) = (instruction.imm as u32, step.pc << 2);
    let target = address.wrapping_add(imm);
    let (mut follows, mut result) = (next_pc == step.pc + 1, None);
    match opcode.format() {
        Format::Register | Format::Immediate | Format::Shift => {
            let x = path.read_register(rs1);
            let y = if opcode.format() == Format::Register { path.read_register(rs2) } else { path.constant(imm) };
            result = (rd != 0).then(|| arithmetic(path, opcode, x, y));
        }
        Format::Upper => {
            let value = if opcode == Opcode::Auipc { target } else { imm };
            result = Some(path.constant(value));
        }
        Format::Load => {
            let value = load(path, opcode, rs1, imm)?;
            result = Some(value);
        }
        Format::Store => store(path, opcode, rs1, imm, rs2)?,
        Format::Branch => follows = branch(path, opcode, [rs1, rs2], target, step.pc, next_pc)?,
        Format::Jump => {
            result = Some(path.constant(address.wrapping_add(4)));
            follows = target.is_multiple_of(4) && next_pc == target >> 2;
        }
        Format::JumpRegister => {
            let base = path.read_register(rs1);
            let to = path.add_constant(base, imm);
            follows = path.assert_jump(to, next_pc << 2);
            result = Some(path.constant(address.wrapping_add(4)));
        }
        Format::Fence => {}
        Format::Bare | Format::Custom => return None,
    }
    if let Some(result) = result {
        path.write_register(rd, result);
    }
    follows.then_some(())
}

fn arithmetic<B: RowBuilder>(path: &mut Path<'_, B>, opcode: Opcode, x: WordId, y: WordId) -> WordId {
    use Opcode as O;
    let direction = match opcode {
        O::Add | O::Addi => return path.add(x, y),
        O::Sub => return path.subtract(x, y),
        O::And | O::Andi => return path.bitwise(Bitwise::And, x, y),
        O::Or | O::Ori => return path.bitwise(Bitwise::Or, x, y),
        O::Xor | O::Xori => return path.bitwise(Bitwise::Xor, x, y),
        O::Slt | O::Slti => return path.less_than(x, y, true),
        O::Sltu | O::Sltiu => return path.less_than(x, y, false),
        O::Sll | O::Slli => Shift::Left,
        O::Srl | O::Srli => Shift::RightLogical,
        O::Sra | O::Srai => Shift::RightArithmetic,
        _ => return general(path, opcode, x, y),
    };
    match path.known(y) {
        Some(by) => path.shift_by_constant(direction, x, by & 31),
        None => {
            let (x, y) = (path.word(x), path.word(y));
            let shifted = shift(path.row(), direction, &x, &y);
            path.adopt(&shifted)
        }
    }
}

/// An operation that knows nothing of constants.
fn general<B: RowBuilder>(path: &mut Path<'_, B>, opcode: Opcode, x: WordId, y: WordId) -> WordId {
    if let (Some(x), Some(y)) = (path.known(x), path.known(y)) {
        return path.constant(engram_rv32im::semantics::alu(opcode, x, y));
    }
    let (x, y) = (path.word(x), path.word(y));
    let result = compute(path.row(), opcode, &x, &y);
    let result = result.normalize(path.row());
    path.adopt(&result)
}

fn branch<B: RowBuilder>(
    path: &mut Path<'_, B>,
    opcode: Opcode,
    [rs1, rs2]: [u32; 2],
    target: u32,
    pc: u32,
    next_pc: u32,
) -> Option<bool> {
    let jumps = target.is_multiple_of(4) && next_pc == target >> 2;
    let falls = next_pc == pc + 1;
    if jumps && falls {
        return Some(true);
    }
    if !jumps && !falls {
        return None;
    }
    let (condition, positive) = match opcode {
        Opcode::Beq => (Condition::Equal, true),
        Opcode::Bne => (Condition::Equal, false),
        Opcode::Blt => (Condition::Less, true),
        Opcode::Bge => (Condition::Less, false),
        Opcode::Bltu => (Condition::Below, true),
        _ => (Condition::Below, false),
    };
    let (x, y) = (path.read_register(rs1), path.read_register(rs2));
    Some(path.assert_condition(condition, x, y, jumps == positive))
}

fn width(opcode: Opcode) -> Width {
    match opcode.access_bytes() {
        1 => Width::Byte,
        2 => Width::Half,
        _ => Width::Word,
    }
}

fn load<B: RowBuilder>(path: &mut Path<'_, B>, opcode: Opcode, rs1: u32, imm: u32) -> Option<WordId> {
    let base = path.read_register(rs1);
    let place = path.place(base, imm, width(opcode))?;
    let word = path.load(&place);
    Some(match place.lane {
        Some(lane) => path.extract(word, lane, width(opcode), matches!(opcode, Opcode::Lb | Opcode::Lh)),
        None => {
            let word = path.word(word);
            let result = storage::load(path.row(), opcode, &word, &place.lane_bits);
            path.adopt(&result)
        }
    })
}

fn store<B: RowBuilder>(path: &mut Path<'_, B>, opcode: Opcode, rs1: u32, imm: u32, rs2: u32) -> Option<()> {
    let base = path.read_register(rs1);
    let value = path.read_register(rs2);
    let place = path.place(base, imm, width(opcode))?;
    if width(opcode) == Width::Word {
        path.store(&place, value);
        return Some(());
    }
    let word = path.load(&place);
    let after = match place.lane {
        Some(lane) => path.insert(word, lane, width(opcode), value),
        None => {
            let (word, value) = (path.word(word), path.word(value));
            let after = storage::store(path.row(), opcode, &word, &value, &place.lane_bits);
            path.adopt(&after)
        }
    };
    path.store(&place, after);
    Some(())
}
