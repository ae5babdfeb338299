//! The loop on glommio.
#![cfg(not(loom))]

mod here;
mod leaks;
mod seccomp;
mod sockets;
mod suite;
mod unavailable;
