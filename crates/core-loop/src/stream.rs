//! Generators: streams written as an async closure that yields.

use crate::clean_up::Pending;
use crate::current::Loop;
use crate::exception;
use futures_core::Stream;
use futures_core::stream::FusedStream;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// Makes a stream of what `body` yields.
///
/// The body runs inside whoever asks for the next item, up to its next yield, and no further: nothing happens before the
/// first [`next`](Generator::next), and a generator that nobody asks stands still. It may borrow from its surroundings. An
/// item costs no allocation; the generator costs two.
///
/// # Panics
///
/// A panic of `body` comes out of the `next` that ran it; the generator has ended then. Yielding anywhere but in the body
/// itself, as in a task that it spawned or in a clean-up, panics.
///
/// # Cancel safety
///
/// Dropping a [`next`](Generator::next) loses nothing: the body goes on where it was.
///
/// A generator ends with its owner. Dropped half way, it drops the body where it stands; clean-ups that
/// [`finally`](crate::finally) registers then run in the task that dropped it, which waits for them at its end. So a loop's
/// close, which ends all tasks, ends the generators in them. One that is kept outside the tasks outlives the loop: its
/// destructors run wherever it is dropped, its clean-ups are skipped, and that is reported.
/// [`close`](Generator::close) awaits the clean-ups on the spot.
///
/// # Examples
///
/// ```
/// use core_loop::stream::generate;
///
/// # fn main() -> Result<(), core_loop::RunError> {
/// core_loop::run(async {
///     let mut squares = generate(async |y| {
///         for number in 1..=3 {
///             core_loop::yield_now().await;
///             y.yield_(number * number).await;
///         }
///     });
///     let mut sum = 0;
///     while let Some(square) = squares.next().await {
///         sum += square;
///     }
///     assert_eq!(sum, 14);
/// })
/// # }
/// ```
///
/// # Python
///
/// An `async def` with `yield`, and `async for item in generator`. `aclose` is a drop, or `close`. What
/// `shutdown_asyncgens` does, the close does for the generators of tasks; one that is kept outside them is its owner's, who
/// may have lent it something. `asend` and `athrow` have no counterpart: what the body should hear
/// goes through a variable that both sides know.
pub fn generate<'a, T, B, F>(body: F) -> Generator<'a, T>
where
    F: FnOnce(Yielder<T>) -> B,
    B: Future<Output = ()> + 'a,
{
    let slot = Rc::new(Slot { item: Cell::new(None), asked: Cell::new(false), waker: RefCell::new(None) });
    let yielder = Yielder { slot: slot.clone() };
    Generator { body: Some(Box::pin(body(yielder))), slot }
}

/// Where an item is handed over.
///
/// ```text
///            asked: the body is being polled          the body yields
///   IDLE ───────────────────────────────────► ASKED ───────────────────► FULL
///     ▲                                         │                          │ the poll ends: the item is taken
///     └─────────────────────────────────────────┴──────────────────────────┘
/// ```
struct Slot<T> {
    item: Cell<Option<T>>,
    asked: Cell<bool>,
    /// Of whoever yielded: a part of the body that is polled only when it was woken, as in a `select` over many, is woken
    /// before the body goes on.
    waker: RefCell<Option<Waker>>,
}

/// Made by [`generate`].
#[must_use = "a generator does nothing unless it is asked for an item"]
pub struct Generator<'a, T> {
    /// `None` once it has ended.
    body: Option<Pin<Box<dyn Future<Output = ()> + 'a>>>,
    slot: Rc<Slot<T>>,
}

impl<'a, T> Generator<'a, T> {
    /// The next item; `None` once the body has ended, and ever after.
    ///
    /// # Cancel safety
    ///
    /// Dropping it loses nothing.
    ///
    /// # Python
    ///
    /// `await anext(generator, None)`.
    #[expect(clippy::should_implement_trait, reason = "what streams call it everywhere")]
    pub fn next(&mut self) -> Next<'_, 'a, T> {
        Next(self)
    }

    /// Drops the body where it stands, and waits for the clean-ups that this leaves behind.
    ///
    /// # Panics
    ///
    /// If a destructor of the body does.
    ///
    /// # Cancel safety
    ///
    /// The body is dropped inside this call. Dropping the future hands the clean-ups to the running task.
    ///
    /// # Python
    ///
    /// `await generator.aclose()`.
    pub fn close(mut self) -> Close {
        let body = self.body.take();
        Close(Loop::try_current().map(|lp| Pending::of(&lp, || drop(body))))
    }
}

