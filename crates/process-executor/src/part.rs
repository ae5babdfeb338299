//! A large byte string on its way: bytes, or numbers that are sent from where they lie.

use crate::plain::{Plain, bytes_of};
use std::fmt;
use std::ops::Deref;

pub(crate) enum Part {
    Bytes(Vec<u8>),
    Numbers(Box<dyn Numbers>),
}

/// A vector of numbers, without its type.
pub(crate) trait Numbers: Send {
    fn bytes(&self) -> &[u8];
}

impl<T: Plain> Numbers for Vec<T> {
    fn bytes(&self) -> &[u8] {
        bytes_of(self)
    }
}

impl Part {
    /// Without a copy, unless they were numbers.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Numbers(numbers) => numbers.bytes().to_vec(),
        }
    }
}

impl Deref for Part {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Numbers(numbers) => numbers.bytes(),
        }
    }
}

impl Default for Part {
    fn default() -> Self {
        Self::Bytes(Vec::new())
    }
}

impl From<Vec<u8>> for Part {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl Clone for Part {
    fn clone(&self) -> Self {
        Self::Bytes(self.to_vec())
    }
}

impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Part {}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Part").field(&self.len()).finish()
    }
}
