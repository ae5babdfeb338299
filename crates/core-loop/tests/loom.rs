//! The native loop's park and wake, the inbox, and the cancel of a job's task, in every order that threads can take.
#![cfg(loom)]

#[path = "../src/inbox.rs"]
#[expect(dead_code, reason = "the models use what races")]
mod inbox;
#[path = "../src/native/park.rs"]
mod park;
#[path = "../src/sync.rs"]
mod sync;

use inbox::Inbox;
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;
use park::Park;
use std::task::{Wake, Waker};

/// Every order with at most three preemptions. Without a bound they hold as well, after minutes.
fn model(check: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(check);
}

/// The eventfd: it remembers a ring.
#[derive(Default)]
struct Bell {
    rings: Mutex<usize>,
    rung: Condvar,
}

#[derive(Default)]
struct Loop {
    park: Option<Park>,
    bell: Bell,
    /// What wakes announce. Relaxed: only the park orders it.
    work: AtomicUsize,
    rings: AtomicUsize,
}

impl Loop {
    fn new() -> Arc<Self> {
        Arc::new(Self { park: Some(Park::new()), ..Self::default() })
    }

    fn park(&self) -> &Park {
        self.park.as_ref().expect("made with one")
    }

    fn announce(&self) {
        self.work.fetch_add(1, Relaxed);
        if self.park().wake() {
            self.rings.fetch_add(1, Relaxed);
            *self.bell.rings.lock().unwrap() += 1;
            self.bell.rung.notify_one();
        }
    }

    /// As `Hub::run`: polls until `wanted` announcements were seen. Says how often it slept.
    fn run(&self, wanted: usize) -> usize {
        let mut slept = 0;
        self.park().take();
        while self.work.load(Relaxed) < wanted {
            loop {
                if self.park().park() {
                    slept += 1;
                    let mut rings = self.bell.rings.lock().unwrap();
                    while *rings == 0 {
                        rings = self.bell.rung.wait(rings).unwrap();
                    }
                    *rings = 0;
                }
                self.park().unpark();
                if self.park().take() {
                    break;
                }
            }
        }
        slept
    }
}

#[test]
fn no_wake_is_lost_and_each_sleep_is_ended_by_one_ring() {
    model(|| {
        let this = Loop::new();
        let wakers = [(); 2].map(|()| {
            let this = this.clone();
            thread::spawn(move || this.announce())
        });
        // A lost wake would be a sleep without an end, which loom reports as a deadlock.
        let slept = this.run(2);
        wakers.into_iter().for_each(|waker| waker.join().unwrap());
        assert!(this.rings.load(Relaxed) <= slept);
    });
}

#[test]
fn a_wake_that_finds_the_loop_awake_rings_nothing() {
    model(|| {
        let this = Loop::new();
        this.announce();
        let other = {
            let this = this.clone();
            thread::spawn(move || this.announce())
        };
        // Woken already, so it does not sleep, whatever the other thread does.
        assert!(!this.park().park());
        other.join().unwrap();
        assert!(this.park().take());
        assert_eq!(this.work.load(Relaxed), 2);
        assert_eq!(this.rings.load(Relaxed), 0);
    });
}

#[test]
fn a_late_ring_does_no_harm() {
    model(|| {
        let this = Loop::new();
        // The sleep that was ended by something else: a timer.
        assert!(this.park().park());
        let other = {
            let this = this.clone();
            thread::spawn(move || this.announce())
        };
        this.park().unpark();
        this.park().take();
        // Its wake may be behind us or ahead of us, and so may its ring.
        assert!(this.run(1) <= 2);
        other.join().unwrap();
    });
}

/// A host that sleeps until it is rung.
#[derive(Default)]
struct Host {
    rung: Mutex<bool>,
    changed: Condvar,
    rings: AtomicUsize,
}

impl Host {
    fn sleep(&self) {
        let mut rung = self.rung.lock().unwrap();
        while !*rung {
            rung = self.changed.wait(rung).unwrap();
        }
        *rung = false;
    }
}

impl Wake for Host {
    fn wake(self: std::sync::Arc<Self>) {
        self.rings.fetch_add(1, Relaxed);
        *self.rung.lock().unwrap() = true;
        self.changed.notify_one();
    }
}

#[test]
fn nothing_that_is_pushed_to_the_inbox_is_left_there_while_the_host_sleeps() {
    model(|| {
        let inbox = Arc::new(Inbox::new());
        let host = std::sync::Arc::new(Host::default());
        inbox.set_host(&Waker::from(host.clone()));
        let pushers = [1, 2].map(|item| {
            let inbox = inbox.clone();
            thread::spawn(move || assert!(inbox.push_with(|| item)))
        });
        let mut taken = Vec::new();
        loop {
            inbox.take_into(|item| taken.push(item));
            if taken.len() == 2 {
                break;
            }
            host.sleep();
        }
        pushers.into_iter().for_each(|pusher| pusher.join().unwrap());
        assert!(host.rings.load(Relaxed) <= 2);
        taken.sort_unstable();
        assert_eq!(taken, [1, 2]);
    });
}

#[test]
fn a_push_that_races_with_the_close_is_refused_or_handed_over() {
    model(|| {
        let inbox = Arc::new(Inbox::new());
        let pusher = {
            let inbox = inbox.clone();
            thread::spawn(move || inbox.push_with(|| 7))
        };
        let left = inbox.close();
        let accepted = pusher.join().unwrap();
        assert_eq!(left, if accepted { vec![7] } else { vec![] });
        assert!(!inbox.push_with(|| unreachable!("it is closed")));
    });
}
