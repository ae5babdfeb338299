//! The clock: when it stands still, and where it jumps to.

use crate::{bounded, run};
use core_loop::net::{TcpListener, TcpStream};
use core_loop::{Elapsed, Loop, RunError, sleep, sleep_until, spawn, timeout, yield_now};
use loop_virtual::{Builder, Link};
use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);
const MS: Duration = Duration::from_millis(1);

// ANCHOR: hour
#[test]
fn an_hours_sleep_ends_at_its_very_deadline() {
    run(|| async {
        let begin = Loop::current().time();
        sleep(HOUR).await;
        assert_eq!(Loop::current().time(), begin + HOUR);
        sleep_until(begin + 3 * HOUR + Duration::from_nanos(1)).await;
        assert_eq!(Loop::current().time(), begin + 3 * HOUR + Duration::from_nanos(1));
    });
}
// ANCHOR_END: hour

#[test]
fn a_timeout_and_callbacks_see_the_same_clock() {
    run(|| async {
        let lp = Loop::current();
        let begin = lp.time();
        let seen = Rc::new(RefCell::new(Vec::new()));
        for (name, after) in [("later", HOUR), ("soon", MS), ("at once", Duration::ZERO)] {
            let (seen, lp) = (seen.clone(), lp.clone());
            Loop::current().call_later(after, move || seen.borrow_mut().push((name, lp.time() - begin)));
        }
        assert_eq!(timeout(2 * HOUR, pending::<()>()).await, Err(Elapsed));
        assert_eq!(lp.time(), begin + 2 * HOUR);
        assert_eq!(*seen.borrow(), [("at once", Duration::ZERO), ("soon", MS), ("later", HOUR)]);
    });
}

#[test]
fn time_stands_still_while_anything_is_ready() {
    run(|| async {
        let begin = Loop::current().time();
        let other = spawn(sleep(MS));
        for _ in 0..10_000 {
            yield_now().await;
        }
        assert_eq!(Loop::current().time(), begin);
        assert!(!other.done());
        other.await.unwrap();
    });
}

#[test]
fn a_loop_that_spins_until_a_deadline_sees_it_pass() {
    run(|| async {
        let begin = Loop::current().time();
        let done = Rc::new(Cell::new(false));
        let setting = done.clone();
        Loop::current().call_later(50 * MS, move || setting.set(true));
        while !done.get() {
            yield_now().await;
        }
        assert!(Loop::current().time() >= begin + 50 * MS);
    });
}

#[test]
fn a_sleep_too_long_to_count_never_ends() {
    let outcome = bounded(|| {
        loop_virtual::run(async { sleep(Duration::MAX).await }).map_err(|error| error.to_string())
    });
    assert!(outcome.unwrap_err().contains("deadlock"));
}

#[test]
fn time_runs_on_from_run_to_run() {
    bounded(|| {
        let mut runner = core_loop::Runner::new(loop_virtual::VirtualDriver::new());
        let begin = runner.get_loop().time();
        for _ in 0..3 {
            runner.run(async { sleep(HOUR).await }).unwrap();
        }
        assert_eq!(runner.get_loop().time(), begin + 3 * HOUR);
        assert!(runner.close(HOUR).is_clean());
    });
}

#[test]
fn late_timers_are_late_by_so_much_at_most_and_never_early() {
    const MOST: Duration = Duration::from_millis(8);
    bounded(|| {
        let latest = Rc::new(Cell::new(Duration::ZERO));
        Builder::new().lateness(MOST).for_each_seed(0..50, || {
            let latest = latest.clone();
            async move {
                let due = Loop::current().time() + HOUR;
                sleep_until(due).await;
                let late = Loop::current().time().checked_duration_since(due).expect("never early");
                assert!(late <= MOST, "{late:?}");
                latest.set(late.max(latest.get()));
                assert_eq!(Loop::current().profile().timer_granularity, MOST + Duration::from_nanos(1));
            }
        });
        assert_eq!(latest.get(), MOST, "some seed is as late as may be");
    });
}

