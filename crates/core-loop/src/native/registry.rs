//! Which descriptors are watched, what is known of each, and who waits.

use contract::Direction;
use nix::sys::epoll::{EpollEvent, EpollFlags};
use std::cell::RefCell;
use std::sync::{Mutex, PoisonError};
use std::task::Waker;

/// Where a registration is. The generation tells it from those that had the same place before, so that an event which
/// was on its way when the registration ended never reaches the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    index: u32,
    generation: u32,
}

impl Key {
    pub(crate) fn token(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.index)
    }

    fn of(token: u64) -> Self {
        Self { index: token as u32, generation: (token >> 32) as u32 }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Registry {
    slots: Vec<Slot>,
    /// The slots that nobody uses.
    free: Vec<u32>,
}

#[derive(Debug, Default)]
struct Slot {
    /// Grows when the registration ends.
    generation: u32,
    read: Side,
    write: Side,
}

/// What is known of one direction.
#[derive(Debug)]
struct Side {
    /// The next operation may succeed. It starts so: a new socket is tried first.
    ready: bool,
    /// The other side has closed or failed, or sent urgent data: then a short transfer says nothing about the next.
    unsure: bool,
    /// Counts the events, so that one which comes during an operation is not forgotten after it.
    tick: u32,
    waker: Option<Waker>,
}

impl Default for Side {
    fn default() -> Self {
        Self { ready: true, unsure: false, tick: 0, waker: None }
    }
}

/// What to do next, as [`Registry::attempt`] says.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// Try the operation; then tell the outcome with this tick.
    Try(u32),
    /// Ask again, with a clone of the waker. A foreign one may call back when it is cloned, so this is not the place.
    Clone,
    /// Wait: the waker is stored. The one it replaced must be dropped outside, since that may end another registration.
    Wait(Option<Waker>),
}

impl Registry {
    pub(crate) fn insert(&mut self) -> Key {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            u32::try_from(self.slots.len() - 1).expect("there are fewer descriptors than that")
        });
        Key { index, generation: self.slots[index as usize].generation }
    }

    /// The stored wakers come back: they must be dropped outside, since that may end another registration.
    #[must_use]
    pub(crate) fn remove(&mut self, key: Key) -> [Option<Waker>; 2] {
        let slot = &mut self.slots[key.index as usize];
        debug_assert_eq!(slot.generation, key.generation, "removed twice");
        let ended = std::mem::take(slot);
        slot.generation = key.generation.wrapping_add(1);
        self.free.push(key.index);
        [ended.read.waker, ended.write.waker]
    }

    /// `fresh` is a clone of `waker`, if it was asked for.
    pub(crate) fn attempt(
        &mut self,
        key: Key,
        direction: Direction,
        waker: &Waker,
        fresh: &mut Option<Waker>,
    ) -> Attempt {
        let side = self.side(key, direction);
        if side.ready {
            return Attempt::Try(side.tick);
        }
        if side.waker.as_ref().is_some_and(|stored| stored.will_wake(waker)) {
            return Attempt::Wait(None);
        }
        match fresh.take() {
            Some(fresh) => Attempt::Wait(side.waker.replace(fresh)),
            None => Attempt::Clone,
        }
    }

    /// The operation would have blocked.
    pub(crate) fn blocked(&mut self, key: Key, direction: Direction, tick: u32) {
        let side = self.side(key, direction);
        // An event that came since the attempt began may be newer than its outcome.
        side.ready &= side.tick != tick;
    }

    /// The operation moved some bytes, but fewer than it could have.
    pub(crate) fn short(&mut self, key: Key, direction: Direction, tick: u32) {
        if !self.side(key, direction).unsure {
            self.blocked(key, direction, tick);
        }
    }

    /// Notes an event, and moves the wakers of whoever waited for it to `woken`.
    pub(crate) fn dispatch(&mut self, event: &EpollEvent, woken: &mut Vec<Waker>) {
        let key = Key::of(event.data());
        let Some(slot) = self.slots.get_mut(key.index as usize) else { return };
        if slot.generation != key.generation {
            return;
        }
        let flags = event.events();
        let failed = EpollFlags::EPOLLHUP | EpollFlags::EPOLLERR;
        let odd = failed | EpollFlags::EPOLLRDHUP | EpollFlags::EPOLLPRI;
        slot.read.note(flags.intersects(odd | EpollFlags::EPOLLIN), flags.intersects(odd), woken);
        slot.write.note(flags.intersects(failed | EpollFlags::EPOLLOUT), flags.intersects(failed), woken);
    }

    fn side(&mut self, key: Key, direction: Direction) -> &mut Side {
        let slot = &mut self.slots[key.index as usize];
        debug_assert_eq!(slot.generation, key.generation, "used after its end");
        match direction {
            Direction::Read => &mut slot.read,
            Direction::Write => &mut slot.write,
        }
    }
}

