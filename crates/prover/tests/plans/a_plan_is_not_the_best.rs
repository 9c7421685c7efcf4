//! The planner misses what saves most, plans what saves nothing, or plans otherwise the next time.

use engram_air::price::{CELL_S, INTERACTION_S, SLOT_S};
use engram_prover::{
    Profile,
    meter::size,
    testing::ZERO,
    tile::{Tile, Tiler},
};
use engram_rv32im::{
    ExecutionLog,
    Opcode::{self, *},
    system_calls::SYS_WRITE,
};
use engram_rv32im_air::{
    block::{Block, BlockPath},
    circuits::{FIRST_CHIP, Machine},
    program::MachineProgram,
};

use super::guests::Guest;

/// Predicted seconds of the rows of chips and blocks, padding included.
fn seconds(guest: &Guest, blocks: Vec<Block>) -> f64 {
    let (program, log) = (guest.program.machine(), guest.log());
    let machine = Machine::of(program.decoded(), blocks);
    let mut rows = vec![0; machine.circuits().len()];
    let mut step = 0;
    for tile in Tiler::new(program, machine.blocks()).cover(&log) {
        let chip = program.decoded()[log.steps[step] as usize].chip;
        let table = match tile {
            Tile::Block(number) => machine.first_block() + usize::from(number),
            Tile::Single => FIRST_CHIP + machine.chips().iter().position(|&known| Some(known) == chip).unwrap(),
        };
        rows[table] += 1;
        step += tile.steps(machine.blocks());
    }
    // Slots, which double at powers of two of all messages together, count with what they are on average.
    let size = size(&machine, rows);
    size.cells as f64 * CELL_S + size.interactions as f64 * (INTERACTION_S + 1.35 * SLOT_S)
}

fn planned(guest: &Guest) -> Vec<Block> {
    guest
        .plan()
        .blocks(guest.program.machine().decoded())
        .unwrap_or_else(|error| panic!("the planner's own plan: {error}"))
}

fn opcodes(block: &Block) -> Vec<Opcode> {
    block.decoded().iter().map(|decoded| decoded.instruction.opcode).collect()
}

const ROUNDS: u32 = 20_000;

/// Sums, with a side that is never taken and a system call after.
fn hot_loop() -> (Guest, std::ops::Range<u32>) {
    let mut never = 0..0;
    let guest = Guest::written(|a| {
        a.set(5, ROUNDS);
        a.register(Add, 6, 6, 5);
        a.branch(Bltu, 5, ZERO, 4);
        a.register(Xor, 7, 6, 5);
        a.immediate(Addi, 5, 5, -1);
        a.jump(ZERO, 3);
        never.start = a.here();
        a.register(Mul, 8, 8, 8);
        a.register(Divu, 8, 8, 8);
        never.end = a.here();
        a.branch(Bne, 5, ZERO, -7);
        a.call(SYS_WRITE, [1, 0x1_0000, 4]);
    });
    (guest, never)
}

/// The best of all unrollings of the loop, alone: none of them can be known to the planner to be better than its plan.
#[test]
fn a_hot_loop_is_unrolled() {
    let (guest, never) = hot_loop();
    let program = guest.program.machine();
    let index = |offset: u32| program.program().index_of(0x1_0000 + 4 * offset).unwrap();
    let round = [2, 3, 4, 5, 6, 9].map(index);
    let unrolled = (1..=80).map(|rounds| {
        let path = BlockPath { steps: round.repeat(rounds), final_pc: (0x1_0000 >> 2) + 2 };
        seconds(&guest, vec![Block::new(program.decoded(), path).unwrap()])
    });
    let best = unrolled.min_by(f64::total_cmp).unwrap();
    let (blocks, none) = (planned(&guest), seconds(&guest, vec![]));
    let longest = blocks.iter().map(|block| block.decoded().len()).max().unwrap();
    let cost = seconds(&guest, blocks.clone());
    println!("none {none:.3} s, best {best:.3} s, planned {cost:.3} s, {longest} instructions");
    assert!(longest >= 4 * round.len(), "only {longest} instructions");
    assert!(cost <= 1.2 * best, "planned {cost} s, one unrolled loop alone {best} s");
    let never: Vec<u32> = never.map(|address| program.program().index_of(address & !3).unwrap()).collect();
    assert!(blocks.iter().all(|block| block.path.steps.iter().all(|step| !never.contains(step))));
}

