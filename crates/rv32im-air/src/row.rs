//! Instructions on rows of circuits: alone, with operands from the program, or in a block, with constants.

use engram_air::Ring;
use engram_rv32im::{Opcode, semantics::alu};
use engram_vm::{
    divide::divide,
    extension::ExtensibleRow,
    multiply::{multiply, multiply_high},
    path::{Bitwise, Condition, Operand, Path, Width, WordId},
    row::RowBuilder,
    shift::Shift,
    word::{LIMB_BITS, Word},
};

use crate::{
    chip::Chip,
    instruction::{Core, execute, place},
    program::Decoded,
};

/// The row of an instruction that stands alone.
pub fn eval<B: RowBuilder>(chip: Chip, row: &mut B) {
    let mut path = Path::look_up(row);
    let mut core = RowCore { path: &mut path, within: Within::Alone { next_pc: None } };
    let possible = execute(chip, &mut core);
    debug_assert!(possible.is_some(), "an instruction that stands alone goes where it goes");
    let Within::Alone { next_pc } = core.within else { return };
    let next_pc = next_pc.unwrap_or_else(|| path.pc() + B::Expr::one());
    path.close_looked_up(B::Expr::integer(chip.rom_opcode()), next_pc);
}

/// One instruction of a block, after which execution stands at `next_pc`. `None` where no row has that.
pub fn eval_step<B: ExtensibleRow>(path: &mut Path<'_, B>, step: &Decoded, next_pc: u32) -> Option<()> {
    if let Some(custom) = &step.custom {
        return custom.eval_step(path, step.instruction).filter(|()| next_pc == step.next_pc());
    }
    let chip = step.chip.filter(|chip| !chip.is_call())?;
    let mut core = RowCore { path, within: Within::Block { step, next_pc, jumps: false } };
    execute(chip, &mut core)?;
    let Within::Block { jumps, .. } = core.within else { return None };
    (jumps || next_pc == step.next_pc()).then_some(())
}

/// An instruction on a path.
struct RowCore<'p, 'a, B: RowBuilder> {
    path: &'p mut Path<'a, B>,
    within: Within<'p, B::Expr>,
}

enum Within<'p, E> {
    /// Operands are looked up.
    Alone {
        /// Where execution goes on, if not at the next instruction.
        next_pc: Option<E>,
    },
    /// Operands are constants.
    Block {
        step: &'p Decoded,
        next_pc: u32,
        /// The instruction itself says how execution comes to `next_pc`.
        jumps: bool,
    },
}

impl<B: RowBuilder> RowCore<'_, '_, B> {
    fn register(&mut self, place: usize, name: &str, of: fn(&Decoded) -> u8) -> Operand<B::Expr> {
        match &self.within {
            Within::Alone { .. } => Operand::Column(self.path.operand(place, name)),
            Within::Block { step, .. } => Operand::Known(u32::from(of(step))),
        }
    }

    fn place(&mut self, opcode: Opcode, base: WordId, offset: WordId) -> Option<engram_vm::path::Place<B::Expr>> {
        let address = self.path.add(base, offset);
        self.path.place(address, Width::of_bytes(opcode.access_bytes()))
    }

    fn goes_to(&mut self, target: B::Expr) -> Option<()> {
        self.within = Within::Alone { next_pc: Some(target) };
        Some(())
    }

    fn comes(&mut self, as_said: bool) -> Option<()> {
        if let Within::Block { jumps, .. } = &mut self.within {
            *jumps = true;
        }
        as_said.then_some(())
    }
}

impl<B: RowBuilder> Core for RowCore<'_, '_, B> {
    type Word = WordId;

    fn rs1(&mut self) -> WordId {
        let register = self.register(place::RS1, "rs1", |step| step.instruction.rs1);
        self.path.read_register(&register)
    }

    fn rs2(&mut self) -> WordId {
        let register = self.register(place::RS2, "rs2", |step| step.instruction.rs2);
        self.path.read_register(&register)
    }

    fn set_rd(&mut self, word: WordId) {
        let register = self.register(place::RD, "rd", |step| step.instruction.rd);
        self.path.write_register(&register, word);
    }

    fn constant(&mut self) -> WordId {
        match &self.within {
            Within::Alone { .. } => self.path.operand_word(place::CONSTANT, ["immediate low", "immediate high"]),
            Within::Block { step, .. } => self.path.constant(step.constant),
        }
    }

    /// Alone, the link's high limb is `(4 (pc + 1) - low) / 2^16`, exact as the low limb comes with the pc from the ROM.
    fn link(&mut self) -> WordId {
        if let Within::Block { step, .. } = &self.within {
            return self.path.constant(step.link());
        }
        let low = self.path.operand(place::LINK, "link low");
        let address = (self.path.pc() + self.path.row().real()).shift_left(2);
        let high = (address - low.clone()).shift_right(LIMB_BITS);
        self.path.adopt(&Word::from_cells([low, high]))
    }

