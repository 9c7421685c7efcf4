//! What a verifier knows of a program.

use engram_air::field::Digest;
use engram_memory::{Layout, SPACE_MEMORY};
use engram_rv32im_air::{
    circuits::Machine,
    plan::{Plan, PlanError},
    registry::ExtensionRegistry,
};
use engram_stark::{
    engine::{Committed, EngineError, VerifyingKey, verifying_key},
    parameters::Parameters,
};
use engram_vm::rom;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    file::{FileError, Kind},
    program::CommittedProgram,
    proof::RunProof,
    text::{Text, TextError},
};

/// Key files.
pub const KEY_FILE: Kind = Kind { magic: *b"engramVK", version: 5, name: "key", made_by: "setup" };

/// Why a program has no key.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The plan is not one of this program, or too large.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The key's instructions are none.
    #[error(transparent)]
    Text(#[from] TextError),
    /// The backend refuses the circuits or the ROM.
    #[error("the program has no key: {0}")]
    Engine(#[from] EngineError),
}

/// What a verifier knows of a program under one parameter set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SegmentKey {
    /// The parameter set.
    pub parameters: Parameters,
    /// The circuits.
    pub circuits: VerifyingKey,
    /// The commitment to the program's ROM.
    pub rom: Digest,
    /// Rows of the ROM. The commitment alone does not say where a column ends: read at another height, the same cells
    /// are another program.
    pub rom_rows: u32,
}

/// What a verifier knows of a program: its name, where it starts, and the keys of its segments.
///
/// Derived from the ELF file, a key says what the file says. A key from elsewhere is to be trusted like a program from
/// elsewhere: whoever makes it chooses what it accepts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProgramKey {
    pub(crate) commitment: Digest,
    /// From which the circuits of any blocks are derived.
    pub(crate) text: Text,
    /// The blocks of `segments`.
    pub(crate) plan: Plan,
    /// In words.
    pub(crate) entry_pc: u32,
    /// Roots at entry of the spaces of RV32IM's layout, in its order.
    pub(crate) initial_roots: Vec<Digest>,
    /// One for each parameter set under which tables can be as high as the ROM, in order.
    pub(crate) segments: Vec<SegmentKey>,
    /// Ids and names of the extensions of which the program has instructions.
    pub(crate) extensions: Vec<(u16, String)>,
    /// The verifier's own.
    #[serde(skip, default = "ExtensionRegistry::standard")]
    pub(crate) registry: ExtensionRegistry,
}

impl ProgramKey {
    /// The key of a program. It is quickest for proofs without blocks; for others, their circuits are derived from it.
    ///
    /// # Errors
    /// The backend refuses the circuits or the ROM.
    pub fn derive(program: &CommittedProgram) -> Result<Self, KeyError> {
        Self::derive_with_plan(program, &Plan::default())
    }

    /// The key of a program that is quickest for proofs with the blocks of a plan. The plan may come from anywhere: it says
    /// which circuits to derive from the program, not what they are.
    ///
    /// # Errors
    /// The plan is of another program or too large, or the backend refuses the circuits or the ROM.
    pub fn derive_with_plan(program: &CommittedProgram, plan: &Plan) -> Result<Self, KeyError> {
        Self::derive_sets(program, plan, &Parameters::ALL)
    }

    /// As much of the key as this proof needs: its plan, and the parameter sets that it uses. The highest set takes seconds
    /// to derive, and most proofs do without.
    ///
    /// # Errors
    /// As [`Self::derive_with_plan`].
    pub fn derive_for(program: &CommittedProgram, proof: &RunProof) -> Result<Self, KeyError> {
        let used = |set: &Parameters| proof.segments.iter().any(|segment| segment.parameters == *set);
        let sets: Vec<Parameters> = Parameters::ALL.into_iter().filter(used).collect();
        Self::derive_sets(program, &proof.plan, &sets)
    }

