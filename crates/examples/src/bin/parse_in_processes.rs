//! `cargo run -p examples --bin parse_in_processes -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! 'to be or not to be': 6 words
//! 'evil': not read: it crashed its reader
//! '': not read: an empty document
//! 'that is the question': 4 words
//! ```

use examples::parse_in_processes;
use examples::runtime::{Runtime, run_on};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    run_on(Runtime::from_args(), parse_in_processes::main())?
}
