//! `debug`: what a loop in debug mode says about the way it is used.

use super::{GRACE, Loops, NEVER, here, turns};
use crate::Subject;
use crate::behaviour::{Miss, Verdict, ensure, same};
use core_loop::{DebugReport, Loop, Runner, StepInfo, Task, spawn};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// From here on a step is slow.
const SLOW: Duration = Duration::from_millis(2);

/// A loop in debug mode whose steps are slow from `slow` on, and what it reports.
pub(super) fn debugged(
    subject: &Subject<Loops>,
    slow: Duration,
) -> Result<(Runner, Receiver<DebugReport>), Miss> {
    let runner = subject.runner()?.debug(true);
    let (tell, told) = channel();
    let lp = runner.get_loop();
    lp.set_slow_callback_duration(slow);
    lp.set_debug_handler(move |report| drop(tell.send(report.clone())));
    Ok((runner, told))
}

/// Keeps the thread busy for that long, by the machine's own clock.
fn burn() {
    let begin = Instant::now();
    while begin.elapsed() < SLOW {
        std::hint::spin_loop();
    }
}

/// A slow task and a slow callback; gives the lines on which they were made.
async fn slow_steps() -> [u32; 2] {
    let task = spawn(async { burn() }).named("slow");
    let spawned = task.spawned_at().line();
    here().call_soon(burn);
    let registered = line!() - 1;
    turns(2).await;
    let _output = task.await;
    [spawned, registered]
}

/// The slow steps that were reported: a task's name or nothing, the line, and how long it took.
fn slow(told: &Receiver<DebugReport>) -> Vec<(Option<String>, u32, Duration)> {
    let slow = told.try_iter().filter_map(|report| match report {
        DebugReport::SlowStep { step: StepInfo::Task(task), took, .. } => {
            (task.name == "slow").then(|| (Some(task.name), task.spawned_at.line(), took))
        }
        DebugReport::SlowStep { step: StepInfo::Callback { registered_at, .. }, took, .. } => {
            Some((None, registered_at.line(), took))
        }
        _ => None,
    });
    slow.collect()
}

pub(super) fn slow_callback_named(subject: &Subject<Loops>) -> Verdict {
    let (mut runner, told) = debugged(subject, SLOW)?;
    runner.run(slow_steps())?;
    let slow = slow(&told);
    same(
        "the tasks and callbacks",
        slow.iter().map(|slow| slow.0.as_deref()).collect::<Vec<_>>(),
        [Some("slow"), None],
    )?;
    ensure(slow.iter().all(|slow| slow.2 >= SLOW), format!("the times: {slow:?}"))
}

pub(super) fn creation_site_recorded(subject: &Subject<Loops>) -> Verdict {
    let (mut runner, told) = debugged(subject, SLOW)?;
    let lines = runner.run(slow_steps())?;
    same("the lines", slow(&told).iter().map(|slow| slow.1).collect::<Vec<_>>(), lines)
}

pub(super) fn switchable_and_from_environment(subject: &Subject<Loops>) -> Verdict {
    let asked = std::env::var("CORE_LOOP_DEBUG").is_ok_and(|value| !value.is_empty() && value != "0");
    let mut plain = subject.runner()?;
    same("the environment's word", plain.run(async { here().get_debug() })?, asked)?;
    plain.close(GRACE);
    for on in [false, true] {
        let mut runner = subject.runner()?.debug(on);
        same("the runner's word", runner.run(async { here().get_debug() })?, on)?;
        let switched = runner.run(async {
            let lp: Loop = here();
            lp.set_debug(!on);
            lp.get_debug()
        })?;
        same("after the switch", switched, !on)?;
        runner.close(GRACE);
    }
    Ok(())
}

pub(super) fn blocked_loop_named(subject: &Subject<Loops>) -> Verdict {
    let (mut runner, told) = debugged(subject, Duration::from_millis(1))?;
    let named = runner.run(async move {
        // It blocks the loop until that is reported.
        let blocks = spawn(async move {
            told.iter().find_map(|report| match report {
                // Where the machine stands still, it seems as if other steps blocked too.
                DebugReport::Blocked { step: StepInfo::Task(task), .. } if task.name == "blocks" => {
                    Some(task.name)
                }
                _ => None,
            })
        });
        blocks.named("blocks").await
    })??;
    same("the task that blocks", named.as_deref(), Some("blocks"))
}

/// Two tasks that await each other, and for ever.
pub(super) fn circle() {
    let places: [Rc<RefCell<Option<Task<()>>>>; 2] = Default::default();
    let tasks = [0, 1].map(|number| {
        let place = places[number].clone();
        let task = spawn(async move {
            let other = place.take();
            if let Some(other) = other {
                let _cancelled = other.await;
            }
        });
        task.named(["one", "two"][number])
    });
    let [one, two] = tasks;
    places[0].replace(Some(two));
    places[1].replace(Some(one));
}

pub(super) fn await_cycle_named(subject: &Subject<Loops>) -> Verdict {
    let (mut runner, told) = debugged(subject, NEVER)?;
    runner.run(async {
        circle();
        turns(3).await;
    })?;
    let cycles = told.try_iter().filter_map(|report| match report {
        DebugReport::AwaitCycle { tasks, .. } => {
            Some(tasks.into_iter().map(|task| task.name).collect::<Vec<_>>())
        }
        _ => None,
    });
    same("the circles", cycles.collect::<Vec<_>>(), [["two", "one"]])?;
    let report = runner.close(GRACE);
    ensure(report.is_clean(), format!("the close reports: {report}"))
}
