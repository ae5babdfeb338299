//! `cargo run -p examples --bin limited -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! page 1
//! page 2
//! page 3
//! page 4
//! page 5
//! page 6
//! never were more than two fetched at once
//! ```

use examples::limited;
use examples::runtime::{Runtime, run_on};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    run_on(Runtime::from_args(), limited::main())?
}