// ANCHOR: late
#[test]
fn late_timers_come_due_in_one_turn_and_in_their_order() {
    bounded(|| {
        let together = Rc::new(Cell::new(0));
        Builder::new().lateness(8 * MS).for_each_seed(0..50, || {
            let together = together.clone();
            async move {
                let seen = Rc::new(RefCell::new(Vec::new()));
                for after in [2, 1, 3] {
                    let seen = seen.clone();
                    Loop::current().call_later(after * MS, move || {
                        seen.borrow_mut().push((after, Loop::current().time()))
                    });
                }
                sleep(HOUR).await;
                let seen = seen.take();
                assert!(seen.iter().map(|(after, _)| *after).eq(1..=3), "{seen:?}");
                together.set(together.get() + i32::from(seen[0].1 == seen[2].1));
            }
        });
        assert!((1..50).contains(&together.get()), "all three at once under {} seeds of 50", together.get());
    });
}
// ANCHOR_END: late

#[test]
fn work_that_takes_its_time_makes_timers_late() {
    run(|| async {
        let begin = Loop::current().time();
        let sleeper = spawn(async {
            sleep(MS).await;
            Loop::current().time()
        });
        yield_now().await;
        loop_virtual::advance(HOUR);
        assert_eq!(sleeper.await.unwrap(), begin + HOUR);
    });
}

#[test]
fn the_profile_says_what_it_is() {
    run(|| async {
        let profile = Loop::current().profile();
        assert_eq!((profile.name, profile.timer_granularity), ("virtual", Duration::from_nanos(1)));
    });
}

#[test]
fn outside_a_loop_on_virtual_time_the_panic_names_the_cure() {
    let elsewhere = || contract::Panic::catch(|| loop_virtual::advance(MS)).unwrap_err();
    assert!(elsewhere().message().contains("loop_virtual::run"));
    let on_another = core_loop::run(async move { elsewhere().message().to_owned() });
    assert!(on_another.unwrap().contains("loop_virtual::run"));
    let nested = run(|| async { loop_virtual::run(async {}) });
    assert!(matches!(nested, Err(RunError::Nested)));
}

#[test]
fn what_is_too_long_to_pass_is_refused_with_the_cure_and_nothing_else_is_lost() {
    const YEAR: Duration = Duration::from_secs(365 * 86_400);
    run(|| async {
        let begin = Loop::current().time();
        for endless in [Duration::MAX, Duration::from_secs(u64::MAX / 4), 20 * YEAR] {
            let refused =
                contract::Panic::catch(|| loop_virtual::advance(endless)).expect_err("it is too long");
            assert!(refused.message().contains("advance by less"), "{refused}");
        }
        assert_eq!(Loop::current().time(), begin);
        loop_virtual::advance(Duration::ZERO);
        assert_eq!(Loop::current().time(), begin);
        loop_virtual::advance(19 * YEAR);
        assert_eq!(Loop::current().time(), begin + 19 * YEAR);
        sleep(MS).await;
    });
}

#[test]
fn a_builder_takes_every_duration() {
    for any in [Duration::ZERO, Duration::MAX] {
        let link = Link::new().latency(any..=any);
        let outcome = Builder::new().patience(Duration::MAX).link(link).run(async {
            let arrives = TcpListener::bind("127.0.0.1:80").await.is_ok();
            (arrives, timeout(HOUR, TcpStream::connect("127.0.0.1:80")).await.is_ok())
        });
        assert_eq!(outcome.expect("nothing is stuck"), (true, any.is_zero()));
    }
    // So late that nothing ever comes.
    let late = Builder::new().lateness(Duration::MAX).run(async { yield_now().await });
    assert!(late.is_ok());
    let impatient = Builder::new().patience(Duration::ZERO).run(async { yield_now().await });
    assert!(impatient.is_ok());
}

#[test]
fn a_deadlock_names_the_place_where_the_program_called_run() {
    let (line, stuck) = (line!(), Builder::new().run(pending::<()>()));
    let (other, free) = (line!(), loop_virtual::run(pending::<()>()));
    for (line, stuck) in [(line, stuck), (other, free)] {
        let Err(RunError::Stuck(stuck)) = stuck else { panic!("it ended") };
        let [main] = &stuck.waiting[..] else { panic!("{stuck}") };
        assert_eq!((main.spawned_at.file(), main.spawned_at.line()), (file!(), line), "{stuck}");
        assert!(stuck.to_string().contains("let somebody set, send or release"), "{stuck}");
    }
}
