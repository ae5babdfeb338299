//! The loops that can be compared.

pub(crate) mod ours;
pub(crate) mod raw;
