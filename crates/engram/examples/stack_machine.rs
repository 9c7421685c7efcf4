//! A stack machine of one's own, proven: not RISC-V, on the public interface alone.
//!
//! The program is committed. The height of the stack, the stack and the variables are three spaces of provable memory. Each instruction
//! is a row of one chip, which does up to four accesses: it moves the height, reads one operand and then another, and writes the
//! result. The proof says: the program with this commitment, run from its start on memory of zeros, halts with this number
//! on top of its stack. The run is cut into segments, each with a proof of its own.

use std::{error::Error, sync::Arc};

use engram::{
    AccessExprs, AddressSpaceConfig, AddressSpaceType, CellKind, F, FinalizedMemory, GAP_BITS, MemoryBridge,
    MemoryConfig, MemoryConfigBuilder, MemoryController, MemoryError, MemoryImage, RecordId, Timestamp,
    circuit::{
        Circuit, CircuitBuilder, Committed, Count, Expr, Field, Parameters, PrimeCharacteristicRing, PrimeField32,
        ProvingKey, ROOTS, Ring, StarkProof, Trace, Witness, check_witnesses, columns, keygen, root_publics,
    },
    vm::{EXECUTION, Ends, FIRST_TIMESTAMP, HALT, ROM, connector, rom},
};

/// Its one cell is the height of the stack.
const HEIGHT: u32 = 1;
const STACK: u32 = 2;
const VARIABLES: u32 = 3;
/// Accesses that a row has room for, each with a timestamp of its own.
const SLOTS: u32 = 4;
/// Instructions of a segment, at most.
const SEGMENT_STEPS: usize = 64;
const PARAMETERS: Parameters = Parameters::SMALLEST;

/// Instructions. In the program they are numbered from 1 on, so that an entry of zeros is none.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Op {
    Push,
    Load,
    Store,
    Add,
    Sub,
    Mul,
    /// Jump to the operand where the top of the stack, which is taken off, is not zero.
    JumpNonzero,
    Halt,
}
use Op::{Add, Halt, JumpNonzero, Load, Mul, Push, Store, Sub};
const OPS: [Op; 8] = [Push, Load, Store, Add, Sub, Mul, JumpNonzero, Halt];

/// Ten factorial: variable 0 counts down, variable 1 is the product.
#[rustfmt::skip]
const FACTORIAL: [(Op, u32); 16] = [
    (Push, 10), (Store, 0), (Push, 1), (Store, 1),
    (Load, 1), (Load, 0), (Mul, 0), (Store, 1), (Load, 0), (Push, 1), (Sub, 0), (Store, 0), (Load, 0), (JumpNonzero, 4),
    (Load, 1), (Halt, 0),
];

columns! {
    struct StepCols {
        flags: [T; 8],
        timestamp: T,
        pc: T,
        argument: T,
        height: T,
        source: T,
        operands: [T; 2],
        inverse: T,
        jumps: T,
        target: T,
        before: T,
        result: T,
        output: [T; 2],
        gaps: [T; 4],
    }
}

