//! The event: who is released.

use super::Event;
use crate::harness::{Hand, Tasks, Trace, poll_once};

async fn wait(name: &str, event: &Event, trace: &Trace) {
    event.wait().await;
    trace.log(format_args!("{name}:{}", event.is_set()));
}

#[test]
fn set_releases_all_in_order_and_waiting_on_a_set_event_does_not_yield() {
    let (event, trace) = (Event::new(), Trace::default());
    let mut tasks = Tasks::default();
    for name in ["a", "b", "c"] {
        tasks.spawn(wait(name, &event, &trace));
    }
    tasks.run();
    assert_eq!(trace.take(), "");
    event.set();
    assert_eq!(trace.take(), "", "nobody runs inside of set");
    tasks.run();
    assert_eq!(trace.take(), "a:true b:true c:true");
    assert!(poll_once(event.wait()).is_some());
}

#[test]
fn set_then_clear_releases_those_who_wait_and_later_ones_wait() {
    let (event, trace) = (Event::new(), Trace::default());
    let mut tasks = Tasks::default();
    tasks.spawn(wait("early", &event, &trace));
    tasks.spawn(wait("too", &event, &trace));
    tasks.run();
    event.set();
    event.clear();
    let late = tasks.spawn(wait("late", &event, &trace));
    tasks.run();
    assert_eq!(trace.take(), "early:false too:false");
    assert!(!tasks.done(late));
    event.set();
    tasks.run();
    assert_eq!(trace.take(), "late:true");
}

#[test]
fn a_second_set_wakes_nobody_twice() {
    let event = Event::default();
    let mut first = Hand::waiting(event.wait());
    event.set();
    event.clear();
    let mut second = Hand::waiting(event.wait());
    event.set();
    assert_eq!((first.wakes(), second.wakes()), (1, 1));
    assert!(first.poll().is_some() && second.poll().is_some());
}

#[test]
fn a_waiter_that_is_dropped_disturbs_no_other() {
    let event = Event::new();
    let mut waiting = (0..5).map(|_| Hand::waiting(event.wait())).collect::<Vec<_>>();
    drop(waiting.remove(2));
    event.set();
    event.clear();
    drop(waiting.remove(0));
    assert!(waiting.iter_mut().all(|waiting| waiting.poll().is_some()));
    let late = Hand::waiting(event.wait());
    assert_eq!(late.wakes(), 0);
}

#[test]
fn ten_thousand_waiters_are_released_and_their_line_is_empty_again() {
    let event = Event::new();
    for _ in 0..2 {
        let mut waiting = (0..10_000).map(|_| Hand::waiting(event.wait())).collect::<Vec<_>>();
        event.set();
        event.clear();
        for waiting in &mut waiting {
            contract::budget::enter_step();
            assert_eq!((waiting.wakes(), waiting.poll()), (1, Some(())));
        }
    }
}
