//! A stack machine of one's own, proven: not RISC-V, on the public interface alone.
//!
//! Program, stack and variables are three spaces of provable memory. Each instruction is a row of one chip, which does up to four
//! accesses: it fetches the instruction, reads one operand and then another, and writes the result. The proof says: the
//! program in the memory with this root, run from its start, halts with this number on top of its stack.

use std::{error::Error, sync::Arc};

use engram::{
    AccessAdapterInventory, AccessExprs, AddressSpaceConfig, AddressSpaceType, Digest, F, FinalizedMemory, GAP_BITS,
    MemoryBridge, MemoryConfig, MemoryConfigBuilder, MemoryController, MemoryError, MemoryImage, OfflineMemory,
    RecordId,
    circuit::{
        Circuit, CircuitBuilder, Expr, Field, Parameters, PrimeCharacteristicRing, PrimeField32, ROOTS, Ring, Trace,
        Witness, check_witnesses, columns, keygen, root_publics,
    },
};

const PROGRAM: u32 = 1;
const STACK: u32 = 2;
const VARIABLES: u32 = 3;
/// Accesses that a row has room for, each with a timestamp of its own.
const SLOTS: u32 = 4;

/// Instructions. In memory they are numbered from 1 on, so that cells of zeros are none.
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
        height: T,
        argument: T,
        source: T,
        operands: [T; 2],
        inverse: T,
        jumps: T,
        target: T,
        before: T,
        result: T,
        gaps: [T; 4],
    }
}

fn circuit(bridge: MemoryBridge) -> Circuit {
    let mut circuit = CircuitBuilder::new("steps").required();
    let row = StepCols::<Expr>::allocate(&mut circuit);
    let output = circuit.public("output");
    let any =
        |flags: &[Expr; 8], ops: &[Op]| ops.iter().fold(Expr::zero(), |sum, op| sum + flags[*op as usize].clone());
    let is = |ops: &[Op]| any(&row.flags, ops);
    let [first, transition, last] = [circuit.first_row(), circuit.transition(), circuit.last_row()];
    let (one, arg, pc, height) = (Expr::one(), row.argument.clone(), row.pc.clone(), row.height.clone());
    let [top, second] = row.operands.clone();

    row.flags.iter().for_each(|flag| circuit.assert_bool("a flag is boolean", flag.clone()));
    let real = is(&OPS);
    circuit.assert_bool("a row is one instruction or none", real.clone());
    let next_real = any(&row.flags.clone().map(|flag| circuit.next(&flag)), &OPS);
    circuit.assert_zero("the first row is an instruction", first.clone() * (real.clone() - one.clone()));
    circuit.assert_zero(
        "rows end after a halt only",
        transition.clone() * (next_real.clone() - real.clone() + is(&[Halt])),
    );
    circuit.assert_zero("the last row is a halt or none", last * (real.clone() - is(&[Halt])));

    // A table has at most 2^22 rows, so that timestamps stay far below 2^29.
    circuit.assert_zero("the timestamp starts at one", first.clone() * (row.timestamp.clone() - one.clone()));
    let later = circuit.next(&row.timestamp) - row.timestamp.clone() - Expr::integer(SLOTS);
    circuit.assert_zero("the timestamp rises by four", transition.clone() * later);
    circuit.assert_zero("the program starts at zero", first.clone() * pc.clone());
    circuit.assert_zero("the stack starts empty", first * height.clone());

    circuit.assert_zero("zero does not jump", is(&[JumpNonzero]) * (row.jumps.clone() - top.clone() * row.inverse));
    circuit.assert_zero("all else jumps", is(&[JumpNonzero]) * top.clone() * (one.clone() - row.jumps.clone()));
    let straight = pc.clone() + one.clone();
    let follows = straight.clone() + is(&[JumpNonzero]) * row.jumps * (arg.clone() - straight);
    let running = transition * next_real;
    circuit.assert_zero("the next instruction follows", running.clone() * (circuit.next(&pc) - follows));
    let grows = is(&[Push, Load]) - is(&[Store, Add, Sub, Mul, JumpNonzero]);
    circuit.assert_zero("the stack grows and shrinks", running * (circuit.next(&height) - height.clone() - grows));

    // A stack that is empty has its top at p - 1, where no cell is: no proof takes from it.
    let binary = is(&[Add, Sub, Mul]);
    let takes = is(&[Store, Add, Sub, Mul, JumpNonzero, Halt]);
    let (below, below_two) = (height.clone() - one.clone(), height.clone() - Expr::integer(2));
    let source = takes.clone() * below + is(&[Load]) * arg.clone();
    circuit.assert_equal("where the first operand is", row.source.clone(), source);
    let target = is(&[Push, Load]) * height + binary.clone() * below_two.clone() + is(&[Store]) * arg.clone();
    circuit.assert_equal("where the result goes", row.target.clone(), target);
    let result = is(&[Push]) * arg.clone()
        + is(&[Load, Store]) * top.clone()
        + is(&[Add]) * (second.clone() + top.clone())
        + is(&[Sub]) * (second.clone() - top.clone())
        + is(&[Mul]) * second.clone() * top.clone();
    let writes = is(&[Push, Load, Store, Add, Sub, Mul]);
    circuit.assert_zero("the result is the operation's", writes.clone() * row.result.clone() - result);
    circuit.assert_zero("the output is what a halt takes", is(&[Halt]) * (top.clone() - output));

    let slot = |slot: usize, space: Expr, pointer: Expr| AccessExprs {
        space,
        pointer,
        timestamp: row.timestamp.clone() + Expr::integer(slot as u32),
        gap: row.gaps[slot].clone(),
    };
    let opcode = OPS.iter().fold(Expr::zero(), |sum, op| sum + is(&[*op]) * Expr::integer(*op as u32 + 1));
    let fetch = slot(0, Expr::integer(PROGRAM), pc.clone() + pc);
    bridge.read(&mut circuit, "fetch", fetch, [opcode, arg], real);
    let space = takes.clone() * Expr::integer(STACK) + is(&[Load]) * Expr::integer(VARIABLES);
    bridge.read(&mut circuit, "first", slot(1, space, row.source.clone()), [top], takes + is(&[Load]));
    bridge.read(&mut circuit, "second", slot(2, Expr::integer(STACK), below_two), [second], binary);
    let space = (writes.clone() - is(&[Store])) * Expr::integer(STACK) + is(&[Store]) * Expr::integer(VARIABLES);
    let result = slot(3, space, row.target.clone());
    bridge.write(&mut circuit, "result", result, [row.before.clone()], [row.result.clone()], writes);
    circuit.build()
}

