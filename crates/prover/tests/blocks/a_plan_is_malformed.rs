//! A plan that is none of the program's, or too large, is refused with a reason, soon, and before it takes much memory.

use std::time::Instant;

use engram_air::circuit::DEGREE_MAX;
use engram_prover::testing::{Assembler, ZERO};
use engram_rv32im::{Opcode::*, Program, testing::SplitMix64};
use engram_rv32im_air::{
    block::{Block, BlockPath, STEPS_MAX},
    plan::{PLAN_STEPS_MAX, Plan, PlanError},
    program::MachineProgram,
};
use engram_stark::limits::{CIRCUITS_MAX, COLUMNS_MAX, CONSTRAINTS_MAX, INTERACTIONS_MAX};

use super::{
    exercises::{P, T, X, Y},
    forced::{Guest, forced_blocks},
};

/// Seconds that refusing or accepting any plan may take on a slow machine that does other things, too.
const SECONDS_MAX: f64 = 20.0;

fn program(write: impl FnOnce(&mut Assembler)) -> MachineProgram {
    let mut assembler = Assembler::default();
    write(&mut assembler);
    MachineProgram::new(&Program::from_elf(&assembler.elf(&[])).unwrap())
}

fn first_pc() -> u32 {
    Assembler::default().here() >> 2
}

fn path(steps: impl IntoIterator<Item = u32>, final_offset: u32) -> BlockPath {
    BlockPath { steps: steps.into_iter().collect(), final_pc: first_pc() + final_offset }
}

fn refusal(program: &MachineProgram, paths: &[BlockPath]) -> Option<PlanError> {
    let started = Instant::now();
    let refusal = Plan::new(paths).blocks(program.decoded()).err();
    let seconds = started.elapsed().as_secs_f64();
    assert!(seconds < SECONDS_MAX, "{seconds} s");
    refusal
}

