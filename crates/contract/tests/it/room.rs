//! Places in a queue: first come first served, and none is ever lost.

use crate::by_hand::{Alarm, ByHand, Trace, panic_of, poll, poll_for, ready};
use contract::{Executor, ExecutorExt, Job, Place, Reject, Rejected, Room, Slots, Submit};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::task::{Poll, Wake, Waker};

#[test]
fn places_are_given_out_until_there_are_none() {
    let slots = Slots::new(2);
    let first = slots.try_take().unwrap();
    let _second = slots.try_take().unwrap();
    assert!(slots.try_take().is_none());
    drop(first);
    assert_eq!(slots.free(), 1);
    assert!(poll(&mut slots.room()).is_ready());
}

#[test]
fn whoever_waits_longest_is_served_first_and_newcomers_do_not_overtake() {
    let slots = Slots::new(1);
    let held = slots.try_take().unwrap();
    let (first_alarm, first_waker) = Alarm::new();
    let (second_alarm, second_waker) = Alarm::new();
    let (mut first, mut second) = (slots.room(), slots.room());
    assert!(poll_for(&mut first, &first_waker).is_pending());
    assert!(poll_for(&mut second, &second_waker).is_pending());
    drop(held);
    assert_eq!((first_alarm.count(), second_alarm.count()), (1, 0));
    assert!(slots.try_take().is_none());
    assert!(poll(&mut slots.room()).is_pending());
    assert!(poll_for(&mut second, &second_waker).is_pending());
    let held = ready(&mut first);
    drop(held);
    assert_eq!((first_alarm.count(), second_alarm.count()), (1, 1));
    drop(ready(&mut second));
    assert_eq!(slots.free(), 1);
}

#[test]
fn a_newcomer_that_left_before_its_turn_is_passed_over() {
    let slots = Slots::new(1);
    let held = slots.try_take().unwrap();
    let (mut first, mut second, mut third) = (slots.room(), slots.room(), slots.room());
    for room in [&mut first, &mut second, &mut third] {
        assert!(poll(room).is_pending());
    }
    drop(second);
    drop(first);
    drop(held);
    drop(ready(&mut third));
    assert_eq!(slots.free(), 1);
}

#[test]
fn a_place_that_was_handed_to_a_dropped_waiter_passes_on() {
    let slots = Slots::new(1);
    let held = slots.try_take().unwrap();
    let (alarm, waker) = Alarm::new();
    let (mut first, mut second) = (slots.room(), slots.room());
    assert!(poll(&mut first).is_pending());
    assert!(poll_for(&mut second, &waker).is_pending());
    drop(held);
    drop(first);
    assert_eq!(alarm.count(), 1);
    drop(ready(&mut second));
    assert_eq!(slots.free(), 1);
}

#[test]
fn a_waiter_is_woken_where_it_was_polled_last() {
    let slots = Slots::new(1);
    let held = slots.try_take().unwrap();
    let (old, old_waker) = Alarm::new();
    let (new, new_waker) = Alarm::new();
    let mut room = slots.room();
    assert!(poll_for(&mut room, &old_waker).is_pending());
    assert!(poll_for(&mut room, &new_waker).is_pending());
    drop(held);
    assert_eq!((old.count(), new.count()), (0, 1));
    assert!(poll_for(&mut room, &new_waker).is_ready());
}

#[test]
fn a_close_ends_all_waiting_now_and_later() {
    let slots = Slots::new(1);
    let held = slots.try_take().unwrap();
    let (alarm, waker) = Alarm::new();
    let mut waiting = slots.room();
    assert!(poll_for(&mut waiting, &waker).is_pending());
    slots.close();
    assert_eq!(alarm.count(), 1);
    drop(ready(&mut waiting));
    drop(ready(&mut slots.room()));
    assert_eq!(slots.free(), 0);
    drop(held);
    assert_eq!(slots.free(), 1);
}

#[test]
fn a_place_that_was_handed_over_before_a_close_comes_back() {
    let slots = Slots::new(2);
    let held = [slots.try_take(), slots.try_take()];
    let (mut polled, mut dropped) = (slots.room(), slots.room());
    assert!(poll(&mut polled).is_pending());
    assert!(poll(&mut dropped).is_pending());
    drop(held);
    slots.close();
    drop(ready(&mut polled));
    drop(dropped);
    assert_eq!(slots.free(), 2);
}

/// The waker of a task whose future waits in the same line: its drop leaves the line.
struct LastOfItsTask {
    _waits: std::sync::Mutex<Room>,
}

