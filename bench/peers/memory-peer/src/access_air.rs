//! A table of accesses to OpenVM's memory: a row an access, by the bridge that its instructions use.

use std::array;
use std::borrow::{Borrow, BorrowMut};

use openvm_circuit::arch::DEFAULT_BLOCK_SIZE;
use openvm_circuit::system::memory::offline_checker::{MemoryBridge, MemoryReadAuxCols, MemoryWriteAuxCols};
use openvm_circuit::system::memory::{MemoryAddress, MemoryAuxColsFactory};
use openvm_stark_backend::interaction::InteractionBuilder;
use openvm_stark_backend::p3_air::{Air, BaseAir};
use openvm_stark_backend::p3_field::PrimeCharacteristicRing;
use openvm_stark_backend::p3_matrix::Matrix;
use openvm_stark_backend::p3_matrix::dense::RowMajorMatrix;
use openvm_stark_backend::p3_maybe_rayon::prelude::*;
use openvm_stark_backend::{BaseAirWithPublicValues, PartitionedBaseAir};
use openvm_stark_sdk::config::baby_bear_poseidon2::F;

/// The address space of all accesses: OpenVM's main memory.
pub const SPACE: u32 = 2;
/// Columns besides the bridge's: whether the row is an access, pointer, time, cells.
const OWN_COLUMNS: usize = 3 + DEFAULT_BLOCK_SIZE;

/// What the memory did for an access.
#[derive(Clone, Copy, Debug)]
pub struct Touch {
    /// First cell of the block.
    pub pointer: u32,
    /// When.
    pub time: u32,
    /// The block's cells after the access.
    pub cells: [u8; DEFAULT_BLOCK_SIZE],
    /// When the block was accessed before.
    pub previous_time: u32,
    /// Its cells before.
    pub previous: [u8; DEFAULT_BLOCK_SIZE],
}

/// Reads or writes of whole blocks.
#[derive(Clone, Copy, Debug)]
pub struct AccessAir {
    /// What constrains an access.
    pub bridge: MemoryBridge,
    /// Whether it is a table of writes, which have columns for the cells before.
    pub writes: bool,
}

impl BaseAirWithPublicValues<F> for AccessAir {}
impl PartitionedBaseAir<F> for AccessAir {}
impl BaseAir<F> for AccessAir {
    fn width(&self) -> usize {
        let aux = if self.writes {
            MemoryWriteAuxCols::<F, DEFAULT_BLOCK_SIZE>::width()
        } else {
            MemoryReadAuxCols::<F>::width()
        };
        OWN_COLUMNS + aux
    }
}

impl<AB: InteractionBuilder> Air<AB> for AccessAir
where
    Self: BaseAir<AB::F>,
{
    fn eval(&self, builder: &mut AB) {
        let main = builder.main();
        let Some(row) = main.row_slice(0) else { return };
        let (own, aux) = row.split_at(OWN_COLUMNS);
        let (real, pointer, time) = (own[0], own[1], own[2]);
        let cells: [AB::Var; DEFAULT_BLOCK_SIZE] = array::from_fn(|cell| own[3 + cell]);
        builder.assert_bool(real);
        let address = MemoryAddress::new(AB::Expr::from_u32(SPACE), pointer);
        if self.writes {
            let aux: &MemoryWriteAuxCols<AB::Var, DEFAULT_BLOCK_SIZE> = aux.borrow();
            self.bridge.write(address, cells, time, aux).eval(builder, real);
        } else {
            let aux: &MemoryReadAuxCols<AB::Var> = aux.borrow();
            self.bridge.read(address, cells, time, aux).eval(builder, real);
        }
    }
}

impl AccessAir {
    /// The table of these accesses, which are all reads or all writes; counts their range checks.
    pub fn fill(&self, touches: &[Touch], factory: &MemoryAuxColsFactory<'_, F>) -> RowMajorMatrix<F> {
        let width = self.width();
        let mut values = F::zero_vec(width * touches.len().next_power_of_two());
        values.par_chunks_exact_mut(width).zip(touches).for_each(|(row, touch)| {
            let (own, aux) = row.split_at_mut(OWN_COLUMNS);
            own[0] = F::ONE;
            own[1] = F::from_u32(touch.pointer);
            own[2] = F::from_u32(touch.time);
            own[3..].copy_from_slice(&touch.cells.map(F::from_u8));
            if self.writes {
                let aux: &mut MemoryWriteAuxCols<F, DEFAULT_BLOCK_SIZE> = aux.borrow_mut();
                factory.fill(touch.previous_time, touch.time, &mut aux.base);
                aux.prev_data = touch.previous.map(F::from_u8);
            } else {
                let aux: &mut MemoryReadAuxCols<F> = aux.borrow_mut();
                factory.fill(touch.previous_time, touch.time, aux.as_mut());
            }
        });
        RowMajorMatrix::new(values, width)
    }
}
