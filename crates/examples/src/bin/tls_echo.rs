//! `cargo run -p examples --bin tls_echo -- --runtime native|tokio|smol|glommio`
//!
//! Prints:
//!
//! ```text
//! received: hello
//! spoken: echo/1 over TLSv1.3
//! ```

use examples::runtime::{Runtime, run_on};
use examples::tls_echo;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    run_on(Runtime::from_args(), tls_echo::main())?
}
