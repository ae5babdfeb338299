//! Our loop, on each of its drivers.

use crate::host::{ANY_PORT, Host};
use crate::table::Failure;
use contract::{Driver, Unavailable};
use core_loop::net::{TcpListener, TcpStream};
use core_loop::{Loop, NativeDriver};
use smol::io::{AsyncReadExt, AsyncWriteExt};
use std::io;
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::time::Duration;

pub(crate) type Native = Ours<NativeDriver>;
pub(crate) type Tokio = Ours<loop_tokio::TokioDriver>;
pub(crate) type Smol = Ours<loop_smol::SmolDriver>;
#[cfg(feature = "glommio")]
pub(crate) type Glommio = Ours<loop_glommio::GlommioDriver>;

/// The loop carried by `D`.
pub(crate) struct Ours<D>(PhantomData<D>);

/// A driver that can be made by its type.
pub(crate) trait Make: Driver + Sized + 'static {
    fn make() -> Result<Self, Unavailable>;
}

impl Make for NativeDriver {
    fn make() -> Result<Self, Unavailable> {
        Self::new()
    }
}

impl Make for loop_tokio::TokioDriver {
    fn make() -> Result<Self, Unavailable> {
        Self::new()
    }
}

impl Make for loop_smol::SmolDriver {
    fn make() -> Result<Self, Unavailable> {
        Self::new()
    }
}

#[cfg(feature = "glommio")]
impl Make for loop_glommio::GlommioDriver {
    fn make() -> Result<Self, Unavailable> {
        Self::new()
    }
}

impl<D: Make> Host for Ours<D> {
    type Listener = TcpListener;
    type Stream = TcpStream;

    fn run<T>(main: impl Future<Output = T>) -> Result<T, Failure> {
        Ok(core_loop::run_on(D::make, main)?)
    }

    fn spawn<F: Future<Output: 'static> + 'static>(future: F) -> impl Future {
        core_loop::spawn(future)
    }

    fn detach(future: impl Future<Output = ()> + 'static) {
        core_loop::spawn(future).detach();
    }

    fn soon(function: impl FnOnce() + 'static) {
        Loop::current().call_soon(function);
    }

    fn yield_now() -> impl Future<Output = ()> {
        core_loop::yield_now()
    }

    fn sleep(duration: Duration) -> impl Future + 'static {
        core_loop::sleep(duration)
    }

    async fn listen() -> io::Result<(TcpListener, SocketAddr)> {
        let listener = TcpListener::bind(ANY_PORT).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    }

    async fn accept(listener: &TcpListener) -> io::Result<TcpStream> {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    async fn read(stream: &mut TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
        stream.read(buffer).await
    }

    async fn write_all(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
        stream.write_all(bytes).await
    }
}