/// A branch that goes either way half of the time: paths of both.
#[test]
fn both_sides_of_a_branch_are_covered() {
    let guest = Guest::written(|a| {
        a.set(5, ROUNDS);
        a.immediate(Andi, 6, 5, 1);
        a.branch(Beq, 6, ZERO, 4);
        (0..2).for_each(|_| a.register(Xor, 7, 7, 5));
        a.jump(ZERO, 3);
        (0..2).for_each(|_| a.register(Add, 8, 8, 5));
        a.immediate(Addi, 5, 5, -1);
        a.branch(Bne, 5, ZERO, -8);
    });
    let blocks = planned(&guest);
    assert!(blocks.iter().any(|block| opcodes(block).contains(&Xor)));
    assert!(blocks.iter().any(|block| opcodes(block).contains(&Add)));
    assert!(seconds(&guest, blocks) < seconds(&guest, vec![]) / 4.0);
}

/// The body of this loop has more messages than a row may have.
#[test]
fn straight_code_that_no_row_can_hold_is_cut() {
    let guest = Guest::written(|a| {
        a.set(5, 600);
        (0..120).for_each(|i| a.register(Mulhu, 6 + (i % 8) as u8, 6 + (i % 7) as u8, 5));
        a.immediate(Addi, 5, 5, -1);
        a.branch(Bne, 5, ZERO, -121);
    });
    let (blocks, log) = (planned(&guest), guest.log());
    let tiles = Tiler::new(guest.program.machine(), &blocks).cover(&log);
    let alone = tiles.iter().filter(|tile| **tile == Tile::Single).count();
    assert!(10 * alone < log.steps.len(), "{alone} of {} instructions are in no block", log.steps.len());
}

/// What runs once is not worth a table of its own.
#[test]
fn a_cold_program_gets_no_blocks() {
    let cold = Guest::written(|a| {
        (0..3000).for_each(|i| a.register([Add, Xor, Sub, And][i % 4], 5 + (i % 7) as u8, 6, 7));
    });
    assert_eq!(cold.plan().len(), 0);
}

/// With small inputs as with large ones, rows are cheaper with the planned blocks than without.
#[test]
fn a_plan_never_costs_more_than_none() {
    let small = 10u32.to_le_bytes();
    let words: Vec<u8> = (0..400u32).flat_map(|word| (word * 7919 % 1000).to_le_bytes()).collect();
    let inputs: [(&str, &[u8]); 12] = [
        ("exitcode", b""),
        ("hello", b""),
        ("fib", b""),
        ("fib", &small),
        ("sha256", b"abc"),
        ("sha256", &words),
        ("keccak", b"abc"),
        ("sort", &words),
        ("sort", &[1, 0, 0, 0, 5, 0, 0, 0]),
        ("matmul", &small),
        ("interpreter", &small),
        ("wordcount", b"one two two"),
    ];
    for (name, input) in inputs {
        let guest = Guest::bundled(name, input);
        let blocks = planned(&guest);
        let (count, none, cost) = (blocks.len(), seconds(&guest, vec![]), seconds(&guest, blocks));
        println!("{name}, {} bytes: {none:.4} s without, {cost:.4} s with {count} blocks", input.len());
        assert!(cost <= none, "{name}, {} bytes: {none:.4} s without, {cost:.4} s with {count} blocks", input.len());
    }
}

#[test]
fn a_system_call_is_in_no_block() {
    let guest = Guest::written(|a| {
        a.set(20, 300);
        a.call(SYS_WRITE, [1, 0x1_0000, 4]);
        a.register(Add, 6, 6, 20);
        a.immediate(Addi, 20, 20, -1);
        a.branch(Bne, 20, ZERO, -11);
    });
    let blocks = planned(&guest);
    assert!(!blocks.is_empty());
    assert!(blocks.iter().all(|block| !opcodes(block).contains(&Ecall)));
}

