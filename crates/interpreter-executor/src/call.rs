//! The work of an interpreter pool: a call into a guest.

use crate::engine::Arguments;
use crate::module::Module;
use contract::{Attempt, CodecError, GuestError, JobError, Side};
use guest::wire;
use serde_core::de::DeserializeOwned;
use std::any::type_name;
use std::fmt;
use std::marker::PhantomData;

/// A call of a guest's function, bytes in and bytes out. Made by [`Module::call`].
#[must_use = "a call does nothing unless it is submitted, or run here"]
pub struct GuestCall {
    module: Module,
    /// Its position, or why it cannot be called.
    export: Result<usize, GuestError>,
    arguments: Arguments,
}

impl GuestCall {
    pub(crate) fn new(module: Module, export: Result<usize, GuestError>, arguments: Arguments) -> Self {
        Self { module, export, arguments }
    }

    pub(crate) fn module(&self) -> &Module {
        &self.module
    }

    /// The arguments: for whoever got the call back.
    #[must_use]
    pub fn into_arguments(self) -> Arguments {
        self.arguments
    }

    pub(crate) fn argument_bytes(&self) -> usize {
        self.arguments.bytes()
    }

    /// Runs it on this thread, without a hop, for at most so much fuel: on the thread of an event loop, too, if that is
    /// little. A unit is about one instruction, some nanoseconds.
    ///
    /// # Errors
    ///
    /// As of a job. [`GuestError::OutOfFuel`] if the fuel was not enough: nothing of the call can be continued.
    pub fn run_here(self, fuel: u64) -> Result<Vec<u8>, JobError> {
        self.run(Some(fuel))
    }

    fn run(self, fuel: Option<u64>) -> Result<Vec<u8>, JobError> {
        let export = self.export.map_err(JobError::Guest)?;
        self.module.inner.run(export, self.arguments, fuel)
    }
}

impl Attempt for GuestCall {
    type Output = Vec<u8>;

    fn attempt(self) -> Result<Vec<u8>, JobError> {
        let fuel = self.module.inner.pool.limits.fuel;
        self.run(fuel)
    }
}

/// A call of a guest's function with values. Made by [`Function::call`](crate::Function::call).
#[must_use = "a call does nothing unless it is submitted, or run here"]
pub struct TypedCall<R> {
    pub(crate) call: GuestCall,
    /// Why the arguments are no bytes.
    pub(crate) unwritten: Option<CodecError>,
    result: PhantomData<fn() -> R>,
}

impl<R> TypedCall<R> {
    pub(crate) fn new(call: GuestCall, unwritten: Option<CodecError>) -> Self {
        Self { call, unwritten, result: PhantomData }
    }
}

impl<R: DeserializeOwned> TypedCall<R> {
    /// As [`GuestCall::run_here`].
    ///
    /// # Errors
    ///
    /// As of a job; [`JobError::Codec`] also if the arguments could not be written.
    pub fn run_here(self, fuel: u64) -> Result<R, JobError> {
        self.run(Some(fuel))
    }

    fn run(self, fuel: Option<u64>) -> Result<R, JobError> {
        if let Some(error) = self.unwritten {
            return Err(JobError::Codec(error));
        }
        let bytes = self.call.run(fuel)?;
        wire::from_bytes(&bytes).map_err(|error| {
            JobError::Codec(CodecError::new(Side::Parent, type_name::<R>(), error.to_string()))
        })
    }
}

impl<R: DeserializeOwned> Attempt for TypedCall<R> {
    type Output = R;

    fn attempt(self) -> Result<R, JobError> {
        let fuel = self.call.module.inner.pool.limits.fuel;
        self.run(fuel)
    }
}

impl fmt::Debug for GuestCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("GuestCall");
        shown.field("export", &self.export).field("bytes", &self.arguments.bytes()).finish_non_exhaustive()
    }
}

impl<R> fmt::Debug for TypedCall<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TypedCall").field(&self.call).finish()
    }
}
