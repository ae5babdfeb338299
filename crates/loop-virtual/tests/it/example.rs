//! The example runs, and its thousand schedules hold.

#[path = "../../examples/retries.rs"]
mod retries;

#[test]
fn every_answer_comes_over_a_bad_network() {
    crate::bounded(retries::main);
}
