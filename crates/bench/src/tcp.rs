//! Group `tcp`: the loop serves, plain threads ask. Where both sides run is in the name.

mod accept;
mod echo;
mod streams;

use crate::clock::Size;
use crate::host::{Host, on_every_host};
use crate::hosts::{ours, raw};
use crate::placement::{Placement, pin_other_side};
use crate::table::{Bench, Contender, Failure, NS};

pub(crate) const BENCHES: &[Bench] = &[
    Bench {
        name: "tcp.echo_same",
        about: "64 bytes there and back over one connection, both sides on one processor",
        unit: NS,
        placement: Placement::One,
        contenders: on_every_host!(echo_same),
    },
    Bench {
        name: "tcp.echo_cross",
        about: "64 bytes there and back over one connection, each side on a processor of its own",
        unit: NS,
        placement: Placement::Two,
        contenders: on_every_host!(echo_cross),
    },
    Bench {
        name: "tcp.echo_64_same",
        about: "64 bytes there and back over each of 64 connections, all asked, then all read; both sides on one processor",
        unit: NS,
        placement: Placement::One,
        contenders: on_every_host!(echo_64_same),
    },
    Bench {
        name: "tcp.echo_64_cross",
        about: "64 bytes there and back over each of 64 connections, all asked, then all read; each side on a processor of its own",
        unit: NS,
        placement: Placement::Two,
        contenders: on_every_host!(echo_64_cross),
    },
    Bench {
        name: "tcp.stream_echo_same",
        about: "64 bytes there and back over one connection, both sides on one processor: the bare socket, streams, streams out of their buffer, a protocol",
        unit: NS,
        placement: Placement::One,
        contenders: &[
            Contender { name: "native", measure: echo_same::<ours::Native> },
            Contender { name: "native-streams", measure: streams::over_streams },
            Contender { name: "native-buffers", measure: streams::over_buffers },
            Contender { name: "native-protocol", measure: streams::over_a_protocol },
            Contender { name: "raw-tokio-localset", measure: echo_same::<raw::TokioLocalSet> },
        ],
    },
    Bench {
        name: "tcp.accept_same",
        about: "4 threads connect, read one byte and reset: a connection; all on one processor",
        unit: NS,
        placement: Placement::One,
        contenders: on_every_host!(accept_same),
    },
    Bench {
        name: "tcp.accept_cross",
        about: "4 threads connect, read one byte and reset: a connection; the threads on one processor, the loop on another",
        unit: NS,
        placement: Placement::Two,
        contenders: on_every_host!(accept_cross),
    },
];

/// Those who ask stay where the loop is, or go to the other processor.
type Place = fn();

fn stay() {}

fn echo_same<H: Host>(size: Size) -> Result<f64, Failure> {
    echo::echo::<H>(size, 1, 200, stay)
}

fn echo_cross<H: Host>(size: Size) -> Result<f64, Failure> {
    echo::echo::<H>(size, 1, 100, pin_other_side)
}

fn echo_64_same<H: Host>(size: Size) -> Result<f64, Failure> {
    echo::echo::<H>(size, 64, 10, stay)
}

fn echo_64_cross<H: Host>(size: Size) -> Result<f64, Failure> {
    echo::echo::<H>(size, 64, 10, pin_other_side)
}

fn accept_same<H: Host>(size: Size) -> Result<f64, Failure> {
    accept::accept::<H>(size, stay)
}

fn accept_cross<H: Host>(size: Size) -> Result<f64, Failure> {
    accept::accept::<H>(size, pin_other_side)
}
