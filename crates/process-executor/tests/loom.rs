//! Every interleaving of submitters, cancellers, shutdown and supervisor at the inbox and its desk; and of parent, canceller
//! and worker at a ring.
//!
//! The rest of the crate has nothing to model: the supervisor alone touches workers that are not on the desk, and a job's state is the
//! contract's, which has models of its own.
#![cfg(loom)]

#[path = "../src/desk.rs"]
mod desk;
#[path = "../src/inbox.rs"]
#[allow(dead_code, reason = "the models use a part of it")]
mod inbox;
#[path = "../src/ring.rs"]
#[allow(dead_code, reason = "the models use a part of it")]
mod ring;
#[path = "../src/sync.rs"]
mod sync;

use contract::Drain;
use inbox::{Bell, Inbox, Refusal, Way};
use loom::sync::atomic::AtomicU64;
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;
use ring::{Memory, Parent, Ring, Seen, Slip, WORDS, Worker};
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

type Model = Arc<Inbox<u32, Socket, Flag>>;

/// A worker's socket: what was written to it. A write that is heard ends the supervisor's sleep, as an answer would.
type Socket = Arc<Mutex<Vec<u64>>>;

/// Submits as the pool does: if a worker is on offer it gets the frame once the lock is free.
fn submit(inbox: &Model, item: u32) -> bool {
    match inbox.push(None, |_| true, |_, _| item) {
        Ok(Some((id, socket))) => {
            socket.lock().unwrap().push(id);
            inbox.bell().ring();
            true
        }
        Ok(None) => true,
        Err(_) => false,
    }
}

fn inbox() -> Model {
    Arc::new(Inbox::new(Flag { rung: Mutex::new(false), changed: Condvar::new() }))
}

/// What is queued, for a worker that is never on offer for long.
fn next(inbox: &Model) -> Option<(u64, inbox::Queued<u32>)> {
    let next = inbox.next(1, Socket::default);
    assert!(inbox.retract(1).is_empty());
    next
}

/// The supervisor: takes until it was told to close and nothing is left. What it took, and what it was asked to cancel.
fn supervise(inbox: &Model) -> (Vec<u32>, Vec<u64>) {
    let (mut taken, mut cancels) = (Vec::new(), Vec::new());
    loop {
        let orders = inbox.look(Instant::now());
        cancels.extend(orders.cancels);
        while let Some((_, queued)) = next(inbox) {
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
            thread::spawn(move || inbox.push(None, |_| false, |_, _| 7).is_ok())
        };
        let closer = {
            let inbox = inbox.clone();
            thread::spawn(move || inbox.close(Drain::Queued))
        };
        let (taken, _) = supervise(&inbox);
        let accepted = submitter.join().unwrap();
        closer.join().unwrap();
        assert_eq!(taken, if accepted { vec![7] } else { vec![] });
        assert!(matches!(inbox.push(None, |_| false, |_, _| 9), Err(Refusal::Closed)));
    });
}

