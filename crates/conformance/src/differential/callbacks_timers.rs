//! `01_callbacks_timers.py`.

use super::{Log, MS, py, recorded, replay};
use crate::behaviour::Verdict;
use crate::loops::Loops;
use crate::{Miss, Subject};
use core_loop::{Future, Handle, Loop, yield_now};
use std::cell::OnceCell;
use std::rc::Rc;

pub(crate) fn callbacks_timers(subject: &Subject<Loops>) -> Verdict {
    replay(subject, recorded!("01_callbacks_timers"), async |log| {
        callbacks(&log).await;
        timers(&log).await?;
        Ok::<_, Miss>(None::<&str>)
    })
}

async fn callbacks(log: &Log) {
    let lp = Loop::current();
    let c = Rc::new(OnceCell::<Handle>::new());

    log.line("register callbacks");
    let (a, to_cancel) = (log.clone(), c.clone());
    lp.call_soon(move || {
        a.line("soon a");
        Loop::current().call_soon(a.printing("soon a.child"));
        to_cancel.get().inspect(|handle| handle.cancel());
    });
    lp.call_soon(log.printing("soon b"));
    let c = c.get_or_init(|| lp.call_soon(log.printing("soon c (never)")));
    lp.call_soon(log.printing("soon d"));
    yield_now().await;
    log.line("main after one yield");
    yield_now().await;
    log.line(format_args!("main after two yields {}", py(c.cancelled())));
}

async fn timers(log: &Log) -> Result<(), Miss> {
    let lp = Loop::current();
    let done = Future::new();
    let base = lp.time();
    lp.call_at(base + MS * 80, log.printing("timer 80"));
    lp.call_at(base + MS * 20, log.printing("timer 20"));
    let sixty = lp.call_at(base + MS * 60, log.printing("timer 60 (never)"));

    let (forty, hundred, finished) = (log.clone(), log.clone(), done.clone());
    lp.call_at(base + MS * 40, move || {
        forty.line("timer 40 cancels 60 and adds 100");
        sixty.cancel();
        Loop::current().call_at(base + MS * 100, move || {
            hundred.line("timer 100");
            let _once = finished.set_result("finished");
        });
        Loop::current().call_soon(forty.printing("soon from timer 40"));
    });
    done_callbacks(log).await?;
    log.line("now they ran; waiting for timers");
    log.line(done.await?);
    log.line(format_args!("elapsed at least 100 ms: {}", py(lp.time() - base >= MS * 100)));
    Ok(())
}

async fn done_callbacks(log: &Log) -> Result<(), Miss> {
    let future = Future::<&str>::new();
    let (first, itself) = (log.clone(), future.clone());
    future.add_done_callback(move || {
        first.line(format_args!("done-callback 1 {}", itself.result().copied().unwrap_or("nothing")));
    });
    future.add_done_callback(log.printing("done-callback 2"));
    future.set_result("value")?;
    log.line("set_result does not run callbacks inline");
    yield_now().await;
    Ok(())
}
