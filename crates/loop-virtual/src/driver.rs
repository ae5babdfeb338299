//! The driver: polls the loop while anything is ready, then lets time jump.
//!
//! ```text
//!               nothing ready          nothing due now         no token lives
//!   POLL root ───────────────► VISIT ────────────────► REST ───────────────────► JUMP to the next deadline or arrival
//!     ▲   ▲                      │ something due         │ a token lives: waits    │              │ none
//!     │   └────── woken ─────────┘                       │ for real                │              ▼
//!     └──────────────────────────────────── woken ───────┴──────────◄──────────────┘          DEADLOCK
//! ```

use crate::builder::Builder;
use crate::current::Current;
use crate::gate::{Gate, Rest};
use crate::reactor::VirtualReactor;
use contract::driver::{Driver, Reactor};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

/// A run that took its time and has gone on fewer times than this was busy with something: it does not run away.
const RUNAWAY: u32 = 100;

/// Carries the loop on virtual time, on the thread that made it.
///
/// Time stands still while anything is ready, and jumps to the next deadline when nothing is. It begins at the real time,
/// and runs on from one run to the next.
///
/// A driver with a seed prints it to standard error when a panic passes through it.
pub struct VirtualDriver {
    reactor: Rc<VirtualReactor>,
    seed: Option<u64>,
    patience: Duration,
    began: Instant,
    gave_up: RefCell<Option<String>>,
    /// There is something that a seed could have brought about.
    ran: Cell<bool>,
    /// Since when, in real time, nothing came from outside: against runs that never end, and never rest for good.
    alone_since: Cell<Instant>,
    /// How often the loop has gone on since then.
    went_on: Cell<u32>,
}

impl VirtualDriver {
    /// A driver without a seed, with a perfect network: what [`Builder::new`] builds.
    #[must_use]
    pub fn new() -> Self {
        Builder::new().build()
    }

    pub(crate) fn with(reactor: VirtualReactor, seed: Option<u64>, patience: Duration) -> Self {
        let began = reactor.world.clock.now();
        Self {
            reactor: Rc::new(reactor),
            seed,
            patience,
            began,
            gave_up: RefCell::new(None),
            ran: Cell::new(false),
            alone_since: Cell::new(Instant::now()),
            went_on: Cell::new(0),
        }
    }

    fn gate(&self) -> &std::sync::Arc<Gate> {
        &self.reactor.gate
    }

    /// Lets the loop hear of what is due. Gives how much that was.
    fn visit(&self) -> usize {
        self.reactor.fire_if_due();
        let world = &self.reactor.world;
        let random = self.seed.is_some().then_some(&world.random);
        world.events.visit(world.clock.now(), random, self.gate().is_woken())
    }

    /// Nothing is ready: goes on until the root is woken. Says why if nothing can wake it.
    fn rest(&self) -> Result<(), String> {
        self.reactor.world.clock.rest();
        loop {
            if self.visit() > 0 || self.gate().is_woken() {
                if self.gate().take_wake() {
                    return Ok(());
                }
                continue;
            }
            match self.gate().rest(self.patience) {
                Rest::Woken => {
                    self.take_heart();
                    return Ok(());
                }
                Rest::Alone if self.reactor.jump() => self.go_on()?,
                Rest::Alone => {
                    return Err(self.words(
                        "deadlock: nothing is ready, no timer is armed, no token is held; let somebody set, send or \
                         release what the tasks below wait for, and let a thread that is to wake the loop hold \
                         `core_loop::outside()`",
                    ));
                }
                Rest::Silence(tokens) => return Err(self.silence(&tokens)),
            }
        }
    }

    fn silence(&self, tokens: &[&'static Location<'static>]) -> String {
        let places: Vec<_> = tokens.iter().map(|place| format!("at {place}")).collect();
        self.words(&format!(
            "silence: for {:?} nothing came from outside, where tokens are held since the calls {} (a thread that itself \
             waits for time to pass must let go of its token first)",
            self.patience,
            places.join(", ")
        ))
    }

    /// The run begins, or something came from outside.
    fn take_heart(&self) {
        self.alone_since.set(Instant::now());
        self.went_on.set(0);
    }

    /// Says why if this has gone on for too long.
    fn go_on(&self) -> Result<(), String> {
        self.went_on.set(self.went_on.get().saturating_add(1));
        if self.went_on.get() < RUNAWAY || self.alone_since.get().elapsed() < self.patience {
            return Ok(());
        }
        Err(self.words(&format!(
            "runaway: for {:?} of real time the loop has gone from one thing to the next, and main has not ended (end what \
             repeats itself, or give the builder more `patience`)",
            self.patience
        )))
    }

    fn give_up(&self, why: String) {
        self.gave_up.replace(Some(why));
        self.gate().give_up();
        self.reactor.disarm();
    }

    fn words(&self, why: &str) -> String {
        let after = self.reactor.world.clock.now().saturating_duration_since(self.began);
        match self.seed {
            Some(seed) => format!("{why} (after {after:?}, seed {seed})"),
            None => format!("{why} (after {after:?})"),
        }
    }
}

impl Driver for VirtualDriver {
    fn reactor(&self) -> Rc<dyn Reactor> {
        self.reactor.clone()
    }

    fn run(&self, mut root: Pin<&mut (dyn Future<Output = ()> + '_)>) {
        let _current = Current::set(self.reactor.clone());
        let waker = Waker::from(self.gate().clone());
        let cx = &mut Context::from_waker(&waker);
        self.ran.set(true);
        self.gave_up.take();
        self.gate().begin();
        self.take_heart();
        while root.as_mut().poll(cx).is_pending() {
            let goes_on = if self.gate().take_wake() {
                // A root that has no loop in it never looks at the clock by itself.
                self.reactor.look();
                self.visit();
                self.go_on()
            } else {
                self.rest()
            };
            if let Err(why) = goes_on {
                return self.give_up(why);
            }
        }
        self.gate().end();
        self.reactor.disarm();
    }

    fn gave_up(&self) -> Option<String> {
        self.gave_up.borrow().clone()
    }
}

impl Default for VirtualDriver {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for VirtualDriver {
    fn drop(&mut self) {
        if let Some(seed) = self.seed
            && self.ran.get()
            && std::thread::panicking()
        {
            eprintln!("loop_virtual: this run had the seed {seed}: the same seed repeats it");
        }
    }
}

impl fmt::Debug for VirtualDriver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VirtualDriver")
            .field("seed", &self.seed)
            .field("gate", self.gate())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use crate::{Builder, Link};
    use core_loop::net::{TcpListener, TcpStream};
    use core_loop::{Runner, sleep, spawn};
    use std::rc::Rc;
    use std::time::Duration;

    #[test]
    fn a_driver_that_is_dropped_leaves_nothing_of_its_world_behind() {
        const LONG: Duration = Duration::from_secs(9);
        let driver = Builder::new().link(Link::new().latency(LONG..=LONG)).build();
        let world = Rc::downgrade(&driver.reactor.world);
        let mut runner = Runner::new(driver);
        let kept = runner.run(async {
            let listener = TcpListener::bind("127.0.0.1:80").await.unwrap();
            spawn(async move { drop(listener.accept().await) }).detach();
            // On their way when the run ends: one that is accepted, one in the queue, one that knocks.
            for _ in 0..3 {
                spawn(async { drop(TcpStream::connect("127.0.0.1:80").await) }).detach();
                sleep(LONG / 2).await;
            }
            crate::pair(Link::new())
        });
        runner.close(Duration::ZERO);
        drop(kept);
        assert_eq!(world.strong_count(), 0);
    }
}
