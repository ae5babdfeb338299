//! `cargo run -p examples --bin cancel_cleanup -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! open
//! closed
//! the task was cancelled: enough
//! open
//! closed
//! the time is over
//! ```

use core_loop::RunError;
use examples::cancel_cleanup;
use examples::runtime::{Runtime, run_on};

fn main() -> Result<(), RunError> {
    run_on(Runtime::from_args(), cancel_cleanup::main())
}
