//! A complete chip of a machine of one's own: it counts how often each number occurs in a list.
//!
//! The list is in space 1, one number a cell, and the counts are in space 2. Row *i* reads number *i* of the list and adds one
//! to the count at that pointer. The proof says: after so many rows, memory went from one root to another in this way.

use std::{error::Error, sync::Arc};

use engram::{
    AccessExprs, AddressSpaceConfig, AddressSpaceType, F, FinalizedMemory, GAP_BITS, MemoryBridge, MemoryConfigBuilder,
    MemoryController, MemoryError, MemoryImage, RecordId, Timestamp,
    circuit::{
        Circuit, CircuitBuilder, Expr, Parameters, PrimeCharacteristicRing, ROOTS, Ring, Trace, Witness,
        check_witnesses, columns, keygen, root_publics,
    },
};

const LIST: u32 = 1;
const COUNTS: u32 = 2;
const NUMBERS: [u32; 11] = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5];

columns! {
    struct CountCols {
        real: T,
        index: T,
        number: T,
        count: T,
        gap_read: T,
        gap_write: T,
    }
}

fn count_circuit(bridge: MemoryBridge) -> Circuit {
    let mut circuit = CircuitBuilder::new("count").required();
    let row = CountCols::<Expr>::allocate(&mut circuit);
    let rows = circuit.public("rows");
    let one = Expr::one;
    let real = circuit.flag("real is boolean", row.real.clone());
    let next_real = circuit.next(&row.real);
    circuit.assert_zero("real rows come first", circuit.transition() * next_real.clone() * (one() - row.real.clone()));
    circuit.assert_zero("the index starts at zero", circuit.first_row() * row.index.clone());
    let step = circuit.next(&row.index) - row.index.clone() - one();
    circuit.assert_zero("the index rises by one", circuit.transition() * step);
    let all = row.index.clone() + one() - rows.clone();
    let ends = circuit.transition() * (row.real.clone() - next_real) + circuit.last_row() * row.real.clone();
    circuit.assert_zero("rows are counted", ends * all);
    circuit.assert_zero("no rows are none", circuit.first_row() * (one() - row.real.clone()) * rows);

    // No two accesses have the same.
    let clock = row.index.clone() + row.index.clone() + one();
    let timestamp = Timestamp::shown("it rises by two in each of at most 2^22 rows", clock);
    let list = AccessExprs {
        space: Expr::integer(LIST),
        pointer: row.index.clone(),
        timestamp: timestamp.clone(),
        gap: row.gap_read.clone(),
    };
    bridge.read(&mut circuit, "number", list, [row.number.clone()], &real);
    let counts = AccessExprs {
        space: Expr::integer(COUNTS),
        pointer: row.number,
        timestamp: timestamp.later(1),
        gap: row.gap_write,
    };
    bridge.write(&mut circuit, "count", counts, [row.count.clone()], [row.count + one()], &real);
    circuit.build()
}

fn execute(memory: &mut MemoryController) -> Result<(), MemoryError> {
    for index in 0..NUMBERS.len() as u32 {
        let (_, [number]) = memory.read::<1>(LIST, index)?;
        let pointer = NUMBERS[index as usize];
        assert_eq!(number, F::from_u32(pointer));
        let before = memory.memory().image().cell(COUNTS, pointer);
        let _ = memory.write::<1>(COUNTS, pointer, [before + F::ONE])?;
    }
    Ok(())
}

/// The table: what an access found and how long after the one before it was is known once the log is replayed.
fn count_trace(memory: &FinalizedMemory) -> Result<Trace, MemoryError> {
    let mut trace = Trace::zeros(CountCols::<F>::WIDTH, NUMBERS.len());
    for row in 0..trace.height() {
        let mut cells = CountCols {
            real: F::ZERO,
            index: F::from_usize(row),
            number: F::ZERO,
            count: F::ZERO,
            gap_read: F::ZERO,
            gap_write: F::ZERO,
        };
        let [read, write] = [2 * row as u32, 2 * row as u32 + 1].map(RecordId);
        if let (Some(found), Some(counted)) = (memory.accesses().get(read), memory.accesses().get(write)) {
            for gap in [found.gap, counted.gap] {
                memory.range_checker().check(gap, GAP_BITS)?;
            }
            cells.real = F::ONE;
            cells.number = memory.accesses().cells(read)[0];
            cells.count = memory.accesses().previous(write)[0];
            cells.gap_read = F::from_u32(found.gap);
            cells.gap_write = F::from_u32(counted.gap);
        }
        cells.write(trace.row_mut(row));
    }
    Ok(trace)
}

fn main() -> Result<(), Box<dyn Error>> {
    let space = |number| AddressSpaceConfig::new(number, AddressSpaceType::Normal).with_pointer_bits(10);
    let config = MemoryConfigBuilder::new().add_address_space(space(LIST)).add_address_space(space(COUNTS)).build()?;
    let mut image = MemoryImage::new();
    for (cell, number) in (0..).zip(NUMBERS) {
        image.set_cell(LIST, cell, F::from_u32(number));
    }

    // The machine: its own chip, then memory's circuits.
    let mut memory = MemoryController::with_image(&config, image)?;
    let circuits = std::iter::once(count_circuit(memory.bridge())).chain(memory.circuits());
    let circuits: Vec<Arc<Circuit>> = circuits.map(Arc::new).collect();
    let (proving, verifying) = keygen(&circuits, Parameters::SMALLEST)?;
    assert!(verifying.security_bits() >= 100.0);

    // A run, and its tables in the same order.
    execute(&mut memory)?;
    assert_eq!(memory.memory().image().cell(COUNTS, 5), F::from_u32(3));
    let finalized = memory.finalize()?;
    let rows = F::from_usize(NUMBERS.len());
    let own = Witness { trace: Some(count_trace(&finalized)?), publics: vec![rows], ..Default::default() };
    let roots = root_publics(&finalized.memory().roots_before, &finalized.memory().roots_after);
    let mut witnesses = vec![own];
    witnesses.extend(finalized.into_witnesses());
    check_witnesses(&circuits, &witnesses).map_err(|report| report.to_string())?;
    let lie = witnesses[0].trace.clone();

    let proof = proving.prove(witnesses)?;
    verifying.verify(&proof)?;
    assert_eq!(proof.publics(0), [rows]);
    assert_eq!(proof.publics(1 + ROOTS), roots);
    println!("proven: {} numbers counted, {} bytes of proof", NUMBERS.len(), proof.encode().len());

    // A row that claims another count has no counterpart on memory's bus.
    let mut lie = lie.ok_or("the chip has a table")?;
    lie.row_mut(2)[circuits[0].column("count").ok_or("the chip has this column")?] += F::ONE;
    let own = Witness { trace: Some(lie), publics: vec![rows], ..Default::default() };
    let report = check_witnesses(&circuits[..1], &[own]).err().ok_or("a false count was accepted")?;
    assert!(report.constraints.is_empty() && !report.messages.is_empty());
    Ok(())
}
