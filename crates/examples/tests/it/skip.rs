//! What cannot run here says so, past the harness, which swallows what a passing test prints.

use core_loop::RunError;
use std::io::Write;

/// Set to anything, it makes a runtime that cannot run here a failure.
const STRICT: &str = "CONFORMANCE_STRICT";

/// The runtime cannot run here: a skip with the reason, or a failure where everything must run.
#[track_caller]
pub(crate) fn unavailable(test: &str, why: &str) {
    assert!(std::env::var_os(STRICT).is_none(), "{why}");
    say(test, why);
}

/// Writes the one line of a skip.
pub(crate) fn say(test: &str, why: &str) {
    let _unheard = writeln!(std::io::stderr(), "skipped {test}: {why}");
}

/// The output of a run; `None` if the runtime cannot run here.
#[track_caller]
pub(crate) fn unless_unavailable<T>(test: &str, ran: Result<T, RunError>) -> Option<T> {
    match ran {
        Err(RunError::Unavailable(why)) => {
            unavailable(test, &why.to_string());
            None
        }
        ran => Some(ran.expect("the loop runs")),
    }
}
