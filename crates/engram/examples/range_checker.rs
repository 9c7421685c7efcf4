//! The range checker: shared by threads while they fill rows, and proven with the chip that asks.

use std::{error::Error, sync::Arc};

use engram::{
    F, MemoryConfig, MemoryConfigBuilder, MemoryError, SharedVariableRangeCheckerChip,
    circuit::{
        Circuit, CircuitBuilder, Count, Expr, Parameters, PrimeCharacteristicRing, Trace, Witness, check_witnesses,
        keygen,
    },
};

const THREADS: usize = 4;
const ROWS_A_THREAD: usize = 64;
const ROWS: usize = THREADS * ROWS_A_THREAD;

/// Rows that each hold a number of 32 bits as two limbs, of 17 and of 15 bits.
fn words_circuit() -> Circuit {
    let mut circuit = CircuitBuilder::new("words").required();
    let [low, high]: [Expr; 2] = circuit.columns("limbs");
    SharedVariableRangeCheckerChip::ask(&mut circuit, "the low limb has 17 bits", low, 17, &Count::always());
    SharedVariableRangeCheckerChip::ask(&mut circuit, "the high limb has 15 bits", high, 15, &Count::always());
    circuit.build()
}

fn fill(rows: &mut [F], first: usize, checker: &SharedVariableRangeCheckerChip) -> Result<(), MemoryError> {
    for (index, row) in (first as u32..).zip(rows.chunks_exact_mut(2)) {
        let limbs = checker.check(index.wrapping_mul(0x9e37_79b9), 32)?;
        row.copy_from_slice(&limbs.map(F::from_u32));
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let checker = SharedVariableRangeCheckerChip::new(&MemoryConfig::default());
    let mut trace = Trace::zeros(2, ROWS);
    std::thread::scope(|scope| {
        let parts = trace.values_mut().chunks_exact_mut(2 * ROWS_A_THREAD).enumerate();
        let threads: Vec<_> = parts
            .map(|(part, rows)| {
                let checker = checker.clone();
                scope.spawn(move || fill(rows, part * ROWS_A_THREAD, &checker))
            })
            .collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("no thread panics"))
    })?;

    let circuits = std::iter::once(words_circuit()).chain(SharedVariableRangeCheckerChip::circuits());
    let circuits: Vec<Arc<Circuit>> = circuits.map(Arc::new).collect();
    let mut witnesses = vec![Witness { trace: Some(trace), ..Default::default() }];
    witnesses.extend(checker.witnesses());
    check_witnesses(&circuits, &witnesses).map_err(|report| report.to_string())?;
    let (proving, verifying) = keygen(&circuits, Parameters::SMALLEST)?;
    verifying.verify(&proving.prove(witnesses)?)?;
    println!("proven: {ROWS} numbers below 2^32");

    // What could not be proven is refused at once, and wider checks than configured are, too.
    assert_eq!(checker.check(256, 8), Err(MemoryError::OutOfRange { value: 256, bits: 8 }));
    assert_eq!(checker.check(0, 33), Err(MemoryError::RangeTooWide { bits: 33, bits_max: 32 }));
    let narrow = SharedVariableRangeCheckerChip::new(&MemoryConfigBuilder::new().with_range_bits(16).build()?);
    assert_eq!(narrow.check(0, 17), Err(MemoryError::RangeTooWide { bits: 17, bits_max: 16 }));
    Ok(())
}
