//! What was asked of a cooperative task, and which place in it takes that.
//!
//! ```text
//!          ask: it is counted, and     the innermost place that     the place tells the program,
//!          wakes whom it reaches       it reaches takes it          and no other does
//!   (none) ───────────────────► PENDING ───────────────────► TAKEN ───────────────────► DELIVERED: it has passed the
//!                                │ ▲  ▲                       │ │                        scopes between asker and place
//!                      ask again └─┘  └────── GIVEN BACK ─────┘ │
//!                                      the place is dropped     │ uncancel brings the count to zero, or its scope is over:
//!                                      before that; whoever     ▼ as for one that is PENDING
//!                                      is innermost is woken  (none)
//!
//!   Asked again, or given back to a place that is about to tell of another one: one error answers all.
//! ```
//!
//! A request of somebody else reaches every place of the task. One that a *scope* makes, a group or a timeout that runs
//! inside the task, reaches the places inside its body only: what runs beside the body, in the same task, is none of its
//! business. The count of requests outlives the delivery.

use crate::error::Reason;
use crate::exception;
use std::cell::{Cell, RefCell, RefMut};
use std::task::Waker;

/// No scope: the task itself.
pub(super) const TASK: u64 = 0;

/// What was asked of a cooperative task.
#[derive(Default)]
pub(super) struct Requests {
    count: Cell<u32>,
    /// The scope whose body is being polled.
    pub(super) inside: Cell<u64>,
    /// Counts the places and the scopes there ever were.
    made: Cell<u64>,
    book: RefCell<Book>,
}

#[derive(Default)]
struct Book {
    /// Asked for, and not delivered, in that order; one at most of each who asks.
    asked: Vec<Request>,
    /// Those who can take a request, in the order in which they began: the last one is the innermost.
    places: Vec<Place>,
    scopes: Vec<Scope>,
}

#[derive(Clone)]
struct Request {
    /// The scope that asks, whose body it is for.
    of: u64,
    reason: Reason,
}

struct Place {
    number: u64,
    within: u64,
    /// Until it is woken. It is moved and never cloned here: a waker of somebody else's may call back when it is.
    waker: Option<Waker>,
    /// Taken, and not delivered: who waits for the clean-ups of what it interrupted may be dropped before it can tell.
    taken: Vec<Request>,
    /// It has taken all that it will, and is about to deliver.
    closed: bool,
}

struct Scope {
    number: u64,
    within: u64,
    /// Requests of those around it that were delivered inside its body.
    passed: Vec<Request>,
}

impl Book {
    /// Whether a request of `of` reaches what is within `scope`.
    fn reaches(&self, of: u64, mut scope: u64) -> bool {
        while scope != of && scope != TASK {
            scope = self.around(scope);
        }
        scope == of
    }

    /// The scope around a scope.
    fn around(&self, scope: u64) -> u64 {
        self.scopes.iter().rfind(|known| known.number == scope).map_or(TASK, |known| known.within)
    }

    /// Which place takes a request of `of`.
    fn innermost(&self, of: u64) -> Option<usize> {
        self.places.iter().rposition(|place| !place.closed && self.reaches(of, place.within))
    }

    /// Whom to wake for a request of `of`; nobody if that was done, and the place has not been looked at since.
    fn waker_for(&mut self, of: u64) -> Option<Waker> {
        let at = self.innermost(of)?;
        self.places[at].waker.take()
    }

    /// What was asked of `of` is for nobody any more, wherever it is.
    fn forget(&mut self, of: u64) {
        self.asked.retain(|asked| asked.of != of);
        for place in &mut self.places {
            place.taken.retain(|taken| taken.of != of);
        }
    }

    /// A place has gone without telling of `request`: the innermost one left has it, which is about to deliver, or takes it.
    /// One of the same scope that is there already came later, and answers for both.
    fn give_back(&mut self, request: Request) {
        let nearest = self.places.iter().rposition(|place| self.reaches(request.of, place.within));
        let list = match nearest.map(|at| &mut self.places[at]) {
            Some(place) if place.closed => &mut place.taken,
            _ => &mut self.asked,
        };
        if !list.iter().any(|other| other.of == request.of) {
            list.insert(0, request);
        }
    }

    fn push(&mut self, request: Request) {
        self.asked.retain(|asked| asked.of != request.of);
        self.asked.push(request);
    }

    /// Those whom a request that was not delivered has to reach.
    fn wakers(&mut self) -> Vec<Waker> {
        (0..self.asked.len()).filter_map(|at| self.waker_for(self.asked[at].of)).collect()
    }

    /// Takes all requests that `number` is the innermost place for; gives the last reason.
    fn take(&mut self, number: u64) -> Option<Reason> {
        if self.asked.is_empty() {
            return None;
        }
        let is_mine =
            |request: &Request| self.innermost(request.of).is_some_and(|at| self.places[at].number == number);
        let (mine, left) = self.asked.iter().cloned().partition::<Vec<_>, _>(is_mine);
        self.asked = left;
        let reason = mine.last()?.reason.clone();
        let place = self.places.iter_mut().rfind(|place| place.number == number)?;
        place.taken.retain(|before| mine.iter().all(|request| request.of != before.of));
        place.taken.extend(mine);
        Some(reason)
    }

    /// The place goes, if it is still there.
    fn remove(&mut self, number: u64) -> Option<Place> {
        let at = self.places.iter().rposition(|place| place.number == number)?;
        Some(self.places.remove(at))
    }

    /// Every scope between the one that asked and the place `within` which it was delivered has let it through.
    fn note_passing(&mut self, request: &Request, within: u64) {
        let mut scope = within;
        while scope != request.of && scope != TASK {
            let around = self.around(scope);
            if let Some(known) = self.scopes.iter_mut().rfind(|known| known.number == scope) {
                known.passed.retain(|passed| passed.of != request.of);
                known.passed.push(request.clone());
            }
            scope = around;
        }
    }
}

