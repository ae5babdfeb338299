//! What a test may return.

use std::fmt::Debug;

/// What a test may return: nothing, or a `Result` whose error can be printed.
pub trait Outcome {
    /// What went wrong, if anything did.
    ///
    /// # Errors
    ///
    /// That.
    fn check(self) -> Result<(), String>;
}

impl Outcome for () {
    fn check(self) -> Result<(), String> {
        Ok(())
    }
}

impl<T: Outcome, E: Debug> Outcome for Result<T, E> {
    fn check(self) -> Result<(), String> {
        self.map_err(|error| format!("{error:?}"))?.check()
    }
}
