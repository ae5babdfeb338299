//! A TCP echo server that uses all cores: a loop on each, and each loop listens on the same port with a socket of its own.
//!
//! The kernel spreads the connections (`SO_REUSEPORT`), so no loop hands work to another, and no lock is shared.
//!
//! ```python
//! import asyncio, os, threading
//!
//! async def echo(reader, writer):
//!     while data := await reader.read(65536):
//!         writer.write(data)
//!         await writer.drain()
//!     writer.close()
//!
//! async def serve():
//!     async with await asyncio.start_server(echo, "127.0.0.1", 7000, reuse_port=True) as server:
//!         await server.serve_forever()
//!
//! for _ in range(os.cpu_count()):           # one core's worth, all the same: there is the GIL
//!     threading.Thread(target=asyncio.run, args=(serve(),)).start()
//! ```

use core_loop::net::{TcpListener, TcpStream};
use core_loop::{CloseReport, LoopPool, sleep, spawn};
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// After a failed accept: at once the next would only fail again.
const PAUSE: Duration = Duration::from_millis(100);

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    pool: LoopPool,
    address: SocketAddr,
    /// How many connections each loop was given.
    served: Vec<Arc<AtomicUsize>>,
}

impl Server {
    /// Listens on `address` with every loop of `pool`.
    ///
    /// # Errors
    ///
    /// The address is taken, or may not be used.
    pub fn start(pool: LoopPool, address: SocketAddr) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let (mut address, mut served) = (address, Vec::new());
        for lp in pool.loops() {
            let count = Arc::new(AtomicUsize::new(0));
            served.push(count.clone());
            // The first may choose the port; then it is the others', too.
            address = lp.spawn_pinned(async move || listen(address, count).await)?.wait()??;
        }
        Ok(Self { pool, address, served })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections each loop was given.
    #[must_use]
    pub fn served(&self) -> Vec<usize> {
        // Relaxed: a count, and nothing is published with it.
        self.served.iter().map(|count| count.load(Ordering::Relaxed)).collect()
    }

    /// Cuts all connections.
    pub fn close(self, grace: Duration) -> CloseReport {
        self.pool.close(grace)
    }
}

/// On a loop: begins to accept, and tells where.
async fn listen(address: SocketAddr, served: Arc<AtomicUsize>) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind_reuse_port(address).await?;
    let address = listener.local_addr()?;
    spawn(accept(listener, served)).detach();
    Ok(address)
}

async fn accept(listener: TcpListener, served: Arc<AtomicUsize>) {
    loop {
        match listener.accept().await {
            Ok((stream, _peer)) => {
                served.fetch_add(1, Ordering::Relaxed);
                // A client that breaks off ends its own connection, and is no news.
                spawn(async move { echo(stream).await.ok() }).detach();
            }
            Err(error) => {
                eprintln!("cannot accept a connection: {error}");
                sleep(PAUSE).await;
            }
        }
    }
}

async fn echo(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        match stream.read(&mut buffer).await? {
            0 => return stream.close().await,
            len => stream.write_all(&buffer[..len]).await?,
        }
    }
}
