//! A runtime that tests run on.

use crate::drivers;
use contract::{Driver, Unavailable};
use std::fmt;

/// A runtime that tests run on: its name, and how its driver is made.
///
/// # Examples
///
/// ```
/// use loop_test::Runtime;
///
/// // A driver of one's own; here the native one, under another name.
/// static MINE: Runtime = Runtime::new("mine", || Ok(Box::new(core_loop::NativeDriver::new()?)));
///
/// loop_test::hold("it_yields", &MINE, core_loop::yield_now);
/// ```
pub struct Runtime {
    name: &'static str,
    make: Make,
}

enum Make {
    Plain(fn() -> Made),
    Seeded(fn(u64) -> Made),
}

type Made = Result<Box<dyn Driver>, Unavailable>;

/// The loop's own driver.
pub static NATIVE: Runtime = Runtime::new("native", || Ok(Box::new(drivers::native()?)));
/// tokio.
pub static TOKIO: Runtime = Runtime::new("tokio", || Ok(Box::new(drivers::tokio()?)));
/// smol.
pub static SMOL: Runtime = Runtime::new("smol", || Ok(Box::new(drivers::smol()?)));
/// glommio.
pub static GLOMMIO: Runtime = Runtime::new("glommio", || Ok(Box::new(drivers::glommio()?)));
/// Virtual time, where an hour takes microseconds: each test runs once a seed.
pub static VIRTUAL: Runtime =
    Runtime::seeded("virtual", |seed| Ok(Box::new(drivers::virtual_time(Some(seed))?)));

impl Runtime {
    /// A runtime whose driver `make` makes, fresh for each test.
    #[must_use]
    pub const fn new(name: &'static str, make: fn() -> Result<Box<dyn Driver>, Unavailable>) -> Self {
        Self { name, make: Make::Plain(make) }
    }

    /// A runtime whose schedule a seed chooses: each test runs once a seed, from 0 to 49.
    ///
    /// `LOOP_TEST_SEEDS` says how many instead, and `LOOP_TEST_SEED` the only one: what a failure prints to be repeated.
    #[must_use]
    pub const fn seeded(name: &'static str, make: fn(u64) -> Result<Box<dyn Driver>, Unavailable>) -> Self {
        Self { name, make: Make::Seeded(make) }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn is_seeded(&self) -> bool {
        matches!(self.make, Make::Seeded(_))
    }

    pub(crate) fn make(&self, seed: u64) -> Made {
        match self.make {
            Make::Plain(make) => make(),
            Make::Seeded(make) => make(seed),
        }
    }
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime").field("name", &self.name).field("seeded", &self.is_seeded()).finish()
    }
}
