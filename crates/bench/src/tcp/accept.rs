//! Connections that live for one byte.

use super::Place;
use super::ask::Clock;
use crate::clock::Size;
use crate::host::Host;
use crate::table::Failure;
use nix::libc::linger;
use nix::sys::socket::{setsockopt, sockopt::Linger};
use std::io::{self, Read};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// Threads that connect: while one is on its way, another is there.
const CALLERS: u32 = 4;
/// Connections of each in a batch.
const CALLS: u32 = 50;

pub(super) fn accept<H: Host>(size: Size, place: Place, clock: Clock) -> Result<f64, Failure> {
    H::run(async {
        let (listener, address) = H::listen().await?;
        let over = Arc::new(AtomicBool::new(false));
        let callers = thread::spawn({
            let over = over.clone();
            move || {
                place();
                let value = measure(address, size, &clock);
                // One call more, so that the server looks.
                over.store(true, Ordering::Release);
                call(address).and(value)
            }
        });
        loop {
            let stream = H::accept(&listener).await?;
            if over.load(Ordering::Acquire) {
                serve::<H>(stream).await;
                break;
            }
            H::detach(serve::<H>(stream));
        }
        Ok(callers.join().map_err(|_| Failure::broken("a caller panicked"))??)
    })?
}

/// A caller that hangs up before it has its byte says so on its own side.
async fn serve<H: Host>(mut stream: H::Stream) {
    let _told = H::write_all(&mut stream, &[7]).await;
}

/// The threads, batch by batch.
fn measure(address: SocketAddr, size: Size, clock: &Clock) -> io::Result<f64> {
    let calls = size.operations(CALLS);
    let (finish, finished) = channel();
    let callers: Vec<_> = (0..CALLERS).map(|_| caller(address, calls, finish.clone())).collect();
    clock.measure(size, calls * CALLERS, || {
        // Both ends live as long as the threads, which only end when `callers` is dropped.
        callers.iter().try_for_each(|start| start.send(()).map_err(io::Error::other))?;
        (0..CALLERS).try_for_each(|_| finished.recv().map_err(io::Error::other)?)
    })
}

/// A thread that does its calls whenever it is told to, and says how they went.
fn caller(address: SocketAddr, calls: u32, finish: Sender<io::Result<()>>) -> Sender<()> {
    let (start, started): (_, Receiver<()>) = channel();
    thread::spawn(move || {
        for () in started {
            if finish.send((0..calls).try_for_each(|_| call(address))).is_err() {
                return;
            }
        }
    });
    start
}

/// Connects, reads one byte, and resets: a connection that is closed in order would keep its port for a minute.
fn call(address: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    setsockopt(&stream, Linger, &linger { l_onoff: 1, l_linger: 0 })?;
    stream.read_exact(&mut [0])
}
