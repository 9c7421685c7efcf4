//! Plans: made from profiles, proven with, and read from proofs of strangers. What could go wrong, file by file.

mod a_plan_changes_what_is_proven;
mod a_plan_is_not_the_best;
mod a_stranger_s_plan_is_believed;
#[path = "../blocks/alias_programs.rs"]
mod alias_programs;
mod guests;