impl Side {
    fn note(&mut self, ready: bool, unsure: bool, woken: &mut Vec<Waker>) {
        self.unsure |= unsure;
        if ready {
            self.ready = true;
            self.tick = self.tick.wrapping_add(1);
            woken.extend(self.waker.take());
        }
    }
}

/// How the loop's tasks and the poller reach the one registry. No foreign code runs inside.
pub(crate) trait Share {
    fn new(registry: Registry) -> Self;
    fn with<R>(&self, action: impl FnOnce(&mut Registry) -> R) -> R;
}

/// On one thread.
impl Share for RefCell<Registry> {
    fn new(registry: Registry) -> Self {
        Self::new(registry)
    }

    fn with<R>(&self, action: impl FnOnce(&mut Registry) -> R) -> R {
        action(&mut self.borrow_mut())
    }
}

/// The poller is on a thread of its own.
impl Share for Mutex<Registry> {
    fn new(registry: Registry) -> Self {
        Self::new(registry)
    }

    fn with<R>(&self, action: impl FnOnce(&mut Registry) -> R) -> R {
        action(&mut self.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Direction::{Read, Write};

    fn is_ready(registry: &mut Registry, key: Key, direction: Direction) -> bool {
        matches!(attempt(registry, key, direction), Attempt::Try(_))
    }

    /// As whoever waits does.
    fn attempt(registry: &mut Registry, key: Key, direction: Direction) -> Attempt {
        registry.attempt(key, direction, Waker::noop(), &mut Some(Waker::noop().clone()))
    }

    fn block(registry: &mut Registry, key: Key, direction: Direction) {
        let Attempt::Try(tick) = attempt(registry, key, direction) else { return };
        registry.blocked(key, direction, tick);
    }

    fn dispatch(registry: &mut Registry, key: Key, flags: EpollFlags) -> usize {
        let mut woken = Vec::new();
        registry.dispatch(&EpollEvent::new(flags, key.token()), &mut woken);
        woken.len()
    }

    #[test]
    fn a_stale_event_never_hits_the_next_registration_in_its_place() {
        let registry = &mut Registry::default();
        let first = registry.insert();
        let _ = registry.remove(first);
        let second = registry.insert();
        assert_eq!(first.index, second.index);
        block(registry, second, Read);
        assert!(!is_ready(registry, second, Read));
        assert_eq!(dispatch(registry, first, EpollFlags::EPOLLIN), 0);
        assert!(!is_ready(registry, second, Read));
        assert_eq!(dispatch(registry, second, EpollFlags::EPOLLIN), 1);
        assert!(is_ready(registry, second, Read));
    }

    #[test]
    fn an_event_during_an_operation_that_blocks_is_not_forgotten() {
        let registry = &mut Registry::default();
        let key = registry.insert();
        let Attempt::Try(tick) = attempt(registry, key, Read) else { panic!("new, so ready") };
        dispatch(registry, key, EpollFlags::EPOLLIN);
        registry.blocked(key, Read, tick);
        assert!(is_ready(registry, key, Read));
    }

    #[test]
    fn each_direction_waits_for_its_own_events() {
        let registry = &mut Registry::default();
        let key = registry.insert();
        block(registry, key, Read);
        block(registry, key, Write);
        assert!(!is_ready(registry, key, Read) && !is_ready(registry, key, Write));
        assert_eq!(dispatch(registry, key, EpollFlags::EPOLLOUT), 1);
        assert!(!is_ready(registry, key, Read) && is_ready(registry, key, Write));
        assert_eq!(dispatch(registry, key, EpollFlags::EPOLLERR), 1);
        assert!(is_ready(registry, key, Read));
    }

    #[test]
    fn after_the_other_side_closed_a_short_read_is_followed_by_another_attempt() {
        let registry = &mut Registry::default();
        let key = registry.insert();
        let short = |registry: &mut Registry| {
            let Attempt::Try(tick) = attempt(registry, key, Read) else { panic!("not ready") };
            registry.short(key, Read, tick);
            is_ready(registry, key, Read)
        };
        assert!(!short(registry));
        dispatch(registry, key, EpollFlags::EPOLLIN | EpollFlags::EPOLLRDHUP);
        assert!(short(registry));
    }
}
