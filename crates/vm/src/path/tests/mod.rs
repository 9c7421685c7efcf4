//! What a path computes, what it believes of it, and what its circuit says, against plain arithmetic.

mod a_condition_is_wrong;
mod a_place_is_wrong;
mod a_value_is_wrong;
mod expression;
mod written;
