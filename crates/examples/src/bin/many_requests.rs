//! `cargo run -p examples --bin many_requests -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! 10000 answers, 333283335000 in all
//! never more than 100 requests at a time, over 100 connections
//! ```

use examples::many_requests;
use examples::runtime::{Runtime, run_on};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    run_on(Runtime::from_args(), many_requests::main())?
}
