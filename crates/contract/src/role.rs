//! What this thread is, for whoever is about to block it.
//!
//! Every blocking wait of the workspace asks first: a plain thread simply sleeps, an event loop's thread must never
//! block, and a worker of a pool tells its pool, which lets another thread stand in, so that a job may wait for another
//! job of its own pool.

use std::cell::RefCell;
use std::fmt;
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

/// What a thread is.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Role {
    /// Nothing special: it may block.
    #[default]
    Plain,
    /// It runs an event loop: blocking it would stop every task of that loop.
    Loop,
    /// It is a worker of a pool, in which another thread can serve while it waits.
    Worker(Arc<dyn Waits>),
}

/// What a pool wants to know of the waits of one of its workers.
///
/// A worker that waits runs nothing but what it waits for: other work on top of its stack could wait for the work below it,
/// which could not go on before it has ended.
pub trait Waits: Send + Sync {
    /// This thread goes to sleep in a wait, and somebody else may serve the pool until it [goes on](Self::goes_on).
    ///
    /// `Some`: nobody could be found who does, so that it must not sleep longer than this before it asks again. `waker` ends
    /// the sleep, for that case to come later.
    fn sleeps(&self, waker: &Waker) -> Option<Duration>;

    /// It is awake. Comes once after each [`sleeps`](Self::sleeps), on the same thread.
    fn goes_on(&self);
}

thread_local! {
    /// Without a destructor, so that destructors of other thread-locals still find a role. Nothing is lost by it: every
    /// guard puts back what was there before.
    static ROLE: ManuallyDrop<RefCell<Role>> = const { ManuallyDrop::new(RefCell::new(Role::Plain)) };
}

/// This thread's role.
#[must_use]
pub fn current() -> Role {
    ROLE.with(|role| role.borrow().clone())
}

/// Gives this thread a role until the guard is dropped; the role before comes back then, also on unwind.
#[must_use = "the role ends when the guard is dropped"]
pub fn enter(role: Role) -> RoleGuard {
    RoleGuard { before: ROLE.with(|before| before.replace(role)), here: std::marker::PhantomData }
}

/// Restores the role before. Made by [`enter`].
#[derive(Debug)]
pub struct RoleGuard {
    before: Role,
    /// A role belongs to its thread, so the guard must stay there.
    here: std::marker::PhantomData<*const ()>,
}

impl Drop for RoleGuard {
    fn drop(&mut self) {
        // Dropped after the exchange: it may be the last that holds its pool, whose destructor may ask for the role.
        drop(ROLE.with(|role| role.replace(std::mem::take(&mut self.before))));
    }
}

impl fmt::Debug for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "Plain",
            Self::Loop => "Loop",
            Self::Worker(_) => "Worker",
        })
    }
}
