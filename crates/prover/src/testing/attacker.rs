//! An attacker that forges rows.
//!
//! It tells a lie in one cell and then repairs the row: as long as some other check refuses it, it changes a further cell
//! so that this check is content. What it finds is a row that only the check under attack refuses, which shows that this
//! check is needed and works; or a row that no check refuses, which shows a hole.

use engram_air::{
    Expr, F, Field, PrimeCharacteristicRing, PrimeField32,
    expr::{Linear, Variable},
    field::{MODULUS, inverse_power_of_two},
    tape::Tape,
};
use engram_memory::messages::{BYTES, MEMORY, RANGE};
use engram_vm::rom::ROM;

use super::row::{RowChecks, alone};

/// How much one search may do.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Cells that it may change.
    pub changes: usize,
    /// Rows that it may look at.
    pub rows: usize,
}

/// A forged row.
#[derive(Clone, Debug)]
pub struct Forgery {
    /// The row.
    pub cells: Vec<F>,
    /// The columns that were changed, in order, with their new values.
    pub changes: Vec<(usize, F)>,
}

/// Forges rows of one circuit.
#[derive(Debug)]
pub struct Attacker<'a> {
    checks: &'a RowChecks,
    /// For each constraint, its evaluation by itself and its columns, last first.
    constraints: Vec<(Tape, Vec<usize>)>,
    /// Columns that are an operand of the instruction, or its program counter, by themselves.
    instruction: Vec<usize>,
    /// Columns of what others give to the row: where execution stands, and what the words that it accesses hold.
    taken: Vec<usize>,
}

/// One search.
struct Search<'a> {
    attacker: &'a Attacker<'a>,
    target: Option<usize>,
    frozen: Vec<bool>,
    cells: Vec<F>,
    changes: Vec<(usize, F)>,
    rows_left: usize,
}

/// Other values for a cell that is this one: near it, far from it, what a sign, a flag or a shift makes of it, and those `at_random`.
pub fn lies(honest: F, at_random: impl IntoIterator<Item = F>) -> Vec<F> {
    let steps = [1, 2, 4, 256, 1 << 16].map(F::from_u32).into_iter().chain([2, 8, 16].map(inverse_power_of_two));
    let mut values: Vec<F> = steps.flat_map(|step| [honest + step, honest - step]).collect();
    values.extend([F::ZERO, F::ONE, F::ONE - honest, -honest]);
    values.extend(at_random);
    values.retain(|&value| value != honest);
    values.sort_unstable();
    values.dedup();
    values
}

fn columns_of(expr: &Expr, columns: &mut Vec<usize>) {
    match expr {
        Expr::Linear(linear) => columns.extend(linear.terms.iter().filter_map(|&(variable, _)| match variable {
            Variable::Column(column) => Some(column as usize),
            _ => None,
        })),
        Expr::Sum(parts) | Expr::Product(parts) => {
            columns_of(&parts.0, columns);
            columns_of(&parts.1, columns);
        }
    }
}

impl<'a> Attacker<'a> {
    /// An attacker of a circuit that looks at one row only.
    pub fn new(checks: &'a RowChecks) -> Self {
        let circuit = checks.circuit();
        let constraints = circuit.constraints.iter().map(|constraint| {
            let mut alone = circuit.clone();
            alone.constraints = vec![constraint.clone()];
            alone.interactions = vec![];
            let mut columns = vec![];
            columns_of(&constraint.expr, &mut columns);
            columns.sort_unstable_by(|a, b| b.cmp(a));
            columns.dedup();
            (Tape::new(&alone), columns)
        });
        let fetched = circuit.interactions.iter().filter(|interaction| interaction.bus == ROM);
        let instruction = fetched.flat_map(|fetch| &fetch.fields).filter_map(Expr::as_column);
        let mut taken = vec![];
        for interaction in circuit.interactions.iter().filter(|interaction| interaction.label.starts_with("takes")) {
            // Of memory, what was there and since when; where it is accessed is for the row to show.
            let given = if interaction.bus == MEMORY { 2 } else { 0 };
            interaction.fields[given..].iter().for_each(|field| columns_of(field, &mut taken));
        }
        Self {
            checks,
            constraints: constraints.collect(),
            instruction: instruction.map(|column| column as usize).collect(),
            taken,
        }
    }

    /// A row of the same instruction with nothing else in it.
    pub fn bare(&self, row: &[F]) -> Vec<F> {
        let mut bare = vec![F::ZERO; row.len()];
        self.instruction.iter().chain([&0]).for_each(|&column| bare[column] = row[column]);
        bare
    }

    /// A row that `check` refuses and no other, made from this one; or this one.
    ///
    /// The instruction stays, unless it is what is under attack.
    pub fn break_only(&self, check: usize, row: &[F], effort: Effort) -> Option<Forgery> {
        let mut frozen = vec![false; row.len()];
        // The first column says that the row is real.
        frozen[0] = check != 0;
        if !self.is_fetch(check) {
            self.instruction.iter().for_each(|&column| frozen[column] = true);
        }
        let failed = self.checks.failed(alone(row));
        if !failed.is_empty() && failed.iter().all(|&failed| self.checks.label(failed) == self.checks.label(check)) {
            return Some(Forgery { cells: row.to_vec(), changes: vec![] });
        }
        let mut lies = vec![];
        for (column, value) in self.lies(check, row) {
            if !frozen[column] && value != row[column] && !lies.contains(&(column, value)) {
                lies.push((column, value));
            }
        }
        lies.into_iter().find_map(|lie| self.search(Some(check), row, frozen.clone(), lie, effort))
    }

