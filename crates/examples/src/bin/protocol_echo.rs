//! `cargo run -p examples --bin protocol_echo -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! received: hello
//! lost: None
//! ```

use examples::protocol_echo;
use examples::runtime::{Runtime, run_on};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    run_on(Runtime::from_args(), protocol_echo::main())?
}
