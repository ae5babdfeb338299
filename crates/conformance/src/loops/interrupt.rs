//! `runner`: Ctrl-C.

use super::{GRACE, Loops, Trace, turns};
use crate::behaviour::{Verdict, ensure, same};
use crate::raise::{SIGINT, interrupt};
use crate::{Miss, Subject};
use core_loop::{RunError, cancellable, current_task, finally, spawn_cooperative, to_thread};
use std::future::pending;
use std::sync::{Mutex, PoisonError};

/// A signal, and what is done about it, is the whole process's: one behaviour at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// Whether this process catches SIGINT, in the kernel's own words.
fn is_caught() -> Result<bool, Miss> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or_default();
    Ok(u64::from_str_radix(mask.trim(), 16)? >> (SIGINT - 1) & 1 == 1)
}

/// Ctrl-C, which must be caught: else it ends the process, and every test in it.
fn ctrl_c() -> Verdict {
    ensure(is_caught()?, "the run does not listen for SIGINT")?;
    interrupt();
    Ok(())
}

pub(super) fn first_interrupt_cancels_main(subject: &Subject<Loops>) -> Verdict {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut runner = subject.runner()?.cancel_on_ctrl_c(true);
    same("whether SIGINT is caught before the run", is_caught()?, false)?;
    for from_a_thread in [false, true] {
        let trace = Trace::new();
        let (body, cleaned) = (trace.on_drop("main was dropped"), trace.clone());
        let main = finally(
            (),
            async |(): &mut ()| {
                let _body = body;
                // The loop sleeps when the second one comes.
                if from_a_thread {
                    to_thread(ctrl_c).await??
                } else {
                    ctrl_c()?
                }
                pending::<Verdict>().await
            },
            async move |()| {
                turns(3).await;
                cleaned.note("its clean-up ended");
            },
        );
        match runner.run(main) {
            Err(RunError::Interrupted) => {}
            Err(other) => return Err(other.into()),
            Ok(went_on) => return went_on.and(Err(Miss::Fail("main went on".to_owned()))),
        }
        same("what happened", trace.seen(), ["main was dropped", "its clean-up ended"])?;
        same("whether SIGINT is caught after the run", is_caught()?, false)?;
    }
    same("a later run", runner.run(async { 7 })?, 7)?;
    let report = runner.close(GRACE);
    ensure(report.is_clean(), format!("the close reports: {report}"))
}

pub(super) fn interrupt_subtleties(subject: &Subject<Loops>) -> Verdict {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut runner = subject.runner()?.cancel_on_ctrl_c(true);
    let cancelled_before = runner.run(async {
        if let Some(main) = current_task() {
            main.cancel("by somebody else");
        }
        let sent = ctrl_c();
        turns(1).await;
        sent
    });
    match cancelled_before {
        Err(RunError::Cancelled(reason)) => same("the reason", reason.as_str(), "by somebody else")?,
        other => return Err(Miss::Fail(format!("a main that was cancelled before gave {other:?}"))),
    }
    let mut swallowing = None;
    runner.run(async {
        swallowing = Some(spawn_cooperative(async {
            if let Err(unsent) = ctrl_c() {
                return Ok(Err(unsent));
            }
            let interrupted = cancellable(pending::<()>()).await.is_err();
            turns(1).await;
            Ok(Ok(interrupted))
        }));
    })?;
    let mut swallowing = swallowing.expect("the run put it there");
    let swallowed = runner.run_until_complete(&mut swallowing)??;
    same("whether it was interrupted, as the output of who swallowed that", swallowed?, true)?;
    same("whether SIGINT is caught after the runs", is_caught()?, false)
}
