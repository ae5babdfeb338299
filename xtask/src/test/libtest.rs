//! What `cargo test` printed, counted.

use crate::processes::Finished;
use crate::report::{Tally, speaks_of_this_machine};

/// Counts all test programs of one `cargo test` run of `what`.
///
/// A run without a single test is a failure, and so is one that ended badly without saying which test it was. A test that
/// could not run passes, and writes `skipped NAME: reason` past the harness to standard error.
pub(crate) fn tally(what: &str, ended: &Finished) -> Tally {
    let mut tally = Tally::default();
    let mut passed = 0;
    for line in ended.stdout.lines() {
        if let Some(counts) = line.strip_prefix("test result: ") {
            passed += count(counts, "passed");
        } else if let Some((name, verdict)) = verdict(line) {
            if verdict.starts_with("FAILED") {
                tally.failed.push(format!("{what}: {name}"));
            } else if verdict.starts_with("ignored") {
                tally.blocked.push(format!("{what}: {name} is marked `ignore`; cure: let it run"));
            }
        }
    }
    let skips: Vec<(&str, &str)> = ended.stderr.lines().filter_map(skip).collect();
    // They passed only to say that they did not run.
    tally.passed = passed.saturating_sub(skips.len());
    add_skips(&mut tally, what, &skips);
    if !ended.success && tally.failed.is_empty() {
        let line = ended.stderr.lines().find(|line| line.starts_with("error")).unwrap_or("see above");
        tally.failed.push(format!("{what}: the tests did not run to their end ({}): {line}", ended.how));
    }
    if ended.success && tally.passed + tally.skipped() == 0 {
        tally.failed.push(format!("{what}: no test ran"));
    }
    tally
}

/// `skipped a.b on c: why` as `("a.b on c", "why")`.
fn skip(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("skipped ")?.split_once(": ")
}

/// What this machine keeps from running is one entry, however many tests it hits.
fn add_skips(tally: &mut Tally, what: &str, skips: &[(&str, &str)]) {
    let (machine, design): (Vec<_>, Vec<_>) = skips.iter().partition(|(_, why)| speaks_of_this_machine(why));
    design.iter().for_each(|(name, why)| tally.skip(&format!("{what}: {name}"), why));
    let mut reasons: Vec<&str> = machine.iter().map(|(_, why)| *why).collect();
    reasons.sort_unstable();
    for same in reasons.chunk_by(|a, b| a == b) {
        tally.skip(&format!("{what}: {} tests", same.len()), same[0]);
    }
}

/// The names of the tests that passed.
pub(crate) fn passed_names(stdout: &str) -> Vec<&str> {
    stdout.lines().filter_map(verdict).filter(|(_, verdict)| *verdict == "ok").map(|(name, _)| name).collect()
}

/// `test a::b ... ok` as `("a::b", "ok")`.
fn verdict(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("test ")?.split_once(" ... ")
}

/// The number before `word` in `ok. 12 passed; 0 failed; …`.
fn count(counts: &str, word: &str) -> usize {
    let before = counts.split(word).next().unwrap_or_default();
    before.split_whitespace().next_back().and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{passed_names, tally};
    use crate::processes::Finished;

    fn ended(success: bool, stdout: &str, stderr: &str) -> Finished {
        let how = "exit status: 101".into();
        Finished { success, was_killed: false, how, stdout: stdout.into(), stderr: stderr.into() }
    }

    #[test]
    fn several_test_programs_are_added_up() {
        let out = "test a ... ok\ntest result: ok. 12 passed; 0 failed; 0 ignored; 0 measured\n\
                   test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured\n";
        let tally = tally("contract", &ended(true, out, ""));
        assert_eq!(tally.counts(), "15 passed, 0 failed, 0 skipped");
        assert_eq!(passed_names(out), ["a"]);
    }

    #[test]
    fn a_failed_test_is_named() {
        let out = "test a::b ... FAILED\ntest result: FAILED. 1 passed; 1 failed; 0 ignored\n";
        let tally = tally("contract", &ended(false, out, ""));
        assert_eq!(tally.failed, ["contract: a::b"]);
        assert_eq!(tally.passed, 1);
    }

    #[test]
    fn code_that_does_not_compile_is_a_failure_that_quotes_the_compiler() {
        let tally = tally("contract", &ended(false, "", "   Compiling x\nerror[E0425]: cannot find `y`\n"));
        assert_eq!(tally.failed.len(), 1);
        assert!(tally.failed[0].ends_with("error[E0425]: cannot find `y`"), "{:?}", tally.failed);
    }

    #[test]
    fn a_test_program_that_is_killed_is_a_failure() {
        let out = "test a ... ok\n";
        assert_eq!(tally("contract", &ended(false, out, "")).failed.len(), 1);
    }

    #[test]
    fn zero_tests_are_a_failure() {
        let out = "test result: ok. 0 passed; 0 failed; 0 ignored\n";
        assert_eq!(tally("contract", &ended(true, out, "")).failed, ["contract: no test ran"]);
    }

    #[test]
    fn tests_that_this_machine_keeps_from_running_are_one_skip_and_not_passed() {
        let out =
            "test a ... ok\ntest b ... ok\ntest c ... ok\ntest result: ok. 3 passed; 0 failed; 0 ignored\n";
        let err = "skipped b on glommio: glommio cannot run here: no io_uring; allow it\n\
                   skipped all of glommio: glommio cannot run here: no io_uring; allow it\n";
        let tally = tally("loop-glommio", &ended(true, out, err));
        assert_eq!(tally.counts(), "1 passed, 0 failed, 1 skipped");
        assert_eq!(tally.blocked, ["loop-glommio: 2 tests: glommio cannot run here: no io_uring; allow it"]);
    }

    #[test]
    fn a_test_that_does_not_apply_is_skipped_by_design() {
        let out = "test a ... ok\ntest b ... ok\ntest result: ok. 2 passed; 0 failed; 0 ignored\n";
        let tally = tally("x", &ended(true, out, "skipped b on a thread per job: it has no bound\n"));
        assert_eq!(tally.inapplicable, ["x: b on a thread per job: it has no bound"]);
        assert_eq!((tally.passed, tally.blocked.len()), (1, 0));
    }

    #[test]
    fn an_ignored_test_is_skipped() {
        let out = "test a ... ignored\ntest b ... ok\ntest result: ok. 1 passed; 0 failed; 1 ignored\n";
        assert_eq!(tally("contract", &ended(true, out, "")).counts(), "1 passed, 0 failed, 1 skipped");
    }
}
