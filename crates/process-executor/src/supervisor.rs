//! The one thread that looks after a pool's workers: it starts them, feeds them, watches them, kills and buries them.
//!
//! It alone touches the workers, so there is no lock among them; submitters only write to those that it has put on the
//! [desk](crate::desk). It shares one thing with the rest of the program, the [inbox](crate::inbox), and waits in one
//! place, an epoll of the bell, the workers' sockets, their pidfds and their standard errors.

use crate::StartError;
use crate::child::{Child, Phase, Running, Stop, Worker};
use crate::counters::Counters;
use crate::inbox::{Bell, Inbox, Orders};
use crate::oom::Counter;
use crate::pending::{Answer, Request};
use crate::plan::Plan;
use crate::stock::Stock;
use contract::role::{self, Role};
use contract::{Drain, JobError, Panic, Reject, Straggler};
use nix::sys::eventfd::{EfdFlags, EventFd};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::io;
use std::ptr;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::{Duration, Instant};

mod assign;
mod crew;
mod events;
mod staff;
mod stocking;
mod watch;

use watch::{Seen, Watch};

/// What the thread is called.
pub(crate) const THREAD: &str = "process-pool";

pub(crate) type PoolInbox = Inbox<Box<Request>, Worker, EventFd>;

impl Bell for EventFd {
    fn ring(&self) {
        // The counter cannot be full: it is set back whenever the supervisor wakes.
        let _ = self.write(1);
    }
}

/// A worker that has lost its socket, or was told to leave, is given this long to end by itself.
const LEAVE_WITHIN: Duration = Duration::from_millis(500);
/// How often workers without a pidfd are asked whether they live.
const POLL_EVERY: Duration = Duration::from_millis(5);

type Started = Result<(), StartError>;

thread_local! {
    /// The inbox that this thread supervises; null on any other thread.
    static SUPERVISED: Cell<*const PoolInbox> = const { Cell::new(ptr::null()) };
}

/// Whether this thread is the supervisor behind `inbox`: code of the user gets here in callbacks and wakers.
pub(crate) fn is_here(inbox: &Arc<PoolInbox>) -> bool {
    SUPERVISED.get() == Arc::as_ptr(inbox)
}

pub(crate) struct Supervisor {
    plan: Plan,
    inbox: Arc<PoolInbox>,
    watch: Watch,
    children: BTreeMap<u64, Child>,
    next_child: u64,
    /// Told once: when the first worker is ready, or when none will be.
    started: Option<SyncSender<Started>>,
    staff: staff::Staff,
    oom: Counter,
    counters: Arc<Counters>,
    orders: Orders<Box<Request>>,
    /// The pool has given up; what is left is to bury the dead.
    broken: bool,
}

