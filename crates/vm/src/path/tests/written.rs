//! A path run twice: for its circuit, and for one row of it.

use engram_air::{
    Circuit, F, PrimeField32,
    tape::{Row, Tape},
};
use engram_memory::{
    lookups::Lookups,
    messages::{BYTES, RANGE, RANGE_BITS_MAX},
    offline::Access,
};

use crate::{
    path::{Path, WordId, value::Byte},
    row::{Inverses, RowBuilder, RowRecord, RowWriter, Step, SymbolicRow},
    word::LIMB_BITS,
};

pub const TIMESTAMP: u32 = 77;

/// A path from its opening to its close.
pub trait Script {
    /// Write it; registers from 1 on are open, as many as there are inputs.
    fn write<B: RowBuilder>(&self, path: &mut Path<'_, B>);

    /// Look at what is known on a row of values.
    fn look(&self, _path: &mut Path<'_, RowWriter<'_>>) {}
}

/// A row with its circuit.
pub struct Written {
    pub circuit: Circuit,
    pub cells: Vec<F>,
}

/// Write a script whose registers hold `inputs` and whose openings of memory find `words`.
pub fn written(script: &impl Script, inputs: &[u32], words: &[u32]) -> Written {
    let registers: Vec<u32> = (1..=inputs.len() as u32).collect();
    let circuit = SymbolicRow::circuit("path", |row| {
        let mut path = Path::open(row, 5, &registers);
        script.write(&mut path);
        path.close(engram_air::Ring::integer(6));
    });
    let found = inputs.iter().chain(words).chain([&0; 32]);
    let accesses: Vec<Access> = found.zip(0..).map(|(&previous, gap)| Access { previous, gap }).collect();
    let mut cells = vec![F::default(); circuit.width()];
    let lookups = Lookups::default();
    let step = Step { timestamp: TIMESTAMP, ..Step::default() };
    let mut inverses = Inverses::default();
    let records = [RowRecord { step, accesses: &accesses, hints: &[] }];
    let width = cells.len();
    let mut row = RowWriter::new((&mut cells, width), 0, &records, &mut inverses, &lookups);
    let mut path = Path::open(&mut row, 5, &registers);
    script.write(&mut path);
    script.look(&mut path);
    path.close(engram_air::Ring::integer(6));
    inverses.fill(&mut cells);
    Written { circuit, cells }
}

impl Written {
    /// Labels of what refuses the row: constraints, and questions whose answer is no.
    pub fn refused(&self) -> Vec<String> {
        let tape = Tape::new(&self.circuit);
        let row = Row { local: &self.cells, next: &self.cells, publics: &[], is_first: true, is_last: true };
        let values = tape.evaluate(row);
        let constraints = values.violations().map(|(constraint, _)| self.circuit.constraints[constraint].label.clone());
        let lookups = values.messages().filter_map(|message| {
            let interaction = &self.circuit.interactions[message.interaction];
            let integer = |index: usize| message.fields[index].as_canonical_u32();
            let holds = match interaction.bus {
                RANGE => integer(1) <= RANGE_BITS_MAX && integer(0) < 1 << integer(1),
                BYTES => integer(0) < 256 && integer(1) < 256 && integer(0) & integer(1) == integer(2),
                _ => true,
            };
            (!holds).then(|| interaction.label.clone())
        });
        constraints.chain(lookups).collect()
    }

    /// Fields of the messages with a label, in order.
    pub fn said(&self, label: &str) -> Vec<Vec<u32>> {
        let tape = Tape::new(&self.circuit);
        let row = Row { local: &self.cells, next: &self.cells, publics: &[], is_first: true, is_last: true };
        let values = tape.evaluate(row);
        let labelled =
            values.messages().filter(|message| self.circuit.interactions[message.interaction].label == label);
        labelled.map(|message| message.fields.iter().map(F::as_canonical_u32).collect()).collect()
    }
}

/// The value of a word on a row, modulo 2^32.
pub fn value_of(path: &Path<'_, RowWriter<'_>>, word: WordId) -> u32 {
    let value = path.get(word);
    let [low, high] = value.limbs.map(|limb| limb.lane(0).as_canonical_u32());
    low.wrapping_add(high << LIMB_BITS).wrapping_add(value.offset)
}

/// Everything that a path believes of its values holds on this row.
pub fn assert_knowledge_is_true(path: &mut Path<'_, RowWriter<'_>>) {
    for id in path.ids() {
        let value = path.get(id);
        let exact = value_of(path, id);
        for (limb, max) in value.limbs.iter().zip(value.limbs_max) {
            assert!(u64::from(limb.lane(0).as_canonical_u32()) <= max, "a limb of {value:?}");
        }
        assert!(value.known.is_none_or(|known| known == exact), "{value:?} is {exact:#x}");
        assert_eq!(value_of(path, value.base).wrapping_add(value.offset), exact, "{value:?} and its base");
        if path.is_normal(id) {
            assert_eq!(exact & !value.mask, 0, "{value:?} is {exact:#x}, which its mask excludes");
        }
        assert!(value.normal.is_none_or(|normal| path.is_normal(normal) && value_of(path, normal) == exact));
        assert!(!value.aligned || exact.is_multiple_of(4), "{value:?} is not aligned");
        for (byte, index) in value.bytes.iter().flatten().zip(0..) {
            let byte = match byte {
                Byte::Known(byte) => *byte,
                Byte::Expr { expr, .. } => expr.lane(0).as_canonical_u32(),
            };
            assert_eq!(byte, exact >> (8 * index) & 0xff, "byte {index} of {exact:#x}");
        }
        for split in &value.splits {
            let limb = exact >> (16 * split.limb) & 0xffff;
            assert_eq!(split.low.lane(0).as_canonical_u32(), limb & ((1 << split.position) - 1));
            assert_eq!(split.high.lane(0).as_canonical_u32(), limb >> split.position);
        }
        for &(offset, derived) in &value.derived {
            assert_eq!(value_of(path, derived), exact.wrapping_add(offset));
        }
    }
}
