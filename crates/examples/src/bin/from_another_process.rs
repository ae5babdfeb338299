//! `cargo run -p examples --bin from_another_process -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! the loop was asked for 6 times 7
//! the loop was asked for 8 times 9
//! the other process heard 42
//! the other process heard 72
//! ```

use examples::from_another_process;
use examples::runtime::{Runtime, run_on};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    if from_another_process::asks()? {
        return Ok(());
    }
    Ok(run_on(Runtime::from_args(), from_another_process::main())??)
}
