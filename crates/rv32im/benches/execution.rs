//! Speed of plain and recorded execution on guest programs, and how it compares with qemu's translator on the same
//! files in the same run.

use std::hint::black_box;
use std::io::Cursor;
use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use engram_rv32im::testing::{Qemu, SplitMix64};
use engram_rv32im::{Emulator, ExecutionLog, Outcome, Program};

/// Steps of a recorded stretch: about what a segment of a proof takes.
const STRETCH_STEPS: u64 = 1 << 22;
const REPETITIONS: usize = 5;

struct Case {
    name: &'static str,
    elf: Vec<u8>,
    input: Vec<u8>,
}

fn cases() -> Vec<Case> {
    let mut random = SplitMix64::new(1);
    let mut noise = |bytes: usize| -> Vec<u8> { (0..bytes).map(|_| random.next_u32() as u8).collect() };
    let inputs = [
        ("fib", 40_000_000u32.to_le_bytes().to_vec()),
        ("sha256", noise(2 << 20)),
        ("keccak", noise(1 << 20)),
        ("sort", noise(4 << 20)),
        ("interpreter", 4096u32.to_le_bytes().to_vec()),
        ("copy", [60u32, 65536].map(u32::to_le_bytes).concat()),
    ];
    inputs.map(|(name, input)| Case { name, elf: read_guest(name), input }).into()
}

fn read_guest(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../guests/elf/{name}.elf"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn emulator<'p>(program: &'p Program, input: &'p [u8]) -> Emulator<'p> {
    Emulator::new(program, Box::new(Cursor::new(input)))
}

fn run(emulator: &mut Emulator) -> u64 {
    match emulator.run(u64::MAX) {
        Ok(Outcome::Exited(exit)) if exit.value == 0 => emulator.steps(),
        other => panic!("{other:?}"),
    }
}

fn record(emulator: &mut Emulator, log: &mut ExecutionLog) -> u64 {
    loop {
        log.restart_at(emulator.state());
        match emulator.record(STRETCH_STEPS, log) {
            Ok(Outcome::OutOfSteps) => black_box(&*log),
            Ok(Outcome::Exited(exit)) if exit.value == 0 => return emulator.steps(),
            other => panic!("{other:?}"),
        };
    }
}

fn execution(criterion: &mut Criterion) {
    for case in cases() {
        let program = Program::from_elf(&case.elf).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let steps = run(&mut emulator(&program, &case.input));
        let mut group = criterion.benchmark_group(case.name);
        group.sample_size(10).throughput(Throughput::Elements(steps));
        let fresh = || emulator(&program, &case.input);
        group.bench_function("plain", |bencher| {
            bencher.iter_batched_ref(fresh, run, BatchSize::PerIteration);
        });
        let mut log = fresh().start_log();
        group.bench_function("recording", |bencher| {
            bencher.iter_batched_ref(fresh, |emulator| record(emulator, &mut log), BatchSize::PerIteration);
        });
        group.finish();
    }
}

fn fastest<T>(mut measured: impl FnMut() -> T) -> Duration {
    let times = (0..REPETITIONS).map(|_| {
        let start = Instant::now();
        black_box(measured());
        start.elapsed()
    });
    times.min().unwrap_or_default()
}

/// Prints a table; qemu's time is less its start-up, which is that of a guest that exits at once.
fn against_qemu(_: &mut Criterion) {
    let qemu = Qemu::installed();
    let exit_at_once = read_guest("exitcode");
    let start_up = fastest(|| qemu.run(&exit_at_once, &[0]));
    println!("{:12} {:>12} {:>12} {:>12} {:>12} {:>12}", "", "plain", "recording", "qemu", "plain/qemu", "rec./qemu");
    for case in cases() {
        let program = Program::from_elf(&case.elf).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let steps = run(&mut emulator(&program, &case.input)) as f64 / 1e6;
        let mut log = emulator(&program, &case.input).start_log();
        let plain = steps / fastest(|| run(&mut emulator(&program, &case.input))).as_secs_f64();
        let recording = steps / fastest(|| record(&mut emulator(&program, &case.input), &mut log)).as_secs_f64();
        let under_qemu = fastest(|| qemu.run(&case.elf, &case.input)).saturating_sub(start_up);
        let qemu_speed = steps / under_qemu.as_secs_f64();
        println!(
            "{:12} {plain:8.0} M/s {recording:8.0} M/s {qemu_speed:8.0} M/s {:12.2} {:12.2}",
            case.name,
            plain / qemu_speed,
            recording / qemu_speed
        );
    }
}

criterion_group!(benches, execution, against_qemu);
criterion_main!(benches);
