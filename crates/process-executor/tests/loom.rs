//! Every interleaving of submitters, cancellers, shutdown and supervisor at the inbox.
//!
//! The rest of the crate has nothing to model: the supervisor alone touches the workers, and a job's state is the
//! contract's, which has models of its own.
#![cfg(loom)]

#[path = "../src/inbox.rs"]
#[allow(dead_code, reason = "the models use a part of it")]
mod inbox;
#[path = "../src/sync.rs"]
mod sync;

use contract::Drain;
use inbox::{Bell, Inbox, Refusal};
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;
use std::time::Instant;

/// An eventfd, as far as this protocol goes.
#[derive(Default)]
struct Flag {
    rung: Mutex<bool>,
    changed: Condvar,
}

impl Bell for Flag {
    fn ring(&self) {
        *self.rung.lock().unwrap() = true;
        self.changed.notify_one();
    }
}

impl Flag {
    /// epoll_wait on the eventfd. The model deadlocks here if a ring was lost.
    fn sleep(&self) {
        let mut rung = self.rung.lock().unwrap();
        while !*rung {
            rung = self.changed.wait(rung).unwrap();
        }
    }

    /// A read of the eventfd.
    fn hush(&self) {
        *self.rung.lock().unwrap() = false;
    }
}

type Model = Arc<Inbox<u32, Flag>>;

fn inbox() -> Model {
    Arc::new(Inbox::new(Flag { rung: Mutex::new(false), changed: Condvar::new() }))
}

/// The supervisor: takes until it was told to close and nothing is left. What it took, and what it was asked to cancel.
fn supervise(inbox: &Model) -> (Vec<u32>, Vec<u64>) {
    let (mut taken, mut cancels) = (Vec::new(), Vec::new());
    loop {
        let orders = inbox.look(Instant::now());
        cancels.extend(orders.cancels);
        while let Some((_, queued)) = inbox.pop() {
            taken.push(queued.item);
        }
        if orders.closing.is_some() {
            taken.extend(inbox.end(None));
            return (taken, cancels);
        }
        inbox.bell().sleep();
        inbox.bell().hush();
    }
}

#[test]
fn what_was_accepted_is_taken_and_what_comes_too_late_is_refused() {
    loom::model(|| {
        let inbox = inbox();
        let submitter = {
            let inbox = inbox.clone();
            thread::spawn(move || inbox.push(None, |_| 7).is_ok())
        };
        let closer = {
            let inbox = inbox.clone();
            thread::spawn(move || inbox.close(Drain::Queued))
        };
        let (taken, _) = supervise(&inbox);
        let accepted = submitter.join().unwrap();
        closer.join().unwrap();
        assert_eq!(taken, if accepted { vec![7] } else { vec![] });
        assert!(matches!(inbox.push(None, |_| 9), Err(Refusal::Closed)));
    });
}

#[test]
fn a_sleeping_supervisor_hears_of_every_push() {
    loom::model(|| {
        let inbox = inbox();
        let submitters: Vec<_> = (0..2)
            .map(|n| {
                let inbox = inbox.clone();
                thread::spawn(move || inbox.push(None, |_| n).is_ok())
            })
            .collect();
        // Nothing but their rings wakes it.
        let mut taken = 0;
        while taken < 2 {
            inbox.look(Instant::now());
            while inbox.pop().is_some() {
                taken += 1;
            }
            if taken < 2 {
                inbox.bell().sleep();
                inbox.bell().hush();
            }
        }
        submitters.into_iter().for_each(|it| assert!(it.join().unwrap()));
    });
}

#[test]
fn a_job_is_either_withdrawn_or_taken() {
    loom::model(|| {
        let inbox = inbox();
        let mut id = 0;
        inbox
            .push(None, |number| {
                id = number;
                7
            })
            .expect("it is open");
        let canceller = {
            let inbox = inbox.clone();
            thread::spawn(move || {
                let removed = inbox.remove(id);
                if removed.is_none() {
                    inbox.cancel(id);
                }
                inbox.close(Drain::Queued);
                removed.is_some()
            })
        };
        let (taken, cancels) = supervise(&inbox);
        let withdrawn = canceller.join().unwrap();
        assert_eq!(taken.is_empty(), withdrawn);
        assert_eq!(cancels, if withdrawn { vec![] } else { vec![id] });
    });
}

#[test]
fn whoever_waits_for_the_end_is_told() {
    loom::model(|| {
        let inbox = inbox();
        let waiter = {
            let inbox = inbox.clone();
            thread::spawn(move || {
                inbox.close(Drain::Started);
                inbox.wait_until_ended(None)
            })
        };
        supervise(&inbox);
        assert!(waiter.join().unwrap());
    });
}