#[test]
fn a_sleeping_supervisor_hears_of_every_push() {
    loom::model(|| {
        let inbox = inbox();
        let submitters: Vec<_> = (0..2)
            .map(|n| {
                let inbox = inbox.clone();
                thread::spawn(move || inbox.push(None, |_| false, |_, _| n).is_ok())
            })
            .collect();
        // Nothing but their rings wakes it.
        let mut taken = 0;
        while taken < 2 {
            inbox.look(Instant::now());
            while next(&inbox).is_some() {
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
            .push(
                None,
                |_| false,
                |number, _| {
                    id = number;
                    7
                },
            )
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

#[test]
fn a_worker_on_offer_gets_one_job_whose_answer_finds_it_and_the_other_is_queued() {
    loom::model(|| {
        let inbox = inbox();
        let socket = Socket::default();
        assert!(inbox.next(1, || socket.clone()).is_none());
        let submitters: Vec<_> = (0..2)
            .map(|n| {
                let inbox = inbox.clone();
                thread::spawn(move || assert!(submit(&inbox, n)))
            })
            .collect();
        let (mut ran, mut busy, mut answered) = (Vec::new(), None, 0);
        while ran.len() < 2 {
            let handed = inbox.look(Instant::now()).handed;
            for handed in handed {
                assert!(busy.replace(handed.id).is_none(), "two jobs at once");
                ran.push(handed.queued.item);
            }
            // What was written is answered at once; whose answer it is was known before.
            let written = socket.lock().unwrap().len();
            if written > answered {
                let known = busy.take().or_else(|| {
                    let handed = inbox.handed().pop().expect("noted before it was written");
                    ran.push(handed.queued.item);
                    Some(handed.id)
                });
                assert_eq!(known, socket.lock().unwrap().last().copied());
                answered = written;
                while let Some((_, queued)) = inbox.next(1, || socket.clone()) {
                    ran.push(queued.item);
                }
            }
            if ran.len() < 2 {
                inbox.bell().sleep();
                inbox.bell().hush();
            }
        }
        submitters.into_iter().for_each(|it| it.join().unwrap());
        ran.sort_unstable();
        assert_eq!(ran, [0, 1]);
    });
}

#[test]
fn a_worker_that_is_taken_back_has_all_its_jobs_noted_and_gets_no_more() {
    loom::model(|| {
        let inbox = inbox();
        let socket = Socket::default();
        assert!(inbox.next(1, || socket.clone()).is_none());
        let submitter = {
            let inbox = inbox.clone();
            thread::spawn(move || assert!(submit(&inbox, 7)))
        };
        let noted = inbox.retract(1);
        submitter.join().unwrap();
        let queued = inbox.look(Instant::now()).queued;
        assert_eq!(noted.len() + queued, 1);
        assert_eq!(socket.lock().unwrap().len(), noted.len(), "what it was sent is noted");
    });
}

#[test]
fn a_job_that_cannot_be_handed_over_goes_first_and_clears_the_desk() {
    loom::model(|| {
        let inbox = inbox();
        assert!(inbox.next(1, Socket::default).is_none());
        let large = inbox.push(
            None,
            |_| false,
            |_, way| {
                assert_eq!(way, Way::Queued);
                1
            },
        );
        assert!(matches!(large, Ok(None)));
        let submitter = {
            let inbox = inbox.clone();
            thread::spawn(move || assert!(submit(&inbox, 2)))
        };
        let orders = inbox.look(Instant::now());
        assert_eq!(orders.cleared, [1]);
        assert!(orders.handed.is_empty(), "nobody overtakes what is queued");
        assert_eq!(inbox.next(1, Socket::default).map(|(_, queued)| queued.item), Some(1));
        submitter.join().unwrap();
        assert_eq!(inbox.next(1, Socket::default).map(|(_, queued)| queued.item), Some(2));
    });
}

#[test]
fn what_is_put_back_goes_first_and_is_taken_or_withdrawn_once() {
    loom::model(|| {
        let inbox = inbox();
        assert!(matches!(inbox.push(None, |_| false, |_, _| 1), Ok(None)));
        let (id, first) = next(&inbox).expect("it is queued");
        let submitter = {
            let inbox = inbox.clone();
            thread::spawn(move || assert!(inbox.push(None, |_| false, |_, _| 2).is_ok()))
        };
        let canceller = {
            let inbox = inbox.clone();
            thread::spawn(move || inbox.remove(id))
        };
        assert!(inbox.put_back(id, first).is_ok());
        let mut taken: Vec<u32> = Vec::new();
        while let Some((_, queued)) = next(&inbox) {
            taken.push(queued.item);
        }
        submitter.join().unwrap();
        let withdrawn = canceller.join().unwrap();
        while let Some((_, queued)) = next(&inbox) {
            taken.push(queued.item);
        }
        match withdrawn {
            None => assert_eq!(taken, [1, 2], "it has waited longest"),
            Some(first) => assert_eq!((first, taken), (1, vec![2])),
        }
    });
}

#[test]
fn what_is_put_back_while_the_pool_ends_is_given_back_or_drained() {
    loom::model(|| {
        let inbox = inbox();
        assert!(matches!(inbox.push(None, |_| false, |_, _| 1), Ok(None)));
        let (id, first) = next(&inbox).expect("it is queued");
        let ender = {
            let inbox = inbox.clone();
            thread::spawn(move || inbox.end(None))
        };
        let refused = inbox.put_back(id, first).err();
        let mut drained = ender.join().unwrap();
        drained.extend(inbox.drain());
        assert_eq!(refused.is_some(), drained.is_empty(), "nobody lost it, and nobody has it twice");
    });
}

#[test]
fn a_worker_on_offer_is_free_again_when_the_pool_closes() {
    // Else what comes back to the queue later would wait for it for ever.
    loom::model(|| {
        let inbox = inbox();
        assert!(inbox.next(1, Socket::default).is_none());
        let closer = {
            let inbox = inbox.clone();
            thread::spawn(move || inbox.close(Drain::Queued))
        };
        let mut cleared = Vec::new();
        loop {
            let orders = inbox.look(Instant::now());
            cleared.extend(orders.cleared);
            if orders.closing.is_some() {
                break;
            }
            inbox.bell().sleep();
            inbox.bell().hush();
        }
        closer.join().unwrap();
        assert_eq!(cleared, [1]);
        assert!(inbox.next(2, Socket::default).is_none());
        assert_eq!(inbox.look(Instant::now()).cleared, [2], "nor is one that comes later");
    });
}

struct Words(Vec<AtomicU64>);

impl Memory for Words {
    fn word(&self, at: usize) -> &AtomicU64 {
        &self.0[at]
    }
}

fn ring() -> Arc<Ring<Words>> {
    Arc::new(Ring::new(Words((0..WORDS).map(|_| AtomicU64::new(0)).collect())))
}

fn slip(job: u64) -> Slip {
    Slip { kind: 1, job, a: 0, ran: 0, bytes: vec![job as u8] }
}

/// A worker that has been told of the ring, and ends after so many jobs.
fn work(ring: Arc<Ring<Words>>, jobs: usize, bell: &Flag, parents: &Flag) {
    let (mut worker, mut done) = (Worker::new(ring), 0);
    while done < jobs {
        if let Some((position, slip)) = worker.take() {
            assert_eq!(slip.bytes, [slip.job as u8], "it came whole");
            let answer = Slip { bytes: vec![slip.job as u8 + 1], ..slip };
            worker.answer(position, Some(&answer));
            done += 1;
            if !worker.has_next() && worker.must_ring() {
                parents.ring();
            }
            continue;
        }
        if worker.may_sleep() {
            bell.sleep();
            bell.hush();
            worker.is_awake();
        }
    }
}

#[test]
fn neither_side_of_a_ring_sleeps_while_the_other_has_something_for_it() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let (ring, bell, parents) = (ring(), Arc::new(Flag::default()), Arc::new(Flag::default()));
        let worker = {
            let (ring, bell, parents) = (ring.clone(), bell.clone(), parents.clone());
            thread::spawn(move || work(ring, 2, &bell, &parents))
        };
        let mut parent = Parent::new(ring);
        let mut answers = Vec::new();
        for job in 0..2 {
            parent.put(&slip(job));
            if parent.must_ring() {
                bell.ring();
            }
        }
        while answers.len() < 2 {
            while let Seen::Done(slip) = parent.look(parent.head()) {
                answers.push(slip.bytes[0]);
                parent.free();
                if answers.len() == 2 {
                    break;
                }
            }
            if answers.len() < 2 && parent.may_sleep() {
                parents.sleep();
                parents.hush();
            }
        }
        worker.join().unwrap();
        assert_eq!(answers, [1, 2]);
    });
}

#[test]
fn a_job_in_a_ring_is_started_or_withdrawn_and_never_both() {
    loom::model(|| {
        let ring = ring();
        let mut parent = Parent::new(ring.clone());
        let position = parent.put(&slip(7));
        let canceller = {
            let ring = ring.clone();
            thread::spawn(move || ring.withdraw(position))
        };
        let mut worker = Worker::new(ring.clone());
        let taken = worker.take();
        let withdrawn = canceller.join().unwrap();
        assert_eq!(taken.is_some(), !withdrawn);
        let seen = parent.look(position);
        assert_eq!(seen, if withdrawn { Seen::Skipped } else { Seen::Started });
        assert_eq!(ring.withdraw(position), withdrawn, "asked again, it says the same");
    });
}
