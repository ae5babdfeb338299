//! The bells of a signal handler.

use crate::bell::Bells;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering::Relaxed};
use loom::thread;
use std::ptr;

#[test]
fn no_signal_handler_rings_a_bell_that_was_freed() {
    loom::model(|| {
        let hung = Arc::new([AtomicBool::new(true), AtomicBool::new(true)]);
        let at = |index: usize| ptr::from_ref(&hung[index]).cast_mut();
        let bells = Arc::new(Bells { hung: AtomicPtr::new(at(0)), running: AtomicUsize::new(0) });
        let handler = {
            let (bells, hung) = (bells.clone(), hung.clone());
            thread::spawn(move || {
                bells.ring(|bell| {
                    let bell = hung.iter().find(|hangs| ptr::eq(*hangs, bell)).unwrap();
                    assert!(bell.load(Relaxed), "it was freed");
                });
            })
        };
        for (freed, next) in [(0, at(1)), (1, ptr::null_mut())] {
            assert!(ptr::eq(bells.replace(next), at(freed)));
            hung[freed].store(false, Relaxed);
        }
        handler.join().unwrap();
    });
}
