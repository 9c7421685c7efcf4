//! How long a proof of many accesses takes: `cargo run --release -p engram-memory --example million_accesses [accesses] [shape] [height]`,
//! where the shape is `words` (all of one size), `mixed` (1, 2 and 4 cells anywhere) or `apart` (each size in a place of its own),
//! and the height is that of a parameter set: 18, 20 or 22.

use std::time::Instant;

use engram_air::{F, PrimeCharacteristicRing};
use engram_memory::{
    config::{AddressSpaceConfig, AddressSpaceType, MemoryConfigBuilder},
    online::Memory,
    proof::MemoryProofGenerator,
};
use engram_stark::parameters::Parameters;

/// Cells that the accesses go to.
const CELLS: u32 = 1 << 16;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let accesses: u32 = arguments.next().map_or(1_000_000, |count| count.parse().expect("a number of accesses"));
    let shape = arguments.next().unwrap_or_else(|| "mixed".into());
    let height = arguments.next();
    let space = AddressSpaceConfig::new(1, AddressSpaceType::Normal);
    let config = MemoryConfigBuilder::new()
        .with_access_capacity(accesses.max(1) as usize)
        .add_address_space(space)
        .build()
        .expect("the settings are possible");
    let mut memory = Memory::new(&config);
    timed("execute", || (0..accesses).for_each(|step| access(&mut memory, step, &shape)));
    let (image, log) = memory.into_log();
    let mut generator = MemoryProofGenerator::new(log, &config).with_image(image);
    let named = |parameters: &Parameters| Some(parameters.log_stacked_height().to_string()) == height;
    if let Some(parameters) = Parameters::ALL.into_iter().find(named) {
        generator = generator.with_parameters(parameters);
    }
    let proof = timed("prove", || generator.generate_proof().expect("the log is possible"));
    let statement = timed("verify", || proof.verify(&config).expect("the proof holds"));
    println!("{:?}, {} KiB, log {:?}", proof.parameters(), proof.encode().len() >> 10, statement.log_commitment[0]);
    println!("peak memory: {}", peak_memory());
}

fn access(memory: &mut Memory, step: u32, shape: &str) {
    let random = step.wrapping_mul(0x9e37_79b9);
    let len: u32 = if shape == "words" { 4 } else { [1, 2, 4][(random >> 3) as usize % 3] };
    let place = (random >> 12) % (CELLS / len) * len;
    let pointer = if shape == "apart" { place + len * CELLS } else { place };
    let result = if random >> 7 & 1 == 0 {
        memory.read_dynamic(1, pointer, len as usize).map(|_| ())
    } else {
        let data: Vec<F> = (0..len).map(|cell| F::from_u32((step + cell) & 0xffff)).collect();
        memory.write_slice(1, pointer, &data).map(|_| ())
    };
    result.expect("the access is possible");
}

fn timed<T>(name: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    println!("{name}: {:.2} s", start.elapsed().as_secs_f64());
    result
}

/// The most memory that this process has had, where the system says.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.map_or_else(|| "not known".into(), |peak| peak.trim().to_owned())
}
