//! The client: a thread that blocks, and keeps the time.

use super::Place;
use super::computed::Computed;
use crate::clock::Size;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::{self, JoinHandle};

/// What is asked of an echo server.
#[derive(Clone, Copy)]
pub(super) struct Talk {
    pub(super) connections: u32,
    /// How often each is asked, in a batch.
    pub(super) rounds: u32,
    /// Of a message, in bytes.
    pub(super) length: usize,
}

/// Whose time is kept.
#[derive(Clone)]
pub(super) enum Clock {
    /// Of the one on the wall.
    Wall,
    /// Of a server that computes.
    Server(Computed),
}

impl Talk {
    pub(super) const fn of_64_bytes(connections: u32, rounds: u32) -> Self {
        Self { connections, rounds, length: 64 }
    }

    /// Starts the client.
    pub(super) fn begin(
        self,
        address: SocketAddr,
        size: Size,
        place: Place,
        clock: Clock,
    ) -> JoinHandle<io::Result<f64>> {
        thread::spawn(move || {
            place();
            self.ask(address, size, &clock)
        })
    }

    /// All connections are asked, then all are read. Gives the nanoseconds of one message.
    pub(super) fn ask(self, address: SocketAddr, size: Size, clock: &Clock) -> io::Result<f64> {
        let connect = || {
            let stream = TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            Ok(stream)
        };
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

impl Clock {
    pub(super) fn measure(
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
