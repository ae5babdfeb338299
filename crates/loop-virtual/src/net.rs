//! The network in memory: addresses, links and connections that exist on one loop only.

mod connection;
mod link;
mod listener;
mod network;
mod pipe;

pub use link::Link;
pub(crate) use network::{Change, Network};
