//! Children that say when they have started.

use super::{HOUR, Outcome, careful, fails, turns};
use crate::run;
use crate::trace::Trace;
use core_loop::{ChildError, StartError, TaskGroup, TaskStatus, finally, sleep, spawn};

#[test]
fn whoever_starts_a_child_goes_on_when_it_has_reported() {
    run(async {
        let trace = Trace::default();
        let outcome: Outcome<_> = TaskGroup::scope(async |group| {
            let inside = trace.clone();
            let started = group.start(async move |status: TaskStatus<u16>| {
                turns(3).await;
                inside.add("ready");
                status.started(80);
                turns(3).await;
                inside.add("ended");
                Ok("served")
            });
            let (port, server) = started.await.expect("it reports");
            assert_eq!(trace.take(), "ready");
            Ok((port, server.await))
        })
        .await;
        assert_eq!((outcome, trace.take().as_str()), (Ok((80, Ok("served"))), "ended"));
    });
}

#[test]
fn a_failure_before_the_report_is_told_to_whoever_waits_and_to_nobody_else() {
    run(async {
        let outcome: Outcome<_> = TaskGroup::scope(async |group| {
            let in_use = group.start(async |_: TaskStatus<()>| fails(2, "in use").await).await;
            let silent = group.start(async |_: TaskStatus<()>| Ok(())).await;
            Ok((in_use.map(drop), silent.map(drop)))
        })
        .await;
        let (in_use, silent) = outcome.expect("the group did not fail");
        assert_eq!((&in_use, &silent), (&Err(StartError::Failed("in use")), &Err(StartError::Unreported)));
        let words = in_use.expect_err("it failed").to_string();
        assert_eq!(words, "the child failed before it reported that it had started: in use");
    });
}

#[test]
fn a_failure_after_the_report_is_the_groups() {
    run(async {
        let outcome: Outcome = TaskGroup::scope(async |group| {
            let started = group.start(async |status: TaskStatus<()>| {
                status.started(());
                fails(1, "later").await
            });
            started.await.map_err(|_| "not started")?;
            sleep(HOUR).await;
            Ok(())
        })
        .await;
        assert_eq!(outcome.expect_err("it failed").first, "later");
    });
}

#[test]
fn a_start_that_is_given_up_cancels_the_child_and_the_group_waits_for_it() {
    run(async {
        let trace = Trace::default();
        let outcome: Outcome = TaskGroup::scope(async |group| {
            let inside = trace.clone();
            let group = group.clone();
            let starter = spawn(async move {
                let started = group.start(async |_: TaskStatus<()>| careful(inside, "child").await);
                started.await.map(drop)
            });
            turns(2).await;
            starter.cancel("no patience");
            assert!(starter.await.is_err());
            assert_eq!(trace.take(), "");
            Ok(())
        })
        .await;
        assert_eq!((outcome, trace.take().as_str()), (Ok(()), "child"));
    });
}

#[test]
fn a_child_that_is_cancelled_before_its_report_says_so_when_it_has_cleaned_up() {
    run(async {
        let trace = Trace::default();
        let outcome: Outcome<_> = TaskGroup::scope(async |group| {
            let (inside, cancelling) = (trace.clone(), group.clone());
            group.spawn(async move {
                turns(2).await;
                cancelling.cancel("all of you");
                Ok(())
            });
            let started = group.start(async |_: TaskStatus<()>| careful(inside, "child").await);
            Ok(started.await.map(drop))
        })
        .await;
        let cancelled = StartError::Ended(ChildError::Cancelled("all of you".into()));
        assert_eq!((outcome, trace.take().as_str()), (Ok(Err(cancelled)), "child"));
    });
}

#[test]
fn a_start_in_a_group_that_takes_no_more_children_says_so() {
    run(async {
        let outcome: Outcome<_> = TaskGroup::scope(async |group| {
            group.cancel("no more");
            Ok(group.start(async |_: TaskStatus<()>| Ok(())).await.map(drop))
        })
        .await;
        assert!(matches!(outcome, Ok(Err(StartError::Ended(ChildError::Cancelled(_))))), "{outcome:?}");
    });
}

#[test]
fn a_report_may_come_from_a_clean_up() {
    run(async {
        let outcome: Outcome<_> = TaskGroup::scope(async |group| {
            let started = group.start(async |status: TaskStatus<&str>| {
                finally(
                    status,
                    async |_: &mut TaskStatus<&str>| (),
                    async |status: TaskStatus<&str>| status.started("late"),
                )
                .await;
                Ok(())
            });
            Ok(started.await.map(|(value, _)| value))
        })
        .await;
        assert_eq!(outcome, Ok(Ok("late")));
    });
}
