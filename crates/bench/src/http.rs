//! Group `http`: a hyper service on our loops, and on the runtime that hyper's own users have; wrk asks.

mod servers;
mod wrk;

use crate::hosts::ours;
use crate::placement::{Placement, pin_other_side};
use crate::table::{Bench, Contender, NS};

pub(crate) const BENCHES: &[Bench] = &[
    Bench {
        name: "http.wrk_64_same",
        about: "a request of wrk's to a hyper service, over 64 connections that are kept; both sides on one processor",
        unit: NS,
        placement: Placement::One,
        contenders: &[
            Contender { name: "native", measure: |size| servers::ours::<ours::Native>(size, || {}) },
            Contender { name: "tokio", measure: |size| servers::ours::<ours::Tokio>(size, || {}) },
            Contender { name: "smol", measure: |size| servers::ours::<ours::Smol>(size, || {}) },
            #[cfg(feature = "glommio")]
            Contender { name: "glommio", measure: |size| servers::ours::<ours::Glommio>(size, || {}) },
            Contender { name: "raw-tokio-current-thread", measure: |size| servers::tokio(size, || {}) },
        ],
    },
    Bench {
        name: "http.wrk_64_cross",
        about: "a request of wrk's to a hyper service, over 64 connections that are kept; each side on a processor of its own",
        unit: NS,
        placement: Placement::Two,
        contenders: &[
            Contender { name: "native", measure: |size| servers::ours::<ours::Native>(size, pin_other_side) },
            Contender { name: "tokio", measure: |size| servers::ours::<ours::Tokio>(size, pin_other_side) },
            Contender { name: "smol", measure: |size| servers::ours::<ours::Smol>(size, pin_other_side) },
            #[cfg(feature = "glommio")]
            Contender {
                name: "glommio",
                measure: |size| servers::ours::<ours::Glommio>(size, pin_other_side),
            },
            Contender {
                name: "raw-tokio-current-thread",
                measure: |size| servers::tokio(size, pin_other_side),
            },
        ],
    },
];