    fn compute(&mut self, opcode: Opcode, x: WordId, y: WordId) -> WordId {
        use Opcode as O;
        match opcode {
            O::Add | O::Addi => self.path.add(x, y),
            O::Sub => self.path.subtract(x, y),
            O::And | O::Andi => self.path.bitwise(Bitwise::And, x, y),
            O::Or | O::Ori => self.path.bitwise(Bitwise::Or, x, y),
            O::Xor | O::Xori => self.path.bitwise(Bitwise::Xor, x, y),
            O::Slt | O::Slti => self.path.less_than(x, y, true),
            O::Sltu | O::Sltiu => self.path.less_than(x, y, false),
            O::Sll | O::Slli => self.path.shift(Shift::Left, x, y),
            O::Srl | O::Srli => self.path.shift(Shift::RightLogical, x, y),
            O::Sra | O::Srai => self.path.shift(Shift::RightArithmetic, x, y),
            _ => multiply_or_divide(self.path, opcode, x, y),
        }
    }

    fn load(&mut self, opcode: Opcode, base: WordId, offset: WordId) -> Option<WordId> {
        let place = self.place(opcode, base, offset)?;
        let signed = matches!(opcode, Opcode::Lb | Opcode::Lh);
        Some(self.path.load_part(&place, Width::of_bytes(opcode.access_bytes()), signed))
    }

    fn store(&mut self, opcode: Opcode, base: WordId, offset: WordId, value: WordId) -> Option<()> {
        let place = self.place(opcode, base, offset)?;
        self.path.store_part(&place, Width::of_bytes(opcode.access_bytes()), value);
        Some(())
    }

    fn branch(&mut self, opcode: Opcode, x: WordId, y: WordId) -> Option<()> {
        let (condition, positive) = match opcode {
            Opcode::Beq => (Condition::Equal, true),
            Opcode::Bne => (Condition::Equal, false),
            Opcode::Blt => (Condition::Less, true),
            Opcode::Bge => (Condition::Less, false),
            Opcode::Bltu => (Condition::Below, true),
            _ => (Condition::Below, false),
        };
        if let Within::Block { step, next_pc, .. } = self.within {
            let (taken, falls) = (next_pc == step.target, next_pc == step.next_pc());
            let goes_on =
                taken && falls || taken != falls && self.path.assert_condition(condition, x, y, taken == positive);
            return self.comes(goes_on);
        }
        let target = self.path.operand(place::BRANCH_TARGET, "target");
        let holds = self.path.condition(condition, x, y);
        let following = self.path.pc() + self.path.row().real();
        let row = self.path.row();
        let taken = if positive { holds } else { row.real() - holds };
        let exact = following.clone() + taken * (target - following);
        let next_pc = row.column_of("next pc", &exact);
        row.assert_zero("next pc is the target where the branch is taken", exact - next_pc.clone());
        self.goes_to(next_pc)
    }

    fn jump(&mut self) -> Option<()> {
        if let Within::Block { step, next_pc, .. } = self.within {
            return self.comes(next_pc == step.target);
        }
        let target = self.path.operand(place::JUMP_TARGET, "target");
        self.goes_to(target)
    }

    fn jump_to(&mut self, base: WordId, offset: WordId) -> Option<()> {
        let address = self.path.add(base, offset);
        if let Within::Block { next_pc, .. } = self.within {
            let goes_there = self.path.assert_jump(address, next_pc << 2);
            return self.comes(goes_there);
        }
        let target = self.path.jump_target(address);
        self.goes_to(target)
    }
}

/// Operations of the M extension, which know nothing of constants but that both operands are.
fn multiply_or_divide<B: RowBuilder>(path: &mut Path<'_, B>, opcode: Opcode, x: WordId, y: WordId) -> WordId {
    use Opcode as O;
    if let (Some(x), Some(y)) = (path.known(x), path.known(y)) {
        return path.constant(alu(opcode, x, y));
    }
    let (x, y) = (path.word(x), path.word(y));
    let row = path.row();
    let result = match opcode {
        O::Mul => multiply(row, &x, &y),
        O::Mulh => multiply_high(row, &x, &y, [true, true]),
        O::Mulhsu => multiply_high(row, &x, &y, [true, false]),
        O::Mulhu => multiply_high(row, &x, &y, [false, false]),
        O::Div => divide(row, &x, &y, true).0,
        O::Divu => divide(row, &x, &y, false).0,
        O::Rem => divide(row, &x, &y, true).1,
        O::Remu => divide(row, &x, &y, false).1,
        other => unreachable!("{} computes nothing from two words", other.name()),
    };
    path.adopt(&result)
}