impl Requests {
    /// Somebody cancels the task.
    pub(super) fn ask(&self, reason: Reason) {
        self.ask_of(TASK, reason);
    }

    /// Notes a request, and wakes whoever takes it.
    pub(super) fn ask_of(&self, of: u64, reason: Reason) {
        self.note();
        let mut book = self.book.borrow_mut();
        book.push(Request { of, reason });
        let waker = book.waker_for(of);
        drop(book);
        if let Some(waker) = waker {
            exception::wake(waker);
        }
    }

    /// One of a task that answers by being dropped: it is counted, and that is all.
    pub(super) fn note(&self) {
        self.count.set(self.count.get().saturating_add(1));
    }

    pub(super) fn count(&self) -> u32 {
        self.count.get()
    }

    /// One request less; the last one that goes takes along a cancel that was not delivered.
    pub(super) fn uncancel(&self) -> u32 {
        let left = self.count.get().saturating_sub(1);
        self.count.set(left);
        if left == 0 {
            self.book.borrow_mut().forget(TASK);
        }
        left
    }

    fn next_number(&self) -> u64 {
        let number = self.made.get() + 1;
        self.made.set(number);
        number
    }

    /// A new place, in the scope whose body is being polled.
    pub(super) fn begin_place(&self, within: u64, waker: &Waker) -> u64 {
        let (number, waker) = (self.next_number(), Some(waker.clone()));
        let place = Place { number, within, waker, taken: Vec::new(), closed: false };
        self.book.borrow_mut().places.push(place);
        number
    }

    /// The place takes no more: what comes while it waits for clean-ups is for the one around it.
    pub(super) fn close_place(&self, number: u64) {
        let mut book = self.book.borrow_mut();
        if let Some(place) = book.places.iter_mut().rfind(|place| place.number == number) {
            place.closed = true;
        }
    }

    /// The program hears of what the place has taken.
    pub(super) fn deliver(&self, number: u64) {
        let mut book = self.book.borrow_mut();
        let gone = book.remove(number);
        for request in gone.iter().flat_map(|place| &place.taken) {
            book.note_passing(request, gone.as_ref().map_or(TASK, |place| place.within));
        }
        Self::drop_place(book, gone);
    }

    /// Whoever is the innermost place now hears of what this one has not taken, or has not delivered.
    pub(super) fn end_place(&self, number: u64) {
        let mut book = self.book.borrow_mut();
        let mut gone = book.remove(number);
        // Backwards: each one comes to stand before those that came after it.
        for request in gone.iter_mut().flat_map(|place| place.taken.drain(..).rev()) {
            book.give_back(request);
        }
        Self::drop_place(book, gone);
    }

    /// Destructors and wakers of others run when nothing is borrowed.
    fn drop_place(mut book: RefMut<'_, Book>, gone: Option<Place>) {
        // After a delivery its place is gone already, and nobody else has become the innermost since.
        let wakers = if gone.is_some() { book.wakers() } else { Vec::new() };
        drop(book);
        drop(gone);
        wakers.into_iter().for_each(exception::wake);
    }

    /// Takes what the place `number` is the innermost for; else remembers whom to wake.
    pub(super) fn take(&self, number: u64, waker: &Waker) -> Option<Reason> {
        let mut fresh = None;
        loop {
            let mut book = self.book.borrow_mut();
            if let Some(reason) = book.take(number) {
                return Some(reason);
            }
            let place = book.places.iter_mut().rfind(|place| place.number == number)?;
            if place.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
                return None;
            }
            if let Some(fresh) = fresh.take() {
                let before = place.waker.replace(fresh);
                drop(book);
                drop(before);
                return None;
            }
            // It may be somebody else's: cloned when nothing is borrowed, and then everything is looked at again.
            drop(book);
            fresh = Some(waker.clone());
        }
    }

    /// A new scope, in the one whose body is being polled.
    pub(super) fn begin_scope(&self) -> u64 {
        let number = self.next_number();
        let scope = Scope { number, within: self.inside.get(), passed: Vec::new() };
        self.book.borrow_mut().scopes.push(scope);
        number
    }

    /// Nobody is left who could take the request of the scope. It still counts.
    pub(super) fn withdraw(&self, scope: u64) {
        self.book.borrow_mut().forget(scope);
    }

    /// The scope is over; with it goes its own request, if it has made one.
    pub(super) fn end_scope(&self, number: u64, has_asked: bool) {
        if has_asked {
            self.uncancel();
        }
        self.withdraw(number);
        self.book.borrow_mut().scopes.retain(|scope| scope.number != number);
    }

    /// Whether a request from around the scope has come into it, or is on its way.
    pub(super) fn reached_from_outside(&self, scope: u64) -> bool {
        let book = self.book.borrow();
        let on_its_way = |asked: &Request| asked.of != scope && book.reaches(asked.of, scope);
        let is_inside = |place: &&Place| book.reaches(scope, place.within);
        book.asked.iter().any(on_its_way)
            || book.places.iter().filter(is_inside).any(|place| place.taken.iter().any(on_its_way))
            || book.scopes.iter().any(|known| known.number == scope && !known.passed.is_empty())
    }

    /// Asks again for what was delivered inside the scope and came from around it. It has been counted.
    pub(super) fn ask_again(&self, scope: u64) {
        let mut book = self.book.borrow_mut();
        let Some(known) = book.scopes.iter_mut().find(|known| known.number == scope) else { return };
        for request in std::mem::take(&mut known.passed) {
            book.push(request);
        }
        let wakers = book.wakers();
        drop(book);
        wakers.into_iter().for_each(exception::wake);
    }
}