/// What a step did that memory does not say.
struct Step {
    op: Op,
    pc: u32,
    height: u32,
    argument: u32,
    source: u32,
    target: u32,
    slots: [Option<RecordId>; SLOTS as usize],
}

/// Run the program in memory. Each slot of a step takes one timestamp, whether it is used or not.
fn run(memory: &mut MemoryController) -> Result<(Vec<Step>, F), MemoryError> {
    let (mut steps, mut pc, mut height) = (vec![], 0, 0);
    loop {
        let (fetch, [opcode, argument]) = memory.read::<2>(PROGRAM, 2 * pc)?;
        let op = OPS[opcode.as_canonical_u32() as usize - 1];
        let argument = argument.as_canonical_u32();
        let binary = matches!(op, Add | Sub | Mul);
        let mut slots = [Some(fetch), None, None, None];
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
        steps.push(Step { op, pc, height, argument, source: pointer(first), target: pointer(target), slots });
        match op {
            Halt => return Ok((steps, top)),
            Push | Load => height += 1,
            _ => height -= 1,
        }
        pc = if op == JumpNonzero && top != F::ZERO { argument } else { pc + 1 };
    }
}

fn trace(steps: &[Step], memory: &FinalizedMemory) -> Result<Trace, MemoryError> {
    let mut trace = Trace::zeros(StepCols::<F>::WIDTH, steps.len());
    for row in 0..trace.height() {
        let mut cells = StepCols::<F> {
            flags: [F::ZERO; 8],
            timestamp: F::from_usize(SLOTS as usize * row + 1),
            pc: F::ZERO,
            height: F::ZERO,
            argument: F::ZERO,
            source: F::ZERO,
            operands: [F::ZERO; 2],
            inverse: F::ZERO,
            jumps: F::ZERO,
            target: F::ZERO,
            before: F::ZERO,
            result: F::ZERO,
            gaps: [F::ZERO; 4],
        };
        if let Some(step) = steps.get(row) {
            cells.flags[step.op as usize] = F::ONE;
            [cells.pc, cells.height, cells.argument] = [step.pc, step.height, step.argument].map(F::from_u32);
            [cells.source, cells.target] = [step.source, step.target].map(F::from_u32);
            let found = |slot: usize| step.slots[slot].and_then(|id| memory.accesses().cells(id).first().copied());
            cells.operands = [1, 2].map(|slot| found(slot).unwrap_or(F::ZERO));
            cells.result = found(3).unwrap_or(F::ZERO);
            cells.before = step.slots[3].map_or(F::ZERO, |id| memory.accesses().previous(id)[0]);
            cells.inverse = cells.operands[0].try_inverse().unwrap_or(F::ZERO);
            cells.jumps = cells.operands[0] * cells.inverse;
            for (cell, slot) in cells.gaps.iter_mut().zip(step.slots) {
                let Some(record) = slot.and_then(|id| memory.accesses().get(id)) else { continue };
                memory.range_checker().check(record.gap, GAP_BITS)?;
                *cell = F::from_u32(record.gap);
            }
        }
        cells.write(trace.row_mut(row));
    }
    Ok(trace)
}

