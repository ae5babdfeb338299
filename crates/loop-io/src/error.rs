//! Why nothing could be read or written. All of them become an [`io::Error`] with `?`.

use std::fmt;
use std::io;
use std::sync::Arc;

/// The connection failed: what the kernel, or the protocol below, said of it. Cheap to clone, since everybody who uses the
/// connection is told.
#[derive(Debug, Clone)]
pub struct Lost(Arc<io::Error>);

impl Lost {
    pub(crate) fn new(error: io::Error) -> Self {
        Self(Arc::new(error))
    }

    /// What kind of failure it was.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        self.0.kind()
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the connection is lost: {}", self.0)
    }
}

impl std::error::Error for Lost {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.0)
    }
}

impl From<Lost> for io::Error {
    fn from(lost: Lost) -> Self {
        match lost.0.raw_os_error() {
            Some(code) => Self::from_raw_os_error(code),
            None => Self::new(lost.kind(), lost),
        }
    }
}

/// Why bytes were not taken for writing. None of them is sent.
///
/// # Python
///
/// There `write` on a closing transport is ignored, with a warning after some; here it is an error at once.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum WriteError {
    /// `write_eof` came before.
    AfterEof,
    /// `close` or `abort` came before.
    Closed,
    /// A file is being sent.
    SendingFile,
    /// The connection failed.
    Lost(Lost),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AfterEof => f.write_str("written after `write_eof`: write everything before it"),
            Self::Closed => f.write_str("the connection is closing: ask `is_closing()` before you write"),
            Self::SendingFile => f.write_str("a file is being sent: write when that is over"),
            Self::Lost(lost) => lost.fmt(f),
        }
    }
}

impl std::error::Error for WriteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Lost(lost) => lost.source(),
            Self::AfterEof | Self::Closed | Self::SendingFile => None,
        }
    }
}

impl From<WriteError> for io::Error {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Lost(lost) => lost.into(),
            error @ WriteError::SendingFile => Self::new(io::ErrorKind::ResourceBusy, error),
            error => Self::new(io::ErrorKind::BrokenPipe, error),
        }
    }
}

/// The end came too early. Holds what came before it.
///
/// # Python
///
/// `asyncio.IncompleteReadError`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncompleteRead {
    /// What came.
    pub partial: Vec<u8>,
    /// How much was asked for; `None` if it was asked for a separator.
    pub expected: Option<usize>,
}

impl fmt::Display for IncompleteRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let came = self.partial.len();
        match self.expected {
            Some(expected) => write!(f, "the end came after {came} of {expected} bytes"),
            None => write!(f, "the end came after {came} bytes, before a separator"),
        }
    }
}

impl std::error::Error for IncompleteRead {}

/// No separator within the limit. What came is still with the reader.
///
/// # Python
///
/// `asyncio.LimitOverrunError`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LimitOverrun {
    /// How many bytes have no separator in them, for sure: [`consume`](crate::StreamReader::consume) so many to go on.
    pub consumed: usize,
    /// The limit.
    pub limit: usize,
}

impl fmt::Display for LimitOverrun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { consumed, limit } = self;
        write!(f, "no separator in {consumed} bytes: the limit is {limit}, and `limit(…)` sets another")
    }
}

impl std::error::Error for LimitOverrun {}

/// Why not as many bytes came as were asked for.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadExactError {
    /// The end came first.
    Incomplete(IncompleteRead),
    /// What the connection says.
    Io(io::Error),
}

/// Why nothing came that ends with a separator.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadUntilError {
    /// The end came first.
    Incomplete(IncompleteRead),
    /// The limit came first.
    Overrun(LimitOverrun),
    /// What the connection says.
    Io(io::Error),
}

/// Why there is no line. The next one can be read nevertheless, unless the connection is lost.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadLineError {
    /// It is longer than the limit. It is skipped, all of it.
    TooLong(LimitOverrun),
    /// It is no UTF-8. Holds the line.
    Invalid(InvalidLine),
    /// What the connection says.
    Io(io::Error),
}

/// Makes an error of each: its own variants are of some kind as an [`io::Error`], what the connection says stays as it is.
macro_rules! errors {
    ($($name:ident { $($variant:ident as $kind:ident),+ })+) => { $(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$variant(inner) => inner.fmt(f),)+
                    Self::Io(error) => error.fmt(f),
                }
            }
        }

        impl std::error::Error for $name {
            fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
                match self {
                    $(Self::$variant(_) => None,)+
                    Self::Io(error) => error.source(),
                }
            }
        }

        impl From<io::Error> for $name {
            fn from(error: io::Error) -> Self {
                Self::Io(error)
            }
        }

        impl From<$name> for io::Error {
            fn from(error: $name) -> Self {
                match error {
                    $($name::$variant(inner) => Self::new(io::ErrorKind::$kind, inner),)+
                    $name::Io(error) => error,
                }
            }
        }
    )+ };
}

errors! {
    ReadExactError { Incomplete as UnexpectedEof }
    ReadUntilError { Incomplete as UnexpectedEof, Overrun as InvalidData }
    ReadLineError { TooLong as InvalidData, Invalid as InvalidData }
}

/// A line that is no UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidLine {
    /// The line, without its end.
    pub line: Vec<u8>,
    /// Where it goes wrong first.
    pub valid_up_to: usize,
}

impl fmt::Display for InvalidLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a line that is no UTF-8 from its byte {} on", self.valid_up_to)
    }
}

impl std::error::Error for InvalidLine {}
