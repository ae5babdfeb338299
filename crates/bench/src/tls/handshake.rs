//! Connections that live for a handshake and one byte.

use super::both_ends;
use super::client::Dialer;
use super::servers::TlsHost;
use crate::clock::Size;
use crate::table::Failure;
use crate::tcp::ask::Clock;
use crate::tcp::computed::Computed;
use nix::libc::linger;
use nix::sys::socket::{setsockopt, sockopt::Linger};
use std::io::{self, Read};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Connections in a batch, one after the other.
const CALLS: u32 = 10;

pub(super) fn handshake<H: TlsHost>(size: Size, computed: bool) -> Result<f64, Failure> {
    let (acceptor, dialer) = both_ends::<H>()?;
    H::run(async {
        let (listener, address) = H::listen().await?;
        let clock = if computed { Clock::Server(Computed::by_this_thread()) } else { Clock::Wall };
        let over = Arc::new(AtomicBool::new(false));
        let caller = thread::spawn({
            let over = over.clone();
            move || {
                let calls = size.operations(CALLS);
                let value =
                    clock.measure(size, calls, || (0..calls).try_for_each(|_| call(&dialer, address)));
                // One call more, so that the server looks.
                over.store(true, Ordering::Release);
                call(&dialer, address).and(value)
            }
        });
        loop {
            let serving = serve::<H>(acceptor.clone(), H::accept(&listener).await?);
            if over.load(Ordering::Acquire) {
                serving.await;
                break;
            }
            H::detach(serving);
        }
        Ok(caller.join().map_err(|_| Failure::broken("the caller panicked"))??)
    })?
}

/// A caller that hangs up before it has its byte says so on its own side.
async fn serve<H: TlsHost>(acceptor: H::Acceptor, stream: H::Stream) {
    if let Ok(mut tls) = H::shake(&acceptor, stream).await {
        let _told = H::send(&mut tls, &[7]).await;
    }
}

/// Connects, shakes hands, reads one byte, and resets: a connection that is closed in order would keep its port for a minute.
fn call(dialer: &Dialer, address: SocketAddr) -> io::Result<()> {
    let mut stream = dialer.dial(address)?;
    setsockopt(&stream.sock, Linger, &linger { l_onoff: 1, l_linger: 0 })?;
    stream.read_exact(&mut [0])
}
