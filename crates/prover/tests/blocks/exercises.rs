//! Short paths that between them make blocks use everything that they have.

use engram_air::F;
use engram_prover::testing::{Assembler, RowChecks, ZERO};
use engram_rv32im::{Opcode, Program, testing::SplitMix64};
use engram_rv32im_air::{
    block::{Block, BlockPath},
    program::MachineProgram,
};

use super::single_row::{failed, row_of};

/// Any values.
pub const X: u8 = 5;
pub const Y: u8 = 6;
pub const Z: u8 = 7;
/// Addresses of words.
pub const P: u8 = 8;
pub const P2: u8 = 9;
/// An address that 2 divides, and any.
pub const HALF: u8 = 10;
pub const BYTE: u8 = 11;
/// Address of an instruction, perhaps with its lowest bit set.
pub const CODE: u8 = 12;
/// Results.
pub const T: u8 = 13;
pub const U: u8 = 14;

const EDGES: [u32; 16] = [
    0,
    1,
    2,
    u32::MAX,
    1 << 31,
    (1 << 31) - 1,
    15,
    16,
    31,
    0xff,
    0xffff,
    0x1_0000,
    0x1234_8678,
    0xfff9,
    0xff00_00ff,
    77,
];

/// Where indirect jumps go.
const TARGET: u32 = 0x0002_0000;

/// A block with rows that nothing refuses.
pub struct Exercise {
    pub name: String,
    pub block: Block,
    pub checks: RowChecks,
    pub rows: Vec<Vec<F>>,
}

struct Collector {
    assembler: Assembler,
    /// Name, first address, and where execution goes after it; the address after it, unless said.
    paths: Vec<(String, std::ops::Range<u32>, Option<u32>)>,
}

impl Collector {
    fn path(&mut self, name: &str, write: impl FnOnce(&mut Assembler)) {
        let start = self.assembler.here();
        write(&mut self.assembler);
        self.paths.push((name.to_owned(), start..self.assembler.here(), None));
    }

    fn path_to(&mut self, name: &str, to: u32, write: impl FnOnce(&mut Assembler)) {
        self.path(name, write);
        self.paths.last_mut().unwrap().2 = Some(to);
    }
}

fn collect() -> Collector {
    use Opcode::*;
    let mut all = Collector { assembler: Assembler::default(), paths: vec![] };
    all.path("a sum of two", |a| a.register(Add, T, X, Y));
    all.path("a sum of many", |a| {
        a.register(Add, T, X, Y);
        (0..5).for_each(|_| a.register(Add, T, T, Z));
    });
    all.path("a counter", |a| a.immediate(Addi, X, X, 1));
    all.path("a difference", |a| a.register(Sub, T, X, Y));
    for opcode in [And, Or, Xor] {
        all.path(opcode.name(), |a| a.register(opcode, T, X, Y));
    }
    all.path("a byte that is cut off and one that is not used", |a| {
        a.immediate(Andi, T, X, 0xff);
        a.immediate(Xori, U, Y, -1);
    });
    all.path("a byte against a word of which the other bytes are not used", |a| {
        a.immediate(Andi, U, Y, 0xff);
        a.register(And, T, X, U);
        a.register(And, Z, U, Z);
    });
    all.path("a shift by a byte of what was cut into bytes", |a| {
        a.immediate(Andi, T, X, 0x0f);
        a.immediate(Srli, U, X, 8);
    });
    for (opcode, by) in [(Slli, 1), (Slli, 4), (Slli, 20), (Srli, 1), (Srli, 5), (Srli, 15), (Srai, 3), (Srai, 24)] {
        all.path(&format!("{} {by}", opcode.name()), |a| a.immediate(opcode, T, X, by));
    }
    let registers = [Sll, Srl, Sra, Slt, Sltu, Mul, Mulh, Mulhsu, Mulhu, Div, Divu, Rem, Remu];
    for opcode in registers {
        all.path(opcode.name(), |a| a.register(opcode, T, X, Y));
    }
    all.path("is it zero", |a| a.immediate(Sltiu, T, X, 1));
    all.path("is it not", |a| a.register(Sltu, T, ZERO, X));
    for opcode in [Beq, Bne, Blt, Bge, Bltu, Bgeu] {
        all.path(&format!("{} not taken", opcode.name()), |a| a.branch(opcode, X, Y, 2));
        let to = all.assembler.here() + 8;
        all.path_to(&format!("{} taken", opcode.name()), to, |a| a.branch(opcode, X, Y, 2));
    }
    all.path("different from a constant", |a| {
        a.immediate(Addi, X, X, -7);
        a.branch(Beq, X, ZERO, 2);
    });
    all.path("different from another with an offset", |a| {
        a.immediate(Addi, X, X, 12);
        a.branch(Beq, X, Y, 2);
    });
    all.path_to("an indirect jump", TARGET, |a| a.immediate(Jalr, T, CODE, 8));
    all.path("words of memory", |a| {
        a.immediate(Lw, T, P, 8);
        a.store(Sw, X, P, -4);
        a.immediate(Lw, U, P2, 0);
    });
    all.path("a word at an address that may be none", |a| {
        a.immediate(Addi, BYTE, BYTE, 0x7ff);
        (0..20).for_each(|_| a.immediate(Addi, BYTE, BYTE, 0x7ff));
        a.immediate(Lw, T, BYTE, 0);
    });
    for opcode in [Lb, Lbu] {
        all.path(&format!("{} anywhere", opcode.name()), |a| a.immediate(opcode, T, BYTE, 3));
        all.path(&format!("{} at a place that is known", opcode.name()), |a| {
            a.immediate(Lw, U, P, 0);
            a.immediate(opcode, T, P, 1);
        });
    }
    for opcode in [Lh, Lhu] {
        all.path(&format!("{} anywhere", opcode.name()), |a| a.immediate(opcode, T, HALF, 2));
        all.path(&format!("{} at a place that is known", opcode.name()), |a| {
            a.immediate(Lw, U, P, 0);
            a.immediate(opcode, T, P, 2);
        });
    }
    for (opcode, base) in [(Sb, BYTE), (Sh, HALF)] {
        all.path(&format!("{} anywhere", opcode.name()), |a| a.store(opcode, X, base, 0));
        all.path(&format!("{} at a place that is known", opcode.name()), |a| {
            a.store(Sw, Y, P, 0);
            a.store(opcode, X, P, 2);
        });
    }
    all
}

