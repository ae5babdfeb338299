//! `cargo run -p examples --bin task_group -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! both pages: 10 letters
//! index: cancelled, and its half removed
//! the group failed: missing: not found
//! the server listens on port 80
//! lengths: [8, 3, 5]
//! ```

use examples::runtime::{Runtime, run_on};
use examples::task_group;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    run_on(Runtime::from_args(), task_group::main())?
}
