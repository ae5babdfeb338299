//! One connection, from its first request to its last byte.

use super::answer::answer;
use super::io::{Io, Traffic};
use core_loop::net::TcpStream;
use core_loop::{sleep, timeout};
use futures_io::{AsyncRead, AsyncWrite};
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use std::convert::Infallible;
use std::future::{poll_fn, ready};
use std::io;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;
use sync_primitives::Event;

/// How long, and how much, is read of what the other side sends after the last answer.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 1 << 20;

/// What hyper itself does not say to a request that is cut short, or is in another protocol.
const BAD_REQUEST: &[u8] = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// Answers the requests that come over `stream`, one after the other, until the other side closes it, a request is
/// malformed (which is answered with 400), no byte moves for `idle`, or `stopping` is set and what was begun is answered.
pub(super) async fn serve(stream: TcpStream, stopping: &Event, idle: Duration) {
    // Answers are written whole; Nagle's algorithm would hold back the second of two.
    let _slower_without = stream.set_nodelay(true);
    let traffic = Traffic::default();
    let ended = converse(&stream, &traffic, stopping, idle).await;
    let _enough = timeout(LINGER, async {
        if ended == Ended::Unanswered {
            write_all(&stream, BAD_REQUEST).await?;
        }
        linger(&stream).await
    })
    .await;
}

#[derive(Debug, PartialEq, Eq)]
enum Ended {
    Well,
    /// The last request was bad, and hyper has not said so.
    Unanswered,
}

async fn converse(stream: &TcpStream, traffic: &Traffic, stopping: &Event, idle: Duration) -> Ended {
    let service =
        service_fn(|request| ready(Ok::<_, Infallible>(answer(request.method(), request.uri().path()))));
    // A client may close its side after its last request and still wants the answer.
    let http = Builder::new().half_close(true).serve_connection(Io::new(stream, traffic), service);
    let mut http = pin!(http);
    let mut idle = pin!(idle_for(idle, traffic));
    let mut stop = pin!(stopping.wait());
    let mut told = false;
    poll_fn(|cx| {
        if !told && stop.as_mut().poll(cx).is_ready() {
            told = true;
            http.as_mut().graceful_shutdown();
        }
        if idle.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ended::Well);
        }
        http.as_mut().poll(cx).map(|outcome| match outcome {
            Err(error) if error.is_incomplete_message() => Ended::Unanswered,
            Err(error) if error.is_parse() && traffic.written.get() == 0 => Ended::Unanswered,
            // Whatever else it is, the other side has seen it already, or is gone.
            Ok(()) | Err(_) => Ended::Well,
        })
    })
    .await
}

/// Ends when no byte has moved for `idle`.
async fn idle_for(idle: Duration, traffic: &Traffic) {
    let moved = || (traffic.read.get(), traffic.written.get());
    loop {
        let before = moved();
        sleep(idle).await;
        if moved() == before {
            return;
        }
    }
}

/// Closes our side, and reads what is still on its way: the kernel answers a close over unread bytes with a reset, which
/// may overtake the last answer.
async fn linger(mut stream: &TcpStream) -> io::Result<()> {
    poll_fn(|cx| Pin::new(&mut stream).poll_close(cx)).await?;
    let mut chunk = [0; 4096];
    let mut read = 0;
    while read < LINGER_BYTES {
        match poll_fn(|cx| Pin::new(&mut stream).poll_read(cx, &mut chunk)).await? {
            0 => break,
            length => read += length,
        }
    }
    Ok(())
}

async fn write_all(mut stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let length = poll_fn(|cx| Pin::new(&mut stream).poll_write(cx, bytes)).await?;
        bytes = &bytes[length..];
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Event, Traffic, converse, serve, write_all};
    use core_loop::net::{TcpListener, TcpStream};
    use core_loop::{spawn, yield_now};
    use futures_io::AsyncRead;
    use std::future::poll_fn;
    use std::pin::Pin;
    use std::rc::Rc;
    use std::time::Duration;

    const LONG: Duration = Duration::from_secs(600);

    /// Both ends of a connection.
    async fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (client, listener.accept().await.unwrap().0)
    }

    async fn read_to_end(mut stream: TcpStream) -> String {
        let (mut text, mut chunk) = (Vec::new(), [0; 512]);
        loop {
            match poll_fn(|cx| Pin::new(&mut stream).poll_read(cx, &mut chunk)).await.unwrap() {
                0 => return String::from_utf8(text).unwrap(),
                length => text.extend_from_slice(&chunk[..length]),
            }
        }
    }

    #[test]
    fn a_request_that_has_begun_when_the_server_stops_is_answered() {
        let text = core_loop::run(async {
            let (client, server) = pair().await;
            let shared = Rc::new((Traffic::default(), Event::new()));
            let serving = spawn({
                let shared = shared.clone();
                async move { converse(&server, &shared.0, &shared.1, LONG).await }
            });
            write_all(&client, b"GET /echo/late HTTP/1.1\r\nho").await.unwrap();
            while shared.0.read.get() == 0 {
                yield_now().await;
            }
            shared.1.set();
            yield_now().await;
            write_all(&client, b"st: here\r\n\r\n").await.unwrap();
            serving.await.unwrap();
            read_to_end(client).await
        });
        let text = text.unwrap();
        assert!(text.starts_with("HTTP/1.1 200 OK") && text.ends_with("\r\n\r\nlate"), "{text}");
        assert!(text.contains("connection: close"), "{text}");
    }

    #[test]
    fn a_connection_on_which_nothing_moves_is_closed() {
        let text = core_loop::run(async {
            let (client, server) = pair().await;
            let serving = spawn(async move { serve(server, &Event::new(), Duration::from_millis(1)).await });
            let text = read_to_end(client).await;
            serving.await.unwrap();
            text
        });
        assert_eq!(text.unwrap(), "");
    }
}
