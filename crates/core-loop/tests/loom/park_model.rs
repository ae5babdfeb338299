//! The native loop's park and wake.

use crate::model;
use crate::park::Park;
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;

/// The eventfd: it remembers a ring.
#[derive(Default)]
struct Bell {
    rings: Mutex<usize>,
    rung: Condvar,
    /// It is hung up before the first sleep. Relaxed: only the park orders it.
    hangs: AtomicUsize,
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
            assert_eq!(self.bell.hangs.load(Relaxed), 1, "nothing to ring");
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
                self.bell.hangs.store(1, Relaxed);
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
        this.bell.hangs.store(1, Relaxed);
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
