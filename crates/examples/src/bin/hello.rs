//! `cargo run -p examples --bin hello -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! hello
//! world
//! ```

use core_loop::RunError;
use examples::hello;
use examples::runtime::{Runtime, run_on};

fn main() -> Result<(), RunError> {
    run_on(Runtime::from_args(), hello::main())
}
