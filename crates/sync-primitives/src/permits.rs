//! Permits given out first come, first served: what locks and semaphores share.
//!
//! ```text
//!                    try_acquire, poll with nobody in line
//!        ┌──────────────────────────────────────────────────────────────┐
//!        │                                                              ▼
//!      FREE ───── call ────► CALLED FOR ───── poll of the one called ──► HELD
//!        ▲ ▲                     │                                       │
//!        │ └─ nobody in line ────┴─ the one called is dropped: call      │
//!        └───────────────────────────────────────────────── release ─────┘
//! ```
//!
//! While anybody is in line, nobody else gets a permit: not even one that is left over, since whoever was called for the
//! others has not come yet, or wants more than there are. So permits are taken in the order of arrival, always.

use crate::budget;
use crate::kind::{Kind, Shared, for_each_kind};
use crate::line::{FIRST_BIT, Line, Locked, Tried};
use crate::sync::const_fn;
use crate::waiters::{Place, Wakes};
use std::cell::Cell;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// Set in the word once no more permits are given out.
const CLOSED: usize = FIRST_BIT;

/// One free permit in the word: those that somebody was called for included.
const PERMIT: usize = CLOSED << 1;

/// As many permits as the word can count.
pub(crate) const MOST: usize = usize::MAX / PERMIT;

pub struct Permits<K: Kind = Shared>(Line<K>);

for_each_kind! {
    impl Permits<K> {
        const_fn! {
            pub(crate) fn new(free: usize) -> Self {
                assert!(free <= MOST, "a semaphore counts at most usize::MAX / 4 permits");
                Self(Line::<K>::new(free * PERMIT))
            }
        }
    }
}

impl<K: Kind> Permits<K> {
    /// How many permits nobody holds and nobody was called for.
    pub(crate) fn available(&self) -> usize {
        let (word, in_line) = self.0.look();
        if !in_line {
            return word / PERMIT;
        }
        let line = self.0.lock();
        self.0.look().0 / PERMIT - line.promised()
    }

    /// Whether an attempt now would fail.
    pub(crate) fn exhausted(&self) -> bool {
        let (word, in_line) = self.0.look();
        in_line || take(word, 1).is_none()
    }

    #[inline]
    fn try_acquire(&self, wants: u32) -> bool {
        self.0.try_change(|word| take(word, wants as usize)) == Tried::Done
    }

    /// Whether they are taken: `false` once the permits are closed.
    #[inline]
    fn poll_acquire(&self, wants: u32, place: &mut Option<Place>, cx: &mut Context<'_>) -> Poll<bool> {
        if place.is_none() {
            let (word, in_line) = self.0.look();
            if !in_line && take(word, wants as usize).is_some() {
                if !budget::spend() {
                    return budget::pass(cx);
                }
                if self.try_acquire(wants) {
                    return Poll::Ready(true);
                }
            }
        }
        self.poll_in_line(wants, place, cx)
    }

    fn poll_in_line(&self, wants: u32, place: &mut Option<Place>, cx: &mut Context<'_>) -> Poll<bool> {
        let mut wakes = Wakes::default();
        let line = if place.is_some() {
            Some(self.0.lock())
        } else {
            self.0.occupy(|word| take(word, wants as usize))
        };
        let Some(mut line) = line else { return Poll::Ready(true) };
        let word = line.word().expect("it is occupied");
        let mine = place.as_ref().is_some_and(|place| line.is_called(place));
        if !mine && word & CLOSED == 0 {
            let unneeded = line.wait_for(wants, place, cx.waker());
            // A permit may be left over behind those who were called: then the newcomer is called at once.
            settle(&mut line, word, &mut wakes);
            drop(line);
            drop(unneeded);
            wakes.wake_all();
            return Poll::Pending;
        }
        if !budget::spend() {
            // Also of a newcomer, who has not joined.
            line.set(word);
            drop(line);
            return budget::pass(cx);
        }
        let unneeded = place.take().and_then(|place| line.leave(place));
        line.set(if mine { word - wants as usize * PERMIT } else { word });
        drop(line);
        drop(unneeded);
        Poll::Ready(mine)
    }

