//! A run that is proven with blocks ends otherwise than without.

use engram_rv32im::testing::{RandomProgram, SplitMix64, guest_vectors, link};
use engram_rv32im_air::plan::Plan;
use engram_verifier::{ProgramKey, verify};

use super::{alias_programs::alias_elf, guests::Guest};

/// Longer cases are left to other tests: checking each row takes too long.
const STEPS_MAX: u64 = 200_000;

/// Cases that are proven and verified, too.
const PROVEN: [&str; 5] = ["fib-47", "sort-100", "exitcode-255", "sha256-abc", "misaligned"];

fn assert_proven_alike(name: &str, guest: &Guest, plan: &Plan, segment_steps_max: u64) {
    let (end, _) = guest.end(&Plan::default(), false);
    let proof = guest.prove(plan, segment_steps_max);
    let key = ProgramKey::derive_for(&guest.program, &proof).unwrap();
    let statement = verify(&key, &proof).unwrap_or_else(|error| panic!("{name}: {error}"));
    let memory = engram_memory::Layout::rv32im().root(&end.roots, engram_memory::SPACE_MEMORY).unwrap();
    assert_eq!(statement.final_root, memory, "{name}");
    assert_eq!((statement.exit_value, &statement.output), (end.exit, &end.output), "{name}");
    assert!(statement.security_bits >= 100.0);
}

#[test]
fn every_guest_ends_the_same_with_its_plan() {
    let mut checked = 0;
    for case in guest_vectors().into_iter().filter(|case| case.end.starts_with("exit")) {
        let guest = Guest::bundled(&case.guest, &case.input);
        let steps = guest.machine_steps();
        if steps > STEPS_MAX {
            println!("{}: {steps} instructions are too many", case.name);
            continue;
        }
        let plan = guest.plan();
        let (with_plan, tile_steps) = guest.end(&plan, true);
        assert_eq!(with_plan, guest.end(&Plan::default(), false).0, "{}", case.name);
        assert_eq!(with_plan.output, case.output, "{}", case.name);
        assert_eq!(format!("exit:{}", with_plan.exit & 0xff), case.end, "{}", case.name);
        println!("{}: {steps} instructions, {} blocks, {tile_steps:.1} steps a row", case.name, plan.len());
        checked += 1;
        if PROVEN.contains(&case.name.as_str()) {
            assert_proven_alike(&case.name, &guest, &plan, u64::MAX);
        }
    }
    assert!(checked >= 25, "only {checked} cases");
}

#[test]
fn programs_of_dense_aliasing_are_proven_with_forced_plans() {
    let seed = SplitMix64::entropy();
    println!("seed {seed:#x}");
    let mut random = SplitMix64::new(seed);
    for round in 0..3 {
        let guest = Guest::new(&alias_elf((0..8).map(|_| random.next_u64()), 30), &[]);
        let plan = guest.forced_plan(&mut random);
        let steps = guest.machine_steps();
        println!("round {round}: {steps} steps, {} blocks", plan.len());
        let several = steps.div_ceil(3);
        assert_proven_alike("in one", &guest, &plan, u64::MAX);
        assert_proven_alike("cut", &guest, &plan, several);
    }
}

#[test]
fn random_programs_are_proven_with_forced_plans() {
    let seed = SplitMix64::entropy();
    println!("seed {seed:#x}");
    let mut random = SplitMix64::new(seed);
    for round in 0..2 {
        let programs: Vec<RandomProgram> = (0..4).map(|_| RandomProgram::generate(random.next_u64(), 40)).collect();
        let input: Vec<u8> = (0..300).map(|_| random.next_u32() as u8).collect();
        let guest = Guest::new(&link(&programs), &input);
        let plan = guest.forced_plan(&mut random);
        let steps = guest.machine_steps();
        println!("round {round}: {steps} steps, {} blocks", plan.len());
        let several = steps.div_ceil(3);
        assert_proven_alike("in one", &guest, &plan, u64::MAX);
        assert_proven_alike("cut", &guest, &plan, several);
    }
}
