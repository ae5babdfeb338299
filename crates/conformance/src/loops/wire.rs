//! What the behaviours of streams, transports and servers share: both ends of a connection, on one loop.

use crate::Miss;
use crate::behaviour::ensure;
use core_loop::net::{TcpListener, TcpStream};
use core_loop::{Loop, gather, sleep};
use loop_io::{StreamReader, StreamWriter, WriteError, streams};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

pub(super) const MS: Duration = Duration::from_millis(1);

pub(super) const MIB: usize = 1 << 20;

/// Writes until the kernel, or the network in memory, takes no more, and as much again as any water mark is kept. How much
/// that was, all of it sevens.
pub(super) fn fill(
    write: impl Fn(&[u8]) -> Result<(), WriteError>,
    kept: impl Fn() -> usize,
) -> Result<usize, Miss> {
    const PIECE: usize = MIB / 4;
    let mut written = 0;
    while kept() < MIB {
        write(&[7; PIECE])?;
        written += PIECE;
        ensure(written < 256 * MIB, "everything is sent although nobody reads")?;
    }
    Ok(written)
}

/// Both halves of one end.
pub(super) type End = (StreamReader, StreamWriter);

/// The two sockets of a connection: of the one who connected, and of the one who accepted.
pub(crate) async fn sockets() -> Result<(TcpStream, TcpStream), Miss> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let ends = gather((async move { TcpStream::connect(address).await }, async move {
        listener.accept().await.map(|(stream, _)| stream)
    }));
    let (near, far) = ends.await?;
    Ok((near?, far?))
}

/// The same, as streams.
pub(super) async fn ends() -> Result<(End, End), Miss> {
    let (near, far) = sockets().await?;
    Ok((streams(near), streams(far)))
}

/// Lets what is on its way arrive. Where something must *not* happen, this is when it would.
pub(super) async fn a_while() {
    for _ in 0..3 {
        sleep(MS).await;
    }
}

/// Ends when `holds` does.
pub(crate) async fn until(holds: impl Fn() -> bool) {
    while !holds() {
        sleep(MS).await;
    }
}

/// Has every report to the exception handler noted.
pub(crate) fn reports() -> Rc<RefCell<Vec<String>>> {
    let reports = Rc::new(RefCell::new(Vec::new()));
    let noted = reports.clone();
    Loop::current().set_exception_handler(move |_, context| noted.borrow_mut().push(context.to_string()));
    reports
}
