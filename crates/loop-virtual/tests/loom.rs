//! The gate between the thread that rests and the threads that work for it.
#![cfg(loom)]

#[path = "../src/gate.rs"]
#[expect(dead_code, reason = "the model uses a part of it")]
mod gate;

use gate::{Gate, Rest};
use loom::sync::atomic::{AtomicUsize, Ordering};
use std::panic::Location;
use std::sync::{Arc, Mutex};
use std::task::Waker;
use std::time::Duration;

/// No model waits for it: here a bounded wait has no bound.
const LONG: Duration = Duration::from_secs(3600);

/// A gate of a loop that runs, and what it tells of missing tokens.
fn running() -> (Arc<Gate>, Arc<Mutex<Vec<String>>>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let tells = told.clone();
    let gate = Gate::new(Arc::new(move |words: &str| tells.lock().unwrap().push(words.to_owned())));
    gate.begin();
    (gate, told)
}

/// A thread that holds a token, does its work, wakes the loop, and lets go.
fn holder(gate: &Arc<Gate>, done: &Arc<AtomicUsize>) -> loom::thread::JoinHandle<()> {
    let (token, waker, done) = (gate.token(Location::caller()), Waker::from(gate.clone()), done.clone());
    loom::thread::spawn(move || {
        // Relaxed: only the edge through the gate may carry it over.
        done.fetch_add(1, Ordering::Relaxed);
        waker.wake();
        drop(token);
    })
}

#[test]
fn a_loop_is_never_alone_before_it_has_seen_the_wake_of_a_holder() {
    loom::model(|| {
        let (gate, told) = running();
        let done = Arc::new(AtomicUsize::new(0));
        let holder = holder(&gate, &done);
        assert_eq!(gate.rest(LONG), Rest::Woken);
        assert_eq!(done.load(Ordering::Relaxed), 1);
        // Waits for the token; that it goes without a wake must end the wait all the same.
        assert_eq!(gate.rest(LONG), Rest::Alone);
        holder.join().unwrap();
        assert!(told.lock().unwrap().is_empty());
    });
}

#[test]
fn of_two_holders_none_is_forgotten() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3); // without a bound it takes minutes, and finds nothing more
    model.check(|| {
        let (gate, told) = running();
        let done = Arc::new(AtomicUsize::new(0));
        let holders = [holder(&gate, &done), holder(&gate, &done)];
        while gate.rest(LONG) == Rest::Woken {}
        assert_eq!(done.load(Ordering::Relaxed), 2);
        holders.into_iter().for_each(|holder| holder.join().unwrap());
        assert!(told.lock().unwrap().is_empty());
    });
}

#[test]
fn a_wake_without_a_token_is_told_whether_the_loop_had_given_up_or_not() {
    loom::model(|| {
        let (gate, told) = running();
        let waker = Waker::from(gate.clone());
        let stranger = loom::thread::spawn(move || waker.wake());
        if gate.rest(LONG) == Rest::Alone {
            gate.give_up();
        }
        stranger.join().unwrap();
        assert_eq!(told.lock().unwrap().len(), 1);
    });
}
