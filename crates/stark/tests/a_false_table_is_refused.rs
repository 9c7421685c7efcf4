//! The door to the backend, end to end: a table with a lookup and a bus, honest and not.

use std::sync::Arc;

use engram_air::{
    Bus, BusKind, Circuit, CircuitBuilder, Count, Expr, F, PrimeCharacteristicRing, Ring, Trace,
    check::{Table, check},
};
use engram_stark::{
    engine::{Committed, EngineError, StarkProof, Witness, check_witnesses, keygen, verifying_key},
    parameters::Parameters,
};

const SMALL: Bus = Bus::lookup(1, "small", &["value"]);
const PAIR: Bus = Bus::permutation(2, "pair", &["left", "right"]);

/// Values below 16 with how often they are asked for.
fn table() -> Circuit {
    let mut circuit = CircuitBuilder::new("small numbers").required();
    let value = circuit.committed_column("value");
    let count = circuit.column("count");
    circuit.provide(SMALL, "a small number", vec![value], count);
    circuit.build()
}

/// Sends (x, x²) for small x with one sign, receives with the other.
fn squares(sign: bool) -> Circuit {
    let mut circuit = CircuitBuilder::new(if sign { "sender" } else { "receiver" });
    let (real, x, square) = (circuit.column("real"), circuit.column("x"), circuit.column("square"));
    let real = circuit.flag("real is boolean", real);
    circuit.assert_equal("square is x squared", square.clone(), x.clone() * x.clone());
    circuit.lookup(SMALL, "x is small", vec![x.clone()], &real);
    if sign {
        circuit.send(PAIR, "a pair", vec![x, square], &real);
    } else {
        circuit.receive(PAIR, "a pair", vec![x, square], &real);
    }
    circuit.build()
}

fn rows(values: &[u32]) -> Trace {
    let rows = values.iter().flat_map(|&x| [F::ONE, F::from_u32(x), F::from_u32(x) * F::from_u32(x)]);
    Trace::from_rows(rows.collect(), 3)
}

fn prove_and_verify(sent: &[u32], received: &[u32]) -> Result<StarkProof, EngineError> {
    let circuits: Vec<Arc<Circuit>> = vec![Arc::new(table()), Arc::new(squares(true)), Arc::new(squares(false))];
    let (proving, verifying) = keygen(&circuits, Parameters::SMALLEST)?;
    assert!(verifying.security_bits() >= 100.0, "{}", verifying.security_bits());
    let values = Trace::from_rows((0..16).map(F::from_u32).collect(), 1);
    let committed = Committed::new(Parameters::SMALLEST, &values)?;
    let count = |value: u32| sent.iter().chain(received).filter(|&&x| x == value).count();
    let counts = Trace::from_rows((0..16).map(|value| F::from_usize(count(value))).collect(), 1);
    let witness = |trace| Witness { trace: Some(trace), ..Default::default() };
    let proof = proving.prove(vec![
        Witness { trace: Some(counts), publics: vec![], committed: Some(committed.clone()) },
        witness(rows(sent)),
        witness(rows(received)),
    ])?;
    assert_eq!(proof.commitment(0), Some(committed.commitment()));
    verifying.verify(&proof)?;
    Ok(proof)
}

#[test]
fn an_honest_table_is_proven_and_its_bytes_are_canonical() {
    let proof = prove_and_verify(&[3, 1, 2], &[1, 2, 3]).unwrap();
    let bytes = proof.encode();
    assert_eq!(StarkProof::decode(&bytes).unwrap(), proof);
    assert!(StarkProof::decode(&bytes[..bytes.len() - 1]).is_err());
}

#[test]
fn an_unbalanced_bus_is_refused() {
    assert!(matches!(prove_and_verify(&[3, 1, 2], &[1, 2, 2]), Err(EngineError::Verify(_) | EngineError::Prove(_))));
}

#[test]
fn a_value_outside_the_table_is_refused() {
    assert!(matches!(prove_and_verify(&[99], &[99]), Err(EngineError::Verify(_) | EngineError::Prove(_))));
}

#[test]
fn a_required_table_cannot_be_left_out() {
    let circuits: Vec<Arc<Circuit>> = vec![Arc::new(table()), Arc::new(squares(true)), Arc::new(squares(false))];
    let (proving, verifying) = keygen(&circuits, Parameters::SMALLEST).unwrap();
    let empty = Trace::zeros(3, 1);
    let witness = |trace| Witness { trace, ..Default::default() };
    let proof = proving.prove(vec![witness(None), witness(Some(empty.clone())), witness(Some(empty))]);
    assert!(proof.is_err() || verifying.verify(&proof.unwrap()).is_err());
}

