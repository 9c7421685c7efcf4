//! A custom instruction of one's own: written once, executed, proven, verified.
//!
//! `cargo run --release -p engram-prover --example own_extension`

use engram_prover::{
    Options, prove,
    testing::{
        Assembler,
        bench::{BenchCase, BenchState, ExtensionBench},
    },
};
use engram_rv32im::{Emulator, Instruction, Opcode, Outcome, Program, testing::ElfSegment};
use engram_rv32im_air::registry::ExtensionRegistry;
use engram_stark::parameters::Parameters;
use engram_verifier::{CommittedProgram, ProgramKey, VerifyError, verify};
use engram_vm::{
    extension::{ExtensionRow, MemoryExtension},
    row::{RowBuilder, RowValue},
};

/// Ids of one's own start anywhere that is free.
const EXCHANGE_IF: u16 = 100;

/// `exchange_if rd, rs1, rs2`: exchanges the two words at the address in `rs1` where the lowest bit of `rs2` is set; `rd` becomes the
/// first of them.
#[derive(Debug)]
struct ExchangeIf;

impl MemoryExtension for ExchangeIf {
    fn name(&self) -> &str {
        "exchange_if"
    }

    fn eval<B: RowBuilder>(&self, row: &mut ExtensionRow<'_, '_, B>) {
        let (base, condition) = (row.rs1(), row.rs2());
        let [low, _] = row.limbs(condition);
        // The low limb is twice its half and the bit. The half has 15 bits, so there is one way to say that.
        let bit = row.column("bit", |at| low.integer_at(at) % 2);
        let half = row.column("half", |at| low.integer_at(at) / 2);
        row.assert_bool("the bit is boolean", bit.clone());
        row.range("the half has 15 bits", half.clone(), 15);
        row.assert_zero("the low limb is twice its half and the bit", low - half.clone() - half - bit.clone());

        let (first, second) = (row.load(base, 0), row.load(base, 1));
        let (x, y) = (row.limbs(first), row.limbs(second));
        let mut exchanged = [vec![], vec![]];
        for (x, y) in x.into_iter().zip(y) {
            let moved = row.column("moved", |at| if bit.integer_at(at) == 1 { &y } else { &x }.integer_at(at));
            let exact = x.clone() + bit.clone() * (y.clone() - x.clone());
            row.assert_zero("what moves is one of both", exact - moved.clone());
            exchanged[0].push(moved.clone());
            exchanged[1].push(x + y - moved);
        }
        let [first, second] = exchanged.map(|limbs| {
            let [low, high] = [limbs[0].clone(), limbs[1].clone()];
            row.word([low, high])
        });
        row.store(base, 0, first);
        row.store(base, 1, second);
        row.set_rd(first);
    }
}

const DATA: u32 = 0x0100_0000;

/// Exchanges twice, once in vain, and exits with the sum of what it was told.
fn guest() -> Vec<u8> {
    let mut assembler = Assembler::default();
    assembler.set(5, DATA);
    assembler.set(6, 0xffff_0003);
    assembler.custom(EXCHANGE_IF, 7, 5, 6);
    assembler.immediate(Opcode::Addi, 6, 6, 1);
    assembler.custom(EXCHANGE_IF, 8, 5, 6);
    assembler.register(Opcode::Add, 10, 7, 8);
    assembler.set(17, 93);
    assembler.push(Opcode::Ecall, 0, 0, 0, 0);
    let data = [1_u32, 20].into_iter().flat_map(u32::to_le_bytes).collect();
    assembler.elf(&[ElfSegment { address: DATA, data, memory_bytes: 4096, flags: 6 }])
}

/// What the instruction should do, for the bench that attacks it.
fn case() -> BenchCase {
    let before = BenchState { registers: vec![(5, DATA), (6, 3)], words: vec![(DATA, 1), (DATA + 4, 0x2_0000)] };
    let after = BenchState { registers: vec![(7, 0x2_0000)], words: vec![(DATA, 0x2_0000), (DATA + 4, 1)] };
    BenchCase { name: "two words".into(), before, operands: vec![[7, 5, 6]], after }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let report = ExtensionBench::new(ExchangeIf)?.check(&[case()]);
    println!("{report}");
    assert!(report.is_passed());

    let registry = ExtensionRegistry::standard().with(EXCHANGE_IF, ExchangeIf)?;
    println!("the instruction is {:#010x}", Instruction::custom(EXCHANGE_IF, 7, 5, 6).encode());
    let program: Program = registry.load(&guest())?;

    let mut emulator = Emulator::without_input(&program);
    let Outcome::Exited(exit) = emulator.run(u64::MAX)? else { return Err("it does not exit".into()) };
    assert_eq!((exit.value, emulator.memory().word(DATA), emulator.memory().word(DATA + 4)), (40, 20, 1));

    let committed = CommittedProgram::new(&program)?;
    let options = Options { parameters: Some(Parameters::SMALLEST), ..Options::default() };
    let (proof, _) = prove(&committed, Box::new(std::io::empty()), &options, &mut |_| {})?;
    let key = ProgramKey::derive_for(&committed, &proof)?;
    assert_eq!(verify(&key, &proof)?.exit_value, 40);

    // Whoever verifies with a key file registers the same extension. Others are told which one they lack.
    let file = key.encode();
    verify(&ProgramKey::decode_with(&file, &registry)?, &proof)?;
    let Err(error) = verify(&ProgramKey::decode(&file)?, &proof) else { return Err("it verifies".into()) };
    assert!(matches!(error, VerifyError::Extension { id: EXCHANGE_IF, .. }));
    println!("proven and verified; without the extension: {error}");
    Ok(())
}
