//! Those who wait for a connection or a server to change: all are woken, and each looks for itself.

use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::task::{Poll, Waker};

#[derive(Default)]
pub(crate) struct Bells(RefCell<Slots>);

#[derive(Default)]
struct Slots {
    wakers: Vec<Option<Waker>>,
    free: Vec<usize>,
}

/// One who waits. Takes its waker away when it stops.
struct Bell<'a> {
    bells: &'a Bells,
    slot: Option<usize>,
}

impl Bells {
    /// Ends when `look` finds something. It looks at once, and after each [`ring`](Self::ring).
    pub(crate) async fn until<T>(&self, mut look: impl FnMut() -> Option<T>) -> T {
        let mut bell = Bell { bells: self, slot: None };
        poll_fn(|cx| match look() {
            Some(found) => Poll::Ready(found),
            None => {
                bell.hang(cx.waker());
                Poll::Pending
            }
        })
        .await
    }

    /// Wakes all.
    pub(crate) fn ring(&self) {
        if self.0.borrow().wakers.is_empty() {
            return;
        }
        let woken: Vec<_> = self.0.borrow_mut().wakers.iter_mut().filter_map(Option::take).collect();
        // Outside the borrow: a waker is foreign code.
        woken.into_iter().for_each(Waker::wake);
    }

    #[cfg(test)]
    fn slots(&self) -> usize {
        self.0.borrow().wakers.len()
    }
}

impl Bell<'_> {
    fn hang(&mut self, waker: &Waker) {
        let mut slots = self.bells.0.borrow_mut();
        let slot = *self.slot.get_or_insert_with(|| {
            slots.free.pop().unwrap_or_else(|| {
                slots.wakers.push(None);
                slots.wakers.len() - 1
            })
        });
        let before = slots.wakers[slot].replace(waker.clone());
        drop(slots);
        drop(before);
    }
}

impl Drop for Bell<'_> {
    fn drop(&mut self) {
        if let Some(slot) = self.slot {
            let mut slots = self.bells.0.borrow_mut();
            let waker = slots.wakers[slot].take();
            slots.free.push(slot);
            drop(slots);
            drop(waker);
        }
    }
}

impl fmt::Debug for Bells {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bells").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::Bells;
    use std::cell::Cell;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    #[test]
    fn all_who_wait_are_woken_and_look() {
        let (bells, open) = (Bells::default(), Cell::new(false));
        let cx = &mut Context::from_waker(Waker::noop());
        let mut first = pin!(bells.until(|| open.get().then_some(1)));
        let mut second = pin!(bells.until(|| open.get().then_some(2)));
        assert!(first.as_mut().poll(cx).is_pending() && second.as_mut().poll(cx).is_pending());
        bells.ring();
        assert!(first.as_mut().poll(cx).is_pending());
        open.set(true);
        assert_eq!((first.poll(cx), second.poll(cx)), (Poll::Ready(1), Poll::Ready(2)));
    }

    #[test]
    fn waits_that_are_given_up_leave_nothing() {
        let bells = Bells::default();
        let cx = &mut Context::from_waker(Waker::noop());
        for _ in 0..100 {
            assert!(pin!(bells.until(|| None::<()>)).poll(cx).is_pending());
        }
        assert_eq!(bells.slots(), 1);
    }
}