/// The exercises; rows are on operands that `seed` chooses.
pub fn exercises(seed: u64, rows: usize) -> Vec<Exercise> {
    let Collector { mut assembler, paths } = collect();
    while assembler.here() < TARGET + 4 {
        assembler.immediate(Opcode::Addi, 0, 0, 0);
    }
    let program = MachineProgram::new(&Program::from_elf(&assembler.elf(&[])).unwrap());
    let mut random = SplitMix64::new(seed);
    let exercise = |(name, addresses, to): (String, std::ops::Range<u32>, Option<u32>)| {
        let index = |address: u32| program.program().index_of(address).unwrap();
        let steps = (index(addresses.start)..index(addresses.end)).collect();
        let path = BlockPath { steps, final_pc: to.unwrap_or(addresses.end) >> 2 };
        let block = Block::new(program.decoded(), path).unwrap_or_else(|| panic!("{name} is no block"));
        let checks = RowChecks::new(block.circuit.clone(), program.entries());
        let tried = (0..40 * rows).map(|_| {
            let words: Vec<u32> = (0..8).map(|_| word(&mut random)).collect();
            row_of(&block, &registers(&mut random), &words)
        });
        let honest: Vec<Vec<F>> = tried.filter(|row| failed(&checks, row).is_empty()).take(rows).collect();
        assert!(!honest.is_empty(), "no row of \"{name}\" holds");
        Exercise { name, block, checks, rows: honest }
    };
    paths.into_iter().map(exercise).collect()
}

fn word(random: &mut SplitMix64) -> u32 {
    if random.below(3) == 0 { random.next_u32() } else { EDGES[random.below(EDGES.len() as u32) as usize] }
}

fn registers(random: &mut SplitMix64) -> [u32; 32] {
    let mut registers = [0; 32];
    for register in [X, Y, Z] {
        registers[usize::from(register)] = word(random);
    }
    if random.below(3) == 0 {
        registers[usize::from(Y)] = registers[usize::from(X)];
    }
    let address = 0x0100_0000 + random.below(1 << 18);
    registers[usize::from(P)] = address & !3;
    registers[usize::from(P2)] = random.next_u32() & !3;
    registers[usize::from(HALF)] = address & !1;
    registers[usize::from(BYTE)] = address;
    registers[usize::from(CODE)] = TARGET - 8 + random.below(2);
    registers
}