fn too_large(program: &MachineProgram, paths: &[BlockPath]) -> (&'static str, usize) {
    match refusal(program, paths) {
        Some(PlanError::TooLarge { what, count, limit }) if count > limit => (what, limit),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_no_path_is_refused() {
    let program = program(|a| {
        a.immediate(Addi, X, X, 1); // 0
        a.branch(Beq, X, Y, 2); // 1
        a.immediate(Addi, X, ZERO, 5); // 2
        a.branch(Beq, X, ZERO, -2); // 3
        a.push(Ecall, 0, 0, 0, 0); // 4
        a.push(Ebreak, 0, 0, 0, 0); // 5
        a.jump(ZERO, -6); // 6
        a.immediate(Jalr, ZERO, X, 0); // 7
        a.immediate(Lw, T, ZERO, 3); // 8
        a.push(Fence, 0, 0, 0, 0xff); // 9
        a.push(Jal, T, 0, 0, 6); // 10
        a.push(Beq, 0, X, Y, 6); // 11
        a.immediate(Addi, X, X, 1); // 12
    });
    let accepted = [
        path([0, 1, 2], 3),
        path([0, 1], 3),
        path([1, 3], 4),
        path([6, 0], 1),
        path([7], 1 << 20),
        path([0, 1, 3, 1, 3], 1),
        path([11], 12),
    ];
    for path in accepted {
        assert_eq!(refusal(&program, std::slice::from_ref(&path)), None, "{path:?}");
    }
    let refused = [
        ("past the program's end", path([13], 14)),
        ("a huge step", path([u32::MAX], 0)),
        ("a huge step later", path([0, u32::MAX], 0)),
        ("no successor", path([0, 2], 3)),
        ("backward without a jump", path([2, 1], 2)),
        ("the same again", path([0, 0], 1)),
        ("elsewhere at the end", path([0], 2)),
        ("neither way of a branch", path([1], 4)),
        ("elsewhere after a jump", path([6], 7)),
        ("a system call", path([4], 5)),
        ("a system call inside", path([2, 3, 4, 5], 6)),
        ("a breakpoint", path([5], 6)),
        ("a misaligned constant address", path([8], 9)),
        ("a misaligned jump", path([10], 11)),
        ("a misaligned branch that is taken", path([11], 13)),
        ("nothing accessed", path([9], 10)),
        ("nothing accessed by a jump", path([6], 0)),
        ("a constant that contradicts a branch", path([2, 3], 1)),
        ("an address past the last", BlockPath { steps: vec![7], final_pc: 1 << 30 }),
        ("an address far past the last", BlockPath { steps: vec![7], final_pc: u32::MAX }),
    ];
    for (why, path) in refused {
        let good = self::path([0], 1);
        assert_eq!(refusal(&program, &[good, path]), Some(PlanError::Path { block: 1 }), "{why}");
    }
    assert!(Plan::new(&[path([], 0)]).is_empty(), "an empty path is none");
}

#[test]
fn a_plan_that_is_too_large_is_refused() {
    let loops = program(|a| {
        a.immediate(Addi, X, X, 1);
        a.branch(Bne, X, Y, -1);
    });
    let repeat = |times: usize| path([0, 1].repeat(times), 0);
    let fits = STEPS_MAX / 2;
    assert_eq!(refusal(&loops, &[repeat(100)]), None);
    assert_eq!(too_large(&loops, &vec![repeat(1); CIRCUITS_MAX]), ("circuits", CIRCUITS_MAX));
    assert_eq!(too_large(&loops, &[repeat(fits + 1)]), ("instructions in a block", STEPS_MAX));
    let many = vec![repeat(fits); PLAN_STEPS_MAX / STEPS_MAX + 1];
    assert_eq!(too_large(&loops, &many), ("instructions", PLAN_STEPS_MAX));
    assert_eq!(too_large(&loops, &vec![repeat(1); 1 << 20]), ("circuits", CIRCUITS_MAX));
    assert_eq!(too_large(&loops, &[repeat(1 << 22)]), ("instructions in a block", STEPS_MAX));

    let memory = program(|a| {
        for _ in 0..STEPS_MAX {
            a.immediate(Lw, P, P, 0);
        }
    });
    let loads = |count: u32| path(0..count, count);
    assert_eq!(too_large(&memory, &[loads(400)]), ("messages in a row of a block", INTERACTIONS_MAX));

    let shifts = program(|a| (0..STEPS_MAX).for_each(|_| a.register(Srl, X, X, Y)));
    let shifted = |count: u32| path(0..count, count);
    let columns = Block::new(shifts.decoded(), shifted(100)).unwrap().circuit.width();
    let blocks = COLUMNS_MAX / columns + 1;
    assert!(blocks * 100 < PLAN_STEPS_MAX);
    assert_eq!(too_large(&shifts, &vec![shifted(100); blocks]), ("columns", COLUMNS_MAX));
}

/// What makes circuits grow most: sums that are never brought back, bytes put into words again and again, long chains
/// of what needs many constraints.
#[test]
fn the_costliest_plans_take_bounded_time() {
    let steps = STEPS_MAX as u32;
    type Shape = (&'static str, fn(&mut Assembler));
    let shapes: [Shape; 8] = [
        ("sums", |a| a.register(Add, X, X, Y)),
        ("doubles", |a| a.register(Add, X, X, X)),
        ("bytes", |a| a.store(Sb, X, P, 1)),
        ("divisions", |a| a.register(Div, X, X, Y)),
        ("shifts", |a| a.immediate(Srai, X, X, 3)),
        ("shifts by a register", |a| a.register(Sra, X, X, Y)),
        ("is it zero", |a| a.immediate(Sltiu, X, X, 1)),
        ("is it less", |a| a.register(Slt, X, X, Y)),
    ];
    for (name, shape) in shapes {
        let program = program(|a| (0..STEPS_MAX).for_each(|_| shape(a)));
        for count in [steps, 100, 30] {
            let started = Instant::now();
            let plan = Plan::new(&vec![path(0..count, count); PLAN_STEPS_MAX / STEPS_MAX]);
            let made = plan.blocks(program.decoded());
            println!("{name}: {count} steps, {:?} in {:?}", made.as_ref().map(Vec::len), started.elapsed());
            assert!(started.elapsed().as_secs_f64() < SECONDS_MAX, "{name}");
            for block in made.iter().flatten() {
                let circuit = &block.circuit;
                assert!(circuit.interactions.len() <= INTERACTIONS_MAX && circuit.constraints.len() <= CONSTRAINTS_MAX);
                assert!(circuit.degree() <= DEGREE_MAX, "{name}: degree {}", circuit.degree());
                let mut fields = circuit.interactions.iter().flat_map(|interaction| &interaction.fields);
                assert!(fields.all(|field| field.degree() <= 1), "{name}: a message is not linear");
            }
        }
    }
}

#[test]
fn a_plan_of_another_program_is_refused_or_is_one_of_this() {
    let (sha256, keccak) = (Guest::bundled("sha256", b"a"), Guest::bundled("keccak", b"a"));
    let blocks = forced_blocks(&sha256.program, &sha256.log(), 32, || 20);
    let paths: Vec<BlockPath> = blocks.into_iter().map(|block| block.path).collect();
    assert!(Plan::new(&paths).blocks(sha256.program.decoded()).is_ok());
    assert!(matches!(Plan::new(&paths).blocks(keccak.program.decoded()), Err(PlanError::Path { .. })));
    // Whatever is derived is of the program that it is derived from.
    for path in paths {
        let Ok(blocks) = Plan::new(&[path]).blocks(keccak.program.decoded()) else { continue };
        for (step, decoded) in blocks[0].path.steps.iter().zip(blocks[0].decoded()) {
            assert_eq!(keccak.program.decoded()[*step as usize].instruction, decoded.instruction);
        }
    }
}

/// Random paths: any plan is refused or proves what it says; none panics.
#[test]
fn no_plan_panics() {
    let seed = SplitMix64::entropy();
    println!("seed {seed:#x}");
    let mut random = SplitMix64::new(seed);
    let guest = Guest::bundled("hello", b"");
    let count = guest.program.decoded().len() as u32;
    let mut accepted = 0;
    for _ in 0..3000 {
        let mut step = random.below(count);
        let mut steps = vec![];
        let mut final_pc = 0;
        for _ in 0..=random.below(20) {
            steps.push(step);
            let decoded = &guest.program.decoded()[step as usize];
            let target = (decoded.pc << 2).wrapping_add_signed(decoded.instruction.imm) >> 2;
            final_pc = match random.below(16) {
                0 => random.next_u32(),
                1..8 => target,
                _ => decoded.pc + 1,
            };
            match guest.program.program().index_of(final_pc << 2) {
                Some(next) if random.below(60) > 0 => step = next,
                _ => break,
            }
        }
        accepted += usize::from(Plan::new(&[BlockPath { steps, final_pc }]).blocks(guest.program.decoded()).is_ok());
    }
    assert!(accepted > 100, "only {accepted} of the paths are any");
}
