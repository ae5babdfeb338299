//! Many wakes of one task while it runs: what a wake costs, and whether they are taken together.

use crate::clock::Size;
use crate::host::{Host, run_in_task};
use crate::placement::pin_other_side;
use crate::table::Failure;
use std::future::poll_fn;
use std::hint::black_box;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::{Poll, Waker};
use std::thread;

const MESSAGES: u32 = 100_000;

pub(super) fn flood<H: Host>(size: Size) -> Result<f64, Failure> {
    let messages = size.operations(MESSAGES);
    let (begin, begun) = channel::<Waker>();
    let (send, receive) = channel();
    let sender = thread::spawn(move || {
        pin_other_side();
        pour(&begun, &send, messages);
    });
    let value = run_in_task::<H>(size.measure(messages, async move || {
        // It is there until `begin` is dropped, unless it panicked, which `join` says.
        poll_fn(|cx| Poll::Ready(begin.send(cx.waker().clone()))).await.unwrap_or_default();
        let mut left = messages;
        poll_fn(|_| {
            while let Ok(message) = receive.try_recv() {
                black_box(message);
                left -= 1;
            }
            if left == 0 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }))?;
    sender.join().map_err(|_| Failure::broken("the thread that sends panicked"))?;
    Ok(value)
}

/// For each waker a flood, until there are no more.
fn pour(begun: &Receiver<Waker>, send: &Sender<u32>, messages: u32) {
    for waker in begun {
        for message in 0..messages {
            if send.send(message).is_err() {
                return;
            }
            waker.wake_by_ref();
        }
    }
}
