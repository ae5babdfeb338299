//! `cargo run -p examples --bin map_as_completed -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! in order: [111, 118, 178, 261]
//! as they come, sorted: [111, 118, 178, 261]
//! of the first thousand, eight at a time: 178
//! the first of four is done: True
//! ```

use examples::map_as_completed;
use examples::runtime::{Runtime, run_on};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    Ok(run_on(Runtime::from_args(), map_as_completed::main())??)
}
