//! `cargo run -p examples --bin call_later -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! tick
//! tick
//! tick
//! stopped
//! ```

use core_loop::RunError;
use examples::call_later;
use examples::runtime::{Runtime, runner_on};

fn main() -> Result<(), RunError> {
    call_later::main(runner_on(Runtime::from_args())?)
}
