//! `sleep`: tasks at a time.

use super::{Loops, Trace, here, turns};
use crate::Subject;
use crate::behaviour::{Verdict, ensure, same};
use std::time::Duration;

pub(super) fn zero_is_one_yield(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let trace = Trace::new();
        let queued = trace.noting("queued before");
        let nested = trace.noting("queued by that");
        here().call_soon(move || {
            queued();
            here().call_soon(nested);
        });
        core_loop::sleep(Duration::ZERO).await;
        same("what has run after a sleep of nothing", trace.seen(), ["queued before"])
    })
}

pub(super) fn cancel_removes_timer(subject: &Subject<Loops>) -> Verdict {
    subject.run_watched(async |log| {
        let soon = here().time() + Duration::from_millis(10);
        let sleeper = core_loop::spawn(core_loop::sleep_until(soon));
        turns(2).await;
        sleeper.cancel("not needed");
        turns(2).await;
        ensure(sleeper.done(), "the sleeper was cancelled and is not done")?;
        log.take_armed();
        core_loop::sleep_until(soon + Duration::from_millis(10)).await;
        ensure(!log.take_armed().contains(&soon), "the loop armed its timer for a sleep that was cancelled")
    })
}
