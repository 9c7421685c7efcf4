//! How many reads, and how many writes, follow each other, whatever their spaces.

use serde::Serialize;

/// The runs of one kind. A run is as long as it can be: accesses of the other kind stand before and after it, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RunLengths {
    /// How many runs.
    pub runs: u64,
    /// Accesses in all of them.
    pub accesses: u64,
    /// Accesses in the longest.
    pub longest: u64,
    /// At position *k*, how many runs have from `2^k` to below `2^(k+1)` accesses; up to the longest.
    pub by_length_log2: Vec<u64>,
}

impl RunLengths {
    /// Accesses in a run on average; zero where there is none.
    pub fn mean(&self) -> f64 {
        if self.runs == 0 { 0.0 } else { self.accesses as f64 / self.runs as f64 }
    }

    fn add(&mut self, length: u64) {
        let Some(log2) = length.checked_ilog2() else { return };
        let log2 = log2 as usize;
        if self.by_length_log2.len() <= log2 {
            self.by_length_log2.resize(log2 + 1, 0);
        }
        self.by_length_log2[log2] += 1;
        self.runs += 1;
        self.accesses += length;
        self.longest = self.longest.max(length);
    }
}

/// Runs of reads and of writes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Runs {
    /// Of reads.
    pub reads: RunLengths,
    /// Of writes.
    pub writes: RunLengths,
}

/// Counts runs.
#[derive(Clone, Debug, Default)]
pub(super) struct RunCounter {
    runs: Runs,
    /// Whether the run that goes on is of writes.
    writes: bool,
    /// Accesses of the run that goes on.
    length: u64,
}

impl RunCounter {
    pub(super) fn access(&mut self, writes: bool) {
        if writes != self.writes {
            self.end();
            self.writes = writes;
        }
        self.length += 1;
    }

    fn end(&mut self) {
        let runs = if self.writes { &mut self.runs.writes } else { &mut self.runs.reads };
        runs.add(std::mem::take(&mut self.length));
    }

    pub(super) fn finish(mut self) -> Runs {
        self.end();
        self.runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(kinds: &str) -> Runs {
        let mut counter = RunCounter::default();
        kinds.chars().for_each(|kind| counter.access(kind == 'w'));
        counter.finish()
    }

    #[test]
    fn runs_are_as_long_as_they_can_be() {
        assert_eq!(runs(""), Runs::default());
        let Runs { reads, writes } = runs("wrrrwwwwwrw");
        assert_eq!(reads, RunLengths { runs: 2, accesses: 4, longest: 3, by_length_log2: vec![1, 1] });
        assert_eq!(writes, RunLengths { runs: 3, accesses: 7, longest: 5, by_length_log2: vec![2, 0, 1] });
        assert_eq!((reads.mean(), RunLengths::default().mean()), (2.0, 0.0));
    }
}
