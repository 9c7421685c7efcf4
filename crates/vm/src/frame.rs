//! The frame around an instruction: program counter, clock, operands, registers and memory.

use engram_air::{PrimeCharacteristicRing, Ring};
use engram_memory::{
    address::{GAP_BITS, SPACE_MEMORY, SPACE_REGISTERS},
    messages::{MEMORY, memory_message},
};

use crate::{
    connector::EXECUTION,
    rom::{OPERANDS, ROM},
    row::RowBuilder,
    word::Word,
};

/// A row in the making that stands for one instruction.
///
/// [`Frame::open`] takes the thread of execution; every access takes the next time; [`Frame::close`] asks the ROM for
/// the instruction and passes the thread on.
#[derive(Debug)]
pub struct Frame<B: RowBuilder> {
    pc: B::Expr,
    time: B::Expr,
    accesses: u32,
    operands: [Option<B::Expr>; OPERANDS],
}

impl<B: RowBuilder> Frame<B> {
    /// Take the thread of execution.
    pub fn open(row: &mut B) -> Self {
        let pc = row.column("pc", |at| at.step().pc);
        let time = row.column("time", |at| at.step().time);
        row.receive(EXECUTION, "takes the thread of execution", &[pc.clone(), time.clone()]);
        Self { pc, time, accesses: 0, operands: std::array::from_fn(|_| None) }
    }

    /// Start a row that does not take the thread itself, at a time that the caller receives by other means.
    pub fn at(row: &mut B) -> Self {
        let time = row.column("time", |at| at.step().time);
        Self { pc: B::Expr::zero(), time, accesses: 0, operands: std::array::from_fn(|_| None) }
    }

    /// The program counter, in words.
    pub fn pc(&self) -> B::Expr {
        self.pc.clone()
    }

    /// Time of the next access.
    pub fn now(&self) -> B::Expr {
        self.time.clone() + B::Expr::integer(self.accesses)
    }

    /// An operand of the instruction. Trusted: it comes from the committed program.
    pub fn operand(&mut self, row: &mut B, index: usize, name: &'static str) -> B::Expr {
        let column = row.column(name, |at| at.step().operands[index]);
        self.operands[index] = Some(column.clone());
        column
    }

    /// Two operands that hold a word's limbs.
    pub fn operand_word(&mut self, row: &mut B, first: usize) -> Word<B::Expr> {
        let low = self.operand(row, first, "immediate low");
        let high = self.operand(row, first + 1, "immediate high");
        Word::from_cells([low, high])
    }

    /// Read a register.
    pub fn read_register(&mut self, row: &mut B, register: B::Expr) -> Word<B::Expr> {
        self.read(row, SPACE_REGISTERS, register)
    }

    /// Write a register, and say what it held.
    pub fn write_register(&mut self, row: &mut B, register: B::Expr, word: Word<B::Expr>) -> Word<B::Expr> {
        self.write(row, SPACE_REGISTERS, register, |_, _| word)
    }

    /// Read a word of memory; `pointer` counts words.
    pub fn read_memory(&mut self, row: &mut B, pointer: B::Expr) -> Word<B::Expr> {
        self.read(row, SPACE_MEMORY, pointer)
    }

    /// Replace a word of memory by a function of what it holds; `pointer` counts words.
    pub fn write_memory(
        &mut self,
        row: &mut B,
        pointer: B::Expr,
        update: impl FnOnce(&mut B, &Word<B::Expr>) -> Word<B::Expr>,
    ) {
        self.write(row, SPACE_MEMORY, pointer, update);
    }

    /// Read a word of any address space.
    pub fn read(&mut self, row: &mut B, space: u32, pointer: B::Expr) -> Word<B::Expr> {
        let (word, previous_time) = self.previous(row);
        let message = |time| memory_message(B::Expr::integer(space), pointer.clone(), word.cells(), time);
        row.receive(MEMORY, "takes what was there", &message(previous_time));
        row.send(MEMORY, "leaves it as it was", &message(self.now()));
        self.accesses += 1;
        word
    }

    /// Write a word of any address space, and say what it held.
    pub fn write(
        &mut self,
        row: &mut B,
        space: u32,
        pointer: B::Expr,
        update: impl FnOnce(&mut B, &Word<B::Expr>) -> Word<B::Expr>,
    ) -> Word<B::Expr> {
        let (previous, previous_time) = self.previous(row);
        let word = update(row, &previous).normalize(row);
        let message =
            |word: &Word<B::Expr>, time| memory_message(B::Expr::integer(space), pointer.clone(), word.cells(), time);
        row.receive(MEMORY, "takes what was there", &message(&previous, previous_time));
        row.send(MEMORY, "leaves what is written", &message(&word, self.now()));
        self.accesses += 1;
        previous
    }

    /// The cells before an access and their time, `now - 1 - gap`.
    fn previous(&mut self, row: &mut B) -> (Word<B::Expr>, B::Expr) {
        let access = row.next_access();
        let low = row.column("previous low", |at| at.access(access).previous & 0xffff);
        let high = row.column("previous high", |at| at.access(access).previous >> 16);
        let gap = row.column("gap", |at| at.access(access).gap);
        row.range("gap is below 2^17", gap.clone(), B::Expr::integer(GAP_BITS));
        (Word::from_cells([low, high]), self.now() - B::Expr::one() - gap)
    }

    /// Ask the ROM for the instruction and pass the thread on.
    pub fn close(self, row: &mut B, opcode: B::Expr, next_pc: B::Expr) {
        let now = self.now();
        self.fetch(row, opcode);
        row.send(EXECUTION, "passes the thread of execution on", &[next_pc, now]);
    }

    /// Ask the ROM for the instruction; the thread of execution goes elsewhere.
    pub fn fetch(self, row: &mut B, opcode: B::Expr) {
        let [a, b, c, d, e] = self.operands.map(|operand| operand.unwrap_or_else(B::Expr::zero));
        row.lookup(ROM, "is an instruction of the program", &[self.pc, opcode, a, b, c, d, e]);
    }
}

/// The next instruction's program counter.
pub fn following<E: Ring>(pc: E) -> E {
    pc + E::constant(engram_air::F::ONE)
}
