//! The end of a runtime, and a runtime inside another.

use super::kit::{Flag, Gate, SETTLE, Trace, caught};
use super::{Difference, Raw};
use std::thread;

pub(super) fn differences<R: Raw>() -> Vec<Difference> {
    vec![
        Difference {
            id: "join_after_the_runtime",
            sentence: "What awaiting a task gives when its runtime is gone.",
            ours: "an error: cancelled",
            behaviour: None,
            observe: join_after_the_runtime::<R>,
        },
        Difference {
            id: "tasks_parked_at_the_end",
            sentence: "What becomes of five tasks that wait when the runtime ends.",
            ours: "dropped, in order, and their clean-ups are awaited",
            behaviour: Some("runner.teardown_order"),
            observe: tasks_parked_at_the_end::<R>,
        },
        Difference {
            id: "task_spawned_last",
            sentence: "What becomes of a task that is spawned right before main ends.",
            ours: "dropped unpolled, cancelled like the rest",
            behaviour: Some("task.cancel_before_first_poll"),
            observe: task_spawned_last::<R>,
        },
        Difference {
            id: "run_inside_a_run",
            sentence: "What a run inside a run does.",
            ours: "an error",
            behaviour: Some("loop.nested_run_rejected"),
            observe: run_inside_a_run::<R>,
        },
    ]
}

fn join_after_the_runtime<R: Raw>() -> String {
    let task = R::run(async {
        let task = R::spawn(std::future::pending::<()>());
        R::sleep(SETTLE).await;
        task
    });
    match caught(|| contract::block_on(R::join(task))) {
        Ok(joined) => if joined.is_ok() { "an output" } else { "an error" }.to_owned(),
        Err(_) => "panics".to_owned(),
    }
}

fn tasks_parked_at_the_end<R: Raw>() -> String {
    let (trace, gates) = (Trace::default(), [(); 5].map(|()| Gate::default()));
    let main = (trace.clone(), gates.clone());
    R::run(async move {
        let (trace, gates) = main;
        for (number, gate) in gates.into_iter().enumerate() {
            let epitaph = trace.epitaph(number.to_string());
            R::detach(R::spawn(async move {
                gate.await;
                drop(epitaph);
            }));
        }
        R::sleep(SETTLE).await;
    });
    thread::sleep(SETTLE);
    // The gates stood until now, and with them a waker of each task: nothing was dropped for lack of one.
    drop(gates);
    match trace.words().join(" ").as_str() {
        "" => "never dropped".to_owned(),
        "0 1 2 3 4" => "dropped, in order".to_owned(),
        "4 3 2 1 0" => "dropped, in reverse".to_owned(),
        some if some.len() < "0 1 2 3 4".len() => format!("dropped in part: {some}"),
        _ => "dropped, in no order".to_owned(),
    }
}

fn task_spawned_last<R: Raw>() -> String {
    let (polled, dropped) = (Flag::default(), Flag::default());
    R::run({
        let (polled, guard) = (polled.clone(), dropped.guard());
        async move {
            R::detach(R::spawn(async move {
                polled.raise();
                drop(guard);
            }));
        }
    });
    thread::sleep(SETTLE);
    match (polled.raised(), dropped.raised()) {
        (true, _) => "polled",
        (false, true) => "dropped unpolled",
        (false, false) => "neither polled nor dropped",
    }
    .to_owned()
}

fn run_inside_a_run<R: Raw>() -> String {
    let ran = caught(|| R::run(async { caught(|| R::run(async {})).is_ok() }));
    match ran {
        Ok(true) => "works",
        Ok(false) => "panics",
        Err(_) => "the whole run unwinds",
    }
    .to_owned()
}
