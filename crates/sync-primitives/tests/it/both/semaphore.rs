//! The semaphore: who gets the next permit.

use super::{Owner, Semaphore};
use crate::harness::{Hand, Tasks, Trace, panic_of, yield_now};

async fn take(name: &str, semaphore: &Semaphore, trace: &Trace) {
    semaphore.acquire().await.forget();
    trace.log(name);
}

#[test]
fn three_tasks_that_take_and_release_one_permit_go_round_in_strict_order() {
    let (semaphore, trace) = (Semaphore::new(1), Trace::default());
    let mut tasks = Tasks::default();
    for name in ["c1", "c2", "c3"] {
        let (semaphore, trace) = (&semaphore, &trace);
        tasks.spawn(async move {
            for _ in 0..2 {
                let _permit = semaphore.acquire().await;
                trace.log(name);
                yield_now().await;
            }
        });
    }
    tasks.run();
    assert_eq!(trace.take(), "c1 c2 c3 c1 c2 c3");
}

#[test]
fn a_holder_that_releases_and_acquires_at_once_goes_to_the_back() {
    let (semaphore, trace) = (Semaphore::new(0), Trace::default());
    let mut tasks = Tasks::default();
    tasks.spawn(take("first", &semaphore, &trace));
    tasks.spawn(take("second", &semaphore, &trace));
    tasks.run();
    tasks.spawn(async {
        semaphore.release();
        assert!(semaphore.try_acquire().is_none());
        take("holder", &semaphore, &trace).await;
    });
    tasks.run();
    assert_eq!(trace.take(), "first");
    semaphore.release();
    semaphore.release();
    tasks.run();
    assert_eq!(trace.take(), "second holder");
}

#[test]
fn it_stays_locked_until_those_who_were_woken_have_come_also_with_permits_left_over() {
    let (semaphore, trace) = (Semaphore::new(0), Trace::default());
    let mut tasks = Tasks::default();
    tasks.spawn(async {
        take("1", &semaphore, &trace).await;
        assert_eq!(semaphore.available(), 0, "all were promised");
    });
    tasks.spawn(async {
        (0..3).for_each(|_| semaphore.release());
        assert_eq!(semaphore.available(), 2);
        assert!(semaphore.locked(), "the first has not come yet");
        take("2", &semaphore, &trace).await;
    });
    tasks.spawn(async {
        take("3", &semaphore, &trace).await;
        assert!(semaphore.locked());
    });
    tasks.run();
    assert_eq!(trace.take(), "1 2 3", "nobody overtakes for a permit that is left over");
}

#[test]
fn a_permit_assigned_to_one_who_is_cancelled_before_it_runs_goes_to_the_next() {
    let (semaphore, trace) = (Semaphore::new(0), Trace::default());
    let mut tasks = Tasks::default();
    let first = tasks.spawn(take("t1", &semaphore, &trace));
    tasks.spawn(take("t2", &semaphore, &trace));
    tasks.run();
    semaphore.release();
    tasks.cancel(first);
    tasks.run();
    assert_eq!(trace.take(), "t2");
    assert_eq!(semaphore.available(), 0);
}

#[test]
fn with_the_first_two_of_four_waiters_cancelled_one_release_serves_the_third() {
    let (semaphore, trace) = (Semaphore::new(0), Trace::default());
    let mut tasks = Tasks::default();
    let ids = ["t1", "t2", "t3", "t4"].map(|name| tasks.spawn(take(name, &semaphore, &trace)));
    tasks.run();
    tasks.cancel(ids[0]);
    tasks.cancel(ids[1]);
    semaphore.release();
    tasks.run();
    assert_eq!(trace.take(), "t3");
    assert!(!tasks.done(ids[3]));
}

#[test]
fn of_two_released_permits_one_skips_a_dead_waiter_and_one_is_passed_on() {
    // The fifth part of CPython's trace for locks and semaphores.
    let (semaphore, trace) = (Semaphore::new(0), Trace::default());
    let mut tasks = Tasks::default();
    let ids = ["T0", "T1", "T2", "T3", "T4"].map(|name| tasks.spawn(take(name, &semaphore, &trace)));
    tasks.run();
    tasks.cancel(ids[1]);
    semaphore.release();
    semaphore.release();
    tasks.cancel(ids[2]);
    tasks.run();
    assert_eq!(trace.take(), "T0 T3");
    assert!(semaphore.locked() && !tasks.done(ids[4]));
    semaphore.release();
    tasks.run();
    assert_eq!(trace.take(), "T4");
}

#[test]
fn permits_come_back_when_they_are_dropped_and_not_when_they_are_forgotten() {
    let semaphore = Owner::new(Semaphore::new(2));
    drop(semaphore.try_acquire().unwrap());
    drop(semaphore.try_acquire_owned().unwrap());
    assert_eq!(semaphore.available(), 2);
    semaphore.try_acquire().unwrap().forget();
    semaphore.try_acquire_owned().unwrap().forget();
    assert_eq!(semaphore.available(), 0);
    assert_eq!(Owner::strong_count(&semaphore), 1, "a forgotten permit leaks nothing");
    semaphore.release();
    assert_eq!(format!("{semaphore:?}"), "Semaphore { available: 1, .. }");
}

#[test]
fn an_owned_permit_keeps_its_semaphore_alive() {
    let semaphore = Owner::new(Semaphore::new(1));
    let permit = semaphore.try_acquire_owned().unwrap();
    let mut waiting = Hand::waiting(semaphore.acquire_owned());
    drop(semaphore);
    drop(permit);
    assert_eq!(waiting.wakes(), 1);
    assert!(waiting.poll().is_some());
}

#[test]
fn one_permit_too_many_to_count_is_a_clear_panic_and_changes_nothing() {
    let semaphore = Semaphore::new(usize::MAX / 4);
    assert!(panic_of(|| semaphore.release()).contains("release only what was acquired"));
    assert_eq!(semaphore.available(), usize::MAX / 4);
}
