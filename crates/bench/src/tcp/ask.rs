//! The client: a thread that blocks, and keeps the time.

use super::Place;
use super::computed::Computed;
use crate::clock::Size;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::{self, JoinHandle};

/// What is asked of an echo server.
#[derive(Clone, Copy)]
pub(crate) struct Talk {
    pub(crate) connections: u32,
    /// How often each is asked, in a batch.
    pub(crate) rounds: u32,
    /// Of a message, in bytes.
    pub(crate) length: usize,
}

/// Whose time is kept.
#[derive(Clone)]
pub(crate) enum Clock {
    /// Of the one on the wall.
    Wall,
    /// Of a server that computes.
    Server(Computed),
}

impl Talk {
    pub(crate) const fn of_64_bytes(connections: u32, rounds: u32) -> Self {
        Self { connections, rounds, length: 64 }
    }

    /// Starts the client.
    pub(crate) fn begin(
        self,
        address: SocketAddr,
        size: Size,
        place: Place,
        clock: Clock,
    ) -> JoinHandle<io::Result<f64>> {
        self.begin_over(move || plain(address), size, place, clock)
    }

    /// The same over connections of another kind.
    pub(crate) fn begin_over<S: Read + Write>(
        self,
        connect: impl Fn() -> io::Result<S> + Send + 'static,
        size: Size,
        place: Place,
        clock: Clock,
    ) -> JoinHandle<io::Result<f64>> {
        thread::spawn(move || {
            place();
            self.ask_over(connect, size, &clock)
        })
    }

    /// All connections are asked, then all are read. Gives the nanoseconds of one message.
    pub(crate) fn ask(self, address: SocketAddr, size: Size, clock: &Clock) -> io::Result<f64> {
        self.ask_over(|| plain(address), size, clock)
    }

    fn ask_over<S: Read + Write>(
        self,
        connect: impl Fn() -> io::Result<S>,
        size: Size,
        clock: &Clock,
    ) -> io::Result<f64> {
        let mut streams = (0..self.connections).map(|_| connect()).collect::<io::Result<Vec<_>>>()?;
        let rounds = size.operations(self.rounds);
        let mut message = vec![7; self.length];
        let batch = || {
            for _ in 0..rounds {
                streams.iter_mut().try_for_each(|stream| stream.write_all(&message))?;
                streams.iter_mut().try_for_each(|stream| stream.read_exact(&mut message))?;
            }
            Ok(())
        };
        clock.measure(size, rounds * self.connections, batch)
    }
}

fn plain(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

impl Clock {
    pub(crate) fn measure(
        &self,
        size: Size,
        operations: u32,
        batch: impl FnMut() -> io::Result<()>,
    ) -> io::Result<f64> {
        match self {
            Self::Wall => size.measure_blocking(operations, batch),
            Self::Server(computed) => size.measure_by(operations, || computed.so_far(), batch),
        }
    }
}
