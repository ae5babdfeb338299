//! `cargo run -p examples --bin graceful_shutdown -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! HELLO
//! no new connections
//! STILL HERE
//! the last client has gone
//! ```

use examples::graceful_shutdown;
use examples::runtime::{Runtime, run_on};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    Ok(run_on(Runtime::from_args(), graceful_shutdown::main())??)
}
