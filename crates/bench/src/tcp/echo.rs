//! 64 bytes there and back.

use super::Place;
use crate::clock::Size;
use crate::host::Host;
use crate::table::Failure;
use std::cell::Cell;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::rc::Rc;
use std::thread;

const MESSAGE: [u8; 64] = [7; 64];

pub(super) fn echo<H: Host>(
    size: Size,
    connections: usize,
    rounds: u32,
    place: Place,
) -> Result<f64, Failure> {
    H::run(async {
        let (listener, address) = H::listen().await?;
        let client = thread::spawn(move || {
            place();
            ask(address, connections, size, size.operations(rounds))
        });
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
pub(super) fn ask(address: SocketAddr, connections: usize, size: Size, rounds: u32) -> io::Result<f64> {
    let mut streams = Vec::new();
    for _ in 0..connections {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    let messages = rounds * u32::try_from(connections).expect("not that many connections");
    size.measure_blocking(messages, || {
        for _ in 0..rounds {
            for stream in &mut streams {
                stream.write_all(&MESSAGE)?;
            }
            for stream in &mut streams {
                stream.read_exact(&mut [0; MESSAGE.len()])?;
            }
        }
        Ok(())
    })
}
