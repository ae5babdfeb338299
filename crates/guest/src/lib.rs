#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod abi;
mod export;
pub mod wire;

pub use abi::Host;
#[cfg(target_arch = "wasm32")]
pub use abi::Typst;
#[doc(hidden)]
pub use abi::{serve_bytes, serve_typed};
