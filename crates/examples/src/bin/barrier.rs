//! `cargo run -p examples --bin barrier -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! Ada is ready
//! Bob is ready
//! Cem is ready
//! Cem starts as number 2
//! Ada starts as number 0
//! Bob starts as number 1
//! Dora is ready
//! Emil is ready
//! it rains
//! Dora goes home
//! Emil goes home
//! ```

use examples::barrier;
use examples::runtime::{Runtime, run_on};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    Ok(run_on(Runtime::from_args(), barrier::main())??)
}
