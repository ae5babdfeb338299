//! What a loop on virtual time is made of.

use crate::driver::VirtualDriver;
use crate::gate::{Gate, Tell};
use crate::net::{Link, Network};
use crate::reactor::VirtualReactor;
use crate::world::World;
use core_loop::{RunError, Runner};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How much real time a run may take without anything from outside; unless it is told.
const PATIENCE: Duration = Duration::from_secs(60);

/// Settings of a loop on virtual time.
///
/// # Examples
///
/// ```
/// use loop_virtual::{Builder, Link};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), core_loop::RunError> {
/// let slow = Link::new().latency(Duration::from_millis(1)..=Duration::from_millis(9));
/// Builder::new().seed(7).link(slow).run(async {
///     core_loop::sleep(Duration::from_secs(3600)).await;
/// })
/// # }
/// ```
#[derive(Clone)]
#[must_use = "it does nothing until it builds or runs"]
pub struct Builder {
    seed: Option<u64>,
    lateness: Duration,
    link: Link,
    patience: Duration,
    tell: Tell,
}

impl Builder {
    /// No seed, timers at their very deadline, a perfect network.
    pub fn new() -> Self {
        Self {
            seed: None,
            lateness: Duration::ZERO,
            link: Link::new(),
            patience: PATIENCE,
            tell: Arc::new(|words| eprintln!("loop_virtual: {words}")),
        }
    }

    /// Lets `seed` choose whatever a runtime does not promise: the order in which the loop hears of what happens at one
    /// instant, and what is drawn (latencies, lost connections, [`random_below`](crate::random_below)). The same seed
    /// chooses the same.
    ///
    /// Without one what is drawn is always the same, and the loop hears of all arrivals of an instant in the order in which
    /// they were sent, then of its timers.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Timers may be late by this much, as those of a real runtime are: drawn anew each time the loop rests. Zero unless
    /// set. Deadlines that lie closer together then come due in one turn, in their order.
    pub fn lateness(mut self, most: Duration) -> Self {
        self.lateness = most;
        self
    }

    /// How bytes travel between those who connect and those who listen.
    pub fn link(mut self, link: Link) -> Self {
        self.link = link;
        self
    }

    /// How long, in real time, a run may go without anything from outside, whether it waits for those who hold a token or
    /// goes from timer to timer without an end. Then it ends with an error that says so. A minute unless set.
    pub fn patience(mut self, real: Duration) -> Self {
        self.patience = real;
        self
    }

    /// What is told of a wake from a thread that held no token, in place of standard error. It is called on that thread.
    pub fn on_missing_token(mut self, tell: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.tell = Arc::new(tell);
        self
    }

    /// A driver, for a [`Runner`] on this thread.
    #[must_use]
    pub fn build(&self) -> VirtualDriver {
        let world = World::new(self.seed.unwrap_or(0));
        let network = Network::new(world.clone(), self.link.clone());
        let gate = Gate::new(self.tell.clone());
        let reactor = VirtualReactor::new(world, gate, network, self.lateness);
        VirtualDriver::with(reactor, self.seed, self.patience)
    }

    /// Runs `main` on a new loop and closes the loop.
    ///
    /// # Errors
    ///
    /// [`RunError::Stuck`], with the tasks that wait: a deadlock; silence, when those who hold a token did nothing for too
    /// long; or a runaway, when timers or wakes went on for too long and `main` did not end. Any other [`RunError`] as of
    /// [`core_loop::run`].
    ///
    /// # Panics
    ///
    /// If `main` does, after the close.
    #[track_caller]
    pub fn run<F: Future>(&self, main: F) -> Result<F::Output, RunError> {
        let mut runner = Runner::new(self.build());
        let outcome = runner.run(main);
        match &outcome {
            // What is stuck would not end within any grace.
            Err(RunError::Stuck(_)) => drop(runner.close(Duration::ZERO)),
            _ => drop(runner),
        }
        outcome
    }

    /// Runs `main` once for each of `seeds`, each time on a new loop.
    ///
    /// # Panics
    ///
    /// If a run does, or ends with an error. The seed is printed to standard error, or is in the error's words.
    ///
    /// # Examples
    ///
    /// ```
    /// use loop_virtual::Builder;
    ///
    /// Builder::new().for_each_seed(0..100, || async {
    ///     let (a, b) = core_loop::gather((async { 1 }, async { 2 })).await.unwrap();
    ///     assert_eq!(a + b, 3);
    /// });
    /// ```
    #[track_caller]
    pub fn for_each_seed<F: Future<Output = ()>>(
        &self,
        seeds: impl IntoIterator<Item = u64>,
        main: impl Fn() -> F,
    ) {
        for seed in seeds {
            let outcome = self.clone().seed(seed).run(main());
            if let Err(error) = outcome {
                panic!("seed {seed}: {error}");
            }
        }
    }
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("seed", &self.seed)
            .field("lateness", &self.lateness)
            .field("link", &self.link)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}