impl Supervisor {
    /// Starts the thread, and waits until a worker is ready or none will be.
    pub(crate) fn start(plan: Plan) -> Result<(Arc<PoolInbox>, Arc<Counters>), StartError> {
        let bell = EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)
            .map_err(|error| StartError::Supervisor(error.to_string()))?;
        let inbox = Arc::new(Inbox::new(bell));
        let (started, told) = sync_channel(1);
        let counters = Arc::new(Counters::default());
        let (shared, counted) = (inbox.clone(), counters.clone());
        std::thread::Builder::new()
            .name(THREAD.to_owned())
            .spawn(move || Self::live(plan, &shared, counted, started))
            .map_err(|error| StartError::Supervisor(error.to_string()))?;
        match told.recv() {
            Ok(Ok(())) => Ok((inbox, counters)),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(StartError::Supervisor("it ended before a worker was ready".to_owned())),
        }
    }

    /// The thread's life. Whatever happens in it, nobody is left waiting after it.
    fn live(plan: Plan, inbox: &Arc<PoolInbox>, counters: Arc<Counters>, started: SyncSender<Started>) {
        SUPERVISED.set(Arc::as_ptr(inbox));
        // It is an event loop, too: a callback that blocks here would stop every worker's jobs, its own wait included.
        let _role = role::enter(Role::Loop);
        let life = Panic::catch(|| match Self::new(plan, inbox.clone(), counters, started.clone()) {
            Ok(mut supervisor) => supervisor.run(),
            Err(error) => Err(error),
        });
        let why = match life {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(panic) => Some(panic.to_string()),
        };
        match why {
            None => withdraw_all(inbox.end(None), |started| JobError::Shutdown { started }),
            Some(why) => {
                let _ = started.try_send(Err(StartError::Supervisor(why.clone())));
                let broken: crate::inbox::Broken = Arc::new(StartError::Supervisor(why));
                withdraw_all(inbox.end(Some(broken.clone())), |_| {
                    JobError::Rejected(Reject::Broken(broken.clone()))
                })
            }
        };
    }

    fn new(
        plan: Plan,
        inbox: Arc<PoolInbox>,
        counters: Arc<Counters>,
        started: SyncSender<Started>,
    ) -> io::Result<Self> {
        let watch = Watch::new(inbox.bell())?;
        let orders = inbox.look(Instant::now());
        Ok(Self {
            plan,
            inbox,
            watch,
            children: BTreeMap::new(),
            next_child: 1,
            started: Some(started),
            staff: staff::Staff::default(),
            oom: Counter::here(),
            counters,
            orders,
            broken: false,
        })
    }

    fn run(&mut self) -> io::Result<()> {
        loop {
            let now = Instant::now();
            self.orders = self.inbox.look(now);
            self.take_over();
            self.obey(now);
            self.tick(now);
            self.staff(now);
            self.assign();
            self.publish();
            if self.is_over() {
                return Ok(());
            }
            self.watch.update(&self.children)?;
            let due = self.due(now);
            for seen in self.watch.wait(due)? {
                match seen {
                    Seen::Bell => drop(self.inbox.bell().read()),
                    Seen::Socket(child) => self.talk(child),
                    Seen::Stderr(child) => self.read_stderr(child),
                    Seen::End(child) => self.check_end(child),
                }
            }
        }
    }

    /// Does what others asked for.
    fn obey(&mut self, now: Instant) {
        for request in std::mem::take(&mut self.orders.expired) {
            request.expire();
        }
        for job in std::mem::take(&mut self.orders.cancels) {
            self.stop(job, Stop::Cancelled, now);
        }
        if self.orders.abandoned {
            self.abandon(now);
        } else if self.orders.closing == Some(Drain::Started) {
            self.take_all_back();
            let cancelled = self.withdraw_queue();
            self.inbox.report(|report| report.cancelled += cancelled);
        }
    }

    /// The grace of a shutdown is over.
    fn abandon(&mut self, now: Instant) {
        self.take_all_back();
        let cancelled = self.withdraw_queue();
        let mut stragglers = Vec::new();
        for child in self.children.values_mut() {
            let pid = child.pid();
            let begun = match &mut child.phase {
                Phase::Busy(running) => Some(&mut **running),
                Phase::Stocked => child.stock.as_mut().and_then(Stock::begun),
                _ => None,
            };
            if let Some(running) = begun.filter(|running| running.stop != Some(Stop::Shutdown)) {
                running.stop = Some(Stop::Shutdown);
                let age = now.saturating_duration_since(running.since);
                stragglers.push(Straggler::new(running.label.clone(), format!("process {pid}"), age));
            }
            if !child.killed {
                child.kill();
            }
        }
        self.inbox.report(|report| {
            report.cancelled += cancelled;
            report.stragglers.extend(stragglers);
        });
    }

    fn withdraw_queue(&mut self) -> usize {
        self.orders.queued = 0;
        withdraw_all(self.inbox.drain(), |started| JobError::Shutdown { started })
    }

    /// Does what the time asks for.
    fn tick(&mut self, now: Instant) {
        let late: Vec<u64> = self.children.values().flat_map(|child| overrun(child, now)).collect();
        for job in late {
            self.stop(job, Stop::Deadline, now);
        }
        let mut never_began = false;
        for child in self.children.values_mut() {
            if child.kill_at.is_some_and(|at| at <= now) {
                never_began |= matches!(child.phase, Phase::Starting | Phase::Preparing);
                child.kill();
            }
        }
        if never_began && self.started.is_some() {
            self.give_up(StartError::NotInitialized { waited: self.plan.start_within });
        }
        let unwatched: Vec<u64> =
            self.children.iter().filter(|(_, child)| child.pidfd.is_none()).map(|(no, _)| *no).collect();
        for child in unwatched {
            self.check_end(child);
        }
        self.look_around(now);
        self.shrink(now);
    }

    /// Asks the worker that runs `job` to stop it; the grace begins.
    fn stop(&mut self, job: u64, why: Stop, now: Instant) {
        // It may wait for another worker because its first one has died.
        if let Some(request) = self.inbox.remove(job) {
            self.orders.queued = self.orders.queued.saturating_sub(1);
            request.withdraw(|started| JobError::Cancelled { started });
            return;
        }
        if self.stop_in_stock(job, why, now) {
            return;
        }
        for child in self.children.values_mut() {
            let Phase::Busy(running) = &mut child.phase else { continue };
            if running.id != job || running.stop.is_some() {
                continue;
            }
            running.stop = Some(why);
            if why == Stop::Deadline {
                // Whoever waits for it learns it now; the rest is between us and the worker.
                running.pending.expire();
            }
            // A worker that has lost its socket is given less time, whatever the grace.
            child.kill_at = child.kill_at.into_iter().chain(now.checked_add(self.plan.grace)).min();
            child.ask_to_stop(job, why);
        }
    }

    /// When something will be due, if nothing happens before.
    fn due(&self, now: Instant) -> Option<Instant> {
        let of_children = self.children.values().filter_map(|child| {
            let deadline = unstopped(child).filter_map(|running| running.deadline).min();
            let poll = child.pidfd.is_none().then_some(now + POLL_EVERY);
            let look = child.stock.as_ref().and_then(|stock| stock.look_at);
            [child.kill_at, deadline, poll, look].into_iter().flatten().min()
        });
        of_children.chain(self.orders.next_deadline).chain(self.staff.due(now)).chain(self.shrinks_at()).min()
    }
}

