//! The bare runtimes, as their own users use them on one thread.

use crate::host::{ANY_PORT, Host};
use crate::table::Failure;
use contract::Unavailable;
use smol::io::{AsyncReadExt as _, AsyncWriteExt as _};
use std::cell::LazyCell;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// A current-thread runtime with a `LocalSet`.
pub(crate) struct TokioLocalSet;

impl Host for TokioLocalSet {
    type Listener = tokio::net::TcpListener;
    type Stream = tokio::net::TcpStream;

    fn run<T>(main: impl Future<Output = T>) -> Result<T, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(tokio::task::LocalSet::new().block_on(&runtime, main))
    }

    fn spawn<F: Future<Output: 'static> + 'static>(future: F) -> impl Future {
        tokio::task::spawn_local(future)
    }

    fn detach(future: impl Future<Output = ()> + 'static) {
        tokio::task::spawn_local(future);
    }

    fn yield_now() -> impl Future<Output = ()> {
        tokio::task::yield_now()
    }

    fn sleep(duration: Duration) -> impl Future + 'static {
        tokio::time::sleep(duration)
    }

    async fn listen() -> io::Result<(Self::Listener, SocketAddr)> {
        let listener = Self::Listener::bind(ANY_PORT).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    }

    async fn accept(listener: &Self::Listener) -> io::Result<Self::Stream> {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    async fn read(stream: &mut Self::Stream, buffer: &mut [u8]) -> io::Result<usize> {
        stream.read(buffer).await
    }

    async fn write_all(stream: &mut Self::Stream, bytes: &[u8]) -> io::Result<()> {
        stream.write_all(bytes).await
    }
}

/// `block_on` of a `LocalExecutor`.
pub(crate) struct SmolLocal;

thread_local! {
    /// One a process, and the process is one measurement: it need not be freed.
    static LOCAL: &'static smol::LocalExecutor<'static> = Box::leak(Box::default());
}

impl Host for SmolLocal {
    type Listener = smol::net::TcpListener;
    type Stream = smol::net::TcpStream;

    fn run<T>(main: impl Future<Output = T>) -> Result<T, Failure> {
        Ok(smol::block_on(LOCAL.with(|local| local.run(main))))
    }

    fn build_drop() -> Result<(), Failure> {
        let local = smol::LocalExecutor::new();
        smol::block_on(local.run(local.spawn(async {})));
        Ok(())
    }

    fn spawn<F: Future<Output: 'static> + 'static>(future: F) -> impl Future {
        LOCAL.with(|local| local.spawn(future))
    }

    fn detach(future: impl Future<Output = ()> + 'static) {
        LOCAL.with(|local| local.spawn(future)).detach();
    }

    fn yield_now() -> impl Future<Output = ()> {
        smol::future::yield_now()
    }

    fn sleep(duration: Duration) -> impl Future + 'static {
        smol::Timer::after(duration)
    }

    async fn listen() -> io::Result<(Self::Listener, SocketAddr)> {
        let listener = Self::Listener::bind(ANY_PORT).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    }

    async fn accept(listener: &Self::Listener) -> io::Result<Self::Stream> {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    async fn read(stream: &mut Self::Stream, buffer: &mut [u8]) -> io::Result<usize> {
        stream.read(buffer).await
    }

    async fn write_all(stream: &mut Self::Stream, bytes: &[u8]) -> io::Result<()> {
        stream.write_all(bytes).await
    }
}

/// A `LocalExecutor` that is not pinned by glommio: the bench has placed the thread.
#[cfg(feature = "glommio")]
pub(crate) struct Glommio;

#[cfg(feature = "glommio")]
thread_local! {
    /// Our driver looks before it leaps: glommio aborts where it cannot run. Once, since building is measured too.
    static LOOKED: LazyCell<Result<(), Unavailable>> =
        const { LazyCell::new(|| loop_glommio::GlommioDriver::new().map(drop)) };
}

#[cfg(feature = "glommio")]
impl Host for Glommio {
    type Listener = glommio::net::TcpListener;
    type Stream = glommio::net::TcpStream;

    fn run<T>(main: impl Future<Output = T>) -> Result<T, Failure> {
        LOOKED.with(|looked| (**looked).clone())?;
        let executor = glommio::LocalExecutorBuilder::new(glommio::Placement::Unbound).make();
        Ok(executor.map_err(Failure::broken)?.run(main))
    }

    fn spawn<F: Future<Output: 'static> + 'static>(future: F) -> impl Future {
        glommio::spawn_local(future)
    }

    fn detach(future: impl Future<Output = ()> + 'static) {
        glommio::spawn_local(future).detach();
    }

    async fn yield_now() {
        glommio::executor().yield_now().await;
    }

    fn sleep(duration: Duration) -> impl Future + 'static {
        glommio::timer::sleep(duration)
    }

    async fn listen() -> io::Result<(Self::Listener, SocketAddr)> {
        let listener = Self::Listener::bind(ANY_PORT)?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    }

    async fn accept(listener: &Self::Listener) -> io::Result<Self::Stream> {
        let stream = listener.accept().await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    async fn read(stream: &mut Self::Stream, buffer: &mut [u8]) -> io::Result<usize> {
        stream.read(buffer).await
    }

    async fn write_all(stream: &mut Self::Stream, bytes: &[u8]) -> io::Result<()> {
        stream.write_all(bytes).await
    }
}
