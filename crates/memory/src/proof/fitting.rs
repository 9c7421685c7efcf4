//! Which parameter set fits a proof's tables.

use engram_air::Trace;
use engram_stark::parameters::Parameters;

use super::error::ProofError;

/// Cells up to which a parameter set is known to be the cheapest, measured on logs of mixed accesses: at 28 million cells a proof with the
/// first takes three quarters of the processor time that it takes with the second.
const FITTING_CELLS: [(usize, Parameters); 2] = [(1 << 25, Parameters::Height18), (1 << 28, Parameters::Height20)];

/// How large a proof's tables are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) cells: usize,
    pub(crate) height_max: usize,
}

impl Size {
    /// Of these tables together.
    pub(crate) fn of<'a>(traces: impl Iterator<Item = &'a Trace>) -> Self {
        traces.fold(Self { cells: 0, height_max: 0 }, |size, trace| Self {
            cells: size.cells + trace.values().len(),
            height_max: size.height_max.max(trace.height()),
        })
    }

    /// The parameter set for tables of this size.
    pub(crate) fn fitting(&self) -> Parameters {
        let mut sets = FITTING_CELLS.into_iter();
        let set = sets.find(|&(limit, parameters)| self.cells <= limit && self.check(parameters).is_ok());
        set.map_or(Parameters::Height22, |(_, parameters)| parameters)
    }

    /// No table is higher than the parameter set allows.
    pub(crate) fn check(&self, parameters: Parameters) -> Result<(), ProofError> {
        let rows_max = 1 << parameters.log_stacked_height();
        if self.height_max > rows_max {
            return Err(ProofError::TooManyRows { rows: self.height_max, rows_max });
        }
        Ok(())
    }
}
