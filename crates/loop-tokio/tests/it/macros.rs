//! The macros that everybody has, around what cleans up with awaits. What must hold of such nesting on every runtime is in the
//! conformance suite: `nesting.*`.

use core_loop::{finally, shield, spawn, yield_now};
use std::cell::RefCell;
use std::future::pending;
use std::rc::Rc;

type Log = Rc<RefCell<Vec<&'static str>>>;

async fn careful(log: Log, name: &'static str) {
    finally(
        log,
        async |_: &mut Log| pending::<()>().await,
        async move |log: Log| {
            yield_now().await;
            log.borrow_mut().push(name);
        },
    )
    .await;
}

#[test]
fn clean_ups_of_what_select_and_join_drop_have_ended_when_the_task_has() {
    let seen = loop_tokio::run(async {
        let log = Log::default();
        let selects = log.clone();
        let task = spawn(async move {
            tokio::select! {
                () = careful(selects.clone(), "the loser") => unreachable!("it never ends"),
                () = async { for _ in 0..3 { yield_now().await } } => {}
            }
            selects.borrow_mut().push("selected");
        });
        task.await.expect("nobody cancels it");
        let joins = log.clone();
        let shielded = log.clone();
        let task = spawn(async move {
            tokio::join!(
                careful(joins.clone(), "one part"),
                careful(joins, "the other part"),
                shield(async move {
                    for _ in 0..10 {
                        yield_now().await;
                    }
                    shielded.borrow_mut().push("shielded");
                }),
            )
        });
        for _ in 0..3 {
            yield_now().await;
        }
        task.cancel("all of it");
        assert!(task.await.is_err());
        assert_eq!(log.borrow().len(), 4, "{log:?}");
        for _ in 0..15 {
            yield_now().await;
        }
        log.take()
    });
    let seen = seen.expect("tokio runs everywhere");
    assert_eq!(seen, ["selected", "the loser", "one part", "the other part", "shielded"]);
}
