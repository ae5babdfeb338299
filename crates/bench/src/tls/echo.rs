//! Whatever came over TLS goes back, when a whole message has come.

use super::both_ends;
use super::servers::TlsHost;
use crate::clock::Size;
use crate::table::Failure;
use crate::tcp::ask::{Clock, Talk};
use std::io;

pub(super) fn echo<H: TlsHost>(size: Size, talk: Talk) -> Result<f64, Failure> {
    let (acceptor, dialer) = both_ends::<H>()?;
    H::run(async {
        let (listener, address) = H::listen().await?;
        let client = talk.begin_over(move || dialer.dial(address), size, || {}, Clock::Wall);
        let stream = H::accept(&listener).await?;
        let (told, failed) = smol::channel::bounded(1);
        H::spawn(async move {
            // It takes one, and there is one.
            let _taken = told.try_send(serve::<H>(&acceptor, stream, talk.length).await);
        })
        .await;
        failed.recv().await.map_err(Failure::broken)??;
        Ok(client.join().map_err(|_| Failure::broken("the client panicked"))??)
    })?
}

async fn serve<H: TlsHost>(acceptor: &H::Acceptor, stream: H::Stream, length: usize) -> io::Result<()> {
    let mut tls = H::shake(acceptor, stream).await?;
    let mut message = vec![0; length];
    loop {
        let mut came = 0;
        while came < length {
            match H::receive(&mut tls, &mut message[came..]).await {
                Ok(0) => return Ok(()),
                Ok(len) => came += len,
                // The client ends without a word of TLS.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        H::send(&mut tls, &message).await?;
    }
}
