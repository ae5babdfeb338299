//! `cargo run -p examples --bin event -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! Ada comes
//! Bob comes
//! the doors open
//! Ada enters
//! Bob enters
//! Cem comes
//! Cem enters
//! Dora comes
//! Dora enters
//! the doors are closed
//! ```

use examples::event;
use examples::runtime::{Runtime, run_on};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    Ok(run_on(Runtime::from_args(), event::main())??)
}
