//! The task that reads for a protocol.

use super::calls::Shared;
use crate::link::remember;
use crate::protocol::Received;
use core_loop::spawn;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

/// How often a protocol is given something before others run: a peer that never stops would keep the loop for itself.
const READS_A_STEP: usize = 16;

/// Says that nobody reads any more. Unless it ended well, nobody ever will.
struct Reading {
    shared: Rc<Shared>,
    done: bool,
}

impl Shared {
    pub(super) fn start_reading(self: &Rc<Self>) {
        let name =
            self.link.peer_name.as_ref().map_or_else(|| "read".to_owned(), |peer| format!("read {peer}"));
        let reading = Reading { shared: self.clone(), done: false };
        spawn(reading.run()).named(name).detach();
    }

    /// Ready when there is nothing more to read.
    fn poll_reading(&self, cx: &mut Context<'_>) -> Poll<()> {
        for _ in 0..READS_A_STEP {
            if self.link.is_closing() {
                return Poll::Ready(());
            }
            if self.paused.get() {
                remember(&self.waiting, cx.waker());
                return Poll::Pending;
            }
            let mut read = |bytes: &mut [u8]| match self.give_unread(bytes) {
                0 => self.link.poll_read(cx, bytes),
                len => Poll::Ready(Ok(len)),
            };
            let received = self.call("data_received", |protocol| protocol.poll_receive(&mut read));
            let Some(received) = received else { return Poll::Ready(()) };
            match ready!(received) {
                Received::Some => {}
                Received::Refused(error) => self.refused(error),
                Received::Lost => return Poll::Ready(()),
                Received::End => {
                    let keep_open = self.call("eof_received", |protocol| protocol.eof_received());
                    if keep_open == Some(false) {
                        self.link.close();
                    }
                    return Poll::Ready(());
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Reading {
    async fn run(mut self) {
        poll_fn(|cx| self.shared.poll_reading(cx)).await;
        // Stays until the end, so that a loop that closes has something to drop, and the connection with it.
        let _lost = self.shared.link.wait_closed().await;
        self.done = true;
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if !self.done {
            let why = "the task that reads for its protocol was cancelled";
            self.shared.link.lose(io::Error::new(io::ErrorKind::ConnectionAborted, why));
        }
    }
}
