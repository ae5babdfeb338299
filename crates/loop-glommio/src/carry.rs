//! The root inside glommio: polled as a task of its executor, under a waker of our own.

use std::future::poll_fn;
use std::mem;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, ThreadId};

use crate::alarm::Alarm;
use crate::bell::{Bell, Rope};
use crate::orphans::Orphans;
use crate::turn::Turn;

/// How often a run that has ended still looks at its I/O for operations that nobody waits for any more. Each is over in
/// one look; this is the bound, should the kernel keep one.
const LAST_LOOKS_MAX: usize = 8;

/// Polls `root` until it is ready.
///
/// glommio polls a task that has woken itself again at once, and looks at its I/O only when its preempt timer fires.
/// Here such a root waits for one look first.
pub(crate) async fn carry(
    root: Pin<&mut (dyn Future<Output = ()> + '_)>,
    bell: &mut Bell,
    rope: Arc<Rope>,
    orphans: &Orphans,
) {
    let mut root = pin!(root);
    let host = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
    let loop_thread = thread::current().id();
    let waker = Arc::new(RootWaker { turn: Turn::new(), loop_thread, rope, host: Mutex::new(Some(host)) });
    let root_waker = Waker::from(waker.clone());
    while poll_fn(|host_cx| {
        // Before `begin`: what rings after this wakes the host, what rang before it is seen by this poll.
        bell.listen(host_cx);
        waker.turn.begin();
        let mut cx = Context::from_waker(&root_waker);
        orphans.poll(&mut cx);
        match root.as_mut().poll(&mut cx) {
            Poll::Ready(()) => Poll::Ready(false),
            Poll::Pending if waker.turn.end() => Poll::Ready(true),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
    {
        look().await;
    }
    // Here, on the loop's thread: a waker that another thread drops last would stay in glommio for ever.
    waker.host.lock().unwrap_or_else(PoisonError::into_inner).take();
    finish(orphans).await;
}

/// Gives the kernel what the last turn left: sockets to close, operations to end.
pub(crate) async fn finish(orphans: &Orphans) {
    for _ in 0..LAST_LOOKS_MAX {
        look().await;
        poll_fn(|cx| {
            orphans.poll(cx);
            Poll::Ready(())
        })
        .await;
        if orphans.is_empty() {
            return;
        }
    }
}

/// Ends when glommio has looked at its I/O and timers once.
async fn look() {
    let (mut alarm, mut looked) = (None, false);
    poll_fn(|cx| {
        if mem::replace(&mut looked, true) {
            return Poll::Ready(());
        }
        Alarm::at_next_look(&mut alarm, cx);
        Poll::Pending
    })
    .await;
}

/// The waker that the root sees.
///
/// It stands between the root and glommio's own waker for three reasons: it sees when the root wakes itself; glommio
/// panics at the 32 768th clone of a waker, and leaks one that another thread drops after the run; and a glommio waker
/// that another thread wakes may be lost (see `bell`).
struct RootWaker {
    turn: Turn,
    loop_thread: ThreadId,
    rope: Arc<Rope>,
    /// The one clone of glommio's waker, used on the loop's thread only; `None` when the run is over.
    host: Mutex<Option<Waker>>,
}

impl Wake for RootWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.turn.wake() {
            return;
        }
        if thread::current().id() != self.loop_thread {
            self.rope.pull();
        } else if let Some(host) = &*self.host.lock().unwrap_or_else(PoisonError::into_inner) {
            host.wake_by_ref();
        }
    }
}
