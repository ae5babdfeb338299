//! The loop on glommio.
#![cfg(not(loom))]

mod leaks;
mod seccomp;
mod sockets;
mod suite;
mod unavailable;
