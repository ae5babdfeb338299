//! `21_run_end.py`.

use super::{LONG, Log, MS, list, py, recorded, replay};
use crate::behaviour::Verdict;
use crate::loops::{Loops, quiet_panic, turns};
use crate::{Miss, Subject};
use core_loop::stream::{Generator, generate};
use core_loop::{Loop, finally, sleep, spawn};

pub(crate) fn run_end(subject: &Subject<Loops>) -> Verdict {
    replay(subject, recorded!("21_run_end"), async |log| {
        let (lp, handler) = (Loop::current(), log.clone());
        lp.set_exception_handler(move |_, context| {
            handler.line(format_args!("handler: {}", context.panic.map_or("", |panic| panic.message())));
        });
        lp.call_later(LONG, log.printing("timer NOT REACHED"));
        let mut half = numbers(log.clone(), "dropped generator");
        if let Some(item) = half.next().await {
            log.line(format_args!("one item {item}"));
        }
        drop(half);
        sleep(MS * 20).await;
        spawn(helper(log.clone())).cancel("before it began");
        let tasks = [spawn(schedules(log.clone())), spawn(generates(log.clone())), spawn(fails())];
        turns(1).await;
        lp.call_soon(log.printing("queued by main"));
        log.line(format_args!("main returns {}", list(tasks.iter().map(|task| py(task.done())))));
        Ok::<_, Miss>(Some("result"))
    })
}

fn numbers(log: Log, name: &'static str) -> Generator<'static, u32> {
    generate(async move |items| {
        finally(
            (),
            async |()| {
                for number in 0..10 {
                    items.yield_(number).await;
                }
            },
            async move |()| {
                turns(1).await;
                log.line(format_args!("{name} closed"));
            },
        )
        .await;
    })
}

async fn helper(log: Log) {
    log.line("helper of a clean-up begins");
    turns(1).await;
    log.line("helper of a clean-up ends");
}

async fn schedules(log: Log) {
    finally(
        (),
        async |()| sleep(LONG).await,
        async move |()| {
            log.line("clean-up: first");
            Loop::current().call_soon(log.printing("callback of a clean-up"));
            turns(2).await;
            let _ended = spawn(helper(log.clone())).await;
            log.line("clean-up: last");
        },
    )
    .await;
}

async fn generates(log: Log) {
    let closing = log.clone();
    finally(
        numbers(log.clone(), "generator"),
        async |items: &mut Generator<'static, u32>| {
            while items.next().await.is_some_and(|item| item != 2) {}
            log.line("asked for three");
            sleep(LONG).await;
        },
        async move |items: Generator<'static, u32>| {
            sleep(MS * 20).await;
            items.close().await;
            closing.line("its owner goes on");
        },
    )
    .await;
}

async fn fails() {
    finally(
        (),
        async |()| sleep(LONG).await,
        async |()| {
            sleep(MS * 60).await;
            quiet_panic("a clean-up failed");
        },
    )
    .await;
}
