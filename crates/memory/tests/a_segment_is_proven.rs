//! Memory from end to end: accesses, replay, tables, proof; and segments that chain.

use std::{collections::HashMap, sync::Arc};

use engram_air::{
    Circuit, CircuitBuilder, F, PrimeCharacteristicRing, Trace,
    check::{Table, check},
    engine::{EngineError, Proof, VerifyingKey, Witness, keygen},
    field::Digest,
    parameters::Parameters,
    poseidon2::compress,
};
use engram_memory::{
    Access, Lookups, MemoryImage, OfflineMemory, SPACE_MEMORY, SPACE_OUTPUT, SPACE_REGISTERS, SPACES, SegmentMemory,
    access::{AccessExprs, eval_access},
    address::{CELL_BITS, GAP_BITS, LEAF_WORDS, cells},
    circuits, lookup_circuits,
    messages::{RANGE, range_message},
    roots, tables,
    tree::leaf_digest,
};
use rand::{Rng, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

engram_air::columns! {
    /// A machine that only accesses memory.
    struct AccessCols {
        real: T,
        space: T,
        pointer: T,
        previous: [T; 2],
        next: [T; 2],
        time: T,
        gap: T,
    }
}

fn access_circuit() -> Circuit {
    let mut circuit = CircuitBuilder::new("accesses");
    let AccessCols { real, space, pointer, previous, next, time, gap } = AccessCols::allocate(&mut circuit);
    circuit.assert_bool("real is boolean", real.clone());
    for cell in &next {
        circuit.lookup(RANGE, "a cell has 16 bits", range_message(cell.clone(), CELL_BITS), real.clone());
    }
    eval_access(&mut circuit, "access", AccessExprs { space, pointer, previous, next, time, gap }, real);
    circuit.build()
}

/// Accesses that a test makes, with what they found.
#[derive(Default)]
struct Accesses(Vec<(u32, u32, u32, u32, Access)>);

impl Accesses {
    fn read(&mut self, memory: &mut OfflineMemory, space: u32, pointer: u32, time: u32) -> u32 {
        let access = memory.read(space, pointer, time);
        self.0.push((space, pointer, time, access.previous, access));
        access.previous
    }

    fn write(&mut self, memory: &mut OfflineMemory, space: u32, pointer: u32, time: u32, value: u32) {
        let access = memory.write(space, pointer, time, value);
        self.0.push((space, pointer, time, value, access));
    }

    fn trace(&self, lookups: &Lookups) -> Trace {
        let mut trace = Trace::zeros(AccessCols::<F>::WIDTH, self.0.len());
        for (row, &(space, pointer, time, next, access)) in self.0.iter().enumerate() {
            lookups.range.count(access.gap, GAP_BITS);
            lookups.range.count(next & 0xffff, CELL_BITS);
            lookups.range.count(next >> 16, CELL_BITS);
            let cells = AccessCols {
                real: F::ONE,
                space: F::from_u32(space),
                pointer: F::from_u32(pointer),
                previous: cells(access.previous),
                next: cells(next),
                time: F::from_u32(time),
                gap: F::from_u32(access.gap),
            };
            cells.write(trace.row_mut(row));
        }
        trace
    }
}

fn image() -> MemoryImage {
    let mut image = MemoryImage::new();
    image.set_bytes(SPACE_MEMORY, 0x1_0003, &(0..=255).collect::<Vec<u8>>()).unwrap();
    image.set_bytes(SPACE_MEMORY, 0xffff_fff0, &[7; 16]).unwrap();
    image.set_word(SPACE_REGISTERS, 2, 0xffff_0000).unwrap();
    image
}

/// Random accesses of all kinds of address, checked against a map. Leaves gaps that need one refresh and many.
fn random_accesses(
    memory: &mut OfflineMemory,
    model: &mut HashMap<(u32, u32), u32>,
    random: &mut ChaCha8Rng,
    count: usize,
) -> Accesses {
    let mut accesses = Accesses::default();
    let mut time = 0;
    for step in 0..count {
        time += if step % 50 == 49 { random.random_range(1..1 << 20) } else { random.random_range(1..10) };
        let (space, pointer) = match random.random_range(0..4) {
            0 => (SPACE_REGISTERS, random.random_range(0..32)),
            1 => (SPACE_MEMORY, 0x4000 + random.random_range(0..64)),
            2 => (SPACE_OUTPUT, random.random_range(0..16)),
            _ => (SPACE_MEMORY, *[0, 1, 0x3fff_ffff, 0x3fff_fff0, 0x1234_5678].choose(random).unwrap()),
        };
        let expected = model.entry((space, pointer)).or_insert_with(|| memory.peek(space, pointer));
        if random.random() {
            let value = if random.random() { random.random() } else { *expected };
            accesses.write(memory, space, pointer, time, value);
            *expected = value;
        } else {
            assert_eq!(accesses.read(memory, space, pointer, time), *expected);
        }
    }
    accesses
}

/// The roots of an image by hashing all its leaves anew, level by level.
fn recomputed_roots(image: &MemoryImage) -> [Digest; 3] {
    SPACES.map(|space| {
        let mut zero = leaf_digest(&[0; LEAF_WORDS]);
        let mut level: HashMap<u32, Digest> = HashMap::new();
        for (page, words) in image.pages(&space) {
            for (position, words) in words.as_chunks::<LEAF_WORDS>().0.iter().enumerate() {
                let leaf = page * 128 + position as u32;
                if leaf < 1 << space.tree_height {
                    level.insert(leaf, leaf_digest(words));
                }
            }
        }
        for _ in 0..space.tree_height {
            let node = |index| *level.get(&index).unwrap_or(&zero);
            let above = level.keys().map(|&index| (index / 2, compress(&node(index & !1), &node(index | 1)))).collect();
            zero = compress(&zero, &zero);
            level = above;
        }
        level.get(&0).copied().unwrap_or(zero)
    })
}

/// All circuits: the accesses, memory, lookups.
fn all_circuits() -> Vec<Arc<Circuit>> {
    let circuits = [access_circuit()].into_iter().chain(circuits()).chain(lookup_circuits());
    circuits.map(Arc::new).collect()
}

fn all_witnesses(accesses: &Accesses, segment: &SegmentMemory) -> Vec<Witness> {
    let lookups = Lookups::default();
    let accesses = Witness { trace: Some(accesses.trace(&lookups)), ..Default::default() };
    let memory = segment.witnesses(&lookups);
    [accesses].into_iter().chain(memory).chain(lookups.witnesses()).collect()
}

fn assert_checks(circuits: &[Arc<Circuit>], witnesses: &[Witness]) {
    let tables = circuits.iter().zip(witnesses).filter_map(|(circuit, witness)| {
        Some(Table { circuit, trace: witness.trace.as_ref()?, publics: &witness.publics })
    });
    if let Err(report) = check(&tables.collect::<Vec<_>>()) {
        panic!("{report}");
    }
}

fn assert_verifies(key: &VerifyingKey, proof: &Proof, segment: &SegmentMemory) {
    key.verify(proof).unwrap();
    let publics = roots::public_values(&segment.roots_before, &segment.roots_after);
    assert_eq!(proof.publics(1 + tables::ROOTS), publics);
}

#[test]
fn two_segments_are_proven_and_chain() {
    let circuits = all_circuits();
    let (proving, verifying) = keygen(&circuits, Parameters::SMALLEST).unwrap();
    assert!(verifying.security_bits() >= 100.0, "{}", verifying.security_bits());
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let (mut memory, mut model) = (OfflineMemory::new(image()), HashMap::new());
    let mut roots = recomputed_roots(&image());
    assert_eq!(image().roots(), roots);
    for _ in 0..2 {
        let accesses = random_accesses(&mut memory, &mut model, &mut random, 600);
        let segment = memory.finish_segment();
        assert!(!segment.refreshes.is_empty());
        assert_eq!(segment.roots_before, roots);
        roots = recomputed_roots(&memory.image());
        assert_eq!(segment.roots_after, roots);
        let witnesses = all_witnesses(&accesses, &segment);
        assert_checks(&circuits, &witnesses);
        let proof = proving.prove(witnesses).unwrap();
        assert_verifies(&verifying, &proof, &segment);
    }
}

#[test]
fn a_segment_that_touches_nothing_keeps_its_roots() {
    let circuits = all_circuits();
    let (proving, verifying) = keygen(&circuits, Parameters::SMALLEST).unwrap();
    let mut memory = OfflineMemory::new(image());
    let segment = memory.finish_segment();
    assert_eq!(segment.roots_before, segment.roots_after);
    let mut witnesses = all_witnesses(&Accesses::default(), &segment);
    assert_checks(&circuits, &witnesses);
    witnesses[0].trace = None;
    let proof = proving.prove(witnesses).unwrap();
    assert_verifies(&verifying, &proof, &segment);
}

#[test]
fn other_public_roots_are_refused() {
    let circuits = all_circuits();
    let (proving, verifying) = keygen(&circuits, Parameters::SMALLEST).unwrap();
    let mut memory = OfflineMemory::new(image());
    let mut accesses = Accesses::default();
    accesses.write(&mut memory, SPACE_MEMORY, 5, 1, 6);
    let segment = memory.finish_segment();
    for position in [0, 16, 24] {
        let mut witnesses = all_witnesses(&accesses, &segment);
        witnesses[1 + tables::ROOTS].publics[position] += F::ONE;
        let verified = proving.prove(witnesses).and_then(|proof| verifying.verify(&proof));
        assert!(matches!(verified, Err(EngineError::Prove(_) | EngineError::Verify(_))));
    }
}
