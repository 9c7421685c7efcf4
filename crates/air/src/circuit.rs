//! A circuit as data.

use crate::{bus::Bus, expr::Expr};

/// Highest degree of a constraint. 7 costs circuits of a lower degree nothing, and lets Poseidon2's x^7 be one constraint.
pub const DEGREE_MAX: usize = 7;

/// A polynomial that is zero in every row.
#[derive(Clone, Debug)]
pub struct Constraint {
    /// What it keeps, for people: this is what they see when a proof fails.
    pub label: String,
    /// The polynomial.
    pub expr: Expr,
}

/// A message that every row puts on a bus, `count` times (negative: takes off).
#[derive(Clone, Debug)]
pub struct Interaction {
    /// What it is for, for people.
    pub label: String,
    /// Which bus.
    pub bus: Bus,
    /// The message's fields.
    pub fields: Vec<Expr>,
    /// How often; negative to take off.
    pub count: Expr,
    /// Counts towards the bound that keeps multiplicities from wrapping around p. Zero only for a table's own rows.
    pub weight: u32,
}

/// One table of a proof: columns, the constraints on each row and what each row says to other tables.
#[derive(Clone, Debug)]
pub struct Circuit {
    /// Name for people, unique within a machine.
    pub name: String,
    /// Names of the columns, in order.
    pub columns: Vec<String>,
    /// How many of the first columns are committed apart from the others, once for many proofs.
    pub committed_columns: usize,
    /// Names of the public values, in order.
    pub publics: Vec<String>,
    /// Constraints, in order.
    pub constraints: Vec<Constraint>,
    /// Messages, in order.
    pub interactions: Vec<Interaction>,
    /// Whether a proof without this table must be refused.
    pub required: bool,
}

impl Circuit {
    /// Number of columns.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// Highest total degree of a constraint, or of a message's count times its field.
    pub fn degree(&self) -> usize {
        let constraints = self.constraints.iter().map(|constraint| constraint.expr.degree());
        let interactions = self.interactions.iter().map(|interaction| {
            let fields = interaction.fields.iter().map(Expr::degree).max().unwrap_or(0);
            fields.max(interaction.count.degree()).saturating_add(1)
        });
        constraints.chain(interactions).max().unwrap_or(0)
    }

    /// The number of the column with this name.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }
}
