//! How guest code of an interpreter failed.

use std::fmt;

/// How a call into the guest code of an interpreter failed.
///
/// # Python
///
/// `concurrent.interpreters.ExecutionFailed`. There a guest that takes too much memory, or crashes, takes the program along.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum GuestError {
    /// It did what the machine forbids: its instance is gone.
    Trap {
        /// What it did.
        kind: Trap,
        /// The exported function that was called.
        function: String,
    },
    /// It asked for more memory than it may have, was refused, and gave up; or its module needs more to begin with.
    OutOfMemory {
        /// How many bytes it may have.
        limit: usize,
    },
    /// The same with the elements of its tables.
    OutOfTable {
        /// How many elements it may have.
        limit: usize,
    },
    /// It used up all the fuel that it was given.
    OutOfFuel {
        /// How much that was.
        limit: u64,
    },
    /// Its result is larger than the executor takes.
    TooLarge {
        /// The result's size in bytes.
        len: usize,
        /// The largest size in bytes that is accepted.
        limit: usize,
    },
    /// It returned an error, in its own words.
    Error(String),
    /// A function of the host that it called refused, in its own words.
    Host {
        /// Which one, as `module.name`.
        function: String,
        /// What it said.
        message: String,
    },
    /// It did not keep to the protocol, or was called as it cannot be, in words.
    Abi(String),
}

/// What the machine forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trap {
    /// It reached code that says of itself that it is never reached: a panic, in most languages.
    Unreachable,
    /// It went beyond its memory.
    MemoryOutOfBounds,
    /// It went beyond a table.
    TableOutOfBounds,
    /// It called a table's element that is empty.
    NullCall,
    /// It called a table's element of another type.
    BadSignature,
    /// It divided by zero.
    DivisionByZero,
    /// A division or a conversion did not fit.
    IntegerOverflow,
    /// It made an integer of what is no number.
    NotANumber,
    /// It called itself deeper than its stack allows.
    StackOverflow,
    /// The system had no memory for it.
    SystemOutOfMemory,
    /// Something else.
    Other,
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreachable => "reached code that is never to be reached",
            Self::MemoryOutOfBounds => "went beyond its memory",
            Self::TableOutOfBounds => "went beyond a table",
            Self::NullCall => "called an empty element of a table",
            Self::BadSignature => "called an element of a table that has another type",
            Self::DivisionByZero => "divided by zero",
            Self::IntegerOverflow => "computed an integer that does not fit",
            Self::NotANumber => "made an integer of what is no number",
            Self::StackOverflow => "called itself deeper than its stack allows",
            Self::SystemOutOfMemory => "needed memory that the system did not have",
            Self::Other => "did what the machine forbids",
        })
    }
}

impl fmt::Display for GuestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trap { kind, function } => write!(f, "`{function}` {kind}"),
            Self::OutOfMemory { limit } => {
                write!(f, "it needs more than the {limit} bytes of memory that it may have: raise the limit")
            }
            Self::OutOfTable { limit } => {
                write!(f, "it needs more than the {limit} elements that its tables may have: raise the limit")
            }
            Self::OutOfFuel { limit } => write!(f, "it used up its {limit} units of fuel"),
            Self::TooLarge { len, limit } => {
                write!(f, "its result takes {len} bytes, more than the limit of {limit}")
            }
            Self::Error(message) => f.write_str(message),
            Self::Host { function, message } => write!(f, "the host's `{function}` refused: {message}"),
            Self::Abi(what) => write!(f, "it breaks the protocol: {what}"),
        }
    }
}

impl std::error::Error for GuestError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::JobError;

    #[test]
    fn a_trap_tells_who_did_what() {
        let trap = GuestError::Trap { kind: Trap::DivisionByZero, function: "mean".into() };
        assert_eq!(JobError::Guest(trap).to_string(), "the guest failed: `mean` divided by zero");
    }
}