    fn derive_sets(program: &CommittedProgram, plan: &Plan, sets: &[Parameters]) -> Result<Self, KeyError> {
        let decoded = program.machine();
        let machine = Machine::of(decoded.decoded(), plan.blocks(decoded.decoded())?);
        let rom = rom::committed_trace(decoded.entries());
        let rom_rows = u32::try_from(rom.height()).unwrap_or(u32::MAX);
        // A set whose tables cannot be as high as the ROM proves nothing of this program; the highest must.
        let fits = |parameters: &Parameters| {
            rom_rows >> parameters.log_stacked_height() <= 1 || Parameters::ALL.last() == Some(parameters)
        };
        let segment = |&parameters: &Parameters| -> Result<SegmentKey, KeyError> {
            let circuits = verifying_key(machine.circuits(), parameters)?;
            let rom = Committed::new(parameters, &rom)?.commitment();
            Ok(SegmentKey { parameters, circuits, rom, rom_rows })
        };
        let segments = sets.iter().filter(|set| fits(set)).map(segment).collect::<Result<Vec<_>, _>>()?;
        Ok(Self::of_segments(program, plan, segments))
    }

    /// The key of a program, of parts that the caller has derived from it and from this plan already: a prover's own, for example. It
    /// says what the parts say.
    pub fn of_segments(program: &CommittedProgram, plan: &Plan, segments: Vec<SegmentKey>) -> Self {
        let decoded = program.machine();
        let (initial_roots, commitment) = (program.initial_roots(), program.commitment());
        let (text, entry_pc) = (Text::of(program.program()), program.program().entry() >> 2);
        let used = decoded.extensions().iter();
        let extensions = used.map(|extension| (extension.id(), extension.name().to_owned())).collect();
        let registry = ExtensionRegistry::of(program.program());
        let plan = plan.clone();
        Self { commitment, text, plan, entry_pc, initial_roots, segments, extensions, registry }
    }

    /// This key with the circuits of a proof's blocks instead of its own, as far as the proof needs them.
    pub(crate) fn for_plan_of(&self, proof: &RunProof) -> Result<Self, KeyError> {
        let instructions = self.text.decoded(&self.registry)?;
        let machine = Machine::of(&instructions, proof.plan.blocks(&instructions)?);
        let used = |own: &&SegmentKey| proof.segments.iter().any(|segment| segment.parameters == own.parameters);
        let derive = |own: &SegmentKey| -> Result<SegmentKey, KeyError> {
            Ok(SegmentKey { circuits: verifying_key(machine.circuits(), own.parameters)?, ..own.clone() })
        };
        let segments = self.segments.iter().filter(used).map(derive).collect::<Result<_, _>>()?;
        Ok(Self { plan: proof.plan.clone(), segments, ..self.clone() })
    }

    /// The program's commitment: its name in public.
    pub fn commitment(&self) -> Digest {
        self.commitment
    }

    /// The blocks whose circuits the key holds; those of others are derived when a proof has them.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Root of the memory that the program starts on.
    pub fn initial_root(&self) -> Digest {
        // A key that was decoded has as many roots as there are spaces; one that was derived has them too.
        Layout::rv32im().root(&self.initial_roots, SPACE_MEMORY).unwrap_or_default()
    }

    /// The keys of segments.
    pub fn segments(&self) -> &[SegmentKey] {
        &self.segments
    }

    /// The least security of a proof under this key, in bits, proven.
    pub fn security_bits(&self) -> f64 {
        self.segments.iter().map(|segment| segment.circuits.security_bits()).fold(f64::INFINITY, f64::min)
    }

    /// The bytes of a key file.
    pub fn encode(&self) -> Vec<u8> {
        KEY_FILE.encode(self)
    }

    /// Read a key file, to verify with [`ExtensionRegistry::standard`].
    ///
    /// # Errors
    /// The bytes are no key file of this version, or a damaged one.
    pub fn decode(bytes: &[u8]) -> Result<Self, FileError> {
        Self::decode_with(bytes, &ExtensionRegistry::standard())
    }

    /// Read a key file, to verify with these extensions.
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn decode_with(bytes: &[u8], extensions: &ExtensionRegistry) -> Result<Self, FileError> {
        let key = Self { registry: extensions.clone(), ..KEY_FILE.decode(bytes)? };
        if key.initial_roots.len() == Layout::rv32im().spaces().len() {
            return Ok(key);
        }
        Err(FileError::Damaged { kind: KEY_FILE.name, reason: "it has not one root for each address space".into() })
    }
}
