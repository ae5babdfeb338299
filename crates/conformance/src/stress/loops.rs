//! The stress of a loop: its own thread spawns, cancels, awaits and drops; four other threads wake, call and submit, before,
//! during and after the close.

use super::watchdog::{LONG, watched};
use super::{Dice, Ends, Progress, Stress, Stressed};
use crate::behaviour::ensure;
use crate::{Loops, Miss, Subject};
use core_loop::Runner;
use ledger::Ledger;
use std::panic::Location;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use tasks::World;
use threads::{Crew, Waiting};

mod ledger;
mod tasks;
mod threads;

/// How many threads wake, call and submit.
const THREADS: usize = 4;

/// Longer than any close takes; only a hang reaches it.
const GRACE: Duration = LONG;

impl Subject<Loops> {
    /// Does everything at once to loops on this driver.
    ///
    /// # Errors
    ///
    /// What was lost, came twice or on the wrong thread, or did not end, with the seed that repeats it; or why the driver
    /// cannot run here.
    pub fn stress(&self, stress: Stress) -> Result<Stressed, Miss> {
        if self.fresh()?.reactor().outside(Location::caller()).is_some() {
            return Err(Miss::Skip(
                "its threads never rest, and time, for which its tasks wait, stands still while they work"
                    .to_owned(),
            ));
        }
        let subject = self.clone();
        watched(self.time_limit(), move |progress| {
            stress.rounds(progress, |dice| round(&subject, progress, dice))
        })
    }
}

/// How a loop ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// With all the time that its tasks need.
    Closed,
    /// With no time at all: everything is dropped on the spot.
    ClosedAtOnce,
    /// Nobody asks how it went.
    Dropped,
}

/// Ends the threads, also if the round fails.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// One loop, from its first task to its close and beyond.
fn round(subject: &Subject<Loops>, progress: &Arc<Progress>, dice: &mut Dice) -> Result<Ends, Miss> {
    let runner = Runner::boxed(subject.fresh()?);
    let end = match dice.below(4) {
        0 => End::ClosedAtOnce,
        1 => End::Dropped,
        _ => End::Closed,
    };
    let ledger = Arc::new(Ledger::default());
    let waiting = Arc::new(Waiting::default());
    let (over, closed) = (AtomicBool::new(false), AtomicBool::new(false));
    let world = World::new(&ledger, &waiting, progress, dice.split());
    watch_reports(&runner, &ledger, end);
    let handle = runner.get_loop().handle();
    thread::scope(|scope| {
        let _over = Over(&over);
        for number in 0..THREADS {
            let crew = Crew {
                number,
                handle: handle.clone(),
                home: thread::current().id(),
                ledger: ledger.clone(),
                waiting: waiting.clone(),
                progress: progress.clone(),
            };
            let (dice, over, closed) = (dice.split(), &over, &closed);
            scope.spawn(move || crew.work(dice, over, closed));
        }
        let outcome = run_and_end(runner, end, &world, dice);
        // Release: pairs with the Acquire of the threads, which expect every door shut from now on.
        closed.store(true, Ordering::Release);
        // A while in which they find them shut.
        (0..dice.below(50)).for_each(|_| thread::yield_now());
        outcome
    })?;
    world.settle(end)?;
    waiting.clear();
    // What the threads have asked for is dropped with them, and the loop with everything on it before.
    ensure(Rc::strong_count(&world) == 1, "a future of the loop is still kept somewhere")?;
    ledger.settle(end)
}

/// Several mains, one after the other, then the end.
fn run_and_end(mut runner: Runner, end: End, world: &Rc<World>, dice: &mut Dice) -> Result<(), Miss> {
    for _ in 0..=dice.below(3) {
        let (world, dice) = (world.clone(), dice.split());
        runner.run(tasks::main(world, dice))?;
    }
    world.count();
    match end {
        End::Dropped => drop(runner),
        End::ClosedAtOnce => drop(runner.close(Duration::ZERO)),
        End::Closed => {
            let report = runner.close(GRACE);
            ensure(report.is_clean(), format!("the close reports: {report}"))?;
        }
    }
    Ok(())
}

/// Notes what the loop reports and should not.
fn watch_reports(runner: &Runner, ledger: &Arc<Ledger>, end: End) {
    let ledger = ledger.clone();
    runner.get_loop().set_exception_handler(move |_, context| {
        let on_purpose = context.panic.is_some_and(|panic| panic.message() == tasks::ON_PURPOSE);
        let cut_short = end == End::ClosedAtOnce && context.panic.is_none();
        if !on_purpose && !cut_short {
            ledger.broken.note(format!("the exception handler was told: {context}"));
        }
    });
}
