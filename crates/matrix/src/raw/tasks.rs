//! What becomes of a task: when it begins, what drops and cancels do, where its panic goes.

use super::kit::{Flag, Gate, SETTLE, caught, caught_async};
use super::{Difference, Raw, Refused};
use std::thread;

pub(super) fn differences<R: Raw>() -> Vec<Difference> {
    vec![
        Difference {
            id: "drop_of_a_handle",
            sentence: "What becomes of a waiting task whose handle is dropped.",
            ours: "keeps running",
            behaviour: Some("task.dropped_handle_keeps_running"),
            observe: drop_of_a_handle::<R>,
        },
        Difference {
            id: "first_poll",
            sentence: "When a spawned task is first polled.",
            ours: "after the spawner yields",
            behaviour: Some("task.spawn_is_lazy_fifo"),
            observe: first_poll::<R>,
        },
        Difference {
            id: "cancel_before_first_poll",
            sentence: "What becomes of a task that is cancelled right after it was spawned.",
            ours: "never runs",
            behaviour: Some("task.cancel_before_first_poll"),
            observe: cancel_before_first_poll::<R>,
        },
        Difference {
            id: "panic_of_an_awaited_task",
            sentence: "What whoever awaits a task sees of its panic.",
            ours: "the join is an error",
            behaviour: Some("exc.observed_or_cancelled_not_reported"),
            observe: panic_of_an_awaited_task::<R>,
        },
        Difference {
            id: "panic_of_a_detached_task",
            sentence: "Where the panic of a task goes that nobody awaits.",
            ours: "to the exception handler; the loop goes on",
            behaviour: Some("exc.unobserved_task_error_reported_once"),
            observe: panic_of_a_detached_task::<R>,
        },
        Difference {
            id: "detached_task_without_a_waker",
            sentence: "What becomes of a detached task that waits for something that nobody can wake.",
            ours: "kept until the close",
            behaviour: None,
            observe: detached_task_without_a_waker::<R>,
        },
        Difference {
            id: "spawn_outside_the_runtime",
            sentence: "What spawning does where no runtime runs.",
            ours: "panics, and names the cure",
            behaviour: None,
            observe: spawn_outside_the_runtime::<R>,
        },
    ]
}

fn drop_of_a_handle<R: Raw>() -> String {
    R::run(async {
        let (gate, ended) = (Gate::default(), Flag::default());
        let task = R::spawn({
            let (gate, ended) = (gate.clone(), ended.clone());
            async move {
                gate.await;
                ended.raise();
            }
        });
        R::sleep(SETTLE).await;
        drop(task);
        R::sleep(SETTLE).await;
        gate.open();
        R::sleep(SETTLE).await;
        if ended.raised() { "keeps running" } else { "cancelled" }.to_owned()
    })
}

fn first_poll<R: Raw>() -> String {
    R::run(async {
        let (sender, receiver) = std::sync::mpsc::channel();
        let task = R::spawn(async move { sender.send(thread::current().id()).expect("it is received") });
        let inside = receiver.try_recv();
        // The spawner holds its thread: who runs the task now is another one.
        let meanwhile = inside.or_else(|_| receiver.recv_timeout(SETTLE));
        R::detach(task);
        match meanwhile {
            Ok(thread) if thread == thread::current().id() => "inside spawn",
            Ok(_) => "at once, on another thread",
            Err(_) => "after the spawner yields",
        }
        .to_owned()
    })
}

fn cancel_before_first_poll<R: Raw>() -> String {
    R::run(async {
        let polled = Flag::default();
        let task = R::spawn({
            let polled = polled.clone();
            async move { polled.raise() }
        });
        let output = R::cancel(task).await;
        match (polled.raised(), output) {
            (false, _) => "never runs",
            (true, Some(())) => "has run, and gives its output",
            (true, None) => "has run, and its output is lost",
        }
        .to_owned()
    })
}

fn panic_of_an_awaited_task<R: Raw>() -> String {
    let ran = caught(|| {
        R::run(async {
            let task = R::spawn(async {
                R::yield_now().await;
                panic!("a task panics");
            });
            caught_async(R::join::<()>(task)).await
        })
    });
    match ran {
        Ok(Ok(Err(Refused))) => "the join is an error",
        Ok(Ok(Ok(()))) => "the join is well",
        Ok(Err(_)) => "the join panics",
        Err(_) => "the whole run unwinds",
    }
    .to_owned()
}

fn panic_of_a_detached_task<R: Raw>() -> String {
    let ran = caught(|| {
        R::run(async {
            R::detach(R::spawn(async {
                R::yield_now().await;
                panic!("a task panics");
            }));
            R::sleep(SETTLE).await;
        })
    });
    if ran.is_ok() { "swallowed" } else { "the whole run unwinds" }.to_owned()
}

fn detached_task_without_a_waker<R: Raw>() -> String {
    R::run(async {
        let dropped = Flag::default();
        R::detach(R::spawn({
            let guard = dropped.guard();
            async move {
                std::future::pending::<()>().await;
                drop(guard);
            }
        }));
        R::sleep(SETTLE).await;
        if dropped.raised() { "dropped while the loop runs" } else { "kept" }.to_owned()
    })
}

fn spawn_outside_the_runtime<R: Raw>() -> String {
    let spawned = caught(|| R::detach(R::spawn(async {})));
    if spawned.is_ok() { "works" } else { "panics" }.to_owned()
}