#[test]
fn the_checker_names_the_constraint_and_the_nearest_message() {
    let (sender, receiver) = (squares(true), squares(false));
    let mut wrong = rows(&[3, 1]);
    wrong.row_mut(1)[2] = F::from_u32(7);
    let good = rows(&[3, 1]);
    let values = Trace::from_rows((0..16).flat_map(|value| [F::from_u32(value), F::TWO]).collect(), 2);
    let table = table();
    let report = check(&[
        Table { circuit: &table, trace: &values, publics: &[] },
        Table { circuit: &sender, trace: &wrong, publics: &[] },
        Table { circuit: &receiver, trace: &good, publics: &[] },
    ])
    .unwrap_err();
    assert!(report.fails("square is x squared"));
    assert!(report.to_string().contains("right off by"), "{report}");
}

#[test]
fn expressions_scale_and_shift() {
    assert_eq!(Expr::integer(12).shift_right(2).as_constant(), Some(F::from_u32(3)));
}

/// Another bus with the number of the first undoes what is said there: 2^20 would be a small number.
#[test]
fn two_buses_of_one_number_are_refused() {
    let others = [
        Bus::permutation(SMALL.index, "mine", &["value"]),
        Bus::lookup(SMALL.index, "mine", &["value"]),
        Bus::permutation(SMALL.index, SMALL.name, SMALL.fields),
        Bus::lookup(SMALL.index, SMALL.name, &["another"]),
    ];
    for other in others {
        let mut circuit = CircuitBuilder::new("undoes");
        let value = circuit.column("value");
        match other.kind {
            BusKind::Permutation => circuit.receive(other, "its own message", vec![value], &Count::always()),
            BusKind::Lookup => circuit.lookup(other, "its own message", vec![value], &Count::always()),
        }
        let circuits = [Arc::new(table()), Arc::new(circuit.build())];
        let error = keygen(&circuits, Parameters::SMALLEST).unwrap_err().to_string();
        assert!(error.contains("\"small\" of small numbers and ") && error.contains("of undoes"), "{error}");
        assert!(verifying_key(&circuits, Parameters::SMALLEST).is_err(), "{other:?}");
    }
}

#[test]
fn witnesses_of_other_circuits_are_refused_and_not_proven() {
    let circuits: Vec<Arc<Circuit>> = vec![Arc::new(table()), Arc::new(squares(true))];
    let (proving, _) = keygen(&circuits, Parameters::SMALLEST).unwrap();
    let values = Trace::from_rows((0..16).map(F::from_u32).collect(), 1);
    let committed = Committed::new(Parameters::SMALLEST, &values).unwrap();
    let entries = |width: usize, height: usize| Witness {
        trace: Some(Trace::zeros(width, height)),
        committed: Some(committed.clone()),
        ..Default::default()
    };
    let rows = |width, publics| Witness {
        trace: Some(Trace::zeros(width, 4)),
        publics: vec![F::ONE; publics],
        ..Default::default()
    };
    let cases = [
        (vec![], "0 witnesses for 2 circuits"),
        (vec![entries(1, 16), rows(3, 0), rows(3, 0)], "3 witnesses for 2 circuits"),
        (vec![Witness::default(), rows(3, 0)], "small numbers: the table is required"),
        (vec![rows(1, 0), rows(3, 0)], "small numbers: 0 committed columns"),
        (vec![entries(1, 8), rows(3, 0)], "small numbers: 8 rows beside 16"),
        (vec![entries(1, 16), rows(2, 0)], "sender: 2 columns"),
        (vec![entries(1, 16), rows(3, 1)], "sender: 1 public values"),
    ];
    for (witnesses, why) in cases {
        let report = check_witnesses(&circuits, &witnesses).unwrap_err();
        assert!(report.to_string().contains(why), "{why}: {report}");
        let error = proving.prove(witnesses).unwrap_err();
        assert!(error.to_string().contains(why), "{why}: {error}");
    }
    // As they should be, with a table that may be left out.
    check_witnesses(&circuits, &[entries(1, 16), Witness::default()]).unwrap();
    proving.prove(vec![entries(1, 16), rows(3, 0)]).unwrap();
}
