//! The loop on glommio.

mod leaks;
mod seccomp;
mod sockets;
mod suite;
mod unavailable;
