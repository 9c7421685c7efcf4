//! A panic is a fault of engram. It ends a command like any other failure: with a message, and an exit code of its own.

use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::sync::{Arc, Mutex, PoisonError};

use crate::failure::Failure;

/// Runs a command, and turns a panic into a failure. One that the command catches itself leaves no trace.
pub fn caught<T>(command: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    let last = Arc::new(Mutex::new(None));
    let kept = Arc::clone(&last);
    set_hook(Box::new(move |panic| {
        *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(panic.to_string());
    }));
    // Nothing of what the command left half done is used any more.
    catch_unwind(AssertUnwindSafe(command)).unwrap_or_else(|_| {
        let message = last.lock().unwrap_or_else(PoisonError::into_inner).take();
        Err(Failure::Internal { message: message.unwrap_or_else(|| "engram stopped".to_owned()) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_failure() {
        let result: Result<(), Failure> = caught(|| panic!("out of order"));
        assert!(matches!(result, Err(Failure::Internal { message }) if message.contains("out of order")));
    }
}
