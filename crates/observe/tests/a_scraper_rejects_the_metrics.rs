//! The metrics are text as Prometheus's documentation of its exposition formats has it, and say what the report says.

mod logs;

use std::collections::{BTreeMap, BTreeSet};

use engram_memory::{config::MemoryConfig, online::Memory};
use engram_observe::{error::LabelError, monitor::MemoryPerformanceMonitor, prometheus::Labels};
use logs::{mixed_config, random_memory, word_config};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

type Samples = BTreeMap<(String, BTreeMap<String, String>), f64>;

fn is_name(name: &str, colons: bool) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_' || colons && c == ':';
    name.starts_with(letter) && name.chars().all(|c| letter(c) || c.is_ascii_digit())
}

/// The value after an opening quotation mark, without its escapes, and what follows the closing one.
fn unquoted(text: &str) -> (String, &str) {
    let (mut value, mut rest) = (String::new(), text.chars());
    loop {
        match rest.next().expect("a value is closed") {
            '"' => return (value, rest.as_str()),
            '\\' => value.push(match rest.next() {
                Some('n') => '\n',
                Some(c @ ('\\' | '"')) => c,
                other => panic!("{other:?} after a backslash"),
            }),
            c => value.push(c),
        }
    }
}

/// The labels after an opening brace, and what follows the closing one.
fn labels_of(mut text: &str) -> (BTreeMap<String, String>, &str) {
    let mut labels = BTreeMap::new();
    loop {
        let (name, rest) = text.split_once("=\"").expect("a label has a value in quotation marks");
        assert!(is_name(name, false) && !name.starts_with("__"), "{name}");
        let (value, rest) = unquoted(rest);
        assert_eq!(labels.insert(name.to_owned(), value), None, "{name} is there twice");
        match rest.strip_prefix(',') {
            Some(rest) => text = rest,
            None => return (labels, rest.strip_prefix('}').expect("labels are closed")),
        }
    }
}

/// All samples; and of each family its type, which stands once, before its samples, which stand together.
fn parse(text: &str) -> (Samples, BTreeMap<String, String>) {
    let (mut samples, mut types) = (Samples::new(), BTreeMap::new());
    let (mut helped, mut family) = (BTreeSet::new(), String::new());
    assert!(text.is_empty() || text.ends_with('\n'));
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(is_name(name, true) && helped.insert(name.to_owned()) && !help.is_empty());
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(["counter", "gauge"].contains(&kind) && helped.contains(name));
            assert_eq!(kind == "counter", name.ends_with("_total"));
            assert_eq!(types.insert(name.to_owned(), kind.to_owned()), None, "{name} is there twice");
            family = name.to_owned();
        } else {
            assert!(!line.is_empty() && !line.starts_with('#'), "{line:?}");
            let end = line.find(['{', ' ']).unwrap();
            let (name, rest) = line.split_at(end);
            assert_eq!(name, family, "samples stand in their family");
            let (labels, rest) = rest.strip_prefix('{').map_or((BTreeMap::new(), rest), labels_of);
            let value: f64 = rest.strip_prefix(' ').unwrap().parse().unwrap();
            assert!(value.is_finite());
            assert_eq!(samples.insert((name.to_owned(), labels), value), None, "{line} is there twice");
        }
    }
    (samples, types)
}

