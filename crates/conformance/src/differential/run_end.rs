//! `21_run_end.py`.

use super::{LONG, Log, MS, list, py, recorded, replay};
use crate::behaviour::Verdict;
use crate::loops::{Loops, quiet_panic, turns};
use crate::{Miss, Subject};
use core_loop::stream::{Generator, generate};
use core_loop::{Loop, finally, sleep, spawn};
use std::rc::Rc;
use sync_primitives::Event;

pub(crate) fn run_end(subject: &Subject<Loops>) -> Verdict {
    replay(subject, recorded!("21_run_end"), async |log| {
        let (lp, handler) = (Loop::current(), log.clone());
        lp.set_exception_handler(move |_, context| {
            handler.line(format_args!("handler: {}", context.panic.map_or("", |panic| panic.message())));
        });
        lp.call_later(LONG, log.printing("timer NOT REACHED"));
        let [dropped, ended, closed] = [(); 3].map(|()| Rc::new(Event::new()));
        let mut half = numbers(log.clone(), "dropped generator", dropped.clone());
        if let Some(item) = half.next().await {
            log.line(format_args!("one item {item}"));
        }
        drop(half);
        dropped.wait().await;
        spawn(helper(log.clone())).cancel("before it began");
        let tasks = [
            spawn(schedules(log.clone(), ended.clone())),
            spawn(generates(log.clone(), ended, closed.clone())),
            spawn(fails(closed)),
        ];
        turns(1).await;
        lp.call_soon(log.printing("queued by main"));
        log.line(format_args!("main returns {}", list(tasks.iter().map(|task| py(task.done())))));
        Ok::<_, Miss>(Some("result"))
    })
}

fn numbers(log: Log, name: &'static str, closed: Rc<Event>) -> Generator<'static, u32> {
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
                closed.set();
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

async fn schedules(log: Log, ended: Rc<Event>) {
    finally(
        (),
        async |()| sleep(LONG).await,
        async move |()| {
            log.line("clean-up: first");
            Loop::current().call_soon(log.printing("callback of a clean-up"));
            turns(2).await;
            let _ended = spawn(helper(log.clone())).await;
            log.line("clean-up: last");
            ended.set();
        },
    )
    .await;
}

async fn generates(log: Log, before: Rc<Event>, closed: Rc<Event>) {
    let closing = log.clone();
    finally(
        numbers(log.clone(), "generator", closed),
        async |items: &mut Generator<'static, u32>| {
            while items.next().await.is_some_and(|item| item != 2) {}
            log.line("asked for three");
            sleep(LONG).await;
        },
        async move |items: Generator<'static, u32>| {
            before.wait().await;
            items.close().await;
            closing.line("its owner goes on");
        },
    )
    .await;
}

async fn fails(before: Rc<Event>) {
    finally(
        (),
        async |()| sleep(LONG).await,
        async move |()| {
            before.wait().await;
            sleep(MS * 20).await;
            quiet_panic("a clean-up failed");
        },
    )
    .await;
}
