//! The host's side of a call by the protocol, whatever the engine.

use super::Arguments;
use crate::{HostFunction, Limits, Value};
use contract::{GuestError, JobError, Panic};

/// The module of the protocol's own functions.
pub const PROTOCOL: &str = "typst_env";
/// Takes a pointer, and writes the arguments there.
pub const WRITE_ARGUMENTS: &str = "wasm_minimal_protocol_write_args_to_buffer";
/// Takes a pointer and a length, and reads the result there.
pub const SEND_RESULT: &str = "wasm_minimal_protocol_send_result_to_host";

/// What a call brings, what it has sent, and why a function of the host ended it. For engines, which keep one for each
/// instance.
#[derive(Debug)]
pub struct Exchange {
    arguments: Arguments,
    output: Vec<u8>,
    /// The largest output that is taken.
    output_max: usize,
    failure: Option<JobError>,
}

/// A function of the host ended the call; why is [told](Exchange::take_failure) when the engine has unwound it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended;

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a function of the host ended the call")
    }
}

impl std::error::Error for Ended {}

impl Exchange {
    /// Before any call.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self { arguments: Arguments::default(), output: Vec::new(), output_max: limits.output, failure: None }
    }

    /// A call begins.
    pub fn begin(&mut self, arguments: Arguments) {
        self.arguments = arguments;
        self.output = Vec::new();
    }

    /// The guest wants its arguments at `pointer`.
    ///
    /// # Errors
    ///
    /// They do not fit there.
    pub fn write_arguments(&mut self, memory: &mut [u8], pointer: i32) -> Result<(), Ended> {
        let at = offset(pointer);
        if self.arguments.copy_into(memory, at) {
            return Ok(());
        }
        let what = format!(
            "it wants its {} bytes of arguments at {at}, beyond its {} bytes of memory",
            self.arguments.bytes(),
            memory.len()
        );
        self.end(JobError::Guest(GuestError::Abi(what)))
    }

    /// The guest sends what lies at `pointer`. What it sends last counts.
    ///
    /// # Errors
    ///
    /// It is too large, or not in the memory.
    pub fn send_result(&mut self, memory: &[u8], pointer: i32, length: i32) -> Result<(), Ended> {
        let (at, len) = (offset(pointer), offset(length));
        if len > self.output_max {
            let limit = self.output_max;
            return self.end(JobError::Guest(GuestError::TooLarge { len, limit }));
        }
        let Some(result) = at.checked_add(len).and_then(|end| memory.get(at..end)) else {
            let what =
                format!("its result of {len} bytes at {at} is beyond its {} bytes of memory", memory.len());
            return self.end(JobError::Guest(GuestError::Abi(what)));
        };
        self.output.clear();
        self.output.extend_from_slice(result);
        Ok(())
    }

    /// The guest calls a function of the user. Its panic does not unwind through the engine.
    ///
    /// # Errors
    ///
    /// It refused, or panicked.
    pub fn call_host(
        &mut self,
        function: &HostFunction,
        memory: &mut [u8],
        args: &[Value],
    ) -> Result<Option<Value>, Ended> {
        match Panic::catch(|| function.call(memory, args)) {
            Ok(Ok(given)) => Ok(given),
            Ok(Err(message)) => {
                let function = format!("{}.{}", function.module, function.name);
                self.end(JobError::Guest(GuestError::Host { function, message })).map(|()| None)
            }
            Err(panic) => self.end(JobError::Panicked(panic)).map(|()| None),
        }
    }

    fn end(&mut self, why: JobError) -> Result<(), Ended> {
        self.failure = Some(why);
        Err(Ended)
    }

    /// Why a function of the host ended the call, if one did.
    pub fn take_failure(&mut self) -> Option<JobError> {
        self.failure.take()
    }

    /// The call is over, and returned `code`: what it has sent, as a result or as an error.
    ///
    /// # Errors
    ///
    /// The guest's own; or that it did not keep to the protocol.
    pub fn answer(&mut self, code: i32) -> Result<Vec<u8>, JobError> {
        self.arguments = Arguments::default();
        let output = std::mem::take(&mut self.output);
        let error = match code {
            0 => return Ok(output),
            1 => match String::from_utf8(output) {
                Ok(message) => GuestError::Error(message),
                Err(_) => GuestError::Abi("its error is no UTF-8".into()),
            },
            code => GuestError::Abi(format!("it returned {code}, neither 0 for a result nor 1 for an error")),
        };
        Err(JobError::Guest(error))
    }
}

/// A pointer or a length, which are unsigned whatever the machine calls them.
fn offset(number: i32) -> usize {
    usize::try_from(number.cast_unsigned()).unwrap_or(usize::MAX)
}
