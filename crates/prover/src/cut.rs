//! Where to cut a run. A table's height is a power of two, and so is the number of slots for all messages. A table with a few rows
//! more than a power of two is therefore half padding, and two segments with full tables may cost less than one.

use engram_rv32im_air::circuits::{FIRST_CHIP, LOOKUPS, MEMORY, Machine};

use crate::meter::{cheapest_parameters, size};

/// Least saving of a cut near the run's end, as a share of what the rest would cost without it. Less than that is within the
/// prediction's error.
const SAVING_MIN: f64 = 0.06;

/// Seconds of one core that a segment costs beside its proof: its tree, its tables' beginnings, checking it.
const SEGMENT_S: f64 = 0.25;

/// Least cost of a segment that is cut near the run's end, in multiples of an empty segment's cost.
const END_EMPTY_MIN: f64 = 1.25;

/// Least cost of a segment that is cut elsewhere, likewise. From there on the fixed cost is so small a share that a longer segment
/// saves next to nothing.
const EMPTY_MIN: f64 = 5.0;

/// Look-ahead, as a share of the segment's length so far. A run may change its behaviour, so rows farther ahead are not predicted.
const LOOK_AHEAD_SHARE: f64 = 0.4;

/// Least jump in a segment's cost, as a share of it, before which a cut is considered.
const JUMP_MIN: f64 = 0.02;

/// How many powers of two, from a table's predicted height downwards, are considered as places to cut.
const HEIGHTS_TRIED: u32 = 2;

/// How a segment's rows grow.
#[derive(Debug, Default)]
pub struct Growth {
    /// Rows and steps at an earlier look, at least half of the steps ago where there is one.
    earlier: (Vec<usize>, u64),
    /// The look that becomes the earlier one when the steps have doubled.
    recent: (Vec<usize>, u64),
}

/// A segment as it stands, and as it would go on.
pub struct Outlook<'a> {
    machine: &'a Machine,
    rows: &'a [usize],
    steps: u64,
    /// By circuit: rows a step.
    rates: Vec<f64>,
}

impl Growth {
    /// Take note of the rows after so many steps.
    pub fn note(&mut self, rows: &[usize], steps: u64) {
        if steps >= 2 * self.recent.1 {
            self.earlier = std::mem::replace(&mut self.recent, (rows.to_vec(), steps));
        }
    }

    /// A forecast for the segment that has these rows after so many steps. There is none near the segment's start: there, all
    /// memory is touched for the first time, which says nothing of later.
    pub fn outlook<'a>(&self, machine: &'a Machine, rows: &'a [usize], steps: u64) -> Option<Outlook<'a>> {
        let (earlier, since) = &self.earlier;
        if *since == 0 {
            return None;
        }
        let past = steps.saturating_sub(*since).max(1) as f64;
        let rate = |(now, circuit): (&usize, usize)| {
            now.saturating_sub(earlier.get(circuit).copied().unwrap_or(0)) as f64 / past
        };
        Some(Outlook { machine, rows, steps, rates: rows.iter().zip(0..).map(rate).collect() })
    }
}

