//! `cargo run -p examples --bin four_pools -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! own threads: 332833500
//! thread pool: 332833500
//! interpreter pool: 332833500
//! process pool: 332833500
//! ```

use examples::four_pools;
use examples::runtime::{Runtime, run_on};
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    run_on(Runtime::from_args(), four_pools::main())?
}
