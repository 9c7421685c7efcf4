//! The device against the backend's own: without proof of work, which is found in any order, both make the same proof.

use std::sync::Arc;

use openvm_stark_backend::{StarkEngine, SystemParams, keygen::MultiStarkKeygenBuilder, prover::DeviceDataTransporter};
use openvm_stark_sdk::config::baby_bear_poseidon2::BabyBearPoseidon2CpuEngine;

use super::{values::continue_values, *};
use crate::{
    backend::BackendAir,
    engine::{Committed, Witness},
    parameters::Parameters,
    proving::contexts,
};
use engram_air::{Bus, Circuit, CircuitBuilder, Count, Expr, PrimeCharacteristicRing, Ring, Trace};

const NUMBERS: Bus = Bus::lookup(1, "numbers", &["value"]);
const PAIRS: Bus = Bus::permutation(2, "pairs", &["left", "right", "place"]);

/// The smallest parameters, without proof of work.
fn parameters() -> SystemParams {
    let mut parameters = Parameters::SMALLEST.system();
    parameters.logup.pow_bits = 0;
    parameters.whir.mu_pow_bits = 0;
    parameters.whir.folding_pow_bits = 0;
    parameters.whir.query_phase_pow_bits = 0;
    parameters
}

fn assert_same_proof(circuits: Vec<Circuit>, witnesses: impl Fn() -> Vec<Witness>) {
    let engine = BabyBearPoseidon2CpuEngine::<CpuTranscript>::new(parameters());
    let mut builder = MultiStarkKeygenBuilder::new(engine.config().clone());
    for circuit in circuits {
        builder.add_air(Arc::new(BackendAir(Arc::new(circuit))));
    }
    let key = builder.generate_pk().unwrap();
    let device_key = engine.device().transport_pk_to_device(&key);
    let theirs = engine.prove(&device_key, contexts(witnesses())).unwrap();
    let ours = prove(parameters(), &device_key, contexts(witnesses())).unwrap();
    engine.verify(&key.get_vk(), &ours).unwrap();
    assert!(ours == theirs, "both verify, but they differ");
}

fn witness(trace: Trace) -> Witness {
    Witness { trace: Some(trace), ..Default::default() }
}

/// Numbers below a bound, committed apart, and how often each is asked for.
fn numbers() -> Circuit {
    let mut circuit = CircuitBuilder::new("numbers");
    let value = circuit.committed_column("value");
    let count = circuit.column("count");
    circuit.provide(NUMBERS, "a number", vec![value], count);
    circuit.build()
}

fn numbers_witness(asked: &[u32], height: u32) -> Witness {
    let mut counts = vec![F::ZERO; height as usize];
    asked.iter().for_each(|&value| counts[value as usize] += F::ONE);
    let values = Trace::from_rows((0..height).map(F::from_u32).collect(), 1);
    let committed = Some(Committed::with(parameters(), &values).unwrap());
    Witness { trace: Some(Trace::from_rows(counts, 1)), publics: vec![], committed }
}

/// A table that uses all there is: rows that follow each other, first and last rows, public values, constraints of a high
/// degree, counts and fields that are products.
fn counter(sends: bool) -> Circuit {
    let mut circuit = CircuitBuilder::new(if sends { "sender" } else { "receiver" });
    let [real, x, y, power] = circuit.columns("column");
    let [first, last] = circuit.publics("end");
    let real = circuit.flag("real is boolean", real);
    circuit.assert_zero("starts", circuit.first_row() * (x.clone() - first));
    circuit.assert_zero("ends", circuit.last_row() * (x.clone() - last));
    let step = circuit.next(&x) - x.clone() - Expr::one();
    circuit.assert_zero("goes on", circuit.transition() * step);
    let square = x.clone() * x.clone();
    let cube = square.clone() * x.clone();
    circuit.assert_equal("seventh power", power.clone(), cube.clone() * cube * x.clone());
    circuit.assert_equal("scaled", y.clone(), x.clone() * Expr::integer(6) - Expr::integer(1));
    circuit.lookup(NUMBERS, "x is a number", vec![x.clone()], &real);
    let transition = Count::shown("it is zero in the last row and one elsewhere", circuit.transition());
    circuit.lookup(NUMBERS, "in every row but the last", vec![circuit.next(&x)], &transition);
    let place = circuit.first_row() + circuit.last_row() * Expr::integer(3);
    let fields = vec![square.clone(), y.clone() + Expr::integer(5), place];
    let count = real.and(&real);
    if sends {
        circuit.send(PAIRS, "a pair", fields, &count);
    } else {
        circuit.receive(PAIRS, "a pair", fields, &count);
    }
    circuit.build()
}

