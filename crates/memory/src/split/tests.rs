use engram_air::{F, PrimeCharacteristicRing};

use super::{circuit, trace};
use crate::{
    messages::MEMORY,
    records::{BlockRecords, SplitRecord},
    testing::Subject,
};

fn honest() -> Subject {
    let mut splits = BlockRecords::new(4);
    for (pointer, timestamp) in [(8, 5), (12, 5), (12, 9)] {
        splits.push(
            SplitRecord { space: 3, pointer, timestamp },
            &[1, 2, 3, 4].map(|cell| F::from_u32(cell + timestamp)),
        );
    }
    Subject::new(circuit(4, 1), trace(&splits).unwrap())
}

#[test]
fn every_cell_matters() {
    honest().assert_every_cell_matters(3, &[]);
}

#[test]
fn a_multiplicity_that_is_not_boolean_is_refused() {
    honest().with(0, &[("real", 2)]).assert_refused_only_by("real is boolean");
}

/// A gap, an overlap, another cell or another timestamp in a half has no column in which it could stand.
#[test]
fn halves_are_written_with_the_blocks_own_columns() {
    for (cells, unit) in [(2, 1), (4, 1), (32, 1), (4, 2), (32, 16)] {
        let circuit = circuit(cells, unit);
        let message = |label: &str| {
            let interaction = circuit.interactions.iter().find(|interaction| interaction.label == label).unwrap();
            assert_eq!(interaction.bus, MEMORY);
            interaction.fields.iter().map(|field| field.as_column()).collect::<Vec<_>>()
        };
        let (whole, left, right) = (message("whole block"), message("left half"), message("right half"));
        let half = cells / 2;
        assert_eq!((whole.len(), left.len(), right.len()), (cells + 3, half + 3, half + 3));
        assert!(whole.iter().all(Option::is_some));
        // Space and pointer, the left half's cells, the timestamp.
        assert_eq!((&left[..2 + half], left[2 + half]), (&whole[..2 + half], whole[2 + cells]));
        assert_eq!((right[0], right[1]), (whole[0], None));
        assert_eq!((&right[2..2 + half], right[2 + half]), (&whole[2 + half..2 + cells], whole[2 + cells]));
        assert_eq!(circuit.interactions.len(), 3);
        let right = circuit.interactions.iter().find(|interaction| interaction.label == "right half").unwrap();
        let pointer = circuit.column("pointer").unwrap();
        let pointer = engram_air::Expr::variable(engram_air::expr::Variable::Column(pointer as u32));
        let offset = (right.fields[1].clone() - pointer).as_constant();
        assert_eq!(offset, Some(F::from_usize(half / unit)));
    }
}
