//! `cargo run -p examples --bin producers_consumers -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! ```

use examples::producers_consumers;
use examples::runtime::{Runtime, run_on};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    run_on(Runtime::from_args(), producers_consumers::main())?
}
