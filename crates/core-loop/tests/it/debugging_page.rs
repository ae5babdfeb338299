//! The code of the book's page on debugging.

use core_loop::{
    DebugReport, JoinError, NativeDriver, RunError, Runner, gather, ps, pstree, sleep, spawn, yield_now,
};
use std::fmt;
use std::future::pending;
use std::io;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

// ANCHOR: tasks
async fn serve() -> Result<((), ()), JoinError> {
    let idle = spawn(sleep(Duration::from_secs(30))).named("idle timer");
    let reader = spawn(pending::<()>()).named("reader");
    let (idle, reader) = gather((idle, reader)).await?;
    Ok((idle?, reader?))
}

async fn look() -> String {
    let _server = spawn(serve()).named("server");
    for _ in 0..3 {
        yield_now().await;
    }
    format!("{}\n{}", pstree(), ps())
}
// ANCHOR_END: tasks

/// Without what is another one each time: places, what is left of a time, and the width that these give a table.
fn shape(text: &str) -> Vec<String> {
    let known = |word: &&str| {
        !word.contains(".rs:")
            && !word.ends_with("s,")
            && !word.starts_with("30.0")
            && !word.starts_with("29.")
    };
    text.lines().map(|line| line.split_whitespace().filter(known).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn the_tree_and_the_table_of_the_book_are_what_the_program_prints() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/debugging.md");
    let page = std::fs::read_to_string(page).expect("the book has the page");
    let (_, printed) = page.split_once("```text\n").expect("it shows what is printed");
    let (printed, _) = printed.split_once("```").expect("the block ends");
    let now = core_loop::run(look()).expect("it runs");
    assert_eq!(shape(&now), shape(printed), "{now}");
}

#[test]
fn a_debug_handler_hears_of_a_step_that_blocks_the_loop() -> Result<(), RunError> {
    let (tell, told) = channel();
    // ANCHOR: debug
    let mut runner = Runner::new(NativeDriver::new()?).debug(true);
    let lp = runner.get_loop();
    lp.set_slow_callback_duration(Duration::from_millis(10));
    lp.set_debug_handler(move |report| {
        let words = match report {
            DebugReport::Blocked { thread, step, so_far, .. } => {
                format!("{thread} hangs for {so_far:.1?} already: {step}")
            }
            other => other.to_string(),
        };
        // From here it may go to `tracing`, to a pager, …
        drop(tell.send(words));
    });
    // ANCHOR_END: debug
    runner
        .run(async {
            // It blocks until it is told of: by another thread.
            spawn(async move {
                told.iter().any(|words| words.contains("hangs for") && words.contains("`greedy`"))
            })
            .named("greedy")
            .await
            .is_ok_and(|told| told)
        })
        .map(|told| assert!(told))
}

/// Keeps what is told by events of the level `WARN`.
struct Warnings(Sender<String>);

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::WARN
    }

    fn event(&self, event: &Event<'_>) {
        struct Message<'a>(&'a Sender<String>);
        impl Visit for Message<'_> {
            fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
                if field.name() == "message" {
                    // Nobody listens any more when the test has seen enough.
                    drop(self.0.send(format!("{value:?}")));
                }
            }
        }
        event.record(&mut Message(&self.0));
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn a_slow_step_reaches_tracing_with_its_task_its_place_and_its_time() -> Result<(), RunError> {
    let (tell, told) = channel();
    let subscriber = Warnings(tell);
    let mut runner = Runner::new(NativeDriver::new()?).debug(true);
    let place = tracing::subscriber::with_default(subscriber, || {
        // ANCHOR: tracing
        let lp = runner.get_loop();
        lp.set_debug_handler(|report| tracing::warn!("{report}"));
        // ANCHOR_END: tracing
        // Every step is slow.
        lp.set_slow_callback_duration(Duration::ZERO);
        runner.run(async {
            let task = spawn(async {}).named("slow");
            let place = task.spawned_at().to_string();
            drop(task.await);
            place
        })
    })?;
    let words = told.try_iter().find(|words| words.contains("`slow`")).expect("it was told");
    assert!(words.starts_with("a step of ") && words.contains(&place), "{words}");
    Ok(())
}

#[test]
fn an_exception_handler_gets_at_the_error_that_nobody_read() -> Result<(), RunError> {
    let (tell, told) = channel();
    let mut runner = Runner::new(NativeDriver::new()?).debug(true);
    let lp = runner.get_loop();
    // ANCHOR: unread
    lp.set_exception_handler(move |_, context| {
        let task = context.task.as_ref().map_or("no task", |task| &task.name);
        let error = context.error.and_then(|error| error.downcast_ref::<io::Result<()>>());
        if let Some(Err(error)) = error {
            drop(tell.send(format!("{task}: {error}")));
        }
    });
    // ANCHOR_END: unread
    runner.run(async {
        spawn(async { Err::<(), _>(io::Error::other("the peer is gone")) }).named("connection 7").detach();
        yield_now().await;
        yield_now().await;
    })?;
    assert_eq!(told.try_recv().expect("it was told"), "connection 7: the peer is gone");
    Ok(())
}
