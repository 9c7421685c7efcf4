//! The two ends of a segment: where execution starts, and where or how it ends.

use engram_air::{Bus, Circuit, CircuitBuilder, Count, Expr, F, PrimeCharacteristicRing, PrimeField32, Ring, Trace};
use engram_memory::{
    SharedVariableRangeCheckerChip,
    address::TIMESTAMP_BITS,
    messages::{RANGE, range_message},
};

/// The one thread of execution: `[pc, timestamp]`. Each instruction takes it off and puts it back further on. The program
/// counter counts 4-byte words.
pub const EXECUTION: Bus = Bus::permutation(6, "execution", &["pc", "timestamp"]);

/// The end of execution: `[exit low, exit high, timestamp]`.
pub const HALT: Bus = Bus::permutation(8, "halt", &["exit low", "exit high", "timestamp"]);

/// Time of a segment's first access.
pub const FIRST_TIMESTAMP: u32 = 1;

const LOW_BITS: u32 = 17;

/// What a segment's ends say in public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// Program counter of the first instruction, in words.
    pub initial_pc: u32,
    /// Program counter after the last instruction, in words; zero where the segment ends in an exit.
    pub final_pc: u32,
    /// The word in `a0` at the exit, where the segment ends in one.
    pub exit: Option<u32>,
}

impl Ends {
    /// As public values, in the circuit's order.
    pub fn publics(&self) -> Vec<F> {
        let exit = self.exit.unwrap_or(0);
        let values = [self.initial_pc, self.final_pc, u32::from(self.exit.is_some()), exit & 0xffff, exit >> 16];
        values.map(F::from_u32).to_vec()
    }

    /// From public values; `None` where they are out of range.
    pub fn from_publics(publics: &[F]) -> Option<Self> {
        let &[initial_pc, final_pc, exits, low, high] = publics else { return None };
        let [initial_pc, final_pc, exits, low, high] =
            [initial_pc, final_pc, exits, low, high].map(|value| value.as_canonical_u32());
        if initial_pc >> 30 != 0 || final_pc >> 30 != 0 || exits > 1 || low >> 16 != 0 || high >> 16 != 0 {
            return None;
        }
        let exit = (exits == 1).then_some(low | high << 16);
        let ends = Self { initial_pc, final_pc, exit };
        (ends.publics() == publics).then_some(ends)
    }
}

/// The circuit: the source and the sink of the thread of execution.
///
/// Required. `used` is one in the first row only, so there is one thread, whatever the table's height. The last timestamp is
/// below 2^29; as each row advances the clock by at most its number of messages, and all messages of a proof are fewer
/// than p, every timestamp in between is an integer below 2^29 too.
pub fn circuit() -> Circuit {
    let mut circuit = CircuitBuilder::new("connector").required();
    let used = circuit.column("used");
    let (low, high) = (circuit.column("last timestamp, low"), circuit.column("last timestamp, high"));
    let [initial_pc, final_pc] = [circuit.public("initial pc"), circuit.public("final pc")];
    let exits = circuit.public("exits");
    let exit = [circuit.public("exit low"), circuit.public("exit high")];
    let first = circuit.first_row();
    circuit.assert_equal("only the first row is used", used.clone(), first);
    let used = Count::shown("it is one in the first row and zero elsewhere", used);
    let exits = circuit.flag("exits is boolean", exits);
    circuit.assert_zero("an exit has no final pc", exits.expr() * final_pc.clone());
    circuit.lookup(RANGE, "last timestamp, low, is below 2^17", range_message(low.clone(), LOW_BITS), &used);
    circuit.lookup(
        RANGE,
        "last timestamp, high, is below 2^12",
        range_message(high.clone(), TIMESTAMP_BITS - LOW_BITS),
        &used,
    );
    let last_timestamp = low + high.shift_left(LOW_BITS);
    circuit.send(EXECUTION, "start", vec![initial_pc, Expr::integer(FIRST_TIMESTAMP)], &used);
    let goes_on = used.and(&exits.not());
    circuit.receive(EXECUTION, "cut", vec![final_pc, last_timestamp.clone()], &goes_on);
    let [exit_low, exit_high] = exit;
    circuit.receive(HALT, "exit", vec![exit_low, exit_high, last_timestamp], &used.and(&exits));
    circuit.build()
}

/// The table.
pub fn trace(last_timestamp: u32, range: &SharedVariableRangeCheckerChip) -> Trace {
    let (low, high) = (last_timestamp & ((1 << LOW_BITS) - 1), last_timestamp >> LOW_BITS);
    range.count(low, LOW_BITS);
    range.count(high, TIMESTAMP_BITS - LOW_BITS);
    Trace::from_rows([1, low, high].map(F::from_u32).to_vec(), 3)
}
