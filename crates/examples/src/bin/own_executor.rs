//! `cargo run -p examples --bin own_executor -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! one thread: 332833500
//! ```

use examples::own_executor;
use examples::runtime::{Runtime, run_on};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    run_on(Runtime::from_args(), own_executor::main())?
}
