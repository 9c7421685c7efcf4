//! What could go wrong with memory on disk. Each module is named for it.

mod a_byte_is_flipped;
mod a_crash_mixes_generations;
mod a_process_is_killed;
mod a_random_history_differs;
mod a_record_is_forged;
mod a_store_is_opened_wrongly;
mod a_write_fails;
mod an_earlier_generation_differs;
mod an_export_is_altered;
mod disk;
mod model;
mod the_root_is_wrong;
