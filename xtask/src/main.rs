//! Builds, tests and compares: `cargo xtask`.
fn main() {}
