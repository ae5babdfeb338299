//! `cargo run -p examples --bin gather_wait -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! in their order: slow, fast
//! errors in their places: missing: not found; fast
//! the first error ends it: missing: not found
//! first fast, 2 pending
//! all 3, 0 pending
//! came: fast
//! came: missing: not found
//! came: slow
//! ```

use examples::gather_wait;
use examples::runtime::{Runtime, run_on};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    run_on(Runtime::from_args(), gather_wait::main())?
}
