//! `cargo run -p examples --bin subprocess -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! apple
//! pear
//! plum
//! sort ended with 0
//! sleep ended with -15
//! ```

use examples::runtime::{Runtime, run_on};
use examples::subprocess;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    Ok(run_on(Runtime::from_args(), subprocess::main())??)
}
