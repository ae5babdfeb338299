//! `cargo run -p examples --bin watch_a_pipe -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! heard one
//! heard two
//! heard three
//! heard 0 bytes: the end
//! ```

use examples::runtime::{Runtime, run_on};
use examples::watch_a_pipe;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    run_on(Runtime::from_args(), watch_a_pipe::main())?
}
