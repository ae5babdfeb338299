//! The loop on glommio.
#![cfg(not(loom))]

mod here;
mod leaks;
mod sockets;
mod suite;
mod unavailable;
