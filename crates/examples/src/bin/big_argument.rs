//! `cargo run -p examples --bin big_argument -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! two halves: 133693440
//! in one piece: 133693440
//! ```

use examples::big_argument;
use examples::runtime::{Runtime, run_on};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    run_on(Runtime::from_args(), big_argument::main())?
}
