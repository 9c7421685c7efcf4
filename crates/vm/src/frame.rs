//! The frame of a row that executes something: its thread of execution, its clock, its operands and its accesses.

use engram_air::Ring;
use engram_memory::{
    access::{self, TakenBlock},
    address::SPACE_REGISTERS,
    timestamp::Timestamp,
};

use crate::{
    connector::EXECUTION,
    rom::{OPERANDS, ROM},
    row::{RowBuilder, RowPort},
    word::{LIMB_BITS, Word},
};

/// A row in the making.
///
/// It takes the thread of execution. Every tick of its clock is the timestamp of an access. In the end it passes the thread on.
/// Where the row is a single instruction of the program, [`Frame::fetch`] looks it up in the ROM.
#[derive(Debug)]
pub struct Frame<B: RowBuilder> {
    pc: B::Expr,
    timestamp: B::Expr,
    ticks: u32,
    operands: [Option<B::Expr>; OPERANDS],
}

/// A word that is taken off the memory bus, with what it holds.
pub type Taken<E> = (Word<E>, TakenBlock<E>);

impl<B: RowBuilder> Frame<B> {
    /// Take the thread of execution at any program counter.
    pub fn open(row: &mut B) -> Self {
        let pc = row.column("pc", |at| at.step().pc);
        Self::take_thread(row, pc)
    }

    /// Take the thread of execution at `pc`, a constant that counts words.
    pub fn open_at(row: &mut B, pc: u32) -> Self {
        Self::take_thread(row, B::Expr::integer(pc))
    }

    fn take_thread(row: &mut B, pc: B::Expr) -> Self {
        let frame = Self { pc, ..Self::resume(row) };
        row.receive(EXECUTION, "takes the thread of execution", &[frame.pc.clone(), frame.now()]);
        frame
    }

    /// Start a row that does not take the thread itself, at a timestamp that the caller receives by other means.
    pub fn resume(row: &mut B) -> Self {
        let timestamp = row.column("timestamp", |at| at.step().timestamp);
        Self { pc: B::Expr::zero(), timestamp, ticks: 0, operands: std::array::from_fn(|_| None) }
    }

    /// The program counter, in words.
    pub fn pc(&self) -> B::Expr {
        self.pc.clone()
    }

    /// The timestamp of the next access.
    pub fn now(&self) -> B::Expr {
        self.timestamp.clone() + B::Expr::integer(self.ticks)
    }

    /// Advance the clock by one.
    pub fn tick(&mut self) {
        self.ticks = self.ticks.saturating_add(1);
    }

    /// An operand of the instruction, by its place in the ROM's entry. Trusted: it comes from the committed program.
    pub fn operand(&mut self, row: &mut B, place: usize, name: &str) -> B::Expr {
        let column = row.column(name, |at| at.operand(place));
        match self.operands.get_mut(place) {
            Some(operand) => *operand = Some(column.clone()),
            None => unreachable!("an entry has no operand {place}"),
        }
        column
    }

    /// Two neighbouring operands that hold a word's limbs.
    pub fn operand_word(&mut self, row: &mut B, place: usize, names: [&str; 2]) -> Word<B::Expr> {
        let [low, high] = names;
        let low = self.operand(row, place, low);
        Word::from_cells([low, self.operand(row, place.saturating_add(1), high)])
    }

    /// Take a word off the memory bus now. The clock does not tick by itself.
    pub fn take(&self, row: &mut B, space: u32, pointer: B::Expr) -> Taken<B::Expr> {
        let access = row.next_access(space, &pointer);
        let low = row.column("previous low", |at| at.access(access).previous & 0xffff);
        let high = row.column("previous high", |at| at.access(access).previous >> LIMB_BITS);
        let gap = row.column("gap", |at| at.access(access).gap);
        let word = Word::from_cells([low, high]);
        let address = [B::Expr::integer(space), pointer];
        let now = Timestamp::shown("the thread's clock: the connector shows that its last is below 2^29", self.now());
        let taken = access::take(&mut RowPort(row), address, &word.cells(), now, gap);
        (word, taken)
    }

    /// Read a word of any address space.
    pub fn read(&mut self, row: &mut B, space: u32, pointer: B::Expr) -> Word<B::Expr> {
        self.write(row, space, pointer, |_, word| word.clone())
    }

    /// Replace a word of any address space by a function of what it holds. Returns what it held.
    pub fn write(
        &mut self,
        row: &mut B,
        space: u32,
        pointer: B::Expr,
        update: impl FnOnce(&mut B, &Word<B::Expr>) -> Word<B::Expr>,
    ) -> Word<B::Expr> {
        let (previous, taken) = self.take(row, space, pointer);
        let word = update(row, &previous).normalize(row);
        taken.put(&mut RowPort(row), &word.cells());
        self.tick();
        previous
    }

    /// Read a register.
    pub fn read_register(&mut self, row: &mut B, register: B::Expr) -> Word<B::Expr> {
        self.read(row, SPACE_REGISTERS, register)
    }

    /// Write a register. Returns what it held.
    pub fn write_register(&mut self, row: &mut B, register: B::Expr, word: Word<B::Expr>) -> Word<B::Expr> {
        self.write(row, SPACE_REGISTERS, register, |_, _| word)
    }

    /// Look the instruction up in the ROM and pass the thread on to `next_pc`.
    pub fn close(self, row: &mut B, opcode: B::Expr, next_pc: B::Expr) {
        let now = self.now();
        self.fetch(row, opcode);
        row.send(EXECUTION, PASSES_ON, &[next_pc, now]);
    }

    /// Pass the thread on to `next_pc`, without looking up an instruction.
    pub fn pass_on(self, row: &mut B, next_pc: B::Expr) {
        row.send(EXECUTION, PASSES_ON, &[next_pc, self.now()]);
    }

    /// Look the instruction up in the ROM, without passing the thread of execution on.
    pub fn fetch(self, row: &mut B, opcode: B::Expr) {
        let [a, b, c, d, e] = self.operands.map(|operand| operand.unwrap_or_else(B::Expr::zero));
        row.lookup(ROM, "is an instruction of the program", &[self.pc, opcode, a, b, c, d, e]);
    }
}

const PASSES_ON: &str = "passes the thread of execution on";