fn circuit(bridge: MemoryBridge) -> Circuit {
    let mut circuit = CircuitBuilder::new("steps");
    let row = StepCols::<Expr>::allocate(&mut circuit);
    let is = |ops: &[Op]| ops.iter().fold(Expr::zero(), |sum, op| sum + row.flags[*op as usize].clone());
    let (one, arg, pc, height) = (Expr::one(), row.argument.clone(), row.pc.clone(), row.height.clone());
    let [top, second] = row.operands.clone();
    let now = |slot: u32| row.timestamp.clone() + Expr::integer(slot);

    row.flags.iter().for_each(|flag| circuit.assert_bool("a flag is boolean", flag.clone()));
    let real = is(&OPS);
    let is_real = circuit.flag("a row is one instruction or none", real.clone());
    let where_one_of = |ops: &[Op]| Count::shown("flags are boolean, and at most one is set", is(ops));

    // The instruction is the program's at this program counter.
    let opcode = OPS.iter().fold(Expr::zero(), |sum, op| sum + is(&[*op]) * Expr::integer(*op as u32 + 1));
    let mut entry = vec![pc.clone(), opcode, arg.clone()];
    entry.resize(rom::ENTRY_CELLS, Expr::zero());
    circuit.lookup(ROM, "is an instruction of the program", entry, &is_real);

    // There is one thread of execution, and its clock advances by four. A halt ends it.
    circuit.assert_zero("zero does not jump", is(&[JumpNonzero]) * (row.jumps.clone() - top.clone() * row.inverse));
    circuit.assert_zero("all else jumps", is(&[JumpNonzero]) * top.clone() * (one.clone() - row.jumps.clone()));
    circuit.assert_zero("only a jump jumps", (one.clone() - is(&[JumpNonzero])) * row.jumps.clone());
    let straight = pc.clone() + one.clone();
    let next = straight.clone() + row.jumps * (arg.clone() - straight);
    let next_pc = circuit.column("next pc");
    circuit.assert_equal("the next instruction follows", next_pc.clone(), next * real.clone());
    circuit.receive(EXECUTION, "takes the thread of execution", vec![pc, now(0)], &is_real);
    let goes_on = where_one_of(&[Push, Load, Store, Add, Sub, Mul, JumpNonzero]);
    circuit.send(EXECUTION, "passes the thread of execution on", vec![next_pc, now(SLOTS)], &goes_on);
    let [low, high] = row.output.clone();
    circuit.assert_zero(
        "the output is what a halt takes",
        is(&[Halt]) * (top.clone() - low.clone() - high.clone().shift_left(16)),
    );
    circuit.send(HALT, "exits", vec![low, high, now(SLOTS)], &where_one_of(&[Halt]));

    // A stack that is empty has its top at p - 1, where no cell is: no proof takes from it.
    let binary = is(&[Add, Sub, Mul]);
    let takes = is(&[Store, Add, Sub, Mul, JumpNonzero, Halt]);
    let (below, below_two) = (height.clone() - one.clone(), height.clone() - Expr::integer(2));
    let source = takes.clone() * below + is(&[Load]) * arg.clone();
    circuit.assert_equal("where the first operand is", row.source.clone(), source);
    let target = is(&[Push, Load]) * height.clone() + binary.clone() * below_two.clone() + is(&[Store]) * arg.clone();
    circuit.assert_equal("where the result goes", row.target.clone(), target);
    let result = is(&[Push]) * arg
        + is(&[Load, Store]) * top.clone()
        + is(&[Add]) * (second.clone() + top.clone())
        + is(&[Sub]) * (second.clone() - top.clone())
        + is(&[Mul]) * second.clone() * top.clone();
    let writes = is(&[Push, Load, Store, Add, Sub, Mul]);
    circuit.assert_zero("the result is the operation's", writes.clone() * row.result.clone() - result);

    let first = Timestamp::shown("the thread's clock: the connector shows that its last is below 2^29", now(0));
    let slot = |slot: usize, space: Expr, pointer: Expr| AccessExprs {
        space,
        pointer,
        timestamp: first.later(slot as u32),
        gap: row.gaps[slot].clone(),
    };
    let grown = height.clone() + is(&[Push, Load]) - is(&[Store, Add, Sub, Mul, JumpNonzero, Halt]);
    let access = slot(0, Expr::integer(HEIGHT), Expr::zero());
    bridge.write(&mut circuit, "height", access, [height], [grown], &is_real);
    let space = takes.clone() * Expr::integer(STACK) + is(&[Load]) * Expr::integer(VARIABLES);
    bridge.read(
        &mut circuit,
        "first",
        slot(1, space, row.source.clone()),
        [top],
        &where_one_of(&[Load, Store, Add, Sub, Mul, JumpNonzero, Halt]),
    );
    bridge.read(
        &mut circuit,
        "second",
        slot(2, Expr::integer(STACK), below_two),
        [second],
        &where_one_of(&[Add, Sub, Mul]),
    );
    let space = (writes.clone() - is(&[Store])) * Expr::integer(STACK) + is(&[Store]) * Expr::integer(VARIABLES);
    let result = slot(3, space, row.target.clone());
    bridge.write(
        &mut circuit,
        "result",
        result,
        [row.before.clone()],
        [row.result.clone()],
        &where_one_of(&[Push, Load, Store, Add, Sub, Mul]),
    );
    circuit.build()
}

/// What a step did that memory does not say.
struct Step {
    op: Op,
    pc: u32,
    argument: u32,
    source: u32,
    target: u32,
    slots: [Option<RecordId>; SLOTS as usize],
}

