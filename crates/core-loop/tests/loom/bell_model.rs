//! The bell of the signal handler.

use crate::bell::{Bell, NONE};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering::Relaxed};
use loom::thread;

#[test]
fn no_signal_handler_writes_to_a_bell_that_was_closed() {
    loom::model(|| {
        let bell = Arc::new(Bell { descriptor: AtomicI32::new(0), running: AtomicUsize::new(0) });
        let is_open = Arc::new([AtomicBool::new(true), AtomicBool::new(true)]);
        let handler = {
            let (bell, is_open) = (bell.clone(), is_open.clone());
            thread::spawn(move || {
                bell.ring(|descriptor| assert!(is_open[descriptor as usize].load(Relaxed), "it was closed"));
            })
        };
        for (closed, next) in [(0, 1), (1, NONE)] {
            bell.replace(next);
            is_open[closed].store(false, Relaxed);
        }
        handler.join().unwrap();
    });
}
