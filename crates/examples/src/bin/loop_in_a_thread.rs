//! `cargo run -p examples --bin loop_in_a_thread -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! hello!
//! ping! pong!
//! closed
//! ```

use examples::loop_in_a_thread;
use examples::runtime::{Runtime, runner_on};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let runtime = Runtime::from_args();
    loop_in_a_thread::main(move || runner_on(runtime))
}
