//! Group `tcp`: 64 bytes there and back. The loop serves; a plain thread asks, on the same processor.

use crate::clock::Size;
use crate::host::{Host, on_every_host};
use crate::placement::Placement;
use crate::table::{Bench, Failure};
use std::cell::Cell;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::thread;

pub(crate) const BENCHES: &[Bench] = &[
    Bench {
        name: "tcp.echo",
        about: "64 bytes there and back over one connection",
        placement: Placement::One,
        contenders: on_every_host!(one),
    },
    Bench {
        name: "tcp.echo_64",
        about: "64 bytes there and back over each of 64 connections: all are asked, then all are read",
        placement: Placement::One,
        contenders: on_every_host!(sixty_four),
    },
];

const MESSAGE: [u8; 64] = [7; 64];

fn one<H: Host>(size: Size) -> Result<f64, Failure> {
    echo::<H>(size, 1, 200)
}

fn sixty_four<H: Host>(size: Size) -> Result<f64, Failure> {
    echo::<H>(size, 64, 10)
}

fn echo<H: Host>(size: Size, connections: usize, rounds: u32) -> Result<f64, Failure> {
    H::run(async {
        let (listener, address) = H::listen().await?;
        let client = thread::spawn(move || ask(address, connections, size, size.operations(rounds)));
        // The server is over when the last connection is.
        let mut served = Vec::new();
        let failed = Rc::new(Cell::new(None));
        for _ in 0..connections {
            let mut stream = H::accept(&listener).await?;
            let failed = failed.clone();
            served.push(H::spawn(async move {
                if let Err(error) = answer::<H>(&mut stream).await {
                    failed.set(Some(error));
                }
            }));
        }
        for connection in served {
            connection.await;
        }
        if let Some(error) = failed.take() {
            return Err(error.into());
        }
        Ok(client.join().map_err(|_| Failure::broken("the client panicked"))??)
    })?
}

/// One connection on the loop, until the other side closes it.
async fn answer<H: Host>(stream: &mut H::Stream) -> io::Result<()> {
    let mut buffer = [0; 1024];
    loop {
        match H::read(stream, &mut buffer).await? {
            0 => return Ok(()),
            length => H::write_all(stream, &buffer[..length]).await?,
        }
    }
}

/// The client, on a thread of its own.
fn ask(address: SocketAddr, connections: usize, size: Size, rounds: u32) -> io::Result<f64> {
    let mut streams = Vec::new();
    for _ in 0..connections {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    let messages = rounds * u32::try_from(connections).expect("not that many connections");
    let mut round = || -> io::Result<()> {
        for _ in 0..rounds {
            for stream in &mut streams {
                stream.write_all(&MESSAGE)?;
            }
            for stream in &mut streams {
                stream.read_exact(&mut [0; MESSAGE.len()])?;
            }
        }
        Ok(())
    };
    let mut ended = Ok(());
    let value = size.measure_blocking(messages, || {
        if ended.is_ok() {
            ended = round();
        }
    });
    ended.map(|()| value)
}