    /// A row that no check refuses, with this cell changed, of the same instruction on the same registers and words.
    pub fn forge(&self, row: &[F], column: usize, value: F, effort: Effort) -> Option<Forgery> {
        let mut frozen = vec![false; row.len()];
        frozen[0] = true;
        self.instruction.iter().chain(&self.taken).for_each(|&column| frozen[column] = true);
        if frozen[column] {
            return None;
        }
        self.search(None, row, frozen, (column, value), effort)
    }

    fn search(
        &self,
        target: Option<usize>,
        row: &[F],
        mut frozen: Vec<bool>,
        (column, value): (usize, F),
        effort: Effort,
    ) -> Option<Forgery> {
        frozen[column] = true;
        let mut cells = row.to_vec();
        cells[column] = value;
        let changes = vec![(column, value)];
        let mut search = Search { attacker: self, target, frozen, cells, changes, rows_left: effort.rows };
        search.repair(effort.changes - 1).then_some(Forgery { cells: search.cells, changes: search.changes })
    }

    fn is_fetch(&self, check: usize) -> bool {
        let interactions = &self.checks.circuit().interactions;
        check.checked_sub(self.checks.constraints()).is_some_and(|interaction| interactions[interaction].bus == ROM)
    }

    /// Changes of a cell that may break a check.
    fn lies(&self, check: usize, row: &[F]) -> Vec<(usize, F)> {
        let mut lies = vec![];
        if check < self.constraints.len() {
            let powers = [16, 15, 8, 7].map(inverse_power_of_two);
            let steps = [F::ONE, F::from_u32(1 << 16), F::TWO, F::from_u32(256)].into_iter().chain(powers);
            let steps: Vec<F> = steps.flat_map(|step| [step, -step]).collect();
            for &column in &self.constraints[check].1 {
                let honest = row[column];
                lies.extend([F::ZERO, F::ONE, F::TWO, F::ONE - honest].map(|value| (column, value)));
                lies.extend(steps.iter().map(|&step| (column, honest + step)));
            }
            return lies;
        }
        let interaction = &self.checks.circuit().interactions[check - self.constraints.len()];
        for field in &interaction.fields {
            let Expr::Linear(linear) = field else { continue };
            let steps = [1, 1 << 16, 1 << 17, 256, 1 << 15].map(F::from_u32);
            let steps: Vec<F> = steps.into_iter().chain([16, 8].map(inverse_power_of_two)).collect();
            for &(variable, coefficient) in linear.terms.iter().rev() {
                let Variable::Column(column) = variable else { continue };
                let honest = row[column as usize];
                for step in steps.iter().flat_map(|&step| [step, -step]) {
                    lies.push((column as usize, honest + step));
                    lies.push((column as usize, honest + step * coefficient.inverse()));
                }
                lies.push((column as usize, F::ZERO));
            }
        }
        lies
    }

    /// Changes of a cell after which a constraint holds.
    fn solve(&self, constraint: usize, cells: &[F]) -> Vec<(usize, F)> {
        let (tape, columns) = &self.constraints[constraint];
        let mut cells = cells.to_vec();
        let mut solutions = vec![];
        for &column in columns {
            let here = cells[column];
            let mut value_at = |value: F| {
                cells[column] = value;
                let found = tape.evaluate(alone(&cells)).violations().next().map_or(F::ZERO, |(_, value)| value);
                cells[column] = here;
                found
            };
            let (zero, one, two) = (value_at(F::ZERO), value_at(F::ONE), value_at(F::TWO));
            // Cell by cell a constraint is of degree two at most; higher ones are left alone.
            let half = F::TWO.inverse();
            let square = (two - one - one + zero) * half;
            let slope = one - zero - square;
            solutions.extend(roots(square, slope, zero).into_iter().map(|root| (column, root)));
        }
        solutions
    }