    /// Gives permits back, or adds them. Panics if there are too many to count.
    #[inline]
    pub(crate) fn release(&self, count: usize) {
        if self.0.try_change(|word| add(word, count)) != Tried::Done {
            self.add(count).wake_all();
        }
    }

    /// [`release`](Self::release), for a caller that has a mutex of its own: the wakes are for when it has let go of that.
    pub(crate) fn add(&self, count: usize) -> Wakes {
        let added = self.change(|word| add(word, count));
        added.expect("a semaphore counts at most usize::MAX / 4 permits: release only what was acquired").1
    }

    /// Takes at most `count` permits away for good, also from one who was called for them and has not come yet. The answer
    /// is how many there were.
    pub(crate) fn withdraw(&self, count: usize) -> usize {
        let taken = |word: usize| (word / PERMIT).min(count);
        self.change(|word| Some(word - taken(word) * PERMIT)).map_or(0, |(before, _)| taken(before))
    }

    /// Permits that nobody holds, those that somebody was called for included.
    pub(crate) fn free(&self) -> usize {
        self.0.look().0 / PERMIT
    }

    /// Gives no more out: whoever waits, or comes later, is refused. Whoever was called already may still come.
    pub(crate) fn close(&self) {
        let mut wakes = Wakes::default();
        self.change(|word| Some(word | CLOSED));
        if self.0.look().1 {
            self.0.lock().dismiss(&mut wakes);
        }
    }

    pub(crate) fn closed(&self) -> bool {
        self.0.look().0 & CLOSED != 0
    }

    /// Changes the word, whoever is in line. The answer is what it was; `None` if the change is none.
    fn change(&self, change: impl Fn(usize) -> Option<usize>) -> Option<(usize, Wakes)> {
        let mut wakes = Wakes::default();
        loop {
            let before = Cell::new(0);
            let noting = |word| {
                before.set(word);
                change(word)
            };
            match self.0.try_change(noting) {
                Tried::Done => return Some((before.get(), wakes)),
                Tried::Refused => return None,
                Tried::Occupied => {}
            }
            let mut line = self.0.lock();
            // Else the last one has left meanwhile.
            let Some(word) = line.word() else { continue };
            let new = change(word)?;
            settle(&mut line, new, &mut wakes);
            drop(line);
            return Some((word, wakes));
        }
    }

    /// Leaves the line; what it was called for goes to the next.
    fn abandon(&self, place: Place) {
        let mut wakes = Wakes::default();
        let mut line = self.0.lock();
        let unneeded = line.leave(place);
        let word = line.word().expect("it was in line");
        settle(&mut line, word, &mut wakes);
        drop(line);
        drop(unneeded);
        wakes.wake_all();
    }
}

/// The word with so many permits less.
#[inline]
fn take(word: usize, count: usize) -> Option<usize> {
    if word & CLOSED != 0 {
        return None;
    }
    // More than the word can count are more than there are: where a `usize` has 32 bits, a `u32` asks for so many.
    count.checked_mul(PERMIT).and_then(|less| word.checked_sub(less))
}

/// The word with so many permits more.
#[inline]
fn add(word: usize, count: usize) -> Option<usize> {
    count.checked_mul(PERMIT).and_then(|more| word.checked_add(more))
}

/// Calls as many as there are permits for, and stores the word.
fn settle<K: Kind>(line: &mut Locked<'_, K>, word: usize, wakes: &mut Wakes) {
    if word & CLOSED == 0 {
        line.call_first(word / PERMIT, wakes);
    }
    line.set(word);
}

impl<K: Kind> fmt::Debug for Permits<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permits").field("available", &self.available()).finish_non_exhaustive()
    }
}

/// Who has one may say that permits come back: only what held them has. Nobody else can make one, so that no safe code can
/// open a lock that somebody holds.
#[derive(Debug)]
pub struct Key(());

/// A primitive made of permits, borrowed or shared. Only this crate implements it, and only its guards give permits back:
///
/// ```compile_fail,E0061
/// use sync_primitives::{HasPermits, Lock};
///
/// let lock = Lock::new(0);
/// let _held = lock.try_lock();
/// lock.give_back(1);
/// ```
pub trait HasPermits {
    /// Whether threads can share it.
    type Kind: Kind;

