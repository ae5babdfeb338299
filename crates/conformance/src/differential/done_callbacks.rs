//! `15_done_callbacks.py`.

use super::{Log, cancelled, py, recorded, replay, wait};
use crate::behaviour::Verdict;
use crate::loops::{Loops, quiet_panic};
use crate::{Miss, Subject};
use core_loop::{Future, JoinError, Loop, spawn, yield_now};

pub(crate) fn done_callbacks(subject: &Subject<Loops>) -> Verdict {
    replay(subject, recorded!("15_done_callbacks"), async |log| {
        let handler = log.clone();
        Loop::current().set_exception_handler(move |_, context| {
            handler.line(format_args!("handler: {}", context.panic.map_or("", |panic| panic.message())));
        });
        futures(&log).await?;
        cancels(&log).await;
        tasks(&log).await?;
        Ok::<_, Miss>(None::<&str>)
    })
}

async fn futures(log: &Log) -> Result<(), Miss> {
    let (lp, future) = (Loop::current(), Future::<&str>::new());
    future.add_done_callback(log.printing("callback 1"));
    let one = spawn(waiter(log.clone(), "one", future.clone()));
    yield_now().await;
    let (adding, added) = (log.clone(), future.clone());
    future.add_done_callback(move || {
        adding.line("callback 2 adds one");
        added.add_done_callback(adding.printing("added by callback 2"));
    });
    let failing = log.clone();
    future.add_done_callback(move || {
        failing.line("callback 3 fails");
        quiet_panic("callback 3");
    });
    let two = spawn(waiter(log.clone(), "two", future.clone()));
    yield_now().await;
    let (last, itself) = (log.clone(), future.clone());
    future.add_done_callback(move || {
        last.line(format_args!("callback 4 {}", itself.result().copied().unwrap_or("nothing")));
    });
    lp.call_soon(log.printing("queued before the set"));
    future.set_result("it")?;
    lp.call_soon(log.printing("queued after the set"));
    log.line("set");
    yield_now().await;
    log.line(format_args!("a turn later {} {}", py(one.done()), py(two.done())));
    yield_now().await;
    log.line("two turns later");
    Ok(())
}

async fn cancels(log: &Log) {
    let future = Future::<&str>::new();
    let (noting, itself) = (log.clone(), future.clone());
    future.add_done_callback(move || {
        noting.line(format_args!("callback sees cancelled {}", py(itself.cancelled())));
    });
    let mut three = spawn(waiter(log.clone(), "three", future.clone()));
    yield_now().await;
    Loop::current().call_soon(move || {
        future.cancel("by a callback");
    });
    let outcomes: Vec<_> = wait([&mut three]).await.into_iter().map(Result::flatten).collect();
    log.line(format_args!("three cancelled {}", py(cancelled(&outcomes[0]))));
}

async fn tasks(log: &Log) -> Result<(), Miss> {
    let ends = log.clone();
    let mut task = spawn(async move { ends.line("task ends") }).named("work");
    for number in [1, 2] {
        let log = log.clone();
        task.any().add_done_callback(move |task| {
            log.line(format_args!("task callback {number} {} {}", task.name(), py(task.done())));
        });
    }
    let removed = log.printing("task callback 3 NOT CALLED");
    task.any().add_done_callback(move |_| removed()).cancel();
    (&mut task).await?;
    log.line("awaiter goes on");
    let late = log.printing("late task callback");
    task.any().add_done_callback(move |_| late());
    log.line("late task callback added");
    yield_now().await;
    log.line(format_args!("cancel when done -> {}", py(task.cancel("late"))));
    Ok(())
}

async fn waiter(log: Log, name: &str, future: Future<&'static str>) -> Result<(), JoinError> {
    log.line(format_args!("{name} got {}", future.await?));
    Ok(())
}