    /// Changes of a cell after which a question's answer may be yes.
    fn answer(&self, interaction: usize, cells: &[F]) -> Vec<(usize, F)> {
        let interaction = &self.checks.circuit().interactions[interaction];
        let values: Vec<F> = interaction.fields.iter().map(|field| linear_value(field, cells)).collect();
        let integer = |index: usize| values[index].as_canonical_u32();
        let mut changes = vec![];
        let mut aim = |field: usize, wanted: &[u32]| {
            let Expr::Linear(linear) = &interaction.fields[field] else { return };
            for &(variable, coefficient) in linear.terms.iter().rev() {
                let Variable::Column(column) = variable else { continue };
                for &wanted in wanted {
                    let change = (F::from_u32(wanted) - values[field]) * coefficient.inverse();
                    changes.push((column as usize, cells[column as usize] + change));
                }
            }
        };
        match interaction.bus {
            RANGE if integer(1) <= 17 => {
                let mask = (1 << integer(1)) - 1;
                let negative = (-values[0]).as_canonical_u32().wrapping_neg();
                aim(0, &[integer(0) & mask, negative & mask, 0, 1 & mask, mask]);
            }
            BYTES if integer(0) > 255 => aim(0, &[integer(0) & 255, 0]),
            BYTES if integer(1) > 255 => aim(1, &[integer(1) & 255, 0]),
            BYTES => aim(2, &[integer(0) & integer(1)]),
            ROM => {
                let same = |entry: &&[u32; 7]| {
                    entry[0] == integer(0) && entry[2..].iter().zip(2..).all(|(&e, i)| e == integer(i))
                };
                let opcodes: Vec<u32> = self.checks.entries().filter(same).map(|entry| entry[1]).collect();
                aim(1, &opcodes);
            }
            _ => {}
        }
        changes
    }
}

/// Where `square · x² + slope · x + constant` is zero; smaller roots first.
fn roots(square: F, slope: F, constant: F) -> Vec<F> {
    if square == F::ZERO {
        return if slope == F::ZERO { vec![] } else { vec![-constant * slope.inverse()] };
    }
    let Some(root) = square_root(slope * slope - square * constant * F::from_u32(4)) else { return vec![] };
    let half = (square + square).inverse();
    let mut roots = vec![(root - slope) * half, (-root - slope) * half];
    roots.sort_by_key(F::as_canonical_u32);
    roots.dedup();
    roots
}

/// Tonelli and Shanks' algorithm; `p - 1 = 15 · 2^27`.
fn square_root(value: F) -> Option<F> {
    const TWO_ADICITY: u32 = 27;
    const ODD: u64 = 15;
    if value == F::ZERO {
        return Some(value);
    }
    let is_square = |value: F| value.exp_u64(u64::from(MODULUS / 2)) == F::ONE;
    if !is_square(value) {
        return None;
    }
    let other = (2..).map(F::from_u32).find(|&value| !is_square(value))?;
    let (mut order, mut step) = (TWO_ADICITY, other.exp_u64(ODD));
    let (mut rest, mut root) = (value.exp_u64(ODD), value.exp_u64(ODD.div_ceil(2)));
    while rest != F::ONE {
        let lower = (1..order).find(|&power| rest.exp_u64(1 << power) == F::ONE)?;
        let factor = step.exp_u64(1 << (order - lower - 1));
        (order, step) = (lower, factor * factor);
        (rest, root) = (rest * step, root * factor);
    }
    Some(root)
}

fn linear_value(expr: &Expr, cells: &[F]) -> F {
    let Expr::Linear(Linear { constant, terms }) = expr else { return F::ZERO };
    terms.iter().fold(*constant, |sum, &(variable, coefficient)| match variable {
        Variable::Column(column) => sum + coefficient * cells[column as usize],
        _ => sum,
    })
}

impl Search<'_> {
    /// Content all checks but the target, with so many more changes.
    fn repair(&mut self, changes_left: usize) -> bool {
        if self.rows_left == 0 {
            return false;
        }
        self.rows_left -= 1;
        let checks = self.attacker.checks;
        let failed = checks.failed(alone(&self.cells));
        let is_target = |check: usize| self.target.is_some_and(|target| checks.label(check) == checks.label(target));
        let Some(&first) = failed.iter().find(|&&check| !is_target(check)) else {
            return self.target.is_none() || !failed.is_empty();
        };
        let others = failed.iter().filter(|&&check| !is_target(check)).count();
        if changes_left == 0 || others > 2 * changes_left {
            return false;
        }
        let constraints = self.attacker.constraints.len();
        let changes = match first.checked_sub(constraints) {
            None => self.attacker.solve(first, &self.cells),
            Some(interaction) => self.attacker.answer(interaction, &self.cells),
        };
        for (column, value) in changes {
            let before = self.cells[column];
            if self.frozen[column] || before == value {
                continue;
            }
            (self.frozen[column], self.cells[column]) = (true, value);
            self.changes.push((column, value));
            if self.repair(changes_left - 1) {
                return true;
            }
            self.changes.pop();
            (self.frozen[column], self.cells[column]) = (false, before);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_roots() {
        for (square, slope, constant) in [(1u32, 5, 6), (3, 7, 11), (1, 0, 16), (0, 5, 9), (12345, 6789, 424_242)] {
            let [square, slope, constant] = [square, slope, constant].map(F::from_u32);
            for root in roots(square, slope, constant) {
                assert_eq!(square * root * root + slope * root + constant, F::ZERO);
            }
        }
        assert_eq!(roots(F::ONE, -F::ONE, F::ZERO), [F::ZERO, F::ONE]);
        // 31 generates the field's units: its even powers are the squares.
        let is_square = |power: u64| square_root(F::from_u32(31).exp_u64(power)).is_some();
        assert!((0..100).all(|power| is_square(power) == power.is_multiple_of(2)));
    }
}
