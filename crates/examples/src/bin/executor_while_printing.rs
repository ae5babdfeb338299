//! `cargo run -p examples --bin executor_while_printing -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! tick 1
//! tick 2
//! tick 3
//! the job is done
//! tick 1
//! tick 2
//! tick 3
//! the job is done
//! ```

use examples::executor_while_printing;
use examples::runtime::{Runtime, run_on};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    run_on(Runtime::from_args(), executor_while_printing::main())?
}
