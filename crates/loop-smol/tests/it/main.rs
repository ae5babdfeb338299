//! The loop on smol.

mod suite;