/// What whoever checks a proof knows: the memory that the program starts on, and its roots.
fn loaded(program: &[(Op, u32)], config: &MemoryConfig) -> Result<(MemoryImage, Vec<Digest>), MemoryError> {
    let mut image = MemoryImage::new();
    for (cell, (op, argument)) in (0..).step_by(2).zip(program) {
        image.set_cell(PROGRAM, cell, F::from_u32(*op as u32 + 1));
        image.set_cell(PROGRAM, cell + 1, F::from_u32(*argument));
    }
    let memory = OfflineMemory::new(&image, config)?.finalize_blocks(&mut AccessAdapterInventory::new());
    Ok((image, memory.segment.roots_before))
}

fn main() -> Result<(), Box<dyn Error>> {
    let space = |number, block| {
        AddressSpaceConfig::new(number, AddressSpaceType::Normal).with_block_cells(block).with_pointer_bits(16)
    };
    let builder = MemoryConfigBuilder::new().add_address_space(space(PROGRAM, 2));
    let config = builder.add_address_space(space(STACK, 1)).add_address_space(space(VARIABLES, 1)).build()?;
    let (image, initial_roots) = loaded(&FACTORIAL, &config)?;
    let mut memory = MemoryController::with_image(&config, image)?;
    let circuits = std::iter::once(circuit(memory.bridge())).chain(memory.circuits());
    let circuits: Vec<Arc<Circuit>> = circuits.map(Arc::new).collect();
    let (proving, verifying) = keygen(&circuits, Parameters::SMALLEST)?;
    assert!(verifying.security_bits() >= 100.0);

    let (steps, output) = run(&mut memory)?;
    assert_eq!(output, F::from_u32((1..=10).product()));
    let finalized = memory.finalize()?;
    let final_roots = finalized.memory().roots_after.clone();
    let steps_table = trace(&steps, &finalized)?;
    let mut witnesses = vec![Witness { trace: Some(steps_table.clone()), publics: vec![output], ..Default::default() }];
    witnesses.extend(finalized.into_witnesses());
    check_witnesses(&circuits, &witnesses).map_err(|report| report.to_string())?;
    let proof = proving.prove(witnesses)?;

    verifying.verify(&proof)?;
    assert_eq!(proof.publics(0), [output]);
    // Two digests a space; the first is the root before, which the program alone gives.
    assert_eq!(proof.publics(1 + ROOTS), root_publics(&initial_roots, &final_roots));
    println!("proven: {} steps leave {output} on the stack; {} bytes of proof", steps.len(), proof.encode().len());

    // Another output is refused by the one constraint that names it.
    let lie = Witness { trace: Some(steps_table), publics: vec![output + F::ONE], ..Default::default() };
    let report = check_witnesses(&circuits[..1], &[lie]).err().ok_or("a false output was accepted")?;
    assert!(report.constraints.iter().all(|failure| failure.label == "the output is what a halt takes"));
    assert!(!report.constraints.is_empty());
    Ok(())
}
