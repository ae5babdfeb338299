//! Group `tls`: the same certificate and the same options, over our streams and over tokio-rustls; a thread with rustls asks.

mod client;
mod echo;
mod handshake;
mod servers;

use crate::clock::Size;
use crate::hosts::{ours, raw};
use crate::placement::Placement;
use crate::table::{Bench, CPU_NS, Contender, Failure, NS};
use crate::tcp::ask::Talk;
use client::Dialer;
use servers::TlsHost;

/// Ours on each driver, and the peer.
macro_rules! on_every_tls_host {
    ($measure:ident) => {
        &[
            Contender { name: "native", measure: $measure::<ours::Native> },
            Contender { name: "tokio", measure: $measure::<ours::Tokio> },
            Contender { name: "smol", measure: $measure::<ours::Smol> },
            #[cfg(feature = "glommio")]
            Contender { name: "glommio", measure: $measure::<ours::Glommio> },
            Contender { name: "raw-tokio-rustls", measure: $measure::<raw::TokioLocalSet> },
        ]
    };
}

pub(crate) const BENCHES: &[Bench] = &[
    Bench {
        name: "tls.handshake_same",
        about: "a thread connects, shakes hands without a session to go on with, reads one byte and resets: a connection; both on one processor",
        unit: NS,
        placement: Placement::One,
        contenders: on_every_tls_host!(handshake_same),
    },
    Bench {
        name: "tls.handshake_cpu",
        about: "the same: what the server computes for a connection",
        unit: CPU_NS,
        placement: Placement::One,
        contenders: on_every_tls_host!(handshake_cpu),
    },
    Bench {
        name: "tls.echo_same",
        about: "64 bytes there and back over one connection with TLS, both sides on one processor",
        unit: NS,
        placement: Placement::One,
        contenders: on_every_tls_host!(echo_same),
    },
    Bench {
        name: "tls.bulk_same",
        about: "1 MiB there and, when all of it has come, back over one connection with TLS; both sides on one processor",
        unit: NS,
        placement: Placement::One,
        contenders: on_every_tls_host!(bulk_same),
    },
];

fn handshake_same<H: TlsHost>(size: Size) -> Result<f64, Failure> {
    handshake::handshake::<H>(size, false)
}

fn handshake_cpu<H: TlsHost>(size: Size) -> Result<f64, Failure> {
    handshake::handshake::<H>(size, true)
}

fn echo_same<H: TlsHost>(size: Size) -> Result<f64, Failure> {
    echo::echo::<H>(size, Talk::of_64_bytes(1, 200))
}

fn bulk_same<H: TlsHost>(size: Size) -> Result<f64, Failure> {
    echo::echo::<H>(size, Talk { connections: 1, rounds: 4, length: 1 << 20 })
}

/// The two ends' options.
fn both_ends<H: TlsHost>() -> Result<(H::Acceptor, Dialer), Failure> {
    let (server, dialer) = client::both_configs().map_err(Failure::broken)?;
    Ok((H::acceptor(server), dialer))
}
