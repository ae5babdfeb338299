//! The root inside glommio: polled as a task of its executor, under a waker of our own.

use std::future::poll_fn;
use std::mem;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use glommio::timer::Timer;

use crate::orphans::Orphans;
use crate::turn::Turn;

/// How often a run that has ended still looks at its I/O for operations that nobody waits for any more. Each is over in
/// one look; this is the bound, should the kernel keep one.
const LAST_LOOKS_MAX: usize = 8;

/// Polls `root` until it is ready.
///
/// glommio polls a task that has woken itself again at once, and looks at its I/O only when its preempt timer fires.
/// Here such a root waits for one look first.
pub(crate) async fn carry(root: Pin<&mut (dyn Future<Output = ()> + '_)>, orphans: &Orphans) {
    let waker = Arc::new(RootWaker { turn: Turn::new(), host: Mutex::new(None) });
    let mut root = pin!(root);
    poll_fn(|cx| {
        waker.set_host(Some(cx.waker().clone()));
        Poll::Ready(())
    })
    .await;
    let root_waker = Waker::from(waker.clone());
    while poll_fn(|_| {
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
    waker.set_host(None);
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
    /// Any time that does not pass between two statements.
    const LATER: Duration = Duration::from_secs(3600);
    let mut timer = Timer::new(LATER);
    let mut looked = false;
    poll_fn(|cx| {
        if mem::replace(&mut looked, true) {
            return Poll::Ready(());
        }
        // A timer that is due when it is polled is ready at once; one that becomes due afterwards fires at the next look.
        let _ = Pin::new(&mut timer).poll(cx);
        timer.reset(Duration::ZERO);
        Poll::Pending
    })
    .await;
}

/// The waker that the root sees.
///
/// It stands between the root and glommio's own waker for three reasons: it sees when the root wakes itself; glommio
/// panics at the 32 768th clone of a waker; and a glommio waker that is dropped by another thread after the run leaks.
struct RootWaker {
    turn: Turn,
    /// The one clone of glommio's waker; `None` when the run is over, and a wake does nothing.
    host: Mutex<Option<Waker>>,
}

impl RootWaker {
    fn set_host(&self, host: Option<Waker>) {
        *self.host.lock().unwrap_or_else(PoisonError::into_inner) = host;
    }
}

impl Wake for RootWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.turn.wake()
            && let Some(host) = &*self.host.lock().unwrap_or_else(PoisonError::into_inner)
        {
            host.wake_by_ref();
        }
    }
}