impl Wake for LastOfItsTask {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn a_waker_whose_drop_leaves_the_same_line_meets_no_lock() {
    let slots = Slots::new(1);
    let held = slots.try_take().unwrap();
    for leaves_by_drop in [true, false] {
        let mut inner = slots.room();
        assert!(poll(&mut inner).is_pending());
        let waker = Waker::from(Arc::new(LastOfItsTask { _waits: inner.into() }));
        let mut outer = slots.room();
        assert!(poll_for(&mut outer, &waker).is_pending());
        drop(waker);
        if leaves_by_drop {
            drop(outer);
        } else {
            assert!(poll(&mut outer).is_pending());
        }
    }
    drop(held);
    assert_eq!(slots.free(), 1);
}

struct Grim;

impl Wake for Grim {
    fn wake(self: Arc<Self>) {
        panic!("wake");
    }
}

#[test]
fn a_waker_that_panics_keeps_nobody_else_from_being_woken() {
    let slots = Slots::new(0);
    let (alarm, waker) = Alarm::new();
    let (mut first, mut second) = (slots.room(), slots.room());
    assert!(poll_for(&mut first, &Waker::from(Arc::new(Grim))).is_pending());
    assert!(poll_for(&mut second, &waker).is_pending());
    slots.close();
    assert_eq!(alarm.count(), 1);
}

#[test]
fn a_place_serves_the_queue_it_was_given_for_and_no_other() {
    let (ours, theirs) = (Slots::new(1), Slots::new(1));
    let mut options = Submit::new().place(theirs.try_take().unwrap());
    let place = ours.claim(&mut options).unwrap();
    assert_eq!((ours.free(), theirs.free()), (0, 1));
    let mut options = Submit::new().place(place);
    let place = ours.claim(&mut options).expect("it was brought along");
    assert!(ours.claim(&mut Submit::new()).is_none());
    drop(place);
    assert_eq!(ours.free(), 1);
}

#[test]
fn a_place_of_ones_own_comes_back_out_or_is_given_up() {
    let trace = Trace::default();
    let place = Place::new(7_u8);
    let place = place.into_guard::<u16>().expect_err("it is something else");
    assert_eq!(place.into_guard::<u8>().unwrap(), 7);
    assert!(Place::none().into_guard::<u8>().is_err());
    drop(Place::new(trace.on_drop("given up")));
    assert_eq!(trace.take(), ["given up"]);
}

#[test]
fn a_cancelled_job_frees_its_place_at_once_for_whoever_waits() {
    let executor = ByHand::new(1);
    let first = executor.try_submit(|| 1).unwrap();
    let (alarm, waker) = Alarm::new();
    let mut second = executor.submit(|| 2);
    assert!(poll_for(&mut second, &waker).is_pending());
    first.cancel();
    assert_eq!(alarm.count(), 1);
    assert!(executor.try_submit(|| 3).is_err());
    let mut second = ready(&mut second).unwrap();
    assert!(executor.run_next());
    assert_eq!(ready(&mut second).unwrap(), 2);
    assert_eq!(executor.slots.free(), 1);
}

#[test]
fn a_submission_that_waits_gives_the_work_back_when_the_executor_closes() {
    let executor = ByHand::new(0);
    let mut submitting = executor.submit(|| 5);
    assert!(poll(&mut submitting).is_pending());
    executor.closed.store(true, SeqCst);
    executor.slots.close();
    let Err(rejected) = ready(&mut submitting) else { panic!("it is closed") };
    assert!(matches!(rejected.why, Reject::ShuttingDown));
    assert_eq!((rejected.into_work())(), 5);
    let said = panic_of(|| poll(&mut submitting));
    assert_eq!(said, "a submission was polled again after it was ready");
}

#[test]
fn a_submission_uses_the_place_that_the_caller_waited_for() {
    let executor = ByHand::new(1);
    let place = ready(&mut Executor::<fn()>::room(&executor));
    assert!(executor.try_submit(|| ()).is_err());
    let mut submitting = executor.submit_with(|| (), Submit::new().place(place).label("placed"));
    assert_eq!(ready(&mut submitting).unwrap().label(), Some("placed"));
}

#[test]
fn a_submission_that_is_dropped_gives_up_its_turn_and_its_work() {
    let trace = Trace::default();
    let executor = ByHand::new(1);
    let held = executor.try_submit(|| ()).unwrap();
    let captured = trace.on_drop("work");
    let mut submitting = executor.submit(move || drop(captured));
    assert!(poll(&mut submitting).is_pending());
    held.cancel();
    drop(submitting);
    assert_eq!(trace.take(), ["work"]);
    assert_eq!(executor.slots.free(), 1);
}

#[test]
fn a_run_that_is_dropped_cancels_its_job() {
    let executor = ByHand::new(1);
    let mut run = executor.run(|| ());
    assert!(poll(&mut run).is_pending());
    assert_eq!(executor.slots.free(), 0);
    drop(run);
    assert_eq!(executor.slots.free(), 1);
    assert!(!executor.run_next());
}

/// Always has room and never takes anything.
struct Contrary;

impl<W> Executor<W> for Contrary {
    type Output = ();

    fn try_submit_with(&self, work: W, _: Submit) -> Result<Job<()>, Rejected<W>> {
        Err(Rejected::new(work, Reject::Full))
    }

    fn room(&self) -> Room {
        Room::new(std::future::ready(Place::none()))
    }
}

#[test]
fn an_executor_that_promises_room_and_refuses_does_not_seize_the_thread() {
    let (alarm, waker) = Alarm::new();
    let mut submitting = Contrary.submit(());
    assert!(matches!(poll_for(&mut submitting, &waker), Poll::Pending));
    assert_eq!(alarm.count(), 1);
}