    #[doc(hidden)]
    fn permits(&self) -> &Permits<Self::Kind>;

    /// Permits that were held come back.
    #[doc(hidden)]
    fn give_back(&self, _key: Key, count: u32) {
        self.permits().release(count as usize);
    }

    /// Permits that were held will not come back by themselves.
    #[doc(hidden)]
    fn forgotten(&self, _key: Key, _count: u32) {}
}

/// A pointer to a primitive stands for it.
macro_rules! through {
    ($($pointer:ty),+) => {$(
        impl<H: HasPermits + ?Sized> HasPermits for $pointer {
            type Kind = H::Kind;

            fn permits(&self) -> &Permits<H::Kind> {
                (**self).permits()
            }

            fn give_back(&self, key: Key, count: u32) {
                (**self).give_back(key, count);
            }

            fn forgotten(&self, key: Key, count: u32) {
                (**self).forgotten(key, count);
            }
        }
    )+};
}

through!(&H, Arc<H>, Rc<H>);

/// Permits that are held: they go back when it is dropped. Made here only, one for each time that permits were taken.
#[must_use = "what is held is given back at once"]
pub(crate) struct Held<H: HasPermits> {
    holder: H,
    count: u32,
}

impl<H: HasPermits> Held<H> {
    /// Permits, if there are so many, and nobody is in line.
    pub(crate) fn try_acquire(holder: H, wants: u32) -> Option<Self> {
        // Lazily: a `Held` that is made gives back what it did not take.
        holder.permits().try_acquire(wants).then(|| Self { holder, count: wants })
    }

    pub(crate) fn holder(&self) -> &H {
        &self.holder
    }

    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// Does not give them back.
    pub(crate) fn forget(mut self) {
        self.holder.forgotten(Key(()), self.count);
        self.count = 0;
    }
}

impl<H: HasPermits> Drop for Held<H> {
    fn drop(&mut self) {
        if self.count > 0 {
            self.holder.give_back(Key(()), self.count);
        }
    }
}

/// Waits for permits of `holder`: the one future under all that lock and acquire.
pub(crate) struct Acquire<H: HasPermits> {
    /// Goes over to what is held.
    holder: Option<H>,
    wants: u32,
    place: Option<Place>,
}

impl<H: HasPermits> Acquire<H> {
    pub(crate) fn new(holder: H, wants: u32) -> Self {
        Self { holder: Some(holder), wants, place: None }
    }

    /// For permits that are never closed.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Held<H>> {
        self.poll_open(cx).map(|held| held.expect("only a bounded semaphore can be closed"))
    }

    /// `None` once the permits are closed.
    pub(crate) fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<Option<Held<H>>> {
        let holder = self.holder.as_ref().expect("a future was polled again after it was ready");
        let taken = ready!(holder.permits().poll_acquire(self.wants, &mut self.place, cx));
        let holder = self.holder.take().expect("it was there a moment ago");
        Poll::Ready(taken.then(|| Held { holder, count: self.wants }))
    }
}

impl<H: HasPermits> Drop for Acquire<H> {
    fn drop(&mut self) {
        if let (Some(holder), Some(place)) = (&self.holder, self.place.take()) {
            holder.permits().abandon(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CLOSED, MOST, PERMIT, add, take};

    #[test]
    fn more_permits_than_the_word_can_count_are_never_taken_and_never_added() {
        // Twice the first of them is zero for whoever does not look.
        for count in [usize::MAX / PERMIT + 1, usize::MAX] {
            assert_eq!(take(MOST * PERMIT, count), None, "{count}");
            assert_eq!(add(0, count), None, "{count}");
        }
        assert_eq!(take(MOST * PERMIT, MOST), Some(0));
        assert_eq!(add(0, MOST), Some(MOST * PERMIT));
        assert_eq!(add(PERMIT, MOST), None);
        assert_eq!(take(PERMIT | CLOSED, 1), None);
    }
}