fn labels(labels: &[(&str, &str)]) -> BTreeMap<String, String> {
    labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn samples_are_those_of_the_report() {
    println!("seed 4");
    let memory = random_memory(&mixed_config(), &mut ChaCha8Rng::seed_from_u64(4), 400);
    let report = MemoryPerformanceMonitor::of_memory(&memory).unwrap().get_performance_report();
    let (samples, types) = parse(&report.prometheus_text(&Labels::new()));
    let of = |name: &str, own: &[(&str, &str)]| samples[&(name.to_owned(), labels(own))];
    let total = |name: &str| samples.iter().filter(|((of, _), _)| of == name).map(|(_, value)| value).sum::<f64>();
    let metrics = &report.metrics;
    assert_eq!(total("engram_memory_accesses_total"), (metrics.read_count + metrics.write_count) as f64);
    let writes = of("engram_memory_accesses_total", &[("space", "5"), ("operation", "write"), ("cells", "16")]);
    assert_eq!(writes, metrics.spaces[&5].writes[4] as f64);
    assert!(writes > 0.0);
    assert_eq!(of("engram_memory_identity_reads_total", &[]), metrics.identity_read_count as f64);
    assert_eq!(of("engram_memory_idle_time_total", &[]), metrics.idle_time as f64);
    assert_eq!(Some(of("engram_memory_reads_per_write_ratio", &[])), report.read_write_ratio.reads_per_write());
    assert_eq!(of("engram_memory_read_share_ratio", &[]), report.read_write_ratio.read_share());
    for space in &report.memory_utilization {
        let own = [("space", &*space.space.to_string())];
        assert_eq!(of("engram_memory_capacity_cells", &own), space.capacity_cells as f64);
        assert_eq!(of("engram_memory_touched_cells", &own), space.cells_touched as f64);
        assert_eq!(of("engram_memory_touched_leaves", &own), space.leaves_touched as f64);
        assert_eq!(of("engram_memory_utilization_ratio", &own), space.of_space());
        assert_eq!(of("engram_memory_leaf_utilization_ratio", &own), space.of_leaves());
    }
    let rows = report.adapter_rows;
    assert_eq!(total("engram_memory_adapter_rows"), (rows.split_rows() + rows.merge_rows()) as f64);
    assert_eq!(of("engram_memory_adapter_rows", &[("adapter", "merge"), ("cells", "4")]), rows.merges[2] as f64);
    for table in &report.tables {
        let own = [("part", table.part.name()), ("table", table.name.as_str())];
        assert_eq!(of("engram_memory_table_rows", &own), table.rows as f64);
        assert_eq!(of("engram_memory_table_cells", &own), table.cells as f64);
        assert_eq!(of("engram_memory_table_interactions", &own), table.interactions as f64);
    }
    let per_access = report.per_access.unwrap();
    assert_eq!(of("engram_memory_cells_per_access", &[]), per_access.cells);
    assert_eq!(of("engram_memory_interactions_per_access", &[]), per_access.interactions);
    assert!(types.len() >= 17);
}

#[test]
fn labels_are_escaped() {
    let report = MemoryPerformanceMonitor::of_memory(&Memory::new(&MemoryConfig::default())).unwrap();
    let report = report.get_performance_report();
    let odd = "a \"b\" \\ c\\n\nd,e=\"f\"} 1é{";
    let own = Labels::new().with("run", odd).unwrap().with("_host2", "").unwrap();
    let (samples, types) = parse(&report.prometheus_text(&own));
    let (plain, _) = parse(&report.prometheus_text(&Labels::new()));
    assert_eq!(samples.len(), plain.len());
    assert!(samples.keys().all(|(_, labels)| labels["run"] == odd && labels["_host2"].is_empty()));
    // There is nothing to divide by.
    assert!(!types.contains_key("engram_memory_reads_per_write_ratio"));
    assert!(!types.contains_key("engram_memory_cells_per_access"));
}

#[test]
fn labels_that_cannot_be_are_refused() {
    for name in ["", "2nd", "a-b", "a b", "__name__", "é", "a:b", "a\n"] {
        assert_eq!(Labels::new().with(name, "x"), Err(LabelError::Name { name: name.into() }));
    }
    assert_eq!(Labels::new().with("space", "x"), Err(LabelError::Reserved { name: "space".into() }));
    let twice = Labels::new().with("run", "1").unwrap().with("run", "2");
    assert_eq!(twice, Err(LabelError::Duplicate { name: "run".into() }));
}

/// Each label that the report itself has is refused from outside.
#[test]
fn the_reports_own_labels_are_its_own() {
    println!("seed 4");
    let memory = random_memory(&word_config(), &mut ChaCha8Rng::seed_from_u64(4), 100);
    let report = MemoryPerformanceMonitor::of_memory(&memory).unwrap().get_performance_report();
    let (samples, _) = parse(&report.prometheus_text(&Labels::new()));
    let own: BTreeSet<&String> = samples.keys().flat_map(|(_, labels)| labels.keys()).collect();
    assert_eq!(own.len(), 6);
    for name in own {
        assert_eq!(Labels::new().with(name, "x"), Err(LabelError::Reserved { name: name.clone() }));
    }
}
