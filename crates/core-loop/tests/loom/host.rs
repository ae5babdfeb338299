//! A host that sleeps until it is rung.

use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::sync::{Condvar, Mutex};
use std::task::Wake;

#[derive(Default)]
pub(crate) struct Host {
    rung: Mutex<bool>,
    changed: Condvar,
    pub(crate) rings: AtomicUsize,
}

impl Host {
    pub(crate) fn sleep(&self) {
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
