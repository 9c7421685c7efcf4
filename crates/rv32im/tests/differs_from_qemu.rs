//! The emulator must do what the reference executor does: random programs end with the same registers, the same scratch
//! memory and the same output as under `qemu-riscv32`.

use std::io::Cursor;

use engram_rv32im::testing::{Qemu, RandomProgram, SplitMix64, link};
use engram_rv32im::{Emulator, Outcome, Program};

const PROGRAMS: usize = 10_000;
/// Many programs share an executable, because starting qemu takes longer than running one.
const PROGRAMS_PER_ELF: usize = 500;
const CONSTRUCTS: u32 = 60;

/// Runs in pieces, some of them recorded, so that stopping and going on are tested with everything else.
fn run(elf: &[u8], input: &[u8], random: &mut SplitMix64) -> Result<Vec<u8>, String> {
    let program = Program::from_elf(elf).map_err(|error| error.to_string())?;
    let mut emulator = Emulator::new(&program, Box::new(Cursor::new(input.to_vec())));
    let mut log = emulator.start_log();
    loop {
        let max_steps_log2 = 1 + random.below(20);
        let max_steps = u64::from(random.below(1 << max_steps_log2));
        let outcome = if random.below(2) == 0 {
            emulator.run(max_steps)
        } else {
            log.restart_at(emulator.state());
            emulator.record(max_steps, &mut log)
        };
        match outcome.map_err(|fault| fault.to_string())? {
            Outcome::Exited(exit) if exit.value == 0 => return Ok(emulator.output().to_vec()),
            Outcome::Exited(exit) => return Err(format!("exit {}", exit.value)),
            Outcome::OutOfSteps => {}
        }
    }
}

#[test]
fn random_programs_end_alike() {
    let seed = SplitMix64::entropy();
    println!("seed {seed:#x}");
    let qemu = Qemu::installed();
    let mut random = SplitMix64::new(seed);
    for batch in 0..PROGRAMS / PROGRAMS_PER_ELF {
        let programs: Vec<RandomProgram> =
            (0..PROGRAMS_PER_ELF).map(|_| RandomProgram::generate(random.next_u64(), CONSTRUCTS)).collect();
        let input: Vec<u8> = (0..random.below(200_000)).map(|_| random.next_u32() as u8).collect();
        let elf = link(&programs);
        let expected = qemu.run(&elf, &input);
        assert_eq!(expected.exit_code, Some(0), "qemu, batch {batch} of seed {seed:#x}: {}", expected.messages);
        let output = run(&elf, &input, &mut random);
        if output.as_deref() != Ok(&expected.output) {
            panic!("batch {batch} of seed {seed:#x}: {}", narrow_down(&programs, &input, &qemu));
        }
    }
}

/// Looks for one program that differs by itself; where none does, the state that an earlier one left is to blame.
fn narrow_down(programs: &[RandomProgram], input: &[u8], qemu: &Qemu) -> String {
    for program in programs {
        let elf = link(std::slice::from_ref(program));
        let expected = qemu.run(&elf, input);
        let result = run(&elf, input, &mut SplitMix64::new(0));
        if result.as_deref() == Ok(&expected.output) {
            continue;
        }
        let place = match &result {
            Ok(output) => {
                let same = output.iter().zip(&expected.output).take_while(|(a, b)| a == b).count();
                format!("the outputs differ at byte {same} of {}", expected.output.len())
            }
            Err(error) => error.clone(),
        };
        let listing: Vec<String> =
            (0..).zip(program.instructions()).map(|(i, instruction)| format!("{:5x} {instruction}", 4 * i)).collect();
        return format!("RandomProgram::generate({:#x}, {CONSTRUCTS}): {place}\n{}", program.seed, listing.join("\n"));
    }
    "no program differs by itself".to_owned()
}

/// Where a run is cut into pieces changes nothing.
#[test]
fn pieces_add_up() {
    let programs: Vec<RandomProgram> = (0..20).map(|seed| RandomProgram::generate(seed, CONSTRUCTS)).collect();
    let elf = link(&programs);
    let first = run(&elf, b"input", &mut SplitMix64::new(1));
    assert!(first.is_ok());
    assert_eq!(first, run(&elf, b"input", &mut SplitMix64::new(2)));
}
