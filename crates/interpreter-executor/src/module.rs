//! A module that was loaded: what calls are made of, and where instances wait for the next one.

use crate::call::GuestCall;
use crate::engine::{Arguments, Instance, Program};
use crate::meter::Meter;
use crate::pool::Shared;
use crate::{Function, Reuse, seat};
use contract::{GuestError, JobError, Panic};
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A module, parsed, validated and compiled once, for all threads of the pool that loaded it. Cloning gives another handle.
///
/// Dropping the last handle, when the last call has ended, drops the instances that wait for another call.
///
/// # Python
///
/// `concurrent.interpreters.Interpreter`, after the source was run in it; here one for each thread, or for each call.
#[derive(Clone)]
pub struct Module {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) pool: Arc<Shared>,
    program: Arc<dyn Program>,
    /// The call that each instance answers before any other.
    initializer: Option<(usize, Arguments)>,
    /// What the initializer said when it failed: nothing runs any more.
    broken: OnceLock<String>,
    /// For each thread an instance that waits for its next call; the last is for calls without a thread of the pool.
    kept: Box<[Mutex<Option<Kept>>]>,
}

/// An instance that has served some calls.
struct Kept {
    instance: Box<dyn Instance>,
    served: u32,
}

impl Module {
    pub(crate) fn new(pool: Arc<Shared>, program: Arc<dyn Program>) -> Self {
        Self::with(pool, program, None)
    }

    fn with(pool: Arc<Shared>, program: Arc<dyn Program>, initializer: Option<(usize, Arguments)>) -> Self {
        let seats = if pool.reuse == Reuse::Fresh { 0 } else { pool.seats + 1 };
        let kept = (0..seats).map(|_| Mutex::default()).collect();
        Self { inner: Arc::new(Inner { pool, program, initializer, broken: OnceLock::new(), kept }) }
    }

    /// The same module, whose every instance first answers a call of `function`: shared values arrive before the first job.
    ///
    /// If that fails, the module is broken: its calls end as [`JobError::Initializer`], and are refused from then on.
    ///
    /// # Errors
    ///
    /// [`GuestError::Abi`] if there is no such function, or it takes another number of arguments.
    ///
    /// # Python
    ///
    /// `initializer`, `initargs` and `shared` of `InterpreterPoolExecutor`.
    pub fn initialized<I>(&self, function: &str, arguments: I) -> Result<Self, GuestError>
    where
        I: IntoIterator<Item: Into<Vec<u8>>>,
    {
        let arguments: Arguments = arguments.into_iter().collect();
        let export = self.inner.export(function, arguments.count())?;
        Ok(Self::with(self.inner.pool.clone(), self.inner.program.clone(), Some((export, arguments))))
    }

    /// A call of the function `name`, bytes in and bytes out. Whether there is such a function is the job's answer.
    pub fn call<I>(&self, name: &str, arguments: I) -> GuestCall
    where
        I: IntoIterator<Item: Into<Vec<u8>>>,
    {
        let arguments: Arguments = arguments.into_iter().collect();
        let export = self.inner.export(name, arguments.count());
        GuestCall::new(self.clone(), export, arguments)
    }

    /// The function `name`, to be called with values: `A` is the tuple of its arguments.
    ///
    /// # Errors
    ///
    /// [`GuestError::Abi`] if there is no such function, or it does not take one argument.
    pub fn function<A, R>(&self, name: &str) -> Result<Function<A, R>, GuestError> {
        Ok(Function::new(self.clone(), self.inner.export(name, 1)?))
    }

    /// The names of the functions that can be called.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        let exports = self.inner.program.exports().iter();
        exports.filter(|export| export.arity.is_some()).map(|export| export.name.as_str())
    }
}

impl Inner {
    /// The position of the export that can be called so.
    fn export(&self, name: &str, arguments: usize) -> Result<usize, GuestError> {
        let exports = self.program.exports();
        let Some(position) = exports.iter().position(|export| export.name == name) else {
            let callable = exports.iter().filter(|export| export.arity.is_some());
            let names: Vec<&str> = callable.map(|export| export.name.as_str()).collect();
            let there = names.join(", ");
            return Err(GuestError::Abi(format!("it exports no function `{name}`, only these: {there}")));
        };
        match exports[position].arity {
            Some(arity) if arity == arguments => Ok(position),
            Some(arity) => Err(GuestError::Abi(format!(
                "`{name}` takes {arity} arguments, and is called with {arguments}"
            ))),
            None => Err(GuestError::Abi(format!(
                "`{name}` cannot be called: its parameters and its one result must be integers of 32 bits"
            ))),
        }
    }

    /// Why nothing runs any more.
    pub(crate) fn broken(&self) -> Option<&str> {
        self.broken.get().map(String::as_str)
    }

    /// Runs a call on this thread.
    pub(crate) fn run(
        &self,
        export: usize,
        arguments: Arguments,
        fuel: Option<u64>,
    ) -> Result<Vec<u8>, JobError> {
        let mut meter = Meter::new(&self.pool.limits, fuel, self.pool.halt.clone());
        let seat = seat::of(self.pool.id).unwrap_or(self.pool.seats);
        let slot = self.kept.get(seat);
        // Taken out: a host function may call the module again on this very thread, which then makes another.
        let waiting = slot.and_then(|slot| slot.lock().unwrap_or_else(PoisonError::into_inner).take());
        let mut kept = match waiting {
            Some(kept) => kept,
            None => Kept { instance: self.instance(&mut meter)?, served: 0 },
        };
        let outcome = kept.instance.call(export, arguments, &mut meter);
        kept.served = kept.served.saturating_add(1);
        let sound = matches!(outcome, Ok(_) | Err(JobError::Guest(GuestError::Error(_))));
        if let Some(slot) = slot.filter(|_| sound && self.pool.reuse.keeps(kept.served)) {
            let before = slot.lock().unwrap_or_else(PoisonError::into_inner).replace(kept);
            drop(before);
        }
        outcome
    }

    /// A new instance that has answered its initializer.
    fn instance(&self, meter: &mut Meter) -> Result<Box<dyn Instance>, JobError> {
        if let Some(why) = self.broken() {
            return Err(initializer(why));
        }
        let mut instance = self.program.instantiate(meter)?;
        let Some((export, arguments)) = &self.initializer else { return Ok(instance) };
        match instance.call(*export, arguments.clone(), meter) {
            Ok(_) => Ok(instance),
            // What was stopped from outside, or by the caller's own bound, says nothing about the module.
            Err(short @ JobError::Guest(GuestError::OutOfFuel { .. })) => Err(short),
            Err(error @ (JobError::Guest(_) | JobError::Panicked(_))) => {
                let why = self.broken.get_or_init(|| error.to_string());
                Err(initializer(why))
            }
            Err(stopped) => Err(stopped),
        }
    }
}

fn initializer(why: &str) -> JobError {
    JobError::Initializer(Panic::from_words(why.to_owned(), None))
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Module")
            .field("functions", &self.functions().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
