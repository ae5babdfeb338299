//! The part of a task that other threads touch.
#![expect(
    unsafe_code,
    reason = "stands for the memory that the last holder frees: loom says who races for it"
)]

use crate::afar::Afar;
use crate::model;
use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::sync::{Arc, Mutex};
use loom::thread;

#[test]
fn what_was_written_before_a_wake_from_afar_is_seen_by_a_step_that_follows() {
    model(|| {
        let task = Arc::new((Afar::new(), [AtomicUsize::new(0), AtomicUsize::new(0)]));
        let messages = Arc::new(Mutex::new(0));
        let wakers = [0, 1].map(|waker| {
            let (task, messages) = (task.clone(), messages.clone());
            thread::spawn(move || {
                task.1[waker].store(1, Relaxed);
                if task.0.wake() {
                    *messages.lock().unwrap() += 1;
                }
            })
        });
        let mut seen = 0;
        let step = || {
            if std::mem::take(&mut *messages.lock().unwrap()) == 0 {
                return 0;
            }
            task.0.taken();
            task.1.iter().map(|written| written.load(Relaxed)).sum()
        };
        seen = seen.max(step());
        wakers.into_iter().for_each(|waker| waker.join().unwrap());
        // The last message, if it was not taken above, is still there: no wake is lost.
        seen = seen.max(step());
        assert_eq!(seen, 2);
    });
}

#[test]
fn a_message_is_on_its_way_once_at_most() {
    model(|| {
        let task = Arc::new(Afar::new());
        let wakers = [(); 2].map(|()| {
            let task = task.clone();
            thread::spawn(move || usize::from(task.wake()))
        });
        let sent: usize = wakers.into_iter().map(|waker| waker.join().unwrap()).sum();
        assert_eq!(sent, 1);
    });
}

#[test]
fn the_last_holder_and_nobody_else_frees_the_memory_after_all_others_are_through() {
    model(|| {
        let task = Arc::new((Afar::new(), UnsafeCell::new(0)));
        let freed = Arc::new(AtomicUsize::new(0));
        let let_go = |task: &(Afar, UnsafeCell<i32>), freed: &AtomicUsize| {
            // The last read of a holder, and the write of whoever frees: loom finds them if they race.
            // SAFETY: what the model is to show: whoever holds the memory may read it.
            task.1.with(|memory| assert_eq!(unsafe { *memory }, 0));
            if task.0.release() {
                // SAFETY: what the model is to show: the last holder has it alone.
                task.1.with_mut(|memory| unsafe { *memory = 1 });
                freed.fetch_add(1, Relaxed);
            }
        };
        task.0.hold();
        task.0.hold();
        let wakers = [(); 2].map(|()| {
            let (task, freed) = (task.clone(), freed.clone());
            thread::spawn(move || let_go(&task, &freed))
        });
        task.0.finish();
        let_go(&task, &freed);
        wakers.into_iter().for_each(|waker| waker.join().unwrap());
        assert_eq!(freed.load(Relaxed), 1);
    });
}
