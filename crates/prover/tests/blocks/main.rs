//! Blocks: straight paths of instructions, each proven on one row. What could go wrong, file by file.

mod a_block_differs_from_single_steps;
mod a_cell_can_be_changed;
mod a_check_is_not_needed;
mod a_circuit_grows;
mod a_plan_is_malformed;
mod a_stale_value_is_forwarded;
mod a_tile_does_not_fit;
mod alias_programs;
mod an_outcome_is_not_asserted;
mod exercises;
mod forced;
mod single_row;
