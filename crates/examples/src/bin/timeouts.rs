//! `cargo run -p examples --bin timeouts -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! the long nap: the time is over
//! the short nap: in time
//! no letter came
//! the letter came later, and was not lost
//! on a thread: the deadline passed
//! in a process: the deadline passed
//! ```

use examples::runtime::{Runtime, run_on};
use examples::timeouts;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    run_on(Runtime::from_args(), timeouts::main())?
}
