//! Values as bytes, in postcard's format.
//!
//! Both ends of a typed call use this module; whoever writes a guest in another way uses postcard itself, of any language.
//! It is written here, once for both ends, because postcard brings ten crates and this is two files.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use serde_core::{Serialize, de::DeserializeOwned};

mod de;
mod ser;

/// `value` as bytes.
///
/// # Errors
///
/// What the value's own `Serialize` says; and a sequence or map that does not know its length.
pub fn to_bytes<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    value.serialize(&mut ser::Writer(&mut bytes))?;
    Ok(bytes)
}

/// The value that `bytes` are, all of them.
///
/// # Errors
///
/// Where the bytes are no such value, end too soon, or go on behind it.
pub fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let mut reader = de::Reader::new(bytes);
    let value = T::deserialize(&mut reader)?;
    match reader.left() {
        0 => Ok(value),
        left => Err(Error(alloc::format!("{left} bytes are left behind the value"))),
    }
}

/// Why a value is no bytes, or bytes no value, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for Error {}

impl serde_core::ser::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl serde_core::de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}
