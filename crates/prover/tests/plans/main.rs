//! Plans: made from profiles, proven with, and read from proofs of strangers. What could go wrong, file by file.

mod a_plan_is_not_the_best;
mod guests;
