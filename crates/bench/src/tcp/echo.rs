//! Whatever came there goes back.

use super::Place;
use super::ask::{Clock, Talk};
use crate::clock::Size;
use crate::host::Host;
use crate::table::Failure;
use std::cell::Cell;
use std::io;
use std::rc::Rc;

/// As soon as something came.
pub(super) fn echo<H: Host>(size: Size, talk: Talk, place: Place) -> Result<f64, Failure> {
    served::<H>(size, talk, place, async |stream| {
        let mut buffer = [0; 1024];
        loop {
            match H::read(stream, &mut buffer).await? {
                0 => return Ok(()),
                length => H::write_all(stream, &buffer[..length]).await?,
            }
        }
    })
}

/// When a whole message has come.
pub(super) fn echo_whole<H: Host>(size: Size, talk: Talk, place: Place) -> Result<f64, Failure> {
    served::<H>(size, talk, place, async move |stream| {
        let mut message = vec![0; talk.length];
        loop {
            let mut came = 0;
            while came < message.len() {
                match H::read(stream, &mut message[came..]).await? {
                    0 => return Ok(()),
                    length => came += length,
                }
            }
            H::write_all(stream, &message).await?;
        }
    })
}

/// `answer` is one connection on the loop, until the other side closes it.
fn served<H: Host>(
    size: Size,
    talk: Talk,
    place: Place,
    answer: impl AsyncFn(&mut H::Stream) -> io::Result<()> + Clone + 'static,
) -> Result<f64, Failure> {
    H::run(async {
        let (listener, address) = H::listen().await?;
        let client = talk.begin(address, size, place, Clock::Wall);
        // The server is over when the last connection is.
        let mut served = Vec::new();
        let failed = Rc::new(Cell::new(None));
        for _ in 0..talk.connections {
            let mut stream = H::accept(&listener).await?;
            let (failed, answer) = (failed.clone(), answer.clone());
            served.push(H::spawn(async move {
                if let Err(error) = answer(&mut stream).await {
                    failed.set(Some(error));
                }
            }));
        }
        for connection in served {
            connection.await;
        }
        if let Some(error) = failed.take() {
            return Err(error.into());
        }
        Ok(client.join().map_err(|_| Failure::broken("the client panicked"))??)
    })?
}
