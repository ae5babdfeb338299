//! `16_run_forever_stop.py`.

use super::{Log, MS, cancelled, py, recorded, replay_by_hand};
use crate::behaviour::Verdict;
use crate::loops::{Loops, quiet_panic};
use crate::{Miss, Subject};
use core_loop::{Loop, Runner, sleep, yield_now};
use std::fmt;

pub(crate) fn run_forever_stop(subject: &Subject<Loops>) -> Verdict {
    replay_by_hand(subject, recorded!("16_run_forever_stop"), |runner, log| {
        let handler = log.clone();
        runner.get_loop().set_exception_handler(move |_, context| {
            handler.line(format_args!("handler: {}", context.panic.map_or("", |panic| panic.message())));
        });
        stops(runner, log)?;
        stopped_early(runner, log)?;
        runner.run(overdue(log.clone()))?;
        stopped_by_timers(runner, log)?;
        cancelled_between_runs(runner, log)?;
        Ok(Some(Closed(runner.get_loop().clone())))
    })
}

/// What is printed when the runner has been closed.
struct Closed(Loop);

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "closed {}", py(self.0.is_closed()))
    }
}

fn stops(runner: &mut Runner, log: &Log) -> Result<(), Miss> {
    let lp = runner.get_loop().clone();
    for number in 1..=4 {
        let log = log.clone();
        lp.call_soon(move || in_turn(&log, number));
    }
    log.line(format_args!("nothing runs before the run {}", py(lp.is_running())));
    runner.run_forever()?;
    log.line(format_args!("stopped in the turn {}", py(lp.is_running())));
    lp.stop();
    runner.run_forever()?;
    log.line("stopped before the run");
    Ok(())
}

fn in_turn(log: &Log, number: u32) {
    log.line(format_args!("first turn {number}"));
    let lp = Loop::current();
    if number == 2 {
        lp.stop();
    }
    let second = log.clone();
    lp.call_soon(move || second.line(format_args!("second turn {number}")));
    if number == 3 {
        quiet_panic("callback 3");
    }
}

fn stopped_early(runner: &mut Runner, log: &Log) -> Result<(), Miss> {
    let lp = runner.get_loop().clone();
    let mut task = lp.spawn(worker(log.clone()));
    lp.call_soon(|| Loop::current().stop());
    if runner.run_until_complete(&mut task).is_err() {
        log.line(format_args!("stopped before the task had ended, done {}", py(task.done())));
    }
    log.line(format_args!("a later run -> {}", runner.run_until_complete(&mut task)??));
    Ok(())
}

async fn overdue(log: Log) {
    let lp = Loop::current();
    let base = lp.time();
    sleep(MS * 20).await;
    lp.call_soon(log.printing("soon"));
    lp.call_at(base + MS * 3, log.printing("overdue timer 3"));
    let second = lp.call_at(base + MS * 2, log.printing("overdue timer 2 NOT CALLED"));
    let (first, to_cancel) = (log.clone(), second.clone());
    lp.call_at(base + MS, move || {
        first.line("overdue timer 1 cancels 2");
        to_cancel.cancel();
    });
    log.line("in time");
    yield_now().await;
    log.line("a turn later");
    yield_now().await;
    log.line(format_args!("two turns later {}", py(second.cancelled())));
}

fn stopped_by_timers(runner: &mut Runner, log: &Log) -> Result<(), Miss> {
    let (first, second) = (log.clone(), log.clone());
    runner.get_loop().call_later(MS * 20, move || {
        first.line("timer stops");
        Loop::current().stop();
        Loop::current().call_later(MS * 20, move || {
            second.line("timer of the next run stops");
            Loop::current().stop();
        });
    });
    runner.run_forever()?;
    log.line("between runs");
    Ok(runner.run_forever()?)
}

fn cancelled_between_runs(runner: &mut Runner, log: &Log) -> Result<(), Miss> {
    let lp = runner.get_loop().clone();
    let mut task = lp.spawn(worker(log.clone()));
    lp.call_soon(|| Loop::current().stop());
    runner.run_forever()?;
    task.cancel("between runs");
    log.line(format_args!("cancelled between runs, done {}", py(task.done())));
    if cancelled(&runner.run_until_complete(&mut task)?) {
        log.line("the next run finds it cancelled");
    }
    Ok(())
}

async fn worker(log: Log) -> &'static str {
    for step in 1..=3 {
        log.line(format_args!("task step {step}"));
        yield_now().await;
    }
    "output"
}
