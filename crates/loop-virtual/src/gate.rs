//! What reaches the loop from outside: wakes from any thread, and the tokens of those who may still wake it.
//!
//! ```text
//!            begin                  give_up
//!   IDLE ───────────► RUNNING ─────────────────► STUCK
//!     ▲ ◄───────────── │                           │
//!     │      end                                   │   a wake from another thread needs a token while RUNNING, and is
//!     └────────────────────────────────────────────┘   too late when STUCK: both are told
//!                      begin of the next run
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::panic::Location;
use std::sync::{Arc, PoisonError};
use std::task::Wake;
use std::time::{Duration, Instant};

#[cfg(loom)]
use loom::{
    sync::{Condvar, Mutex, MutexGuard},
    thread::{self, ThreadId},
};
#[cfg(not(loom))]
use std::{
    sync::{Condvar, Mutex, MutexGuard},
    thread::{self, ThreadId},
};

/// Is told of wakes that came without a token.
pub(crate) type Tell = Arc<dyn Fn(&str) + Send + Sync>;

/// One lock for all of it: here, correct is all that counts. Nothing of the user's runs under it.
pub(crate) struct Gate {
    state: Mutex<State>,
    /// A wake has come, or a token has gone.
    news: Condvar,
    loop_thread: ThreadId,
    tell: Tell,
}

struct State {
    phase: Phase,
    woken: bool,
    /// Where each token that lives was taken.
    tokens: BTreeMap<u64, &'static Location<'static>>,
    /// Counts the tokens ever taken: a token's key.
    taken: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Idle,
    Running {
        /// A wake without a token was told of: once a run is enough.
        told: bool,
    },
    Stuck,
}

/// Why a rest ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// The root was woken.
    Woken,
    /// Nobody outside works for the loop.
    Alone,
    /// Nothing came for too long a time; the tokens that live were taken at these places.
    Silence(Vec<&'static Location<'static>>),
}

impl Gate {
    /// For a loop on this thread.
    pub(crate) fn new(tell: Tell) -> Arc<Self> {
        let state = State { phase: Phase::Idle, woken: false, tokens: BTreeMap::new(), taken: 0 };
        Arc::new(Self {
            state: Mutex::new(state),
            news: Condvar::new(),
            loop_thread: thread::current().id(),
            tell,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A run begins. Wakes that are left over from an earlier root say nothing about this one.
    pub(crate) fn begin(&self) {
        let mut state = self.state();
        state.phase = Phase::Running { told: false };
        state.woken = false;
    }

    pub(crate) fn end(&self) {
        self.state().phase = Phase::Idle;
    }

    pub(crate) fn give_up(&self) {
        self.state().phase = Phase::Stuck;
    }

    /// Whether the root was woken since this was asked last.
    pub(crate) fn take_wake(&self) -> bool {
        std::mem::take(&mut self.state().woken)
    }

    pub(crate) fn is_woken(&self) -> bool {
        self.state().woken
    }

    pub(crate) fn has_tokens(&self) -> bool {
        !self.state().tokens.is_empty()
    }

    /// Waits, for real, for as long as a token lives, for at most `patience`.
    pub(crate) fn rest(&self, patience: Duration) -> Rest {
        // A patience too long to count has no end.
        let end = Instant::now().checked_add(patience);
        let mut state = self.state();
        loop {
            if std::mem::take(&mut state.woken) {
                return Rest::Woken;
            }
            if state.tokens.is_empty() {
                return Rest::Alone;
            }
            let left = end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return Rest::Silence(state.tokens.values().copied().collect());
            }
            state = self.news.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    pub(crate) fn token(self: &Arc<Self>, place: &'static Location<'static>) -> Token {
        let mut state = self.state();
        state.taken += 1;
        let key = state.taken;
        state.tokens.insert(key, place);
        Token { gate: self.clone(), key }
    }

    /// What is wrong with a wake from another thread, if anything.
    fn fault(state: &mut State) -> Option<String> {
        let fault = match &mut state.phase {
            Phase::Running { told } => {
                if !state.tokens.is_empty() || std::mem::replace(told, true) {
                    return None;
                }
                "without a token: virtual time may have jumped before it came"
            }
            Phase::Stuck => "after the loop had given up: nobody had told it to wait",
            Phase::Idle => return None,
        };
        let thread = thread::current();
        let name = thread.name().unwrap_or("without a name");
        Some(format!(
            "missing token: thread `{name}` woke the loop {fault}; let that thread hold `core_loop::outside()` for as \
             long as it works for the loop"
        ))
    }
}

impl Wake for Gate {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut state = self.state();
        state.woken = true;
        let foreign = thread::current().id() != self.loop_thread;
        let fault = if foreign { Self::fault(&mut state) } else { None };
        drop(state);
        if foreign {
            self.news.notify_one();
        }
        if let Some(fault) = fault {
            (self.tell)(&fault);
        }
    }
}

/// While it lives, time stands still.
pub(crate) struct Token {
    gate: Arc<Gate>,
    key: u64,
}

impl Drop for Token {
    fn drop(&mut self) {
        self.gate.state().tokens.remove(&self.key);
        self.gate.news.notify_one();
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Gate")
            .field("woken", &state.woken)
            .field("tokens", &state.tokens)
            .finish_non_exhaustive()
    }
}
