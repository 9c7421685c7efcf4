//! The tables of memory, in the order in which a machine lists them.

use engram_air::{Circuit, Trace, engine::Witness};

use crate::{
    boundary, bytes,
    compress::{self, Compressions},
    lookups::Lookups,
    merkle, range, refresh, roots,
    segment::SegmentMemory,
};

/// Number of [`circuits`].
pub const CIRCUITS: usize = 5;

/// Number of [`lookup_circuits`].
pub const LOOKUP_CIRCUITS: usize = 3;

/// Where the roots, with their public values, are among [`circuits`].
pub const ROOTS: usize = 0;

/// Memory with Merkle trees. The roots are required in every proof.
pub fn circuits() -> [Circuit; CIRCUITS] {
    [roots::circuit(), merkle::circuit(), boundary::circuit(), compress::circuit(), refresh::circuit()]
}

/// What tables look up in.
pub fn lookup_circuits() -> [Circuit; LOOKUP_CIRCUITS] {
    [range::circuit(), range::narrow_circuit(), bytes::circuit()]
}

impl SegmentMemory {
    /// The witnesses of [`circuits`]; counts their lookups. Tables without rows are left out.
    pub fn witnesses(&self, lookups: &Lookups) -> [Witness; CIRCUITS] {
        let roots = Witness {
            publics: roots::public_values(&self.roots_before, &self.roots_after).to_vec(),
            ..present(roots::trace(self))
        };
        let mut compressions = Compressions::default();
        let merkle = unless(self.nodes.is_empty(), || merkle::trace(&self.nodes, &mut compressions));
        let boundary = unless(self.leaves.is_empty(), || boundary::trace(&self.leaves, &mut compressions));
        let compress = unless(compressions.is_empty(), || compress::trace(&compressions));
        let refresh = unless(self.refreshes.is_empty(), || refresh::trace(&self.refreshes, lookups));
        [roots, merkle, boundary, compress, refresh]
    }
}

impl Lookups {
    /// The witnesses of [`lookup_circuits`], once all other tables have counted their lookups.
    pub fn witnesses(&self) -> [Witness; LOOKUP_CIRCUITS] {
        let traces = [range::trace(&self.range), range::narrow_trace(&self.range), bytes::trace(&self.bytes)];
        traces.map(|trace| Witness { trace, ..Default::default() })
    }
}

fn present(trace: Trace) -> Witness {
    Witness { trace: Some(trace), ..Default::default() }
}

fn unless(empty: bool, trace: impl FnOnce() -> Trace) -> Witness {
    Witness { trace: (!empty).then(trace), ..Default::default() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::volatile;

    /// Each constraint and each lookup of a fixed table has a test in which it alone refuses. The compression table's are
    /// broken one after the other by `a_wrong_step_is_refused_where_it_is_made`.
    #[test]
    fn every_constraint_has_a_test_that_breaks_it() {
        let tests = [
            (roots::circuit(), include_str!("roots/tests.rs")),
            (merkle::circuit(), include_str!("merkle/tests.rs")),
            (boundary::circuit(), include_str!("boundary/tests.rs")),
            (refresh::circuit(), include_str!("refresh/tests.rs")),
            (range::circuit(), include_str!("range/tests.rs")),
            (bytes::circuit(), include_str!("bytes/tests.rs")),
            (volatile::circuit(), include_str!("volatile/tests.rs")),
        ];
        for (circuit, source) in tests {
            let lookups = circuit
                .interactions
                .iter()
                .filter(|interaction| interaction.bus.kind == engram_air::BusKind::Lookup && interaction.weight > 0);
            let labels = circuit.constraints.iter().map(|constraint| &constraint.label);
            for label in labels.chain(lookups.map(|lookup| &lookup.label)).collect::<BTreeSet<_>>() {
                let breaks = format!("assert_refused_only_by(\"{label}\")");
                assert!(source.contains(&breaks), "no test of {} has {breaks}", circuit.name);
            }
        }
    }

    #[test]
    fn names_are_distinct_and_zeros_are_rows() {
        let circuits: Vec<Circuit> = circuits().into_iter().chain(lookup_circuits()).collect();
        let names: BTreeSet<&str> = circuits.iter().map(|circuit| circuit.name.as_str()).collect();
        assert_eq!(names.len(), CIRCUITS + LOOKUP_CIRCUITS);
        for circuit in circuits.into_iter().filter(|circuit| circuit.name != "compress" && circuit.name != "roots") {
            let zeros = Trace::zeros(circuit.width(), 4);
            crate::testing::Subject::new(circuit, zeros).assert_accepted();
        }
    }
}
