//! Group `tcp`: the loop serves, plain threads ask. Where both sides run is in the name.

mod accept;
pub(crate) mod ask;
pub(crate) mod computed;
mod echo;
mod python;
mod streams;

use crate::clock::Size;
use crate::host::{Host, on_every_host};
use crate::hosts::{ours, raw};
use crate::placement::{Placement, pin_other_side};
use crate::table::{Bench, CPU_NS, Contender, Failure, NS};
use ask::{Clock, Talk};
use computed::Computed;
use core_loop::NativeDriver;

/// Streams or protocols, ours on each driver, and Python's.
macro_rules! served_by {
    ($measure:ident, $manner:literal) => {
        &[
            Contender { name: "native", measure: streams::$measure::<NativeDriver> },
            Contender { name: "tokio", measure: streams::$measure::<loop_tokio::TokioDriver> },
            Contender { name: "smol", measure: streams::$measure::<loop_smol::SmolDriver> },
            #[cfg(feature = "glommio")]
            Contender { name: "glommio", measure: streams::$measure::<loop_glommio::GlommioDriver> },
            Contender {
                name: "raw-python3.13-asyncio",
                measure: |size| python::cpu(size, MANY, "asyncio", $manner),
            },
            Contender {
                name: "raw-python3.13-uvloop",
                measure: |size| python::cpu(size, MANY, "uvloop", $manner),
            },
        ]
    };
}

pub(crate) const BENCHES: &[Bench] = &[
    Bench {
        name: "tcp.echo_same",
        about: "64 bytes there and back over one connection, both sides on one processor",
        unit: NS,
        placement: Placement::One,
        contenders: on_every_host!(echo_same, python | size | python::wall(size, ONE)),
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
        contenders: on_every_host!(echo_64_same, python | size | python::wall(size, MANY)),
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
            Contender { name: "native-streams", measure: streams::over_streams::<NativeDriver> },
            Contender { name: "native-buffers", measure: streams::over_buffers::<NativeDriver> },
            Contender { name: "native-protocol", measure: streams::over_a_protocol::<NativeDriver> },
            Contender { name: "raw-tokio-localset", measure: echo_same::<raw::TokioLocalSet> },
        ],
    },
    Bench {
        name: "tcp.streams_cpu",
        about: "64 bytes there and back over each of 64 connections, all asked, then all read; both sides on one processor: what a server over streams computes",
        unit: CPU_NS,
        placement: Placement::One,
        contenders: served_by!(streams_cpu, "streams"),
    },
    Bench {
        name: "tcp.protocol_cpu",
        about: "64 bytes there and back over each of 64 connections, all asked, then all read; both sides on one processor: what a server by a protocol computes",
        unit: CPU_NS,
        placement: Placement::One,
        contenders: served_by!(protocol_cpu, "protocol"),
    },
    Bench {
        name: "tcp.bulk_same",
        about: "1 MiB there and, when all of it has come, back over one connection; both sides on one processor",
        unit: NS,
        placement: Placement::One,
        contenders: on_every_host!(bulk_same),
    },
    Bench {
        name: "tcp.accept_same",
        about: "4 threads connect, read one byte and reset: a connection; all on one processor",
        unit: NS,
        placement: Placement::One,
        contenders: on_every_host!(accept_same),
    },
    Bench {
        name: "tcp.accept_cpu",
        about: "4 threads connect, read one byte and reset; all on one processor: what the server computes for a connection",
        unit: CPU_NS,
        placement: Placement::One,
        contenders: on_every_host!(accept_cpu),
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

const ONE: Talk = Talk::of_64_bytes(1, 200);
const ONE_ACROSS: Talk = Talk::of_64_bytes(1, 100);
const MANY: Talk = Talk::of_64_bytes(64, 10);
const BULK: Talk = Talk { connections: 1, rounds: 4, length: 1 << 20 };

fn echo_same<H: Host>(size: Size) -> Result<f64, Failure> {
    echo::echo::<H>(size, ONE, stay)
}

fn echo_cross<H: Host>(size: Size) -> Result<f64, Failure> {
    echo::echo::<H>(size, ONE_ACROSS, pin_other_side)
}

fn echo_64_same<H: Host>(size: Size) -> Result<f64, Failure> {
    echo::echo::<H>(size, MANY, stay)
}

fn echo_64_cross<H: Host>(size: Size) -> Result<f64, Failure> {
    echo::echo::<H>(size, MANY, pin_other_side)
}

fn bulk_same<H: Host>(size: Size) -> Result<f64, Failure> {
    echo::echo_whole::<H>(size, BULK, stay)
}

fn accept_same<H: Host>(size: Size) -> Result<f64, Failure> {
    accept::accept::<H>(size, stay, Clock::Wall)
}

fn accept_cross<H: Host>(size: Size) -> Result<f64, Failure> {
    accept::accept::<H>(size, pin_other_side, Clock::Wall)
}

/// Of the thread that calls this, which then runs the loop.
fn accept_cpu<H: Host>(size: Size) -> Result<f64, Failure> {
    accept::accept::<H>(size, stay, Clock::Server(Computed::by_this_thread()))
}
