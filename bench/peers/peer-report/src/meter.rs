//! What the process has used so far, as the system counts it.

use std::ops::Sub;
use std::time::Instant;

use anyhow::{Context, Result};
use nix::sys::resource::{Usage as SystemUsage, UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// Time used, by all threads.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Seconds of processors, in the program and in the system on its behalf.
    pub cpu_s: f64,
    /// Seconds of the clock on the wall.
    pub wall_s: f64,
}

impl Sub for Usage {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self { cpu_s: self.cpu_s - other.cpu_s, wall_s: self.wall_s - other.wall_s }
    }
}

impl std::ops::Add for Usage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { cpu_s: self.cpu_s + other.cpu_s, wall_s: self.wall_s + other.wall_s }
    }
}

/// Measures from its making, which is to be the first thing that a process does.
#[derive(Debug)]
pub struct Meter {
    start: Instant,
}

impl Meter {
    /// Begin.
    #[expect(clippy::new_without_default, reason = "the moment of making it matters")]
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }

    /// Used so far: processors since the process began, the wall since this meter was made.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn read(&self) -> Result<Usage> {
        let usage = system_usage()?;
        let cpu = usage.user_time() + usage.system_time();
        Ok(Usage { cpu_s: cpu.num_microseconds() as f64 / 1e6, wall_s: self.start.elapsed().as_secs_f64() })
    }

    /// Do something, and say what it used.
    ///
    /// # Errors
    /// Those of `action`; and when the system does not say what was used.
    pub fn measure<T>(&self, action: impl FnOnce() -> Result<T>) -> Result<(T, Usage)> {
        let before = self.read()?;
        let value = action()?;
        Ok((value, self.read()? - before))
    }
}

/// The most memory that this process has had, in bytes.
///
/// # Errors
/// When the system does not say.
pub fn peak_rss_bytes() -> Result<u64> {
    // Linux counts it in KiB.
    Ok(u64::try_from(system_usage()?.max_rss()).context("the system says a negative amount of memory")? * 1024)
}

fn system_usage() -> Result<SystemUsage> {
    getrusage(UsageWho::RUSAGE_SELF).context("the system does not say what this process has used")
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;

    use super::*;

    #[test]
    fn work_of_other_threads_is_counted() {
        let meter = Meter::new();
        let spin = || {
            let start = Instant::now();
            while start.elapsed().as_millis() < 50 {
                black_box(start);
            }
        };
        let ((), idle) = meter.measure(|| Ok(())).unwrap();
        let ((), busy) =
            meter.measure(|| std::thread::spawn(spin).join().map_err(|_| anyhow::anyhow!("it panicked"))).unwrap();
        assert!(busy.cpu_s > idle.cpu_s, "{busy:?} after {idle:?}");
        assert!(busy.wall_s >= 0.05, "{busy:?}");
    }
}
