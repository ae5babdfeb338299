//! A waker that does something of its own when it is woken, or when it is dropped: on this thread, so that it may reach what
//! stays there.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

thread_local! {
    static ACT: RefCell<Option<Rc<dyn Fn()>>> = const { RefCell::new(None) };
}

/// When it acts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum When {
    Woken,
    Dropped,
}

struct Foreign(When);

impl Wake for Foreign {
    fn wake(self: Arc<Self>) {
        self.at(When::Woken);
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        self.at(When::Dropped);
    }
}

impl Foreign {
    fn at(&self, when: When) {
        let act = ACT.with_borrow(Clone::clone);
        if let Some(act) = act.filter(|_| self.0 == when) {
            act();
        }
    }
}

/// What such a waker does while this lives.
pub(crate) struct Acting(());

impl Acting {
    pub(crate) fn new(act: impl Fn() + 'static) -> Self {
        ACT.set(Some(Rc::new(act)));
        Self(())
    }
}

impl Drop for Acting {
    fn drop(&mut self) {
        drop(ACT.take());
    }
}

/// Polls `future`, which has to wait, with such a waker.
pub(crate) fn wait<F: Future + Unpin>(mut future: F, when: When) -> F {
    let waker = Waker::from(Arc::new(Foreign(when)));
    let polled = std::pin::Pin::new(&mut future).poll(&mut Context::from_waker(&waker));
    assert!(matches!(polled, Poll::Pending), "it should have to wait");
    drop(waker);
    future
}
