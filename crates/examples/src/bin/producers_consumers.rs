//! `cargo run -p examples --bin producers_consumers -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! a put a1
//! a put a2
//! Xaver got a1
//! Yvonne got a2
//! a put a3
//! b put b1
//! Xaver got a3
//! Yvonne got b1
//! b put b2
//! b put b3
//! Xaver got b2
//! Yvonne got b3
//! all is done
//! ```

use examples::producers_consumers;
use examples::runtime::{Runtime, run_on};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    run_on(Runtime::from_args(), producers_consumers::main())?
}
