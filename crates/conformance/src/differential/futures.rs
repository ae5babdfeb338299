//! `11_futures.py`.

use super::{Log, cancelled, py, recorded, replay, wait};
use crate::behaviour::Verdict;
use crate::loops::Loops;
use crate::{Miss, Subject};
use core_loop::{Future, JoinError, Loop, Waitable, spawn, yield_now};
use std::fmt;

pub(crate) fn futures(subject: &Subject<Loops>) -> Verdict {
    replay(subject, recorded!("11_futures"), async |log| {
        set(&log).await?;
        failed(&log).await?;
        cancels(&log).await?;
        shielded_and_from_a_thread(&log).await?;
        Ok::<_, Miss>(None::<&str>)
    })
}

async fn set(log: &Log) -> Result<(), Miss> {
    let lp = Loop::current();
    let future = lp.create_future();
    if future.result().is_err() {
        log.line("pending: no result");
    }
    let callback = |words: &'static str| {
        let (log, future) = (log.clone(), future.clone());
        move || log.line(format_args!("{words} {}", future.result().map_or(0, |output| *output)))
    };
    let mut first = spawn(waiter(log.clone(), "first", future.clone()));
    yield_now().await;
    future.add_done_callback(callback("callback sees"));
    let removed = future.add_done_callback(log.printing("removed NOT CALLED"));
    let mut second = spawn(waiter(log.clone(), "second", future.clone()));
    yield_now().await;
    removed.cancel();
    future.set_result(7)?;
    log.line(format_args!("set, done {}", py(future.done())));
    wait([&mut first, &mut second]).await;
    future.add_done_callback(callback("late callback sees"));
    log.line("late callback deferred");
    yield_now().await;
    log.line(format_args!("again {} {}", future.clone().await?, future.clone().await?));
    if future.set_result(8).is_err() {
        log.line(format_args!("second set refused, still {}", future.result()?));
    }
    log.line(format_args!("cancel when done -> {}", py(future.cancel("late"))));
    Ok(())
}

async fn failed(log: &Log) -> Result<(), Miss> {
    let future = Future::<Result<(), &str>>::new();
    let failing = future.clone();
    Loop::current().call_soon(move || drop(failing.set_exception("bad")));
    if let Err(error) = future.clone().await? {
        log.line(format_args!("failed: {error}"));
    }
    log.line(format_args!("its exception: {}", future.exception()?.unwrap_or(&"none")));
    Ok(())
}

async fn cancels(log: &Log) -> Result<(), Miss> {
    let future = Future::<u8>::new();
    let [mut one, mut two] = ["one", "two"].map(|name| spawn(waiter(log.clone(), name, future.clone())));
    yield_now().await;
    log.line(format_args!("cancel one -> {}", py(one.cancel("enough"))));
    let outcomes: Vec<_> = wait([&mut one, &mut two]).await.into_iter().map(Result::flatten).collect();
    log.line(format_args!(
        "one {} | two {} | future {}",
        py(cancelled(&outcomes[0])),
        py(cancelled(&outcomes[1])),
        py(future.cancelled())
    ));

    let future = Future::new();
    log.line(format_args!("cancel -> {} {}", py(future.cancel("nobody waits")), py(future.cancel(""))));
    let late = future.clone();
    Loop::current().call_soon(move || drop(late.set_result("late")));
    yield_now().await;
    log.line(format_args!("late set ignored, cancelled {}", py(future.cancelled())));
    if let Err(JoinError::Cancelled(reason)) = future.await {
        log.line(format_args!("awaiting it: cancelled, {reason}"));
    }
    Ok(())
}

async fn shielded_and_from_a_thread(log: &Log) -> Result<(), Miss> {
    let future = Future::new();
    let mut guarded = spawn(waiter(log.clone(), "guarded", future.clone().shield()));
    yield_now().await;
    guarded.cancel("only the awaiter");
    wait([&mut guarded]).await;
    log.line(format_args!("future cancelled {}", py(future.cancelled())));
    let setter = future.clone();
    let outside = core_loop::outside();
    std::thread::spawn(move || {
        drop(setter.set_result("from a thread"));
        drop(outside);
    });
    log.line(format_args!("set {}", future.await?));
    Ok(())
}

async fn waiter<T: fmt::Display>(
    log: Log,
    name: &'static str,
    future: impl std::future::Future<Output = Result<T, JoinError>>,
) -> Result<(), JoinError> {
    let except = log.on_cancel(format_args!("{name} cancelled"));
    let output = future.await?;
    except.ended();
    log.line(format_args!("{name} got {output}"));
    Ok(())
}
