//! `cargo run -p examples --bin shield -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! the task was cancelled: the window was closed
//! saved
//! not yet
//! saved
//! the letter, at last
//! ```

use examples::runtime::{Runtime, run_on};
use examples::shield;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    Ok(run_on(Runtime::from_args(), shield::main())??)
}