/// Run from `pc` until a halt, or to the end of the segment. Each slot of a step takes one timestamp, whether it is used or not.
fn run(memory: &mut MemoryController, mut pc: u32) -> Result<(Vec<Step>, Ends), MemoryError> {
    let initial_pc = pc;
    let mut steps: Vec<Step> = vec![];
    while steps.len() < SEGMENT_STEPS {
        let (op, argument) = FACTORIAL[pc as usize];
        let binary = matches!(op, Add | Sub | Mul);
        let height = memory.memory().image().cell(HEIGHT, 0).as_canonical_u32();
        let grown = if matches!(op, Push | Load) { height + 1 } else { height - 1 };
        let mut slots = [Some(memory.write::<1>(HEIGHT, 0, [F::from_u32(grown)])?.0), None, None, None];
        let mut read = |slot: usize, place: Option<(u32, u32)>| {
            let Some((space, pointer)) = place else { return memory.increment_timestamp().map(|()| F::ZERO) };
            let (id, [cell]) = memory.read::<1>(space, pointer)?;
            slots[slot] = Some(id);
            Ok(cell)
        };
        let first = match op {
            Push => None,
            Load => Some((VARIABLES, argument)),
            _ => Some((STACK, height - 1)),
        };
        let top = read(1, first)?;
        let second = read(2, binary.then(|| (STACK, height - 2)))?;
        let (target, value) = match op {
            Push => (Some((STACK, height)), F::from_u32(argument)),
            Load => (Some((STACK, height)), top),
            Store => (Some((VARIABLES, argument)), top),
            Add => (Some((STACK, height - 2)), second + top),
            Sub => (Some((STACK, height - 2)), second - top),
            Mul => (Some((STACK, height - 2)), second * top),
            JumpNonzero | Halt => (None, top),
        };
        match target {
            Some((space, pointer)) => slots[3] = Some(memory.write::<1>(space, pointer, [value])?.0),
            None => memory.increment_timestamp()?,
        }
        let pointer = |place: Option<(u32, u32)>| place.map_or(0, |(_, pointer)| pointer);
        steps.push(Step { op, pc, argument, source: pointer(first), target: pointer(target), slots });
        if op == Halt {
            return Ok((steps, Ends { initial_pc, final_pc: 0, exit: Some(top.as_canonical_u32()) }));
        }
        pc = if op == JumpNonzero && top != F::ZERO { argument } else { pc + 1 };
    }
    Ok((steps, Ends { initial_pc, final_pc: pc, exit: None }))
}

fn trace(steps: &[Step], memory: &FinalizedMemory) -> Result<Trace, MemoryError> {
    // The column of the next program counter comes after the others.
    let mut trace = Trace::zeros(StepCols::<F>::WIDTH + 1, steps.len());
    for (row, step) in steps.iter().enumerate() {
        let mut cells =
            StepCols::<F> { timestamp: F::from_u32(FIRST_TIMESTAMP + SLOTS * row as u32), ..Default::default() };
        cells.flags[step.op as usize] = F::ONE;
        [cells.pc, cells.argument] = [step.pc, step.argument].map(F::from_u32);
        [cells.source, cells.target] = [step.source, step.target].map(F::from_u32);
        let found = |slot: usize| step.slots[slot].and_then(|id| memory.accesses().cells(id).first().copied());
        let before = |slot: usize| step.slots[slot].map_or(F::ZERO, |id| memory.accesses().previous(id)[0]);
        (cells.height, cells.before) = (before(0), before(3));
        cells.operands = [1, 2].map(|slot| found(slot).unwrap_or(F::ZERO));
        cells.result = found(3).unwrap_or(F::ZERO);
        let top = cells.operands[0];
        if step.op == JumpNonzero {
            cells.inverse = top.try_inverse().unwrap_or(F::ZERO);
            cells.jumps = top * cells.inverse;
        }
        if step.op == Halt {
            let output = top.as_canonical_u32();
            cells.output = [output & 0xffff, output >> 16].map(F::from_u32);
        }
        for (cell, slot) in cells.gaps.iter_mut().zip(step.slots) {
            let Some(record) = slot.and_then(|id| memory.accesses().get(id)) else { continue };
            memory.range_checker().check(record.gap, GAP_BITS)?;
            *cell = F::from_u32(record.gap);
        }
        let jumps = cells.jumps == F::ONE;
        let next = if jumps { step.argument } else { step.pc + 1 };
        let (own, last) = trace.row_mut(row).split_at_mut(StepCols::<F>::WIDTH);
        cells.write(own);
        last[0] = F::from_u32(next);
    }
    Ok(trace)
}

/// Circuits of the machine before those of its memory, and where their tables are among the witnesses.
const STEPS: usize = 0;
const PROGRAM: usize = 1;
const CONNECTOR: usize = 2;
const MEMORY: usize = 3;

/// The program's entries, of which the proof has a commitment.
fn entries() -> Vec<rom::Entry> {
    let entry = |(pc, &(op, argument)): (u32, &(Op, u32))| [pc, op as u32 + 1, argument, 0, 0, 0, 0];
    (0..).zip(&FACTORIAL).map(entry).collect()
}

struct Proven {
    proof: StarkProof,
    /// Its steps, as the proof has them.
    steps: Trace,
    ends: Ends,
    /// Memory after it.
    image: MemoryImage,
}

