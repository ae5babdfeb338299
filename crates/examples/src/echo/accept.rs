//! Taking connections in, one task each, and counting those that are open.

use super::connection;
use core_loop::net::TcpListener;
use core_loop::{sleep, spawn};
use std::cell::Cell;
use std::io::Write;
use std::rc::Rc;
use std::time::Duration;
use sync_primitives::Event;

/// After a first failure; each further one doubles it.
const PAUSE_MIN: Duration = Duration::from_millis(5);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// The open connections of a server.
pub(super) struct Connections {
    open: Cell<usize>,
    /// Set once: no request is begun after it.
    stopping: Event,
    /// Set when the last connection ends after `stopping`.
    all_ended: Event,
    idle: Duration,
}

/// One open connection; dropping it takes it off the count, also if its task is cancelled.
struct Open(Rc<Connections>);

impl Connections {
    /// None yet. One on which no byte moves for `idle` will be closed.
    pub(super) fn new(idle: Duration) -> Self {
        Self { open: Cell::new(0), stopping: Event::new(), all_ended: Event::new(), idle }
    }

    pub(super) fn open(&self) -> usize {
        self.open.get()
    }

    /// Tells all of them to answer what they have begun and end, and waits until they have.
    pub(super) async fn finish(&self) {
        self.stopping.set();
        if self.open() > 0 {
            self.all_ended.wait().await;
        }
    }

    fn enter(self: &Rc<Self>) -> Open {
        self.open.set(self.open() + 1);
        Open(self.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let left = self.0.open() - 1;
        self.0.open.set(left);
        if left == 0 && self.0.stopping.is_set() {
            self.0.all_ended.set();
        }
    }
}

/// Accepts until it is cancelled. A failure (no descriptors left, for example) is said and followed by a pause: the
/// connection stays in the kernel's queue, and the next attempt at once would only fail again.
pub(super) async fn accept(listener: TcpListener, connections: Rc<Connections>) {
    let mut pause = PAUSE_MIN;
    loop {
        match listener.accept().await {
            Ok((stream, _peer)) => {
                pause = PAUSE_MIN;
                let open = connections.enter();
                spawn(async move { connection::serve(stream, &open.0.stopping, open.0.idle).await }).detach();
            }
            Err(error) => {
                let _nobody_reads = writeln!(
                    std::io::stderr(),
                    "cannot accept a connection: {error}; trying again in {} ms",
                    pause.as_millis()
                );
                sleep(pause).await;
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
    }
}
