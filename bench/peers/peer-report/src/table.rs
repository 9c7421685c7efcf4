//! Medians and ratios of many runs, as Markdown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::{Record, Tool};

/// A table of all records, with what they were measured on.
///
/// Numbers are medians over runs. A ratio is the median over pairs: what a run of OpenVM used, in terms of engram's run with
/// the same number.
pub fn markdown(records: &[Record]) -> String {
    let mut text = String::new();
    let machines = distinct(records, |record| format!("{}, {} CPUs", record.cpu_model, record.cpus));
    let commits = distinct(records, |record| record.commit.clone());
    let dates = distinct(records, |record| record.date.clone());
    let (first, last) = (dates.first().cloned().unwrap_or_default(), dates.last().cloned().unwrap_or_default());
    let _ = writeln!(text, "Machine: {}. Measured from {first} to {last}.", join(&machines));
    let _ = writeln!(
        text,
        "engram at commit {}; OpenVM 2.0.2 at its `log_stacked_height`. {} runs.\n",
        join(&commits),
        records.len()
    );
    text.push_str(
        "| guest | size | prover | runs | instructions | segments | CPU s | ratio | wall s | keys, CPU s | µs CPU/instr. | \
         cells/instr. | interactions/instr. | peak GiB | proof MB |\n\
         | --- | --- | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |\n",
    );
    for ((guest, size, ..), group) in groups(records) {
        let contestant = group[0].contestant();
        let middle = |value: &dyn Fn(&Record) -> f64| median(group.iter().map(|record| value(record)).collect());
        let instructions = middle(&|record| record.instructions as f64);
        let ratio = median(group.iter().filter_map(|record| ratio(record, records)).collect());
        let ratio = if group.iter().all(|record| record.tool == Tool::Engram) {
            "1".to_owned()
        } else if ratio.is_nan() {
            "no pair".to_owned()
        } else {
            format!("**{ratio:.1}**")
        };
        let cpu_s = middle(&|record| record.cpu_s_prove);
        let _ = writeln!(
            text,
            "| {guest} | {size} | {contestant} | {} | {instructions:.0} | {:.0} | {cpu_s:.2} | {ratio} | {:.2} | {:.2} | {:.2} | {:.1} | \
             {:.1} | {:.2} | {:.2} |",
            group.len(),
            middle(&|record| record.segments as f64),
            middle(&|record| record.wall_s),
            middle(&|record| record.cpu_s_keygen),
            cpu_s / instructions * 1e6,
            middle(&|record| record.cells as f64) / instructions,
            middle(&|record| record.interactions as f64) / instructions,
            middle(&|record| record.peak_rss_bytes as f64) / (1u64 << 30) as f64,
            middle(&|record| record.proof_bytes as f64) / 1e6,
        );
    }
    text
}

/// By guest, size, tool and setting. None is empty.
fn groups(records: &[Record]) -> BTreeMap<(String, String, Tool, Option<usize>), Vec<&Record>> {
    let mut groups: BTreeMap<_, Vec<&Record>> = BTreeMap::new();
    for record in records {
        let key = (record.guest.clone(), record.size.clone(), record.tool, record.log_stacked_height);
        groups.entry(key).or_default().push(record);
    }
    groups
}

/// This run's CPU seconds in terms of those of engram's run beside it.
fn ratio(record: &Record, records: &[Record]) -> Option<f64> {
    let beside = records.iter().find(|other| {
        other.tool == Tool::Engram
            && (&other.guest, &other.size, other.pair) == (&record.guest, &record.size, record.pair)
    })?;
    Some(record.cpu_s_prove / beside.cpu_s_prove)
}

/// Of none, not a number.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match (values.len() / 2, values.len() % 2) {
        (0, 0) => f64::NAN,
        (half, 1) => values[half],
        (half, _) => f64::midpoint(values[half - 1], values[half]),
    }
}

fn distinct(records: &[Record], value: impl Fn(&Record) -> String) -> BTreeSet<String> {
    records.iter().map(value).collect()
}

fn join(values: &BTreeSet<String>) -> String {
    values.iter().map(String::as_str).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::RunArguments;

    fn record(tool: Tool, pair: u32, cpu_s: f64) -> Record {
        let arguments = RunArguments {
            elf: PathBuf::new(),
            guest: "fib".into(),
            size: "1m".into(),
            pair,
            date: "today".into(),
            commit: "c0ffee".into(),
        };
        let height = (tool == Tool::Openvm).then_some(20);
        let record = Record::new(tool, height, &arguments).unwrap();
        Record { cpu_s_prove: cpu_s, instructions: 1_000_000, ..record }
    }

    #[test]
    fn a_ratio_is_the_median_over_pairs() {
        let pairs = [(1, 1.0, 10.0), (2, 2.0, 40.0), (3, 1.0, 30.0)];
        let records: Vec<Record> = pairs
            .iter()
            .flat_map(|&(pair, ours, theirs)| [record(Tool::Engram, pair, ours), record(Tool::Openvm, pair, theirs)])
            .collect();
        let text = markdown(&records);
        assert!(text.contains("| fib | 1m | engram | 3 | 1000000 | 0 | 1.00 | 1 |"), "{text}");
        assert!(text.contains("| fib | 1m | OpenVM at 20 | 3 | 1000000 | 0 | 30.00 | **20.0** |"), "{text}");
    }

    #[test]
    fn a_run_without_a_counterpart_has_no_ratio() {
        let text = markdown(&[record(Tool::Engram, 1, 1.0), record(Tool::Openvm, 2, 10.0)]);
        assert!(text.contains("| OpenVM at 20 | 1 | 1000000 | 0 | 10.00 | no pair |"), "{text}");
    }

    #[test]
    fn an_even_number_of_runs_has_its_median_between_two() {
        assert_eq!(median(vec![4.0, 1.0, 3.0, 2.0]), 2.5);
        assert!(median(vec![]).is_nan());
    }
}