impl Outlook<'_> {
    /// Rows after so many steps, from those now on.
    pub fn rows_at(&self, steps: u64) -> Vec<usize> {
        let more = steps.saturating_sub(self.steps) as f64;
        self.rows.iter().zip(&self.rates).map(|(now, rate)| now + (rate * more) as usize).collect()
    }

    /// Rows of a segment of its own for the steps from one place to another. It touches as much memory anew as this segment would
    /// in these steps, or as this one did, if it is as long: whichever is more.
    fn rows_between(&self, start: u64, end: u64) -> Vec<usize> {
        let steps = end.saturating_sub(start) as f64;
        let shorter = (steps / self.steps.max(1) as f64).min(1.0);
        let rows = self.rows.iter().zip(&self.rates).enumerate().map(|(circuit, (&now, rate))| match circuit {
            MEMORY..LOOKUPS => (now as f64 * shorter).max(rate * steps).ceil() as usize,
            FIRST_CHIP.. => (rate * steps).ceil() as usize,
            _ => now,
        });
        rows.collect()
    }

    fn fixed_s(&self, rows: &[usize]) -> f64 {
        cheapest_parameters(rows).map_or(f64::INFINITY, |parameters| parameters.fixed_s())
    }

    fn seconds(&self, rows: &[usize]) -> f64 {
        SEGMENT_S + self.fixed_s(rows) + size(self.machine, rows.iter().copied()).seconds()
    }

    /// Does the segment's cost jump within so many steps? It does where a table doubles, and only there a cut can save.
    pub fn is_dearer_within(&self, steps: u64) -> bool {
        self.seconds(&self.rows_at(self.steps + steps)) > (1.0 + JUMP_MIN) * self.seconds(self.rows)
    }

    /// The place, in steps, where to cut a segment that could go on to `end`. The run goes on to `run_end`, where that is known.
    /// `None` where the segment should go on as far as the forecast reaches. The next look is `look` steps away.
    pub fn best_cut(&self, end: u64, run_end: Option<u64>, look: u64) -> Option<u64> {
        let now = self.seconds(self.rows);
        let empty = SEGMENT_S + self.fixed_s(self.rows);
        let horizon = self.steps + (self.steps as f64 * LOOK_AHEAD_SHARE) as u64;
        match run_end {
            Some(run_end) if run_end <= end.min(horizon) => {
                if now < END_EMPTY_MIN * empty {
                    None
                } else {
                    self.best_split(run_end)
                }
            }
            // A place is good if a step costs less, on average, than it would farther on.
            _ => {
                let here = now / self.steps as f64;
                let mut ahead = self.places(end.min(horizon)).into_iter().filter(|&place| place > self.steps + look);
                let dearer = |place: u64| self.seconds(&self.rows_at(place)) / place as f64 >= here;
                (now >= EMPTY_MIN * empty && ahead.all(dearer)).then_some(self.steps)
            }
        }
    }

    /// The place where the rest of a run is best split in two, if that saves enough.
    fn best_split(&self, run_end: u64) -> Option<u64> {
        let whole = self.seconds(&self.rows_at(run_end));
        let seconds =
            |place: u64| self.seconds(&self.rows_at(place)) + self.seconds(&self.rows_between(place, run_end));
        let places = self.places(run_end).into_iter().chain([self.steps]).map(|place| (place, seconds(place)));
        let (place, split) = places.min_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))?;
        (split < whole * (1.0 - SAVING_MIN)).then_some(place)
    }

    /// Places from here on, in steps, after which a table doubles, and the end.
    fn places(&self, end: u64) -> Vec<u64> {
        let last = self.rows_at(end);
        let places = self.rows.iter().zip(&self.rates).zip(&last).flat_map(|((&now, &rate), &last)| {
            let top = last.max(1).ilog2();
            let heights = (top.saturating_sub(HEIGHTS_TRIED - 1)..=top).map(|power| 1usize << power);
            let place = move |height: usize| self.steps + ((height - now) as f64 / rate) as u64;
            heights.filter(move |&height| rate > 0.0 && height > now && height < last).map(place)
        });
        let mut places: Vec<u64> = places.filter(|&place| place > self.steps && place < end).collect();
        places.push(end);
        places
    }
}

#[cfg(test)]
mod tests {
    use engram_rv32im_air::chip::CHIPS;

    use super::*;

    const STEPS: u64 = 1 << 21;

    /// A machine without blocks whose first chips have a row every other step, in a segment that may go on to `end`.
    fn best_cut_of(chips: usize, steps: u64, end: u64, run_end: Option<u64>) -> Option<u64> {
        let machine = Machine::new(CHIPS.to_vec());
        let mut rows = vec![0; machine.circuits().len()];
        let mut growth = Growth::default();
        for steps in [0, steps / 4, steps / 2] {
            rows[FIRST_CHIP..FIRST_CHIP + chips].fill(steps as usize / 2);
            growth.note(&rows, steps);
        }
        rows[FIRST_CHIP..FIRST_CHIP + chips].fill(steps as usize / 2);
        growth.outlook(&machine, &rows, steps)?.best_cut(end, run_end, STEPS / 1000)
    }

    /// The last segment of a run, with one chip.
    fn best_cut(steps: u64, end: u64) -> Option<u64> {
        best_cut_of(1, steps, end, Some(end))
    }

    #[test]
    fn a_table_is_not_doubled_for_a_few_rows() {
        let place = best_cut(STEPS - 1000, STEPS + 10_000).unwrap();
        assert!(place.abs_diff(STEPS) < 100, "{place}");
        // Seen from afar, it is the same place.
        let place = best_cut(STEPS / 4 * 3, STEPS + 10_000).unwrap();
        assert!(place.abs_diff(STEPS) < 100, "{place}");
    }

    #[test]
    fn a_table_that_will_be_full_is_left_whole() {
        assert_eq!(best_cut(STEPS / 2 - 1000, STEPS - 1000), None);
        assert_eq!(best_cut(STEPS / 2, STEPS), None);
    }

    #[test]
    fn a_long_run_is_cut_where_all_tables_are_full() {
        let full = STEPS / 4;
        for run_end in [None, Some(40 * STEPS)] {
            assert_eq!(best_cut_of(20, full - 1000, 8 * full, run_end), Some(full - 1000), "{run_end:?}");
            for steps in [full / 3 * 2, full / 4 * 3, full / 10 * 9] {
                assert_eq!(best_cut_of(20, steps, 8 * full, run_end), None, "{run_end:?}, {steps}");
            }
            // A segment that is mostly fixed cost goes on.
            assert_eq!(best_cut_of(1, full - 1000, 8 * full, run_end), None, "{run_end:?}");
        }
    }

    #[test]
    fn a_short_run_is_left_whole() {
        assert_eq!(best_cut(1000, 1025), None);
    }
}
