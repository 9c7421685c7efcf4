//! What a person reads when a run does not satisfy the circuits.

use engram_air::{F, PrimeCharacteristicRing};
use engram_rv32im::{Opcode, system_calls::SYS_EXIT};
use engram_rv32im_air::{chip::Chip, circuits::FIRST_CHIP};
use engram_stark::engine::check_witnesses;

use super::explain;
use crate::testing::{Assembler, Run, ZERO};

/// `add t2,t0,t1` at 0x10010, with a cell of its row changed.
fn explanation(column: &str, occurrence: usize, change: F) -> String {
    let mut code = Assembler::default();
    code.set(5, 1234);
    code.set(6, 5678);
    assert_eq!(code.here(), 0x1_0010);
    code.register(Opcode::Add, 7, 5, 6);
    // Later accesses of the registers that it reads and writes.
    code.register(Opcode::Sub, 7, 5, 6);
    code.immediate(Opcode::Addi, 1, ZERO, 0);
    code.call(SYS_EXIT, [0; 3]);
    let (run, mut segment) = Run::whole(&code.elf(&[]), b"");
    check_witnesses(run.circuits(), &segment.witnesses).unwrap();
    let add = Chip::Arithmetic(Opcode::Add);
    let number = FIRST_CHIP + run.machine.chips().iter().position(|&chip| chip == add).unwrap();
    let columns = run.circuits()[number].columns.iter().enumerate();
    let (column, _) = columns.filter(|(_, name)| *name == column).nth(occurrence).unwrap();
    segment.witnesses[number].trace.as_mut().unwrap().row_mut(0)[column] += change;
    let report = check_witnesses(run.circuits(), &segment.witnesses).unwrap_err();
    explain(&run.program, &report)
}

fn contains_all(text: &str, wanted: &[&str]) {
    for wanted in wanted {
        assert!(text.contains(wanted), "{wanted:?} is not in\n{text}");
    }
}

#[test]
fn a_false_constraint_is_named_with_its_row_and_instruction() {
    let text = explanation("normal limb", 0, F::ONE);
    contains_all(
        &text,
        &[
            "add row 0: \"carry of a sum is boolean\" does not hold",
            "at 0x00010010: add t2,t0,t1",
            "real=1 pc=16388 timestamp=",
            "normal limb=6913",
        ],
    );
}

#[test]
fn an_unbalanced_access_is_named_with_its_nearest_counterpart() {
    let text = explanation("gap", 0, F::from_u32(3));
    contains_all(
        &text,
        &[
            "bus memory: [space=1 pointer=5 cell=1234 cell=0 timestamp=",
            "add row 0: -1 × \"takes what was there\"\n    at 0x00010010: add t2,t0,t1",
            "nearest counterpart: the same but for timestamp off by 3",
        ],
    );
}

#[test]
fn another_word_is_told_from_the_one_that_was_there() {
    let text = explanation("previous low", 0, F::ONE);
    contains_all(
        &text,
        &["bus memory: [space=1 pointer=5 cell=1235", "the same but for cell off by -1 (1235 here, 1234 there)"],
    );
}
