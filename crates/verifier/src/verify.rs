//! From a proof's bytes to the statement it proves.

use engram_air::field::Digest;
use engram_memory::{Layout, MemoryError, MemoryImage, SPACE_MEMORY, SPACE_OUTPUT, roots::roots_of};
use engram_rv32im_air::{
    circuits::{CONNECTOR, ROM, ROOTS},
    transfer::{OUTPUT_FIRST_POINTER, OUTPUT_LENGTH_POINTER},
};
use engram_stark::engine::{self, EngineError};
use engram_vm::connector::Ends;
use thiserror::Error;

use crate::{
    key::{KeyError, ProgramKey, SegmentKey},
    proof::{RunProof, SEGMENTS_MAX, SegmentProof},
};

/// Bits of proven security below which no proof is accepted.
pub const SECURITY_BITS_MIN: f64 = 100.0;

/// What a proof proves: the program, started at its entry point on a memory with the initial root, runs to an exit with
/// this value, writes this output, and leaves a memory with the final root.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// The program's commitment.
    pub program_commitment: Digest,
    /// Root of memory at the start.
    pub initial_root: Digest,
    /// Root of memory at the end.
    pub final_root: Digest,
    /// The word in `a0` at the exit. An operating system passes on its low 8 bits.
    pub exit_value: u32,
    /// What the program wrote to file 1.
    pub output: Vec<u8>,
    /// Number of segments.
    pub segments: usize,
    /// The least security of a segment's proof, in bits, proven.
    pub security_bits: f64,
}

/// Why a proof does not hold.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The proof is of another program.
    #[error("the proof is of another program than the key; use the key or the ELF file that it was made for")]
    OtherProgram,
    /// The program uses an extension that the verifier does not know, or knows by another name.
    #[error("the program uses the extension {id}, \"{name}\", which is not registered; register it under this id")]
    Extension {
        /// Its id.
        id: u16,
        /// Its name in the key.
        name: String,
    },
    /// The proof's plan has no circuits.
    #[error("the proof's blocks have no circuits: {0}")]
    Blocks(#[from] KeyError),
    /// No segments, or too many.
    #[error("the proof has {segments} segments; between 1 and {SEGMENTS_MAX} are allowed")]
    SegmentCount {
        /// In the proof.
        segments: usize,
    },
    /// The key lacks a parameter set that the proof uses.
    #[error("segment {segment}: the key has no such parameter set; make the key anew from the ELF file")]
    Parameters {
        /// Which segment.
        segment: usize,
    },
    /// A segment's proof fails.
    #[error("segment {segment}: {error}")]
    Segment {
        /// Which segment.
        segment: usize,
        /// What the backend says.
        error: EngineError,
    },
    /// The key's parameters are too weak.
    #[error(
        "segment {segment}: {bits:.1} bits of proven security, at least {SECURITY_BITS_MIN} are needed; use another key"
    )]
    Security {
        /// Which segment.
        segment: usize,
        /// Proven bits.
        bits: f64,
    },
    /// A segment's ROM is not the program's.
    #[error("segment {segment}: it executes other instructions than the program's")]
    Rom {
        /// Which segment.
        segment: usize,
    },
    /// A segment's public values are out of range.
    #[error("segment {segment}: its public values are malformed")]
    PublicValues {
        /// Which segment.
        segment: usize,
    },
    /// A segment does not start where the one before ended, or the first not at the program's start.
    #[error("segment {segment}: its {what} at the start is not what came before")]
    Chain {
        /// Which segment.
        segment: usize,
        /// What does not meet.
        what: &'static str,
    },
    /// A segment ends in an exit though another follows, or the last does not.
    #[error("segment {segment}: a run exits in its last segment and in no other")]
    Exit {
        /// Which segment.
        segment: usize,
    },
    /// The output is longer than the output space.
    #[error("the output cannot have been written: {0}")]
    OutputSize(#[from] MemoryError),
    /// The output is not what was proven.
    #[error("the output in the proof is not the one that the run wrote")]
    Output,
}

/// What a segment's proof says in public.
struct SegmentClaim {
    ends: Ends,
    /// By space, in the layout's order.
    before: Vec<Digest>,
    /// Likewise.
    after: Vec<Digest>,
    security_bits: f64,
}

/// What a run must have started on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitialMemory {
    /// The program's own image.
    Program,
    /// The memory with this root, which an earlier run left.
    Root(Digest),
}

/// Check a proof under a program's key: of a run on the program's own image. The circuits of blocks that the key does not
/// hold are derived from its program.
///
/// # Errors
/// The proof does not hold, or is not of this program: the error says what is wrong in which segment.
pub fn verify(key: &ProgramKey, proof: &RunProof) -> Result<Statement, VerifyError> {
    verify_from(key, proof, InitialMemory::Program)
}

