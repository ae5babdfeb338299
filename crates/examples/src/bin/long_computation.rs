//! `cargo run -p examples --bin long_computation -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! in pieces: 17673, and the others had 20 turns meanwhile
//! on a thread: 17673
//! ```

use examples::long_computation;
use examples::runtime::{Runtime, run_on};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    Ok(run_on(Runtime::from_args(), long_computation::main())??)
}
