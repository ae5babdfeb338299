//! Many wakes of one task while it runs: what a wake costs, and whether the loop takes them together.

use crate::clock::Size;
use crate::host::{Host, run_in_task};
use crate::placement::pin_other_side;
use crate::table::Failure;
use std::future::poll_fn;
use std::hint::{black_box, spin_loop};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::task::{Poll, Waker};
use std::thread;

/// Fewer than 32 767: glommio keeps a waker for each wake that it has not looked at, and counts those of a task in 15 bits.
pub(super) const MESSAGES: u32 = 20_000;

pub(super) fn flood<H: Host>(size: Size) -> Result<f64, Failure> {
    let messages = size.operations(MESSAGES);
    let (begin, begun) = channel::<Waker>();
    let (send, receive) = channel();
    let sender = thread::spawn(move || {
        pin_other_side();
        pour(&begun, &send, messages);
    });
    let value = run_in_task::<H>(size.measure(messages, async move || {
        // Whatever wakes the last flood left behind are looked at before the next.
        H::yield_now().await;
        // The sender is there until `begin` is dropped.
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

/// For each waker a flood, until there are no more. It waits awake: a sleeper would begin its flood late.
fn pour(begun: &Receiver<Waker>, send: &Sender<u32>, messages: u32) {
    loop {
        match begun.try_recv() {
            Ok(waker) => flow(&waker, send, messages),
            Err(TryRecvError::Empty) => spin_loop(),
            Err(TryRecvError::Disconnected) => return,
        }
    }
}

fn flow(waker: &Waker, send: &Sender<u32>, messages: u32) {
    for message in 0..messages {
        // The task that receives lasts until it has them all.
        send.send(message).unwrap_or_default();
        waker.wake_by_ref();
    }
}
