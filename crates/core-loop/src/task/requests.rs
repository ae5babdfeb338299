//! What was asked of a cooperative task, and which place in it takes that.
//!
//! ```text
//!            ask: counts a request, and wakes whom it reaches            the innermost place that it reaches takes it:
//!   CALM ───────────────────────────────────────────────────► ASKED     it, and no other, gives `Err(Cancelled)`
//!    ▲                                                          │ ▲──┐
//!    └──────────────────────────────────────────────────────────┘    │ ask again: one error answers all that reach it
//!      taken; or taken back, by `uncancel` or with its scope ────────┘
//! ```
//!
//! A request of somebody else reaches every place of the task. One that a *scope* makes, a group or a timeout that runs
//! inside the task, reaches the places inside its body only: what runs beside the body, in the same task, is none of its
//! business. The count of requests outlives the delivery.

use crate::error::Reason;
use std::cell::{Cell, RefCell};
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
    waker: Waker,
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

    /// Who takes a request of `of`.
    fn innermost(&self, of: u64) -> Option<&Place> {
        self.places.iter().rfind(|place| self.reaches(of, place.within))
    }

    fn push(&mut self, request: Request) {
        self.asked.retain(|asked| asked.of != request.of);
        self.asked.push(request);
    }

    /// Those whom a request that was not delivered has to reach.
    fn wakers(&self) -> Vec<Waker> {
        self.asked
            .iter()
            .filter_map(|asked| self.innermost(asked.of))
            .map(|place| place.waker.clone())
            .collect()
    }

    /// Takes all requests that `number` is the innermost place for; gives the last reason.
    fn take(&mut self, number: u64) -> Option<Reason> {
        if self.asked.is_empty() {
            return None;
        }
        let within = self.places.iter().rfind(|place| place.number == number)?.within;
        let is_mine =
            |request: &Request| self.innermost(request.of).is_some_and(|place| place.number == number);
        let (mine, left) = self.asked.iter().cloned().partition::<Vec<_>, _>(is_mine);
        self.asked = left;
        for request in &mine {
            self.note_passing(request, within);
        }
        mine.into_iter().next_back().map(|request| request.reason)
    }

    /// Every scope between the one that asked and the place `within` which it was taken has let it through.
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
        self.count.set(self.count.get().saturating_add(1));
        let mut book = self.book.borrow_mut();
        book.push(Request { of, reason });
        let waker = book.innermost(of).map(|place| place.waker.clone());
        drop(book);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(super) fn count(&self) -> u32 {
        self.count.get()
    }

    /// One request less; the last one that goes takes along a cancel that was not delivered.
    pub(super) fn uncancel(&self) -> u32 {
        let left = self.count.get().saturating_sub(1);
        self.count.set(left);
        if left == 0 {
            self.book.borrow_mut().asked.retain(|asked| asked.of != TASK);
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
        let (number, waker) = (self.next_number(), waker.clone());
        self.book.borrow_mut().places.push(Place { number, within, waker });
        number
    }

    /// Whoever is the innermost place now hears of what this one has not taken.
    pub(super) fn end_place(&self, number: u64) {
        let mut book = self.book.borrow_mut();
        let gone =
            book.places.iter().rposition(|place| place.number == number).map(|at| book.places.remove(at));
        let wakers = book.wakers();
        drop(book);
        drop(gone);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Takes what the place `number` is the innermost for; else remembers whom to wake.
    pub(super) fn take(&self, number: u64, waker: &Waker) -> Option<Reason> {
        let mut book = self.book.borrow_mut();
        if let Some(reason) = book.take(number) {
            return Some(reason);
        }
        let mine = book.places.iter_mut().rfind(|place| place.number == number);
        let before = match mine {
            Some(place) if place.waker.will_wake(waker) => None,
            Some(place) => Some(std::mem::replace(&mut place.waker, waker.clone())),
            None => None,
        };
        drop(book);
        drop(before);
        None
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
        self.book.borrow_mut().asked.retain(|asked| asked.of != scope);
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
        book.asked.iter().any(on_its_way)
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
        wakers.into_iter().for_each(Waker::wake);
    }
}
