//! `cargo run -p examples --bin three_pools -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! own threads: 332833500
//! thread pool: 332833500
//! process pool: 332833500
//! ```

use examples::runtime::{Runtime, run_on};
use examples::three_pools;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    run_on(Runtime::from_args(), three_pools::main())?
}
