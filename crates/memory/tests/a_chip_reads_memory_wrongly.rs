//! A chip of somebody else's virtual machine on the public interface: its rows read and write through the bridge, and its proof
//! has memory's tables beside it.

use std::sync::Arc;

use engram_air::{Circuit, CircuitBuilder, Expr, F, PrimeCharacteristicRing, Ring, Trace};
use engram_memory::{
    address::GAP_BITS,
    bridge::{AccessExprs, MemoryBridge},
    config::MemoryConfig,
    controller::{FinalizedMemory, MemoryController},
    log::RecordId,
    roots,
    timestamp::Timestamp,
};
use engram_stark::{
    engine::check_witnesses,
    engine::{Witness, keygen},
    parameters::Parameters,
};

/// Each row reads four cells and writes the sum of the first two, and then that of the last two, into two cells of the same
/// place. Row `n` has timestamps `2 n + 1` and `2 n + 2`.
fn sums(bridge: MemoryBridge) -> Circuit {
    let mut circuit = CircuitBuilder::new("sums");
    let [real, timestamp, pointer] = ["real", "timestamp", "pointer"].map(|name| circuit.column(name));
    let [gap_read, gap_write] = ["gap_read", "gap_write"].map(|name| circuit.column(name));
    let cells: [Expr; 4] = circuit.columns("cells");
    let real = circuit.flag("real is boolean", real);
    circuit.assert_zero("the timestamp starts at one", circuit.first_row() * (timestamp.clone() - Expr::one()));
    let step = circuit.next(&timestamp) - timestamp.clone() - Expr::integer(2);
    circuit.assert_zero("the timestamp rises by two", circuit.transition() * step);
    let timestamp = Timestamp::shown("it starts at one and rises by two in each of at most 2^22 rows", timestamp);
    let access = |timestamp, gap| AccessExprs { space: Expr::one(), pointer: pointer.clone(), timestamp, gap };
    let [a, b, c, d] = cells.clone();
    bridge.read(&mut circuit, "four", access(timestamp.clone(), gap_read), cells, &real);
    let later = access(timestamp.later(1), gap_write);
    bridge.write(&mut circuit, "sums", later, [a.clone(), b.clone()], [a + b, c + d], &real);
    circuit.build()
}

fn run(memory: &mut MemoryController) -> Vec<u32> {
    let pointers: Vec<u32> = (0..20).map(|step| step % 7 * 4).collect();
    for &pointer in &pointers {
        let (_, [a, b, c, d]) = memory.read::<4>(1, pointer).unwrap();
        let _ = memory.write::<2>(1, pointer, [a + b, c + d]).unwrap();
    }
    pointers
}

fn trace(finalized: &FinalizedMemory, pointers: &[u32]) -> Trace {
    let mut trace = Trace::zeros(9, pointers.len());
    for row in 0..trace.height() {
        let cells = trace.row_mut(row);
        cells[1] = F::from_usize(2 * row + 1);
        let Some(&pointer) = pointers.get(row) else { continue };
        let ids = [2 * row as u32, 2 * row as u32 + 1].map(RecordId);
        let gaps = ids.map(|id| finalized.accesses().get(id).unwrap().gap);
        cells[0] = F::ONE;
        cells[2] = F::from_u32(pointer);
        for (cell, gap) in cells[3..5].iter_mut().zip(gaps) {
            *cell = F::from_u32(gap);
            finalized.range_checker().check(gap, GAP_BITS).unwrap();
        }
        cells[5..].copy_from_slice(finalized.accesses().cells(ids[0]));
    }
    trace
}

fn controller() -> MemoryController {
    let mut image = engram_memory::image::MemoryImage::new();
    (0..28).for_each(|cell| image.set_cell(1, cell, F::from_u32(cell + 1)));
    MemoryController::with_image(&MemoryConfig::default(), image).unwrap()
}

fn witnesses() -> (Vec<Arc<Circuit>>, Vec<Witness>, Vec<F>) {
    let mut memory = controller();
    let circuits = std::iter::once(sums(memory.bridge())).chain(memory.circuits()).map(Arc::new).collect();
    let pointers = run(&mut memory);
    let finalized = memory.finalize().unwrap();
    let own = Witness { trace: Some(trace(&finalized, &pointers)), ..Default::default() };
    let publics = roots::public_values(&finalized.memory().roots_before, &finalized.memory().roots_after);
    (circuits, std::iter::once(own).chain(finalized.into_witnesses()).collect(), publics)
}

#[test]
fn a_chip_and_its_memory_are_proven() {
    let (circuits, witnesses, roots) = witnesses();
    check_witnesses(&circuits, &witnesses).unwrap();
    let (proving, verifying) = keygen(&circuits, Parameters::SMALLEST).unwrap();
    assert!(verifying.security_bits() >= 100.0);
    let proof = proving.prove(witnesses).unwrap();
    verifying.verify(&proof).unwrap();
    assert_eq!(proof.publics(1 + engram_memory::tables::ROOTS), roots);
}

#[test]
fn a_chip_and_memory_without_trees_are_proven() {
    let mut memory = MemoryController::new(&MemoryConfig::default());
    let circuits: Vec<Arc<Circuit>> =
        std::iter::once(sums(memory.bridge())).chain(memory.volatile_circuits()).map(Arc::new).collect();
    let pointers = run(&mut memory);
    let finalized = memory.finalize().unwrap();
    let own = Witness { trace: Some(trace(&finalized, &pointers)), ..Default::default() };
    let mut witnesses = vec![own];
    witnesses.extend(finalized.into_volatile_witnesses().unwrap());
    check_witnesses(&circuits, &witnesses).unwrap();
    let (proving, verifying) = keygen(&circuits, Parameters::SMALLEST).unwrap();
    let proof = proving.prove(witnesses).unwrap();
    verifying.verify(&proof).unwrap();
}

#[test]
fn a_chip_that_reads_another_cell_is_refused() {
    for cell in 5..9 {
        let (circuits, mut witnesses, _) = witnesses();
        witnesses[0].trace.as_mut().unwrap().row_mut(3)[cell] += F::ONE;
        let report = check_witnesses(&circuits, &witnesses).unwrap_err();
        assert!(report.constraints.is_empty(), "{report}");
        assert!(report.messages.iter().all(|failure| failure.bus == engram_memory::messages::MEMORY), "{report}");
    }
}

#[test]
fn the_controller_proves_its_log_by_itself() {
    let mut memory = controller();
    run(&mut memory);
    let proof = memory.generate_memory_proof().unwrap();
    proof.verify(&MemoryConfig::default()).unwrap();
}
