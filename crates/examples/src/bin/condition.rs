//! `cargo run -p examples --bin condition -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! 2 more
//! Bob pays 1, 1 left
//! 2 more
//! Ada pays 3, 0 left
//! ```

use examples::condition;
use examples::runtime::{Runtime, run_on};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    Ok(run_on(Runtime::from_args(), condition::main())??)
}
