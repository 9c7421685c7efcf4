//! Column structs: a table's columns named once, for the circuit and for the trace.

use crate::{builder::CircuitBuilder, expr::Expr, field::F};

/// A field of a column struct while the circuit is built: one column, or an array of fields.
pub trait AllocateColumns {
    /// New columns in order, named after the field.
    fn allocate(circuit: &mut CircuitBuilder, name: &str) -> Self;
}

/// A field of a column struct while a row is filled: one cell, or an array of fields.
pub trait WriteColumns {
    /// Write the cells to the start of `row`; returns the rest.
    ///
    /// # Panics
    /// Where `row` is too short.
    fn write<'row>(&self, row: &'row mut [F]) -> &'row mut [F];
}

impl AllocateColumns for Expr {
    fn allocate(circuit: &mut CircuitBuilder, name: &str) -> Self {
        circuit.column(name)
    }
}

impl<A: AllocateColumns, const N: usize> AllocateColumns for [A; N] {
    fn allocate(circuit: &mut CircuitBuilder, name: &str) -> Self {
        std::array::from_fn(|index| A::allocate(circuit, &format!("{name}[{index}]")))
    }
}

impl WriteColumns for F {
    #[allow(clippy::expect_used, reason = "only provers fill rows, and a row is as wide as its columns")]
    fn write<'row>(&self, row: &'row mut [F]) -> &'row mut [F] {
        let (cell, rest) = row.split_first_mut().expect("the row has all columns");
        *cell = *self;
        rest
    }
}

impl<A: WriteColumns, const N: usize> WriteColumns for [A; N] {
    fn write<'row>(&self, row: &'row mut [F]) -> &'row mut [F] {
        self.iter().fold(row, |rest, field| field.write(rest))
    }
}

/// Define a struct of columns over a type `T`: `Name<Expr>::allocate(&mut circuit)` makes the columns in the order of the
/// fields, `Name<F>::write(&self, row)` fills them in the same order, and `Name::<F>::WIDTH` counts them. Fields are `T` or
/// arrays of it. Where `T` has a default, so has the struct, with that in every column, however long its arrays are.
#[macro_export]
macro_rules! columns {
    // The standard library has no default of arrays longer than 32.
    (@default [$field:tt; $length:expr]) => { std::array::from_fn(|_| $crate::columns!(@default $field)) };
    (@default $field:ident) => { <$field>::default() };
    ($(#[$meta:meta])* $visibility:vis struct $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:tt),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        $visibility struct $name<T> { $($(#[$field_meta])* pub $field: $type,)* }

        impl<T> $name<T> {
            /// Number of columns.
            $visibility const WIDTH: usize = size_of::<$name<u8>>();
        }

        impl<T: Default> Default for $name<T> {
            fn default() -> Self {
                Self { $($field: $crate::columns!(@default $type),)* }
            }
        }

        impl $name<$crate::Expr> {
            /// New columns, in the order of the fields.
            $visibility fn allocate(circuit: &mut $crate::CircuitBuilder) -> Self {
                Self { $($field: $crate::columns::AllocateColumns::allocate(circuit, stringify!($field)),)* }
            }
        }

        impl $name<$crate::F> {
            /// Fill a row.
            $visibility fn write(&self, row: &mut [$crate::F]) {
                $(let row = $crate::columns::WriteColumns::write(&self.$field, row);)*
                assert!(row.is_empty(), "the row has as many cells as the struct");
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use crate::{CircuitBuilder, Expr, F, PrimeCharacteristicRing};

    crate::columns! {
        struct PairCols {
            flag: T,
            pairs: [[T; 2]; 2],
        }
    }

    // The last line may do without its comma.
    crate::columns! { struct LongCols { one: T, many: [T; 40] } }

    #[test]
    fn columns_start_as_the_default() {
        let mut circuit = CircuitBuilder::new("long");
        let last = LongCols::<Expr>::allocate(&mut circuit).many[39].as_column();
        assert_eq!(last, Some(40));
        let mut row = [F::ONE; LongCols::<F>::WIDTH];
        LongCols { one: F::TWO, ..LongCols::default() }.write(&mut row);
        assert_eq!((row.len(), row[0]), (41, F::TWO));
        assert!(row[1..].iter().all(|&cell| cell == F::ZERO));
        assert_eq!(PairCols::<u8>::default().pairs, [[0; 2]; 2]);
    }

    #[test]
    fn columns_are_allocated_and_written_in_the_same_order() {
        let mut circuit = CircuitBuilder::new("pairs");
        let columns = PairCols::<Expr>::allocate(&mut circuit);
        assert_eq!((columns.flag.as_column(), columns.pairs[1][0].as_column()), (Some(0), Some(3)));
        assert_eq!(circuit.build().columns, ["flag", "pairs[0][0]", "pairs[0][1]", "pairs[1][0]", "pairs[1][1]"]);
        let cells = PairCols { flag: F::ONE, pairs: [[F::TWO, F::ZERO], [F::ONE, F::TWO]] };
        let mut row = [F::ZERO; PairCols::<F>::WIDTH];
        cells.write(&mut row);
        assert_eq!(row, [F::ONE, F::TWO, F::ZERO, F::ONE, F::TWO]);
    }
}
