//! Guests as text, for want of a second compiler: what a plugin of one's own would be in Rust, C or Zig.

/// `squares(first, end)`, the sum of the squares of a range, and `primes(first, end)`, how many primes there are in one.
///
/// # Panics
///
/// If the text is no WebAssembly.
#[must_use]
pub fn numbers() -> Vec<u8> {
    wat::parse_str(include_str!("guests/numbers.wat")).expect("the text is WebAssembly")
}

/// A friendly one, `shout`; and a hostile one, `spin`, which never ends, `hoard`, which takes all memory, and `crash`.
///
/// # Panics
///
/// If the text is no WebAssembly.
#[must_use]
pub fn plugins() -> Vec<u8> {
    wat::parse_str(include_str!("guests/plugins.wat")).expect("the text is WebAssembly")
}
