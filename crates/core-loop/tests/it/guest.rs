//! The loop as a guest of another host: here of a second native driver, polled by hand.

use crate::trace::Trace;
use core_loop::contract::Driver;
use core_loop::{Loop, NativeDriver, RunError, carry, sleep, spawn, yield_now};
use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

/// Runs `host` on a bare native driver: a runtime that is not a loop of ours.
fn host(host: impl Future<Output = ()>, driver: &NativeDriver) {
    driver.run(pin!(host));
}

#[test]
fn a_guest_is_current_only_while_it_is_polled_and_two_may_interleave() {
    let driver = NativeDriver::new().expect("it runs everywhere");
    let trace = Trace::default();
    let guest = |name: &'static str| {
        let trace = trace.clone();
        Box::pin(carry(driver.reactor(), async move {
            for step in 0..2 {
                trace.add(format!("{name}{step}"));
                sleep(Duration::from_millis(1)).await;
            }
            name
        }))
    };
    let (mut a, mut b) = (guest("a"), guest("b"));
    let (mut first, mut second) = (None, None);
    host(
        poll_fn(|cx| {
            for (guest, output) in [(&mut a, &mut first), (&mut b, &mut second)] {
                if output.is_none()
                    && let Poll::Ready(outcome) = guest.as_mut().poll(cx)
                {
                    *output = Some(outcome.expect("it ends"));
                }
                assert!(Loop::try_current().is_none());
            }
            if first.is_some() && second.is_some() { Poll::Ready(()) } else { Poll::Pending }
        }),
        &driver,
    );
    assert_eq!((first, second), (Some("a"), Some("b")));
    assert!(trace.take().starts_with("a0 b0"), "both started before either went on");
}

#[test]
fn a_sleep_of_one_guest_wakes_the_task_of_another_in_its_own_loop() {
    let driver = NativeDriver::new().expect("it runs everywhere");
    let (lent, over) = (Rc::new(Cell::new(None)), Rc::new(Cell::new(false)));
    let lender = carry(driver.reactor(), {
        let (lent, over) = (lent.clone(), over.clone());
        async move {
            lent.set(Some(Box::pin(sleep(Duration::from_millis(1)))));
            // It never rests, so its timer is looked at whatever the other sets the reactor's to.
            while !over.get() {
                yield_now().await;
            }
        }
    });
    let borrower = carry(driver.reactor(), async move {
        let sleep = loop {
            match lent.take() {
                Some(sleep) => break sleep,
                None => yield_now().await,
            }
        };
        let own = Loop::current();
        sleep.await;
        assert!(own.is_running());
        over.set(true);
    });
    let (mut lender, mut borrower) = (pin!(lender), pin!(borrower));
    let (mut lent, mut borrowed) = (false, false);
    host(
        poll_fn(|cx| {
            lent = lent || lender.as_mut().poll(cx).is_ready();
            borrowed = borrowed || borrower.as_mut().poll(cx).is_ready();
            if lent && borrowed { Poll::Ready(()) } else { Poll::Pending }
        }),
        &driver,
    );
}

#[test]
fn dropping_a_guest_drops_its_tasks_on_the_spot() {
    let driver = NativeDriver::new().expect("it runs everywhere");
    let trace = Trace::default();
    let guard = trace.on_drop("dropped");
    let mut guest = carry(driver.reactor(), async move {
        spawn(async move {
            let _guard = guard;
            pending::<()>().await;
        })
        .detach();
        pending::<()>().await;
    });
    let mut polls = 0;
    host(
        poll_fn(|cx| {
            polls += 1;
            let poll = Pin::new(&mut guest).poll(cx).map(|_| ());
            if polls == 2 {
                Poll::Ready(())
            } else {
                cx.waker().wake_by_ref();
                poll
            }
        }),
        &driver,
    );
    assert_eq!(trace.take(), "");
    drop(guest);
    assert_eq!(trace.take(), "dropped");
}

#[test]
fn a_chain_of_tasks_that_all_panic_lets_the_host_in() {
    /// Each spawns the next, then panics, until the host has come by three times.
    fn link(number: u32, polls: &Rc<Cell<u32>>, last: &core_loop::Future<u32>) {
        let (polls, last) = (polls.clone(), last.clone());
        let task = spawn(async move {
            if polls.get() >= 3 || number == 100_000 {
                last.set_result(polls.get()).expect("it is the only one that is last");
                return;
            }
            link(number + 1, &polls, &last);
            std::panic::resume_unwind(Box::new("quietly"));
        });
        task.detach();
    }
    let driver = NativeDriver::new().expect("it runs everywhere");
    let polls = Rc::new(Cell::new(0));
    let seen = polls.clone();
    let mut guest = pin!(carry(driver.reactor(), async move {
        Loop::current().set_exception_handler(|_, _| ());
        let last = core_loop::Future::new();
        link(0, &seen, &last);
        last.await.expect("it is set")
    }));
    host(
        poll_fn(|cx| {
            polls.set(polls.get() + 1);
            // A hundred thousand panics last far longer than two visits are apart.
            guest.as_mut().poll(cx).map(|seen| assert_eq!(seen.expect("it ends"), 3))
        }),
        &driver,
    );
}

#[test]
fn a_guest_inside_a_loop_is_refused() {
    let driver = NativeDriver::new().expect("it runs everywhere");
    let guest = carry(driver.reactor(), async {});
    let outcome = crate::run(async move {
        yield_now().await;
        guest.await
    });
    assert!(matches!(outcome, Err(RunError::Nested)));
}
