//! Where to cut a run whose length is known: a table that is a little higher than a power of two is half padding, and so are
//! all messages together. Two segments that fill theirs may cost less than one that does not.

use std::sync::Arc;

use engram_air::{Circuit, price::Size};
use engram_machine::circuits::{FIRST_CHIP, LOOKUPS, MEMORY, Machine};

use crate::meter::cheapest_parameters;

/// A cut must save this share of what the segment would cost without it, or the prediction's errors decide.
const SAVING_MIN: f64 = 0.1;

/// Seconds of one core that a segment costs beside its proof: its tree, its tables' beginnings, checking it.
const SEGMENT_S: f64 = 0.8;

/// A segment is not cut before it costs this many times what it would cost empty.
const FIXED_MIN: f64 = 2.0;

/// What is cut off is at most this part of what stays. A run may change its ways, so what lies far ahead is not foreseen.
const REST_MAX_SHARE: u64 = 3;

/// Powers of two below a table's last height that are looked at.
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

    /// What to expect of the segment that has these rows after so many steps. Nothing yet at its start, where everything is
    /// touched for the first time.
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
        SEGMENT_S + self.fixed_s(rows) + self.machine.size(rows.iter().copied()).seconds()
    }

    /// Is there a table of weight that grows past a power of two within so many steps? Nowhere else is a cut worth a thought.
    pub fn a_table_doubles_within(&self, steps: u64) -> bool {
        let next = self.rows_at(self.steps + steps);
        let weight = SAVING_MIN / 2.0 * self.machine.size(self.rows.iter().copied()).seconds();
        let doubles = |((circuit, &now), &next): ((&Arc<Circuit>, &usize), &usize)| {
            now.next_power_of_two() < next && Size::of(circuit, now).seconds() > weight
        };
        self.machine.circuits().iter().zip(self.rows).zip(&next).any(doubles)
    }

    /// The place, in steps, where cutting a segment that could go on to `end` saves most; `None` where it is best left whole.
    pub fn best_cut(&self, end: u64) -> Option<u64> {
        // A short segment is mostly fixed cost, and says little about what comes.
        if self.machine.size(self.rows.iter().copied()).seconds() < FIXED_MIN * self.fixed_s(self.rows) {
            return None;
        }
        let last = self.rows_at(end);
        let whole = self.seconds(&last);
        let places = self.rows.iter().zip(&self.rates).zip(&last).flat_map(|((&now, &rate), &last)| {
            let top = last.max(1).ilog2();
            let heights = (top.saturating_sub(HEIGHTS_TRIED - 1)..=top).map(|power| 1usize << power);
            let place = move |height: usize| self.steps + ((height - now) as f64 / rate) as u64;
            heights.filter(move |&height| rate > 0.0 && height >= now && height < last).map(place)
        });
        let seconds = |place: &u64| self.seconds(&self.rows_at(*place)) + self.seconds(&self.rows_between(*place, end));
        let is_near_end = |place: &u64| end.saturating_sub(*place) <= place / REST_MAX_SHARE;
        let places = places.chain([self.steps]).filter(is_near_end).map(|place| (place, seconds(&place)));
        let (place, split) = places.min_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))?;
        (split < whole * (1.0 - SAVING_MIN)).then_some(place)
    }
}

#[cfg(test)]
mod tests {
    use engram_machine::chip::CHIPS;

    use super::*;

    const STEPS: u64 = 1 << 21;

    /// A machine without blocks whose first chip has a row every other step.
    fn best_cut(steps: u64, end: u64) -> Option<u64> {
        let machine = Machine::new(CHIPS.to_vec());
        let mut rows = vec![0; machine.circuits().len()];
        let mut growth = Growth::default();
        for steps in [0, steps / 4, steps / 2] {
            rows[FIRST_CHIP] = steps as usize / 2;
            growth.note(&rows, steps);
        }
        rows[FIRST_CHIP] = steps as usize / 2;
        growth.outlook(&machine, &rows, steps)?.best_cut(end)
    }

    #[test]
    fn a_table_is_not_doubled_for_a_few_rows() {
        let place = best_cut(STEPS - 1000, STEPS + 10_000).unwrap();
        assert!(place.abs_diff(STEPS) < 100, "{place}");
        // Seen from afar, it is the same place.
        let place = best_cut(STEPS / 2 + 1000, STEPS + 10_000).unwrap();
        assert!(place.abs_diff(STEPS) < 100, "{place}");
    }

    #[test]
    fn a_table_that_will_be_full_is_left_whole() {
        assert_eq!(best_cut(STEPS / 2 - 1000, STEPS - 1000), None);
        assert_eq!(best_cut(STEPS / 2, STEPS), None);
    }

    #[test]
    fn a_short_run_is_left_whole() {
        assert_eq!(best_cut(1000, 1025), None);
    }
}
