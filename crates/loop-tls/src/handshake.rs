//! Handshakes: in an open connection, in its place, and for so long at most.

use crate::channel::{Beginning, TlsChannel};
use crate::engine::Engine;
use core_loop::timeout;
use loop_io::{Beneath, StreamReader, StreamWriter, Transport};
use rustls::Connection;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::time::Duration;

/// As in asyncio.
const HANDSHAKE: Duration = Duration::from_secs(60);
const SHUTDOWN: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    pub(crate) handshake: Duration,
    pub(crate) shutdown: Duration,
}

/// A handshake that somebody waits for.
struct Shaking<'a, C: Fn()> {
    beginning: &'a Beginning,
    close: &'a C,
    over: bool,
}

impl Timeouts {
    pub(crate) const DEFAULT: Self = Self { handshake: HANDSHAKE, shutdown: SHUTDOWN };

    /// In the connection of a reader and a writer.
    pub(crate) async fn in_streams(
        self,
        tls: Connection,
        reader: &mut StreamReader,
        writer: &StreamWriter,
    ) -> io::Result<()> {
        let mut beginning = None;
        reader.upgrade(writer, |beneath| self.channel(tls, beneath, &mut beginning))?;
        self.shake(beginning, || writer.close()).await
    }

    /// In the connection of a transport.
    pub(crate) async fn in_transport(self, tls: Connection, transport: &Transport) -> io::Result<()> {
        let mut beginning = None;
        transport.upgrade(|beneath| self.channel(tls, beneath, &mut beginning))?;
        self.shake(beginning, || transport.close()).await
    }

    fn channel(self, tls: Connection, beneath: Beneath, begun: &mut Option<Rc<Beginning>>) -> TlsChannel {
        let beginning = Beginning::new(Engine::new(tls, beneath, self.shutdown));
        TlsChannel::new(begun.insert(beginning).clone())
    }

    /// The handshake. If it fails, takes too long, or is given up, the connection is lost, which `close` finds out.
    async fn shake(self, beginning: Option<Rc<Beginning>>, close: impl Fn()) -> io::Result<()> {
        let beginning = beginning.expect("the channel was put around just now");
        let mut shaking = Shaking { beginning: &beginning, close: &close, over: false };
        let shaken = timeout(self.handshake, poll_fn(|cx| beginning.poll(cx))).await;
        shaking.over = true;
        let shaken = shaken.unwrap_or_else(|_elapsed| {
            let text = format!(
                "TLS: the handshake took longer than {:?}, and was given up (`handshake_timeout`)",
                self.handshake
            );
            let why = || io::Error::new(io::ErrorKind::TimedOut, text.clone());
            beginning.fail(why());
            Err(why())
        });
        if shaken.is_err() {
            close();
        }
        shaken
    }
}

impl<C: Fn()> Drop for Shaking<'_, C> {
    fn drop(&mut self) {
        if !self.over {
            let text = "TLS: the handshake was given up";
            self.beginning.fail(io::Error::new(io::ErrorKind::ConnectionAborted, text));
            (self.close)();
        }
    }
}
