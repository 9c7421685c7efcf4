//! A proof over a memory log by itself: from any image and log, without an instruction set.

use std::error::Error;

use engram::{
    F, Memory, MemoryConfig, MemoryImage, MemoryLog, MemoryLogEntry, MemoryProof, MemoryProofGenerator,
    circuit::PrimeCharacteristicRing, log_commitment,
};

fn main() -> Result<(), Box<dyn Error>> {
    let config = MemoryConfig::default();
    let mut image = MemoryImage::new();
    (0..64).for_each(|cell| image.set_cell(1, cell, F::from_u32(cell * cell)));

    // Accesses of 1, 4 and 16 cells.
    let mut memory = Memory::with_image(&config, image)?;
    for step in 0..100u32 {
        let len = 4u32.pow(step % 3);
        let pointer = step * 7 % (64 / len) * len;
        let (_, cells) = memory.read_dynamic(1, pointer, len as usize)?;
        let data: Vec<F> = cells.into_iter().rev().map(|cell| cell + F::ONE).collect();
        memory.write_dynamic(1, pointer, &data)?;
    }
    let (image, log) = memory.into_log();
    let proof = MemoryProofGenerator::new(log.clone(), &config).with_image(image.clone()).generate_proof()?;

    // Bytes travel. Whoever has the configuration learns the roots and which log it was.
    let bytes = proof.encode();
    let statement = MemoryProof::decode(&bytes)?.verify(&config)?;
    println!("proven: {} entries, {} bytes of proof", log.len(), bytes.len());

    // Whoever has the log too can tell that it was this one.
    let commitment = |log: &MemoryLog| log_commitment(log, &image, &config, proof.parameters());
    assert_eq!(statement.log_commitment, commitment(&log)?);
    let mut other: MemoryLog = log.iter().take(log.len() - 1).collect();
    if let Some(MemoryLogEntry::Write { address_space, pointer, data }) = log.get(log.len() - 1) {
        other.push_write(address_space, pointer, &data.iter().map(|&cell| cell + F::ONE).collect::<Vec<_>>());
    }
    assert_ne!(statement.log_commitment, commitment(&other)?);

    // A byte that is changed is found, wherever it is.
    for place in [0, bytes.len() / 3] {
        let mut bytes = bytes.clone();
        bytes[place] ^= 1;
        let refused = MemoryProof::decode(&bytes).and_then(|proof| proof.verify(&config));
        // The digest of what touches no memory is an input of the log's commitment.
        let other_log = refused.as_ref().is_ok_and(|other| other.log_commitment != statement.log_commitment);
        assert!(refused.is_err() || other_log, "byte {place}");
    }
    Ok(())
}
