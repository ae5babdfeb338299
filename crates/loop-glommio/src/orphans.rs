//! Operations that the kernel still owns after the object that began them was dropped.

use std::cell::RefCell;
use std::fmt;
use std::pin::Pin;
use std::task::Context;

/// An operation on its way to an end that nobody waits for.
pub(crate) type Orphan = Pin<Box<dyn Future<Output = ()>>>;

/// What glommio must not forget: it drops the result of an operation that was dropped, and with it, of an accept, the
/// new connection, which then stays open for ever.
#[derive(Default)]
pub(crate) struct Orphans(RefCell<Vec<Orphan>>);

impl Orphans {
    pub(crate) fn adopt(&self, orphan: Orphan) {
        self.0.borrow_mut().push(orphan);
    }

    /// Drives all of them, and lets go of those that have ended.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) {
        self.0.borrow_mut().retain_mut(|orphan| orphan.as_mut().poll(cx).is_pending());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }
}

impl fmt::Debug for Orphans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Orphans").field(&self.0.borrow().len()).finish()
    }
}
