//! A [`Circuit`] as an AIR of the backend: the expressions replayed into whatever builder the backend brings.

use std::{collections::HashMap, sync::Arc};

use engram_air::{
    Circuit,
    expr::{Expr, Linear, Variable},
    field::{F, PrimeCharacteristicRing},
};
use openvm_stark_backend::{
    PartitionedBaseAir,
    air_builders::PartitionedAirBuilder,
    interaction::InteractionBuilder,
    p3_air::{Air, AirBuilder, AirBuilderWithPublicValues, BaseAir, BaseAirWithPublicValues},
    p3_matrix::Matrix,
};

/// A circuit in the backend's terms.
pub(crate) struct BackendAir(pub Arc<Circuit>);

impl BaseAir<F> for BackendAir {
    fn width(&self) -> usize {
        self.0.width()
    }
}

impl PartitionedBaseAir<F> for BackendAir {
    fn cached_main_widths(&self) -> Vec<usize> {
        if self.0.committed_columns == 0 { vec![] } else { vec![self.0.committed_columns] }
    }

    fn common_main_width(&self) -> usize {
        self.0.width().saturating_sub(self.0.committed_columns)
    }
}

impl BaseAirWithPublicValues<F> for BackendAir {
    fn num_public_values(&self) -> usize {
        self.0.publics.len()
    }
}

impl<AB> Air<AB> for BackendAir
where
    AB: InteractionBuilder<F = F> + PartitionedAirBuilder + AirBuilderWithPublicValues,
{
    fn eval(&self, builder: &mut AB) {
        let mut replay = Replay::<AB>::new(builder);
        for constraint in &self.0.constraints {
            let expr = replay.expr(&constraint.expr);
            builder.assert_zero(expr);
        }
        for interaction in &self.0.interactions {
            let fields: Vec<AB::Expr> = interaction.fields.iter().map(|field| replay.expr(field)).collect();
            let count = replay.expr(&interaction.count);
            builder.push_interaction(interaction.bus.index, fields, count, interaction.weight);
        }
    }
}

/// The backend's expression for each of ours; shared parts stay shared.
struct Replay<AB: AirBuilder> {
    local: Vec<AB::Var>,
    next: Vec<AB::Var>,
    publics: Vec<AB::Expr>,
    first_row: AB::Expr,
    last_row: AB::Expr,
    transition: AB::Expr,
    known: HashMap<*const (Expr, Expr), AB::Expr>,
}

impl<AB> Replay<AB>
where
    AB: InteractionBuilder<F = F> + PartitionedAirBuilder + AirBuilderWithPublicValues,
{
    fn new(builder: &AB) -> Self {
        let row = |offset: usize| {
            let parts = builder.cached_mains().iter().chain(std::iter::once(builder.common_main()));
            parts.flat_map(|part| part.row_slice(offset).map(|row| row.to_vec()).unwrap_or_default()).collect()
        };
        Self {
            local: row(0),
            next: row(1),
            publics: builder.public_values().iter().map(|&value| value.into()).collect(),
            first_row: builder.is_first_row(),
            last_row: builder.is_last_row(),
            transition: builder.is_transition(),
            known: HashMap::new(),
        }
    }

    fn expr(&mut self, expr: &Expr) -> AB::Expr {
        let (parts, product) = match expr {
            Expr::Linear(linear) => return self.linear(linear),
            Expr::Sum(parts) => (parts, false),
            Expr::Product(parts) => (parts, true),
        };
        if let Some(known) = self.known.get(&Arc::as_ptr(parts)) {
            return known.clone();
        }
        let (a, b) = (self.expr(&parts.0), self.expr(&parts.1));
        let made = if product { a * b } else { a + b };
        self.known.insert(Arc::as_ptr(parts), made.clone());
        made
    }

    fn linear(&self, linear: &Linear) -> AB::Expr {
        let mut sum: Option<AB::Expr> =
            (linear.constant != F::ZERO || linear.terms.is_empty()).then(|| linear.constant.into());
        for &(variable, coefficient) in &linear.terms {
            let value = self.variable(variable);
            sum = Some(match sum {
                None if coefficient == F::ONE => value,
                None => value * AB::Expr::from(coefficient),
                Some(sum) if coefficient == F::ONE => sum + value,
                Some(sum) if coefficient == F::NEG_ONE => sum - value,
                Some(sum) => sum + value * AB::Expr::from(coefficient),
            });
        }
        sum.unwrap_or(AB::Expr::ZERO)
    }

    #[allow(
        clippy::indexing_slicing,
        clippy::as_conversions,
        reason = "a circuit names only columns and public values that it has: its builder numbers them"
    )]
    fn variable(&self, variable: Variable) -> AB::Expr {
        match variable {
            Variable::Column(index) => self.local[index as usize].into(),
            Variable::Next(index) => self.next[index as usize].into(),
            Variable::Public(index) => self.publics[index as usize].clone(),
            Variable::FirstRow => self.first_row.clone(),
            Variable::LastRow => self.last_row.clone(),
            Variable::Transition => self.transition.clone(),
        }
    }
}
