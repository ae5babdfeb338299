//! A gate that jobs stand before until the test opens it.

use crate::{LONG, start};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use thread_executor::{Job, ThreadPool};

/// Jobs that hold their threads until the gate opens.
pub(crate) struct Gate {
    /// Dropped when the gate opens.
    closed: Option<Sender<()>>,
    before: Arc<Mutex<Receiver<()>>>,
    arrived: (Sender<()>, Receiver<()>),
}

impl Gate {
    pub(crate) fn new() -> Self {
        let (closed, before) = channel();
        Self { closed: Some(closed), before: Arc::new(Mutex::new(before)), arrived: channel() }
    }

    /// Work that stands before the gate.
    pub(crate) fn work(&self) -> impl FnOnce() + Send + 'static + use<> {
        let before = self.before.clone();
        let arrived = self.arrived.0.clone();
        move || {
            arrived.send(()).expect("the test waits for it");
            // One after the other is enough: the gate opens for all at once.
            let opened = before.lock().expect("nobody panics here").recv();
            opened.expect_err("nothing is ever sent, the sender is dropped");
        }
    }

    /// Holds `threads` threads of `pool`; returns when they are held.
    pub(crate) fn hold(&self, pool: &ThreadPool, threads: usize) -> Vec<Job<()>> {
        (0..threads)
            .map(|_| {
                let job = start(pool, self.work());
                self.wait_for_one();
                job
            })
            .collect()
    }

    /// Waits until one more work has come before the gate.
    pub(crate) fn wait_for_one(&self) {
        self.arrived.1.recv_timeout(LONG).expect("it starts");
    }

    pub(crate) fn open(&mut self) {
        self.closed = None;
    }
}
