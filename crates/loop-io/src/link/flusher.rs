//! The task that sends what the kernel had no room for: one a connection, while there is something to send.

use super::Link;
use core_loop::{Loop, spawn};
use std::future::poll_fn;
use std::io;
use std::rc::Rc;

/// Says that nobody flushes any more. Unless it ended well, nobody ever will.
struct Flushing {
    link: Rc<Link>,
    done: bool,
}

impl Link {
    pub(super) fn start_flusher(self: &Rc<Self>) {
        if Loop::try_current().is_none() {
            // The loop is gone, and took everything along that could still send.
            self.abort();
            return;
        }
        self.flushing.set(true);
        let flushing = Flushing { link: self.clone(), done: false };
        let name = self.peer_name.as_ref().map_or_else(|| "flush".to_owned(), |peer| format!("flush {peer}"));
        spawn(flushing.run()).named(name).detach();
    }
}

impl Flushing {
    async fn run(mut self) {
        poll_fn(|cx| self.link.poll_work(cx)).await;
        self.done = true;
    }
}

impl Drop for Flushing {
    fn drop(&mut self) {
        self.link.flushing.set(false);
        if !self.done {
            self.link.lose(io::Error::new(
                io::ErrorKind::ConnectionAborted,
                "the task that sends what was written was cancelled",
            ));
        }
    }
}
