//! What other threads may know of a loop: its tasks, and the step under way, written down as it goes.

use super::Settings;
use super::which::{StepInfo, WhichTask, WhichThread};
use crate::introspect::{Ps, TaskInfo, TaskState};
use crate::shared::Shared;
use crate::sync::{Mutex, MutexGuard, lock};
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, PoisonError, Weak};
use std::time::{Duration, Instant};

/// A longer circle of tasks is not looked for: each await would walk up a long chain.
const CYCLE_MAX: usize = 1000;

pub(crate) struct Board {
    /// The loop's thread.
    pub(crate) thread: WhichThread,
    pub(crate) shared: Weak<Shared>,
    pub(super) settings: Arc<Settings>,
    state: Mutex<State>,
    /// The watchdog has to look, or to stop.
    changed: Condvar,
}

pub(super) struct State {
    pub(super) stopped: bool,
    pub(super) running: Option<Running>,
    steps: u64,
    tasks: BTreeMap<u64, Listed>,
}

/// The step under way.
pub(super) struct Running {
    pub(super) step: StepInfo,
    pub(super) since: Instant,
    /// Which of all steps.
    pub(super) number: u64,
}

struct Listed {
    info: TaskInfo,
    /// How many steps it has begun.
    steps: u64,
    awaited: Option<Edge>,
}

/// Who awaits a task.
#[derive(Clone, Copy)]
pub(super) struct Edge {
    awaiter: u64,
    /// In which of the awaiter's steps it was said. A waker of its own tells a task not which of those that it awaits has
    /// ended, so it polls all of them in each step: those that it does not poll it has given up.
    step: Option<u64>,
}

impl Board {
    /// On the loop's thread.
    pub(super) fn new(shared: &Arc<Shared>, settings: Arc<Settings>) -> Arc<Self> {
        Arc::new(Self {
            thread: WhichThread::current(),
            shared: Arc::downgrade(shared),
            settings,
            state: Mutex::new(State { stopped: false, running: None, steps: 0, tasks: BTreeMap::new() }),
            changed: Condvar::new(),
        })
    }

    pub(super) fn stop(&self) {
        lock(&self.state).stopped = true;
        self.changed.notify_all();
    }

    pub(super) fn settings_changed(&self) {
        // Under the lock it is waiting already, or will see the change.
        let _state = lock(&self.state);
        self.changed.notify_all();
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Waits until it is told to look, or for so long.
    pub(super) fn wait<'a>(&self, state: MutexGuard<'a, State>, time: Duration) -> MutexGuard<'a, State> {
        self.changed.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner).0
    }

    pub(super) fn list(&self, info: TaskInfo) {
        lock(&self.state).tasks.insert(info.id, Listed { info, steps: 0, awaited: None });
    }

    pub(super) fn rename(&self, task: u64, name: String) {
        if let Some(listed) = lock(&self.state).tasks.get_mut(&task) {
            listed.info.name = name;
        }
    }

    pub(super) fn strike_off(&self, task: u64) {
        lock(&self.state).tasks.remove(&task);
    }

    pub(super) fn begin(&self, step: StepInfo) {
        let mut state = lock(&self.state);
        if let StepInfo::Task(task) = &step
            && let Some(listed) = state.tasks.get_mut(&task.id)
        {
            listed.steps += 1;
            listed.info.state = TaskState::Running;
        }
        state.steps += 1;
        state.running = Some(Running { step, since: Instant::now(), number: state.steps });
    }

    /// The step has left its task in this state. Gives what it was, and how long it took.
    pub(super) fn end(&self, left: Option<TaskState>) -> Option<(StepInfo, Duration)> {
        let mut state = lock(&self.state);
        let Running { step, since, .. } = state.running.take()?;
        if let StepInfo::Task(task) = &step
            && let Some(left) = left
            && let Some(listed) = state.tasks.get_mut(&task.id)
        {
            listed.info.state = left;
        }
        Some((step, since.elapsed()))
    }

    /// `awaiter` awaits `task`; `direct`: with its own waker. Gives the circle that this closes, if it is new.
    pub(super) fn await_begins(&self, task: u64, awaiter: u64, direct: bool) -> Option<Vec<WhichTask>> {
        let mut state = lock(&self.state);
        let step = state.tasks.get(&awaiter).map(|awaiter| awaiter.steps).filter(|_| direct);
        let before = state.tasks.get_mut(&task)?.awaited.replace(Edge { awaiter, step });
        if before.is_some_and(|before| before.awaiter == awaiter) {
            return None;
        }
        state.circle(task, awaiter)
    }

    /// The step under way, for how long, and all tasks, each as of its last step.
    pub(crate) fn read(&self) -> (Option<(StepInfo, Duration)>, Ps) {
        let state = lock(&self.state);
        let running = state.running.as_ref().map(|running| (running.step.clone(), running.since.elapsed()));
        let tasks = state.tasks.values().map(|listed| {
            let awaited_by = state.awaiter_of(listed);
            TaskInfo { awaited_by, ..listed.info.clone() }
        });
        (running, Ps::new(tasks.collect(), Instant::now()))
    }
}

impl State {
    fn awaiter_of(&self, task: &Listed) -> Option<u64> {
        let edge = task.awaited?;
        let awaiter = self.tasks.get(&edge.awaiter)?;
        edge.step.is_none_or(|step| step == awaiter.steps).then_some(edge.awaiter)
    }

    /// The way up from `awaiter`, if it comes back to `task`: each awaits the next.
    fn circle(&self, task: u64, awaiter: u64) -> Option<Vec<WhichTask>> {
        let mut way = vec![awaiter];
        while let Some(id) = way.last().copied().filter(|id| *id != task) {
            way.push(self.awaiter_of(self.tasks.get(&id)?)?);
            if way.len() > CYCLE_MAX {
                return None;
            }
        }
        // The way up goes from the awaited to the awaiter; the awaiter that has closed the circle comes first.
        way[1..].reverse();
        let which = |id| {
            let info = &self.tasks.get(&id)?.info;
            Some(WhichTask { id, name: info.name.clone(), spawned_at: info.spawned_at })
        };
        way.into_iter().map(which).collect()
    }
}