impl<T> Stream for Generator<'_, T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        /// No longer asked, also if the body panics.
        struct Answered<'a>(&'a Cell<bool>);
        impl Drop for Answered<'_> {
            fn drop(&mut self) {
                self.0.set(false);
            }
        }

        let this = &mut *self;
        // Taken out: a body that panics has ended.
        let Some(mut body) = this.body.take() else { return Poll::Ready(None) };
        this.slot.wake_yielder(cx);
        let ended = {
            this.slot.asked.set(true);
            let _answered = Answered(&this.slot.asked);
            body.as_mut().poll(cx).is_ready()
        };
        if !ended {
            this.body = Some(body);
        }
        match this.slot.item.take() {
            // Yielded by a part of the body that the end overtook: it was given, so it arrives.
            Some(item) => Poll::Ready(Some(item)),
            None if ended => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

impl<T> FusedStream for Generator<'_, T> {
    fn is_terminated(&self) -> bool {
        self.body.is_none()
    }
}

impl<T> Slot<T> {
    /// Wakes whoever yielded last, unless the poll that follows reaches it anyhow.
    fn wake_yielder(&self, cx: &Context<'_>) {
        let mut known = self.waker.borrow_mut();
        if known.as_ref().is_some_and(|known| known.will_wake(cx.waker())) {
            return;
        }
        let other = known.take();
        // Outside the borrow: it may be anything.
        drop(known);
        if let Some(waker) = other {
            exception::wake(waker);
        }
    }

    fn remember(&self, waker: &Waker) {
        if self.waker.borrow().as_ref().is_some_and(|known| known.will_wake(waker)) {
            return;
        }
        // Outside the borrow, both: it may be anything, and so may its clone and its destructor.
        let fresh = waker.clone();
        let before = self.waker.replace(Some(fresh));
        drop(before);
    }
}

/// What a generator's body yields with.
pub struct Yielder<T> {
    slot: Rc<Slot<T>>,
}

impl<T> Yielder<T> {
    /// Hands over `item`, and goes on when the next one is asked for.
    ///
    /// # Panics
    ///
    /// When it is awaited outside the generator's body.
    ///
    /// # Cancel safety
    ///
    /// An item whose future was polled is handed over in any case, unless another one was yielded at the same time: then
    /// it waits its turn, and dropping the future drops it.
    ///
    /// # Python
    ///
    /// `yield item`.
    pub fn yield_(&self, item: T) -> Yield<'_, T> {
        Yield { slot: &self.slot, item: Some(item) }
    }
}

/// Made by [`Yielder::yield_`].
#[must_use = "an item is yielded when this is awaited"]
pub struct Yield<'a, T> {
    slot: &'a Slot<T>,
    /// There until it is in the slot.
    item: Option<T>,
}

// The item is moved, never pinned.
impl<T> Unpin for Yield<'_, T> {}

impl<T> Future for Yield<'_, T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        assert!(
            self.slot.asked.get(),
            "an item was yielded outside the body of its generator, where nobody takes it: send it through a queue, and \
             yield in the body"
        );
        let Some(item) = self.item.take() else { return Poll::Ready(()) };
        match self.slot.item.take() {
            None => self.slot.item.set(Some(item)),
            // Another part of the body has yielded in this poll.
            Some(first) => {
                self.slot.item.set(Some(first));
                self.item = Some(item);
                // It may be polled only when it is woken, and `wake_yielder` knows but one.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        self.slot.remember(cx.waker());
        Poll::Pending
    }
}

/// Made by [`Generator::next`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Next<'g, 'a, T>(&'g mut Generator<'a, T>);

impl<T> Future for Next<'_, '_, T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        Pin::new(&mut *self.0).poll_next(cx)
    }
}

/// Made by [`Generator::close`].
#[must_use = "clean-ups end only while this is awaited"]
pub struct Close(Option<Pending>);

impl Future for Close {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().map_or(Poll::Ready(()), |pending| pending.poll(cx))
    }
}

impl<T> fmt::Debug for Generator<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generator").field("ended", &self.body.is_none()).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Yielder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Yielder").finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Yield<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Yield").field("handed_over", &self.item.is_none()).finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Next<'_, '_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").finish_non_exhaustive()
    }
}

impl fmt::Debug for Close {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Close").finish_non_exhaustive()
    }
}
