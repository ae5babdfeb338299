//! `cf_as_completed`: outcomes as they come.

use super::{occupy, output};
use crate::behaviour::{Verdict, ensure, same};
use crate::{Executors, Gate, Miss, Subject, Work};
use contract::{ExecutorExt, JobError, as_completed, block_on};

pub(super) fn yields_finished_first_and_once(subject: &Subject<Executors>) -> Verdict {
    let bench = subject.fresh()?;
    let gate = Gate::new();
    let mut finished = bench.try_submit(Work::value(1))?;
    // Seen to be done without its outcome taken: the one after it on a single worker is.
    output(&mut bench.try_submit(Work::value(0))?)?;
    block_on(contract::wait(std::slice::from_ref(&finished), contract::When::All));
    let mut held = occupy(&bench, &gate, 0)?;
    let cancelled = bench.try_submit(Work::value(2))?;
    cancelled.cancel();
    ensure(finished.done(), "the first job is done")?;
    let running = held.pop().ok_or_else(|| Miss::Fail("there is no worker".to_owned()))?;
    finished = finished.cancel_on_drop();

    let mut completed = as_completed([running, finished, cancelled]);
    let mut first = Vec::new();
    for _ in 0..2 {
        first.push(block_on(completed.next()).ok_or_else(|| Miss::Fail("it ended early".to_owned()))?);
    }
    first.sort_by_key(|(index, _)| *index);
    same("the position of the finished one", first[0].0, 1)?;
    same("the output of the finished one", first[0].1.as_ref().ok(), Some(&1))?;
    ensure(
        matches!(first[1], (2, Err(JobError::Cancelled { started: false }))),
        format!("the cancelled one came as {:?}", first[1]),
    )?;
    gate.open();
    let last = block_on(completed.next());
    same("the position of the last", last.map(|(index, outcome)| (index, outcome.is_ok())), Some((0, true)))?;
    ensure(block_on(completed.next()).is_none(), "a fourth outcome of three jobs")
}
