//! The instrument behind debug mode and dumps: it keeps the board, and reports slow steps.

use super::board::Board;
use super::report::DebugReport;
use super::watchdog;
use super::which::{StepInfo, WhichTask};
use crate::current::Loop;
use crate::exception::ExceptionContext;
use crate::instrument::{Instrument, Step};
use crate::introspect::TaskInfo;
use crate::task::{AnyTask, Header};
use std::rc::Rc;
use std::sync::Arc;

pub(crate) struct Watch {
    board: Arc<Board>,
    debug: bool,
}

impl Watch {
    /// Lists the tasks that are there; in debug mode it starts the watchdog.
    pub(super) fn new(lp: &Loop, debug: bool) -> Rc<Self> {
        let inner = lp.inner();
        let board = Board::new(&inner.shared, inner.settings.clone());
        for task in inner.tasks.to_vec() {
            board.list(TaskInfo::of(&task));
        }
        if debug && let Err(error) = watchdog::start(board.clone()) {
            let message =
                format!("debug mode goes without its watchdog, whose thread did not start: {error}");
            lp.report(&ExceptionContext::new(message));
        }
        crate::dump::register(&board);
        Rc::new(Self { board, debug })
    }

    pub(super) fn board(&self) -> &Board {
        &self.board
    }

    pub(super) fn debugs(&self) -> bool {
        self.debug
    }

    /// Somebody awaits `task`. Gives the circle that this closes, if it is new.
    pub(super) fn awaited(&self, task: &Header) -> Option<Vec<WhichTask>> {
        self.board.await_begins(task.id(), task.awaited_by()?, task.is_awaited_directly())
    }
}

impl Instrument for Watch {
    fn spawned(&self, task: &AnyTask) {
        self.board.list(TaskInfo::of(task.header()));
    }

    fn finished(&self, task: &AnyTask) {
        self.board.strike_off(task.id());
    }

    fn before_step(&self, step: &Step) {
        self.board.begin(StepInfo::of(step));
    }

    fn after_step(&self, step: &Step) {
        let left = match step {
            Step::Task(task) => Some(task.header().state()),
            _ => None,
        };
        if let Some((step, took)) = self.board.end(left)
            && self.debug
            && took >= self.board.settings.slow()
        {
            self.board.settings.report(&DebugReport::SlowStep { step, took });
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.board.stop();
    }
}
