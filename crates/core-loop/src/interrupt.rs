//! Ctrl-C while a runner runs its main: the first cancels it, the second ends the program.
//!
//! ```text
//!            SIGINT                          SIGINT: in the handler itself, so also while the loop is blocked
//!   RUNNING ─────────► TOLD: main cancelled ─────────► the default action: the program ends
//!      │                 │
//!      └───── main has ended: the disposition before is back ───── TOLD, and by nobody else: RunError::Interrupted
//! ```
//!
//! The handler is there from the beginning, what wakes the loop only from its first sleep on: a main that never waits is told
//! at its end.

use crate::current::Loop;
use crate::error::JoinError;
use crate::signal::{Ear, RunnerListener};
use crate::task::AnyTask;
use crate::watchers::Subject;
use contract::Direction;
use nix::unistd::{getpid, gettid};
use std::cell::Cell;
use std::io;
use std::mem;
use std::rc::Rc;
use std::sync::Arc;

/// Why main is cancelled.
const CTRL_C: &str = "interrupted by Ctrl-C";

/// Listens to Ctrl-C on behalf of a runner, until it is dropped.
pub(crate) struct Interrupt<'a> {
    lp: &'a Loop,
    ear: Arc<Ear>,
    stage: Stage,
}

enum Stage {
    /// Until the loop sleeps for the first time.
    Unwatched(RunnerListener, AnyTask),
    /// The listener is in the loop's watch, if it could be watched.
    Watched(Rc<Main>),
    Over,
}

/// Who is cancelled, once.
struct Main {
    task: AnyTask,
    told: Cell<bool>,
}

impl Main {
    fn tell(&self) {
        if !self.told.replace(true) {
            self.task.cancel(CTRL_C);
        }
    }
}

thread_local! {
    /// This is the program's first thread. Once true it stays so: the thread that forks is the first of the child.
    static FIRST: Cell<bool> = const { Cell::new(false) };
}

/// Asked of the kernel once on the first thread, and each time on others.
fn on_first_thread() -> bool {
    FIRST.get() || {
        FIRST.set(gettid() == getpid());
        FIRST.get()
    }
}

impl<'a> Interrupt<'a> {
    /// Unless the program has asked for it: nothing on another thread than the first, and where the program, or whoever
    /// started it, has arranged for Ctrl-C.
    pub(crate) fn begin(lp: &'a Loop, main: AnyTask, asked: bool) -> Option<Self> {
        if !asked && !on_first_thread() {
            return None;
        }
        let listener = RunnerListener::new(asked).ok()??;
        Some(Self { lp, ear: listener.ear(), stage: Stage::Unwatched(listener, main) })
    }

    /// The loop is about to sleep: from now on Ctrl-C wakes it. Where that cannot be (no descriptors left, virtual time), it
    /// does from now on what it did before the run.
    pub(crate) fn watch(&mut self) {
        if !matches!(self.stage, Stage::Unwatched(..)) {
            return;
        }
        let Stage::Unwatched(listener, task) = mem::replace(&mut self.stage, Stage::Over) else { return };
        let main = Rc::new(Main { task, told: Cell::new(false) });
        let _unwatchable = self.watch_with(listener, main.clone());
        if self.ear.is_told() {
            let main = main.clone();
            self.lp.call_soon(move || main.tell());
        }
        self.stage = Stage::Watched(main);
    }

    fn watch_with(&self, mut listener: RunnerListener, main: Rc<Main>) -> io::Result<()> {
        let bell = listener.hang()?;
        let ear = self.ear.clone();
        let tell = move || {
            listener.take();
            if ear.is_told() {
                main.tell();
            }
        };
        self.lp.watch_with(Subject::Interrupt, bell, Direction::Read, Box::new(tell))
    }

    /// Ends it, and says whether Ctrl-C is why main ended so: it was told first, and by nobody else. Or it could not be told
    /// any more, and would go on as if nothing had been.
    pub(crate) fn ended<T>(mut self, outcome: &Result<T, JoinError>) -> bool {
        let told = self.unlisten();
        match outcome {
            Ok(_) => self.ear.is_told() && !told,
            Err(JoinError::Cancelled(reason)) => told && reason.as_str() == CTRL_C,
            Err(_) => false,
        }
    }

    /// Nothing is noted any more when this returns. Says whether main was told.
    fn unlisten(&mut self) -> bool {
        match mem::replace(&mut self.stage, Stage::Over) {
            Stage::Watched(main) => {
                self.lp.inner().watchers.remove(Subject::Interrupt);
                main.told.get()
            }
            Stage::Unwatched(..) | Stage::Over => false,
        }
    }
}

impl Drop for Interrupt<'_> {
    fn drop(&mut self) {
        self.unlisten();
    }
}