/// As [`verify()`], of a run on that memory.
///
/// # Errors
/// As [`verify()`].
pub fn verify_from(key: &ProgramKey, proof: &RunProof, memory: InitialMemory) -> Result<Statement, VerifyError> {
    if proof.program_commitment != key.commitment {
        return Err(VerifyError::OtherProgram);
    }
    let is_unknown = |(id, name): &&(u16, String)| key.registry.get(*id).is_none_or(|known| known.name() != name);
    if let Some((id, name)) = key.extensions.iter().find(is_unknown) {
        return Err(VerifyError::Extension { id: *id, name: name.clone() });
    }
    let segments = proof.segments.len();
    if segments == 0 || segments > SEGMENTS_MAX {
        return Err(VerifyError::SegmentCount { segments });
    }
    let derived = if proof.plan == key.plan { None } else { Some(key.for_plan_of(proof)?) };
    let key = derived.as_ref().unwrap_or(key);
    let initial_root = match memory {
        InitialMemory::Program => key.initial_root(),
        InitialMemory::Root(root) => root,
    };
    let layout = Layout::rv32im();
    let mut roots = key.initial_roots.clone();
    for (space, root) in layout.spaces().iter().zip(&mut roots) {
        if space.number == SPACE_MEMORY {
            *root = initial_root;
        }
    }
    let mut pc = key.entry_pc;
    let (mut exit, mut security_bits) = (None, f64::INFINITY);
    for (segment, segment_proof) in proof.segments.iter().enumerate() {
        if exit.is_some() {
            return Err(VerifyError::Exit { segment });
        }
        let claim = verify_segment(key, segment, segment_proof)?;
        if claim.ends.initial_pc != pc {
            return Err(VerifyError::Chain { segment, what: "program counter" });
        }
        // Both have a root for each space: `roots_of` and the key's decoding see to it.
        for ((before, previous), space) in claim.before.iter().zip(&roots).zip(layout.spaces()) {
            if before != previous {
                return Err(VerifyError::Chain { segment, what: space.name });
            }
        }
        (pc, roots, exit) = (claim.ends.final_pc, claim.after, claim.ends.exit);
        security_bits = security_bits.min(claim.security_bits);
    }
    let Some(exit_value) = exit else {
        return Err(VerifyError::Exit { segment: segments.saturating_sub(1) });
    };
    let root_of = |space| layout.root(&roots, space).ok_or(VerifyError::PublicValues { segment: segments });
    let final_root = root_of(SPACE_MEMORY)?;
    if root_of(SPACE_OUTPUT)? != root_of_output(&proof.output)? {
        return Err(VerifyError::Output);
    }
    Ok(Statement {
        program_commitment: key.commitment,
        initial_root,
        final_root,
        exit_value,
        output: proof.output.clone(),
        segments,
        security_bits,
    })
}

fn verify_segment(key: &ProgramKey, segment: usize, proof: &SegmentProof) -> Result<SegmentClaim, VerifyError> {
    let key = key.segments.iter().find(|key| key.parameters == proof.parameters);
    let key: &SegmentKey = key.ok_or(VerifyError::Parameters { segment })?;
    let bits = key.circuits.security_bits();
    if bits.is_nan() || bits < SECURITY_BITS_MIN {
        return Err(VerifyError::Security { segment, bits });
    }
    let failed = |error| VerifyError::Segment { segment, error };
    let proof = engine::StarkProof::decode(&proof.bytes).map_err(failed)?;
    key.circuits.verify(&proof).map_err(failed)?;
    let rom_rows = proof.height(ROM).and_then(|rows| u32::try_from(rows).ok());
    if proof.commitment(ROM) != Some(key.rom) || rom_rows != Some(key.rom_rows) {
        return Err(VerifyError::Rom { segment });
    }
    let malformed = VerifyError::PublicValues { segment };
    let Some(ends) = Ends::from_publics(proof.publics(CONNECTOR)) else { return Err(malformed) };
    let Some([before, after]) = roots_of(Layout::rv32im(), proof.publics(ROOTS)) else { return Err(malformed) };
    Ok(SegmentClaim { ends, before, after, security_bits: bits })
}

/// Root of the output space of a run that wrote these bytes: their number, then from the second leaf on the bytes.
fn root_of_output(output: &[u8]) -> Result<Digest, VerifyError> {
    let unknown = || MemoryError::UnknownSpace { space: SPACE_OUTPUT };
    let mut image = MemoryImage::new();
    if !output.is_empty() {
        let length = u32::try_from(output.len()).map_err(|_| unknown())?;
        image.set_word(SPACE_OUTPUT, OUTPUT_LENGTH_POINTER, length);
        image.set_bytes(SPACE_OUTPUT, OUTPUT_FIRST_POINTER.saturating_mul(4), output);
    }
    let roots = image.roots(Layout::rv32im())?;
    Ok(Layout::rv32im().root(&roots, SPACE_OUTPUT).ok_or_else(unknown)?)
}
