//! `cargo run -p examples --bin task_locals -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! [1] looks up
//! [1] on a thread
//! [1] answered
//! [2] looks up
//! [2] on a thread
//! [2] answered
//! [-] done
//! ```

use examples::runtime::{Runtime, run_on};
use examples::task_locals;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    run_on(Runtime::from_args(), task_locals::main())?
}