/// Run and prove the segment that starts on this memory at this program counter.
fn prove(
    config: &MemoryConfig,
    circuits: &[Arc<Circuit>],
    key: &ProvingKey,
    image: MemoryImage,
    pc: u32,
) -> Result<Proven, Box<dyn Error>> {
    let mut memory = MemoryController::with_image(config, image)?;
    let (steps, ends) = run(&mut memory, pc)?;
    let (image, last_time) = (memory.memory().image().clone(), memory.memory().timestamp());
    let finalized = memory.finalize()?;
    let table = trace(&steps, &finalized)?;
    let mut executions = vec![0; FACTORIAL.len()];
    steps.iter().for_each(|step| executions[step.pc as usize] += 1);
    let witness = |trace| Witness { trace: Some(trace), ..Default::default() };
    let committed = Committed::new(PARAMETERS, &rom::committed_trace(&entries()))?;
    let mut witnesses = vec![
        witness(table.clone()),
        Witness { committed: Some(committed), ..witness(rom::trace(&executions)) },
        Witness { publics: ends.publics(), ..witness(connector::trace(last_time, finalized.range_checker())) },
    ];
    witnesses.extend(finalized.into_witnesses());
    check_witnesses(circuits, &witnesses).map_err(|report| report.to_string())?;
    Ok(Proven { proof: key.prove(witnesses)?, steps: table, ends, image })
}

fn main() -> Result<(), Box<dyn Error>> {
    let space = |number| AddressSpaceConfig::new(number, AddressSpaceType::Normal).with_block_cells(1);
    let space = |number| space(number).with_cell_kind(CellKind::Field).with_pointer_bits(16);
    let builder = MemoryConfigBuilder::new().add_address_space(space(HEIGHT));
    let config = builder.add_address_space(space(STACK)).add_address_space(space(VARIABLES)).build()?;
    let memory = MemoryController::new(&config);
    let machine = [circuit(memory.bridge()), rom::circuit(), connector::circuit()];
    let circuits: Vec<Arc<Circuit>> = machine.into_iter().chain(memory.circuits()).map(Arc::new).collect();
    let (proving, verifying) = keygen(&circuits, PARAMETERS)?;
    assert!(verifying.security_bits() >= 100.0);

    let mut segments = vec![];
    let (mut image, mut pc) = (MemoryImage::new(), Some(0));
    while let Some(start) = pc {
        let proven = prove(&config, &circuits, &proving, image, start)?;
        (image, pc) = (proven.image.clone(), proven.ends.exit.is_none().then_some(proven.ends.final_pc));
        segments.push(proven);
    }

    // Whoever verifies knows the program and that memory starts as zeros.
    let commitment = Committed::new(PARAMETERS, &rom::committed_trace(&entries()))?.commitment();
    let zeros = MemoryController::new(&config).finalize()?.memory().roots_before.clone();
    let (mut roots, mut start, mut output) = (zeros, Some(0), None);
    for Proven { proof, .. } in &segments {
        verifying.verify(proof)?;
        assert_eq!(proof.commitment(PROGRAM), Some(commitment));
        let ends = Ends::from_publics(proof.publics(CONNECTOR)).ok_or("a segment without ends")?;
        assert_eq!(Some(ends.initial_pc), start);
        // Two digests a space, before and after; a segment starts on the roots that the one before left.
        let (digests, rest) = proof.publics(MEMORY + ROOTS).as_chunks::<8>();
        assert!(rest.is_empty());
        let (before, after): (Vec<_>, Vec<_>) = digests.as_chunks::<2>().0.iter().map(|&[b, a]| (b, a)).unzip();
        assert_eq!(before, roots);
        assert_eq!(proof.publics(MEMORY + ROOTS), root_publics(&before, &after));
        (roots, start, output) = (after, ends.exit.is_none().then_some(ends.final_pc), ends.exit);
    }
    assert_eq!(output.map(F::from_u32), Some(F::from_u32((1..=10).product())));
    let bytes: usize = segments.iter().map(|segment| segment.proof.encode().len()).sum();
    println!("proven: {} segments leave {output:?} on the stack; {bytes} bytes of proofs", segments.len());

    // Another output is refused by the one constraint that names it.
    let mut table = segments.pop().ok_or("there is no segment")?.steps;
    let column = |name| circuits[STEPS].column(name).ok_or("there is no such column");
    let (halts, output) = (column("flags[7]")?, column("output[0]")?);
    let halt = (0..table.height()).find(|&row| table.row(row)[halts] == F::ONE).ok_or("it does not halt")?;
    table.row_mut(halt)[output] += F::ONE;
    let lie = Witness { trace: Some(table), ..Default::default() };
    let report = check_witnesses(&circuits[..1], &[lie]).err().ok_or("a false output was accepted")?;
    assert!(report.constraints.iter().all(|failure| failure.label == "the output is what a halt takes"));
    assert!(!report.constraints.is_empty());
    Ok(())
}