/// Many hot paths, each of many columns: more than a proof may have.
#[test]
fn a_plan_is_never_too_large() {
    let guest = Guest::written(|a| {
        for _ in 0..14 {
            a.set(20, 60);
            (0..150).for_each(|_| a.register(Sra, 6, 6, 20));
            a.immediate(Addi, 20, 20, -1);
            a.branch(Bne, 20, ZERO, -151);
        }
    });
    assert!(planned(&guest).len() > 3);
    let guest = Guest::written(|a| {
        for _ in 0..90 {
            a.set(20, 60);
            (0..120).for_each(|_| a.register(Add, 6, 6, 20));
            a.immediate(Addi, 20, 20, -1);
            a.branch(Bne, 20, ZERO, -121);
        }
    });
    assert!(planned(&guest).len() > 20);
}

/// A log without accesses that are misaligned, in pieces of so many steps.
fn pieces(program: &MachineProgram, log: &ExecutionLog, steps: usize) -> Vec<ExecutionLog> {
    assert!(log.misaligned.is_empty());
    let piece = |start: usize| {
        let end = (start + steps).min(log.steps.len());
        let mut piece = ExecutionLog::starting_at(log.start);
        piece.steps = log.steps[start..end].to_vec();
        piece.end.pc = log.steps.get(end).map_or(log.end.pc, |&next| program.decoded()[next as usize].pc << 2);
        piece
    };
    (0..log.steps.len()).step_by(steps).map(piece).collect()
}

/// Maps of the planner are seeded anew by each, so an order that leaks from them would show.
#[test]
fn the_same_run_is_planned_alike() {
    let words: Vec<u8> = (0..6000u32).flat_map(|word| word.wrapping_mul(0x9e37_79b9).to_le_bytes()).collect();
    let input = 60u32.to_le_bytes();
    for (name, input) in [("hello", &b""[..]), ("sort", &words), ("interpreter", &input), ("keccak", &words[..400])] {
        let guest = Guest::bundled(name, input);
        let program = guest.program.machine();
        let profile = guest.profile();
        let steps = |profile: &Profile| profile.windows.iter().map(|window| window.steps.clone()).collect::<Vec<_>>();
        assert_eq!(steps(&profile), steps(&guest.profile()), "{name}");
        // Windows of odd sizes, too, as a profile of another stride would have.
        let odd = profile.windows.iter().flat_map(|window| pieces(program, window, 9973)).collect();
        let odd = Profile { windows: odd, ..profile };
        for profile in [&guest.profile(), &odd] {
            let first = engram_prover::plan(program, profile);
            for _ in 0..3 {
                assert_eq!(engram_prover::plan(program, profile), first, "{name}");
            }
        }
    }
}

/// A long run is profiled by windows that are spread over it.
#[test]
fn a_long_run_is_profiled_evenly() {
    let guest = Guest::written(|a| {
        for opcode in [Add, Xor] {
            a.set(5, 1_500_000);
            a.register(opcode, 6, 6, 5);
            a.immediate(Addi, 5, 5, -1);
            a.branch(Bne, 5, ZERO, -2);
        }
    });
    let profile = guest.profile();
    assert!(profile.exited && profile.windows.len() < 40);
    assert_eq!(profile.instructions, guest.machine_steps());
    let opcode = |step: u32| guest.program.program().instructions()[step as usize].1.opcode;
    let windows = |wanted: Opcode| {
        profile.windows.iter().filter(|window| window.steps[..3].iter().any(|&step| opcode(step) == wanted)).count()
    };
    println!("{} windows, {} of the first loop", profile.windows.len(), windows(Add));
    assert!(windows(Add) * 3 > profile.windows.len() && windows(Xor) * 3 > profile.windows.len());
    let blocks = planned(&guest);
    assert!([Add, Xor].iter().all(|opcode| blocks.iter().any(|block| opcodes(block).contains(opcode))));
}
