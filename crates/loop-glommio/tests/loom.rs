//! The root's state between the thread that polls it and the threads that wake it.
#![cfg(loom)]

#[path = "../src/turn.rs"]
mod turn;

use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::thread;

use turn::Turn;

/// The loop's side: polls until it has seen all of `news`, and waits for the host in between. Returns the polls.
fn poll_until_seen(turn: &Turn, host_wakes: &AtomicUsize, news: &[Arc<AtomicBool>]) {
    let mut host_wakes_seen = 0;
    loop {
        turn.begin();
        // Relaxed: only the edge through `Turn` may carry it over.
        if news.iter().all(|news| news.load(Ordering::Relaxed)) {
            return;
        }
        if turn.end() {
            continue;
        }
        // Parked: only a wake of the host goes on from here. A lost one is a deadlock, which loom reports.
        while host_wakes.load(Ordering::Acquire) == host_wakes_seen {
            thread::yield_now();
        }
        host_wakes_seen += 1;
    }
}

fn tell(turn: &Turn, host_wakes: &AtomicUsize, news: &AtomicBool) {
    news.store(true, Ordering::Relaxed);
    if turn.wake() {
        host_wakes.fetch_add(1, Ordering::Release);
    }
}

#[test]
fn what_was_told_before_a_wake_is_seen_by_a_poll_after_it() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2); // the waits below make the whole tree too large
    model.check(|| {
        let (turn, host_wakes) = (Arc::new(Turn::new()), Arc::new(AtomicUsize::new(0)));
        let news = [Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false))];
        let tellers = news.clone().map(|news| {
            let (turn, host_wakes) = (turn.clone(), host_wakes.clone());
            thread::spawn(move || tell(&turn, &host_wakes, &news))
        });
        poll_until_seen(&turn, &host_wakes, &news);
        for teller in tellers {
            teller.join().unwrap();
        }
    });
}

#[test]
fn a_batch_of_wakes_wakes_the_host_once() {
    loom::model(|| {
        let (turn, host_wakes) = (Arc::new(Turn::new()), Arc::new(AtomicUsize::new(0)));
        turn.begin();
        assert!(!turn.end(), "nobody has woken it");
        let tellers = [(); 2].map(|()| {
            let (turn, host_wakes) = (turn.clone(), host_wakes.clone());
            thread::spawn(move || tell(&turn, &host_wakes, &AtomicBool::new(false)))
        });
        for teller in tellers {
            teller.join().unwrap();
        }
        assert_eq!(host_wakes.load(Ordering::Relaxed), 1);
    });
}
