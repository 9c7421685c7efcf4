//! The attack that the range of a merged block's timestamp is there for: a block that climbs from merge to merge until it is back
//! before its own past.
//!
//! A split and a merge that feed each other give a partner out of nothing, at any timestamp: the partner is taken by the merge and
//! given back by the split. Each pair of rows lifts the block by up to `2^17 - 1`. After p in all it has gone round, and
//! what was overwritten in the meantime is there again.

use std::collections::BTreeSet;

use engram_air::{
    Circuit, CircuitBuilder, Count, Expr, F, PrimeCharacteristicRing, PrimeField32, Ring, Trace,
    check::{Report, Table, check},
    field::MODULUS,
};

use crate::{
    address::{GAP_BITS, TIMESTAMP_HIGH_BITS, TIMESTAMP_LOW_BITS},
    config::MemoryConfig,
    merge,
    messages::{MEMORY, memory_message},
    range_checker::SharedVariableRangeCheckerChip,
    records::{BlockRecords, MergeRecord, SplitRecord},
    split,
};

/// When the block is first there, and to what timestamp it goes back.
const START: u32 = 10;
const EARLIER: u32 = 5;

/// The timestamp after each climb, going round p.
fn climbs() -> Vec<(u32, u32)> {
    let step = (1 << GAP_BITS) - 1;
    let end = MODULUS + EARLIER;
    let timestamps: Vec<u32> = (START..end).step_by(step).chain([end]).collect();
    timestamps.windows(2).map(|pair| (pair[0], pair[1])).collect()
}

/// Everything else that the attack needs: the block is given at its timestamp, and taken at the earlier one.
fn rest() -> (Circuit, Trace) {
    let mut circuit = CircuitBuilder::new("rest");
    let message = |timestamp| memory_message(1, 0, [77], timestamp).into_iter().map(Expr::integer).collect();
    circuit.send(MEMORY, "given", message(START), &Count::always());
    circuit.receive(MEMORY, "taken", message(EARLIER), &Count::always());
    circuit.column("unused");
    (circuit.build(), Trace::zeros(1, 1))
}

/// The attack beside a merge circuit. Every lookup of the ages is answered, and of the timestamps each that can be.
fn attack(merge_circuit: &Circuit, times_are_asked: bool) -> Result<(), Box<Report>> {
    let cells = [F::from_u32(77), F::from_u32(123)];
    let (mut merges, mut splits) = (BlockRecords::new(2), BlockRecords::new(2));
    for (timestamp, later) in climbs() {
        merges.push(MergeRecord { space: 1, pointer: 0, timestamps: [timestamp, later] }, &cells);
        splits.push(SplitRecord { space: 1, pointer: 0, timestamp: later % MODULUS }, &cells);
    }
    let range = SharedVariableRangeCheckerChip::new(&MemoryConfig::default());
    let (merges, splits) = (merge::trace(&merges, &range).unwrap(), split::trace(&splits).unwrap());
    let ages = SharedVariableRangeCheckerChip::new(&MemoryConfig::default());
    climbs().into_iter().for_each(|(timestamp, later)| ages.count(later - timestamp, GAP_BITS));
    let range = if times_are_asked { range } else { ages };
    let split_circuit = split::circuit(2, 1);
    let (rest_circuit, rest) = rest();
    let mut tables = vec![
        Table { circuit: merge_circuit, trace: &merges, publics: &[] },
        Table { circuit: &split_circuit, trace: &splits, publics: &[] },
        Table { circuit: &rest_circuit, trace: &rest, publics: &[] },
    ];
    let circuits = SharedVariableRangeCheckerChip::circuits();
    let witnesses = range.witnesses();
    let answers = circuits.iter().zip(&witnesses);
    tables.extend(
        answers.filter_map(|(circuit, witness)| Some(Table { circuit, trace: witness.trace.as_ref()?, publics: &[] })),
    );
    check(&tables)
}

#[test]
fn a_block_that_climbs_round_the_field_is_refused_only_by_its_time() {
    let honest = merge::circuit(2, 1);
    let report = attack(&honest, true).expect_err("the block is back before its own past");
    let too_late: BTreeSet<u32> = climbs()
        .into_iter()
        .map(|(_, later)| later >> TIMESTAMP_LOW_BITS)
        .filter(|high| *high >= 1 << TIMESTAMP_HIGH_BITS)
        .collect();
    assert_eq!((report.total, report.constraints.len()), (too_late.len(), 0), "{report}");
    for failure in &report.messages {
        assert!(too_late.contains(&failure.fields[0].as_canonical_u32()), "{report}");
        assert!(
            failure.origins.iter().all(|origin| origin.label == "the block's timestamp, high, is below 2^12"),
            "{report}"
        );
    }
}

/// Without the two lookups of the timestamp nothing refuses it: they are not there for tidiness.
#[test]
fn without_the_range_of_times_the_past_comes_back() {
    let mut weak = merge::circuit(2, 1);
    weak.interactions.retain(|interaction| !interaction.label.starts_with("the block's timestamp"));
    if let Err(report) = attack(&weak, false) {
        panic!("{report}");
    }
}