/// What `child` has that may overrun a deadline, and nobody stopped yet.
fn unstopped(child: &Child) -> impl Iterator<Item = &Running> {
    let busy = match &child.phase {
        Phase::Busy(running) => Some(&**running),
        _ => None,
    };
    let all = busy.into_iter().chain(child.stock.iter().flat_map(Stock::with_deadlines));
    all.filter(|running| running.stop.is_none())
}

/// The jobs of `child` whose deadline has passed, and nobody stopped them yet.
fn overrun(child: &Child, now: Instant) -> impl Iterator<Item = u64> {
    let late = move |running: &&Running| running.deadline.is_some_and(|at| at <= now);
    unstopped(child).filter(late).map(|running| running.id)
}

/// How many of `requests` had not been withdrawn by somebody else.
pub(crate) fn withdraw_all(
    requests: impl IntoIterator<Item = Box<Request>>,
    error: impl Fn(bool) -> JobError,
) -> usize {
    requests.into_iter().map(|request| usize::from(request.withdraw(&error))).sum()
}

/// What to tell about a job whose worker is gone.
fn last_answer(running: &crate::child::Running, nonsense: Option<String>, death: contract::Death) -> Answer {
    if let Some(nonsense) = nonsense {
        return Answer::Nonsense(nonsense);
    }
    Answer::Failed(match running.stop {
        Some(Stop::Cancelled) => JobError::Cancelled { started: true },
        Some(Stop::Deadline) => JobError::Deadline { started: true },
        Some(Stop::Shutdown) => JobError::Shutdown { started: true },
        None => JobError::WorkerDied(death),
    })
}
