//! One connection, from its first request to its last byte.

use crate::AnyError;
use crate::io::Io;
use crate::traffic::{Counted, Traffic};
use core_loop::timeout;
use futures_io::{AsyncRead, AsyncWrite};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper::{Request, Response};
use std::future::{pending, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

/// How long, and how much, is read of what the other side sends after the last answer.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 1 << 20;

/// What hyper itself does not say to a request that is cut short, or is in another protocol.
const BAD_REQUEST: &[u8] = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

#[derive(Debug)]
enum Ended {
    Well,
    /// The last request was bad, and hyper has not said so.
    Unanswered,
    /// Nothing has moved for too long, and nothing will.
    Idle,
    /// By the service, or by a body of its own.
    Failed(hyper::Error),
}

/// Answers the requests that come over `stream`, one after the other, until the other side closes it, a request is malformed
/// (which is answered with 400), no byte moves for `idle`, or `stop` has ended and what was begun is answered.
pub(crate) async fn serve<C, S, B>(
    mut stream: C,
    http: &http1::Builder,
    idle: Option<Duration>,
    service: S,
    stop: impl Future<Output = ()>,
) -> Result<(), hyper::Error>
where
    C: AsyncRead + AsyncWrite + Unpin,
    S: Service<Request<Incoming>, Response = Response<B>, Error: Into<AnyError>>,
    B: Body<Error: Into<AnyError>> + 'static,
{
    let ended = converse(&mut stream, http, idle, service, stop).await;
    let last_words = match ended {
        Ended::Idle => return Ok(()),
        Ended::Unanswered => BAD_REQUEST,
        Ended::Well | Ended::Failed(_) => &[],
    };
    let _enough = timeout(LINGER, async {
        write_all(&mut stream, last_words).await?;
        linger(&mut stream).await
    })
    .await;
    match ended {
        Ended::Failed(error) => Err(error),
        _ => Ok(()),
    }
}

async fn converse<C, S, B>(
    stream: &mut C,
    http: &http1::Builder,
    idle: Option<Duration>,
    service: S,
    stop: impl Future<Output = ()>,
) -> Ended
where
    C: AsyncRead + AsyncWrite + Unpin,
    S: Service<Request<Incoming>, Response = Response<B>, Error: Into<AnyError>>,
    B: Body<Error: Into<AnyError>> + 'static,
{
    let traffic = Traffic::default();
    let stream = Counted { stream, traffic: &traffic };
    let mut http = pin!(http.serve_connection(Io::new(stream), service));
    let mut idle = pin!(async {
        match idle {
            Some(idle) => traffic.ceases(idle).await,
            None => pending().await,
        }
    });
    let mut stop = pin!(stop);
    let mut told = false;
    poll_fn(|cx| {
        if !told && stop.as_mut().poll(cx).is_ready() {
            told = true;
            http.as_mut().graceful_shutdown();
        }
        if idle.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ended::Idle);
        }
        http.as_mut().poll(cx).map(|outcome| match outcome {
            Err(error) if error.is_incomplete_message() => Ended::Unanswered,
            Err(error) if error.is_parse() && traffic.written() == 0 => Ended::Unanswered,
            Err(error) if error.is_user() => Ended::Failed(error),
            // Whatever else it is, the other side has seen it already, or is gone.
            Ok(()) | Err(_) => Ended::Well,
        })
    })
    .await
}

/// Closes our side, and reads what is still on its way: the kernel answers a close over unread bytes with a reset, which
/// may overtake the last answer.
async fn linger(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<()> {
    poll_fn(|cx| Pin::new(&mut *stream).poll_close(cx)).await?;
    // Not on the stack, which is the task's: all connections would carry it for all their lives.
    let mut chunk = vec![0; 4096];
    let mut read = 0;
    while read < LINGER_BYTES {
        match poll_fn(|cx| Pin::new(&mut *stream).poll_read(cx, &mut chunk)).await? {
            0 => break,
            length => read += length,
        }
    }
    Ok(())
}

async fn write_all(stream: &mut (impl AsyncWrite + Unpin), mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let length = poll_fn(|cx| Pin::new(&mut *stream).poll_write(cx, bytes)).await?;
        bytes = &bytes[length..];
    }
    Ok(())
}
