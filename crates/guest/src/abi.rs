//! One call, seen from inside: fetch the arguments, run the function, send what came of it.

use crate::wire;
use alloc::format;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt::Display;
use serde_core::{Serialize, de::DeserializeOwned};

#[cfg(target_arch = "wasm32")]
mod typst;
#[cfg(target_arch = "wasm32")]
pub use typst::Typst;

/// What the host gives to a guest: the two imports of the protocol. Tests of a guest bring their own.
pub trait Host {
    /// Writes the arguments of this call, one behind the other, into `buffer`, which is just as long.
    fn write_args(&self, buffer: &mut [u8]);

    /// Takes the result, or the error as text.
    fn send_result(&self, result: &[u8]);
}

/// What a call returns when all is well.
const SUCCESS: i32 = 0;
/// What it returns when the result is an error as text.
const FAILURE: i32 = 1;

/// A call of a function of bytes. `lengths` are what the host called the export with.
pub fn serve_bytes<const N: usize, T, E>(
    host: &dyn Host,
    lengths: [usize; N],
    function: impl FnOnce([&[u8]; N]) -> Result<T, E>,
) -> i32
where
    T: AsRef<[u8]>,
    E: Display,
{
    let buffer = fetch(host, lengths.iter().sum());
    let mut rest = &*buffer;
    let arguments = lengths.map(|length| {
        let (argument, behind) = rest.split_at(length);
        rest = behind;
        argument
    });
    match function(arguments) {
        Ok(result) => send(host, SUCCESS, result.as_ref()),
        Err(error) => send(host, FAILURE, error.to_string().as_bytes()),
    }
}

/// A call of a function of values: its arguments are one tuple.
pub fn serve_typed<A, T, E>(host: &dyn Host, length: usize, function: impl FnOnce(A) -> Result<T, E>) -> i32
where
    A: DeserializeOwned,
    T: Serialize,
    E: Display,
{
    let arguments = match wire::from_bytes(&fetch(host, length)) {
        Ok(arguments) => arguments,
        Err(error) => {
            return send(host, FAILURE, format!("the arguments could not be read: {error}").as_bytes());
        }
    };
    match function(arguments) {
        Ok(value) => match wire::to_bytes(&value) {
            Ok(bytes) => send(host, SUCCESS, &bytes),
            Err(error) => send(host, FAILURE, format!("the result could not be written: {error}").as_bytes()),
        },
        Err(error) => send(host, FAILURE, error.to_string().as_bytes()),
    }
}

fn fetch(host: &dyn Host, length: usize) -> Vec<u8> {
    let mut buffer = vec![0; length];
    host.write_args(&mut buffer);
    buffer
}

fn send(host: &dyn Host, code: i32, result: &[u8]) -> i32 {
    host.send_result(result);
    code
}