fn counter_witness(start: u32, height: u32) -> Witness {
    let row = |row: u32| {
        let x = F::from_u32(start + row);
        [F::from_bool(!row.is_multiple_of(3)), x, x * F::from_u32(6) - F::ONE, x.exp_u64(7)]
    };
    let publics = [start, start + height - 1].map(F::from_u32).to_vec();
    Witness { trace: Some(Trace::from_rows((0..height).flat_map(row).collect(), 4)), publics, committed: None }
}

fn asked(start: u32, height: u32) -> impl Iterator<Item = u32> {
    let by_count = (0..height).filter(|row| !row.is_multiple_of(3)).map(move |row| start + row);
    by_count.chain(start + 1..start + height)
}

/// Numbers with two counters of one height and a counter of another height.
fn assert_same_proof_of_heights(height: u32, other: u32) {
    let asked: Vec<u32> =
        [asked(0, height), asked(0, height), asked(1, other), asked(1, other)].into_iter().flatten().collect();
    let numbers_height = (height.max(other) + 1).next_power_of_two();
    assert_same_proof(vec![counter(true), numbers(), counter(false), counter(true), counter(false)], || {
        vec![
            counter_witness(0, height),
            numbers_witness(&asked, numbers_height),
            counter_witness(0, height),
            counter_witness(1, other),
            counter_witness(1, other),
        ]
    });
}

#[test]
fn low_tables_are_proven_as_the_backend_does() {
    for height in 0..6 {
        assert_same_proof_of_heights(1 << height, 1 << (5 - height));
    }
}

#[test]
fn high_tables_are_proven_as_the_backend_does() {
    assert_same_proof_of_heights(1 << 7, 1 << 3);
    assert_same_proof_of_heights(1 << 10, 1 << 8);
    assert_same_proof_of_heights(1 << 12, 1 << 6);
}

#[test]
fn tables_without_messages_are_proven_as_the_backend_does() {
    let mut circuit = CircuitBuilder::new("squares");
    let (x, square) = (circuit.column("x"), circuit.column("square"));
    circuit.assert_equal("square is x squared", square, x.clone() * x);
    let circuit = circuit.build();
    for height in [1u32, 8, 64, 1 << 11] {
        let rows = (0..height).flat_map(|x| [F::from_u32(x), F::from_u32(x) * F::from_u32(x)]);
        let trace = Trace::from_rows(rows.collect(), 2);
        assert_same_proof(vec![circuit.clone()], || vec![witness(trace.clone())]);
    }
}

#[test]
fn tables_without_constraints_are_proven_as_the_backend_does() {
    let mut circuit = CircuitBuilder::new("both");
    let x = circuit.column("x");
    circuit.provide(NUMBERS, "any number", vec![x.clone()], Expr::one());
    circuit.lookup(NUMBERS, "the same", vec![x], &Count::always());
    let circuit = circuit.build();
    for height in [1u32, 16, 1 << 9] {
        let trace = Trace::from_rows((0..height).map(F::from_u32).collect(), 1);
        assert_same_proof(vec![circuit.clone()], || vec![witness(trace.clone())]);
    }
}

#[test]
fn values_of_a_polynomial_are_continued() {
    for degree in 0..6 {
        let value =
            |x: usize| (0..=degree).map(|power| Ext::from_usize(x).exp_u64(power) * Ext::from_u32(7)).sum::<Ext>();
        let mut values: Vec<Ext> = (0..=degree as usize).map(value).collect();
        continue_values(&mut values, 9);
        assert_eq!(values, (0..9).map(value).collect::<Vec<_>>());
    }
}

#[test]
fn messages_that_do_not_balance_are_an_error() {
    let engine = BabyBearPoseidon2CpuEngine::<CpuTranscript>::new(parameters());
    let mut builder = MultiStarkKeygenBuilder::new(engine.config().clone());
    builder.add_air(Arc::new(BackendAir(Arc::new(counter(true)))));
    let key = engine.device().transport_pk_to_device(&builder.generate_pk().unwrap());
    let proof = prove(parameters(), &key, contexts(vec![counter_witness(0, 4)]));
    assert!(matches!(proof, Err(DeviceError::SumNotZero)));
}
