//! What runs guests: the traits behind which engines stand, what they share, and nothing of any of them.
//!
//! To put another engine behind a pool, implement [`Engine`], [`Program`] and [`Instance`], and give the type to
//! [`Builder::engine`](crate::Builder::engine). [`Exchange`] is the host's side of the protocol, [`Growth`] are the caps,
//! [`check_imports`] and [`check_memory`] look at a module; [`expose_start`] makes a start function one that can be stopped.

use crate::{Imports, Limits, LoadError, Meter};
use contract::JobError;

pub use crate::start::{START, expose_start};

mod exchange;
mod growth;
mod wanted;

pub use exchange::{Ended, Exchange, PROTOCOL, SEND_RESULT, WRITE_ARGUMENTS};
pub use growth::Growth;
pub use wanted::{Signature, Wanted, check_imports, check_memory};

/// A machine for WebAssembly. One is made for each pool, with the pool's limits.
///
/// Guests are called by Typst's plugin protocol: an export takes the lengths of its arguments, fetches them with
/// `typst_env.wasm_minimal_protocol_write_args_to_buffer`, sends its result with
/// `typst_env.wasm_minimal_protocol_send_result_to_host`, and returns 0, or 1 if the result is an error as text.
pub trait Engine: Send + Sync + 'static {
    /// An engine that holds its guests to `limits`.
    fn new(limits: &Limits) -> Self
    where
        Self: Sized;

    /// Parses, validates and compiles `module`, once for all threads.
    ///
    /// # Errors
    ///
    /// Why it cannot be run.
    fn load(&self, module: &[u8], imports: &Imports) -> Result<Box<dyn Program>, LoadError>;
}

/// A module that was loaded.
pub trait Program: Send + Sync + 'static {
    /// The functions that it exports; a call names them by their position.
    fn exports(&self) -> &[Export];

    /// A new instance, whose start function has run.
    ///
    /// # Errors
    ///
    /// Why there is none: what the start function did, or a limit.
    fn instantiate(&self, meter: &mut Meter) -> Result<Box<dyn Instance>, JobError>;
}

/// A module that lives: memory, tables, globals.
pub trait Instance: Send {
    /// Calls the export at this position with these arguments, as many as it takes.
    ///
    /// # Errors
    ///
    /// What the guest did, or why it was stopped. After any error but the guest's own the instance is dropped.
    fn call(&mut self, export: usize, arguments: Arguments, meter: &mut Meter) -> Result<Vec<u8>, JobError>;
}

/// A function that a module exports.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Export {
    /// Its name.
    pub name: String,
    /// How many arguments it takes; `None` if it is no function of the protocol.
    pub arity: Option<usize>,
}

impl Export {
    /// A function of this name, with so many arguments.
    #[must_use]
    pub fn new(name: impl Into<String>, arity: Option<usize>) -> Self {
        Self { name: name.into(), arity }
    }
}

/// The arguments of one call: byte strings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arguments {
    /// The first, which most calls have, by itself: it is moved, never copied, until the guest gets it.
    first: Option<Vec<u8>>,
    others: Vec<Vec<u8>>,
}

impl Arguments {
    /// One argument.
    #[must_use]
    pub fn one(argument: Vec<u8>) -> Self {
        Self { first: Some(argument), others: Vec::new() }
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.first.iter().chain(&self.others).map(Vec::as_slice)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        usize::from(self.first.is_some()) + self.others.len()
    }

    /// How many bytes they have in all.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.iter().map(<[u8]>::len).sum()
    }

    /// For engines: copies them into `memory`, one behind the other, from `at` on. `false`, and nothing is copied, if they
    /// do not fit.
    #[must_use]
    pub fn copy_into(&self, memory: &mut [u8], at: usize) -> bool {
        let place = at.checked_add(self.bytes()).and_then(|end| memory.get_mut(at..end));
        let Some(mut place) = place else { return false };
        for argument in self.iter() {
            let (here, behind) = place.split_at_mut(argument.len());
            here.copy_from_slice(argument);
            place = behind;
        }
        true
    }
}

impl<A: Into<Vec<u8>>> FromIterator<A> for Arguments {
    fn from_iter<I: IntoIterator<Item = A>>(arguments: I) -> Self {
        let mut arguments = arguments.into_iter().map(Into::into);
        Self { first: arguments.next(), others: arguments.collect() }
    }
}
