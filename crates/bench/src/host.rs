//! What a bench asks of a loop, ours or a peer: to run, to spawn, to yield, sockets.

use crate::table::Failure;
use std::cell::Cell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

/// A loop that runs on this thread.
pub(crate) trait Host: 'static {
    type Listener: 'static;
    type Stream: 'static;

    fn run<T>(main: impl Future<Output = T>) -> Result<T, Failure>;
    /// Builds a loop, runs a task on it that does nothing, and drops it.
    fn build_drop() -> Result<(), Failure> {
        Self::run(async {
            Self::spawn(async {}).await;
        })
    }
    /// A task of this thread, and the future of its end.
    fn spawn<F: Future<Output: 'static> + 'static>(future: F) -> impl Future;
    /// A task that nobody awaits.
    fn detach(future: impl Future<Output = ()> + 'static);
    /// The lightest way to have something called in the next turn.
    fn soon(function: impl FnOnce() + 'static) {
        Self::detach(async { function() });
    }
    /// The loop's own.
    fn yield_now() -> impl Future<Output = ()>;
    fn sleep(duration: Duration) -> impl Future + 'static;

    /// Listens on a free port of this machine.
    async fn listen() -> io::Result<(Self::Listener, SocketAddr)>;
    async fn accept(listener: &Self::Listener) -> io::Result<Self::Stream>;
    async fn read(stream: &mut Self::Stream, buffer: &mut [u8]) -> io::Result<usize>;
    async fn write_all(stream: &mut Self::Stream, bytes: &[u8]) -> io::Result<()>;
}

/// Runs `main` in a task of the loop: many a runtime has its root polled by something slower.
pub(crate) fn run_in_task<H: Host>(main: impl Future<Output = f64> + 'static) -> Result<f64, Failure> {
    let value = H::run(async {
        let value = Rc::new(Cell::new(None));
        let told = value.clone();
        H::spawn(async move { told.set(Some(main.await)) }).await;
        value.take()
    })?;
    value.ok_or_else(|| Failure::broken("the task that measures ended before its time"))
}

/// Any free port of this machine.
pub(crate) const ANY_PORT: &str = "127.0.0.1:0";

/// The contenders of a bench that every loop takes part in: ours on each driver, then the bare runtimes, and asyncio where
/// its script knows a batch of that name and is told how many operations one has, or where it has a way of its own.
macro_rules! on_every_host {
    ($measure:ident, asyncio $operations:expr) => {
        $crate::host::on_every_host!($measure, python |size| {
            $crate::python::asyncio(size, stringify!($measure), $operations)
        })
    };
    ($measure:ident $(, python $python:expr)?) => {{
        use $crate::hosts::{ours, raw};
        use $crate::table::Contender;
        &[
            Contender { name: "native", measure: $measure::<ours::Native> },
            Contender { name: "tokio", measure: $measure::<ours::Tokio> },
            Contender { name: "smol", measure: $measure::<ours::Smol> },
            #[cfg(feature = "glommio")]
            Contender { name: "glommio", measure: $measure::<ours::Glommio> },
            Contender { name: "raw-tokio-localset", measure: $measure::<raw::TokioLocalSet> },
            Contender { name: "raw-smol-local", measure: $measure::<raw::SmolLocal> },
            #[cfg(feature = "glommio")]
            Contender { name: "raw-glommio", measure: $measure::<raw::Glommio> },
            $(Contender { name: "raw-python3.13-asyncio", measure: $python },)?
        ]
    }};
}
pub(crate) use on_every_host;
