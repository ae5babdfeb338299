//! Another channel around that of an open connection, what such a channel may keep, and transports in place of streams.

use crate::{MIB, Noted, filled, half, run};
use core_loop::{spawn, wait_until_idle};
use futures_io::{AsyncRead, AsyncWrite};
use futures_lite::future::poll_once;
use loop_io::{BaseProtocol, Beneath, Channel, Protocol, Transport, WriteError, streams};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

/// What the tests tell the channel to do.
#[derive(Default)]
struct Orders {
    /// Sends nothing of what it takes.
    keeps: Cell<bool>,
    /// May finish, and how.
    finished: Cell<Option<Result<(), io::ErrorKind>>>,
    waiting: RefCell<Option<Waker>>,
}

impl Orders {
    fn go_on(&self) {
        if let Some(waker) = self.waiting.take() {
            waker.wake();
        }
    }
}

/// Changes each byte on its way, but none of what was in hand before.
struct Changing {
    beneath: Beneath,
    orders: Rc<Orders>,
}

fn changed(byte: &u8) -> u8 {
    byte ^ 0x20
}

impl Changing {
    fn poll_all(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.orders.keeps.get() {
            self.orders.waiting.replace(Some(cx.waker().clone()));
            return Poll::Pending;
        }
        while !self.beneath.unsent.is_empty() {
            let len = ready!(Pin::new(&mut *self.beneath.channel).poll_write(cx, &self.beneath.unsent))?;
            self.beneath.unsent.drain(..len);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Changing {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let unread = &mut self.beneath.unread;
        if !unread.is_empty() {
            let len = unread.as_slice().read(bytes)?;
            unread.drain(..len);
            return Poll::Ready(Ok(len));
        }
        let len = ready!(Pin::new(&mut *self.beneath.channel).poll_read(cx, bytes))?;
        bytes[..len].iter_mut().for_each(|byte| *byte = changed(byte));
        Poll::Ready(Ok(len))
    }
}

impl AsyncWrite for Changing {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if !self.beneath.unsent.is_empty() {
            ready!(self.poll_all(cx))?;
        }
        self.beneath.unsent.extend(bytes.iter().map(changed));
        if let Poll::Ready(Err(error)) = self.poll_all(cx) {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_all(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_all(cx))?;
        Pin::new(&mut *self.beneath.channel).poll_close(cx)
    }
}

impl Channel for Changing {
    fn unsent(&self) -> usize {
        self.beneath.unsent.len()
    }

    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.orders.finished.get() {
            Some(outcome) => Poll::Ready(outcome.map_err(io::Error::from)),
            None => {
                self.orders.waiting.replace(Some(cx.waker().clone()));
                Poll::Pending
            }
        }
    }
}

/// Puts one around, which may finish at once.
fn around(orders: &Rc<Orders>) -> impl FnOnce(Beneath) -> Changing {
    orders.finished.set(Some(Ok(())));
    let orders = orders.clone();
    move |beneath| Changing { beneath, orders }
}

#[test]
fn what_was_in_hand_before_an_upgrade_is_handed_over_and_the_rest_goes_through_it() {
    run(async {
        let (mut reader, writer, mut theirs) = half().await;
        theirs.write_all(b"one\ntwo\n").unwrap();
        assert_eq!(reader.readline().await.unwrap(), b"one\n");
        while reader.buffer() != b"two\n" {
            assert!(poll_once(reader.read_exact(5)).await.is_none());
            core_loop::yield_now().await;
        }
        let much = filled(&writer);
        reader.upgrade(&writer, around(&Rc::default())).unwrap();
        assert_eq!(reader.buffer(), b"", "it is with the new channel");
        theirs.write_all(b"THREE").unwrap();
        assert_eq!(reader.read_exact(9).await.unwrap(), b"two\nthree");
        writer.write(b"FOUR").unwrap();
        writer.close();
        let all = core_loop::to_thread(move || {
            let mut all = Vec::new();
            theirs.read_to_end(&mut all).map(|_| all)
        });
        let all = all.await.unwrap().unwrap();
        assert!(all[..much].iter().all(|byte| *byte == 7), "what was written before leaves as it is");
        assert_eq!(&all[much..], b"four");
    });
}

#[test]
fn a_transport_is_upgraded_under_its_protocol() {
    struct Notes(Noted<u8>);
    impl BaseProtocol for Notes {}
    impl Protocol for Notes {
        fn data_received(&mut self, data: &[u8]) -> io::Result<()> {
            self.0.borrow_mut().extend_from_slice(data);
            Ok(())
        }
    }
    run(async {
        let (ours, mut theirs) = crate::half_channel().await;
        let noted = Noted::default();
        let (transport, _protocol) = Transport::new(ours, Notes(noted.clone()));
        let received = async |much: &[u8]| {
            while noted.borrow().len() < much.len() {
                core_loop::yield_now().await;
            }
            assert_eq!(*noted.borrow(), much);
        };
        theirs.write_all(b"one").unwrap();
        received(b"one").await;
        transport.upgrade(around(&Rc::default())).unwrap();
        theirs.write_all(b"TWO").unwrap();
        received(b"onetwo").await;
        transport.write(b"THREE").unwrap();
        let mut got = [0; 5];
        theirs.read_exact(&mut got).unwrap();
        assert_eq!(&got, b"three");
        transport.close();
        assert!(matches!(transport.upgrade(around(&Rc::default())), Err(WriteError::Closed)));
    });
}

#[test]
fn an_upgrade_that_panics_closes_the_connection() {
    run(async {
        let (mut reader, writer, mut theirs) = half().await;
        let upgrade =
            || reader.upgrade(&writer, |_| -> Changing { std::panic::resume_unwind(Box::new("no luck")) });
        assert!(std::panic::catch_unwind(AssertUnwindSafe(upgrade)).is_err());
        writer.wait_closed().await.unwrap();
        assert_eq!(theirs.read(&mut [0]).unwrap(), 0);
    });
}

#[test]
fn what_a_channel_keeps_counts_as_unsent() {
    run(async {
        let (mut reader, writer, mut theirs) = half().await;
        let orders = Rc::<Orders>::default();
        reader.upgrade(&writer, around(&orders)).unwrap();
        orders.keeps.set(true);
        writer.write(&[7; MIB]).unwrap();
        assert_eq!(writer.get_write_buffer_size(), MIB);
        assert!(poll_once(writer.drain()).await.is_none() && poll_once(writer.flush()).await.is_none());
        orders.keeps.set(false);
        orders.go_on();
        let read = core_loop::to_thread(move || io::copy(&mut theirs, &mut io::sink()));
        writer.flush().await.unwrap();
        assert_eq!(writer.get_write_buffer_size(), 0);
        writer.close();
        assert_eq!(read.await.unwrap().unwrap(), MIB as u64);
    });
}

#[test]
fn what_a_channel_keeps_of_a_futures_io_write_is_sent_without_another_call() {
    run(async {
        let (mut reader, mut writer, mut theirs) = half().await;
        let orders = Rc::<Orders>::default();
        reader.upgrade(&writer, around(&orders)).unwrap();
        orders.keeps.set(true);
        let writing = poll_once(poll_fn(|cx| Pin::new(&mut writer).poll_write(cx, b"KEPT"))).await;
        assert_eq!((writing.unwrap().unwrap(), writer.get_write_buffer_size()), (4, 4));
        assert!(poll_once(writer.flush()).await.is_none());
        orders.keeps.set(false);
        orders.go_on();
        let mut came = [0; 4];
        let read = core_loop::to_thread(move || theirs.read_exact(&mut came).map(|()| (came, theirs)));
        assert_eq!(&read.await.unwrap().unwrap().0, b"kept");
        writer.flush().await.unwrap();
    });
}

/// Keeps what it takes until it is flushed, and does not say how much that is.
struct Silent {
    kept: Vec<u8>,
    beneath: core_loop::net::TcpStream,
}

impl AsyncRead for Silent {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.beneath).poll_read(cx, bytes)
    }
}

impl AsyncWrite for Silent {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.kept.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while !this.kept.is_empty() {
            let len = ready!(Pin::new(&mut this.beneath).poll_write(cx, &this.kept))?;
            this.kept.drain(..len);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(cx))?;
        Pin::new(&mut self.beneath).poll_close(cx)
    }
}

impl Channel for Silent {}

#[test]
fn a_flush_asks_the_channel_whatever_it_says_of_its_bytes() {
    run(async {
        let (beneath, mut theirs) = crate::half_channel().await;
        let (_reader, mut writer) = streams(Silent { kept: Vec::new(), beneath });
        poll_fn(|cx| Pin::new(&mut writer).poll_write(cx, b"silent")).await.unwrap();
        writer.flush().await.unwrap();
        let mut came = [0; 6];
        theirs.read_exact(&mut came).unwrap();
        assert_eq!(&came, b"silent");
    });
}

#[test]
fn a_close_waits_until_the_channel_has_finished() {
    run(async {
        for outcome in [Ok(()), Err(io::ErrorKind::TimedOut)] {
            let (mut reader, writer, mut theirs) = half().await;
            let orders = Rc::<Orders>::default();
            reader.upgrade(&writer, around(&orders)).unwrap();
            orders.finished.set(None);
            writer.close();
            assert_eq!(theirs.read(&mut [0]).unwrap(), 0, "this side has ended");
            let closed = spawn(async move { writer.wait_closed().await });
            wait_until_idle().await;
            assert!(!closed.done(), "it has not finished yet");
            orders.finished.set(Some(outcome));
            orders.go_on();
            assert_eq!(closed.await.unwrap().map_err(|lost| lost.kind()), outcome);
        }
    });
}

#[test]
fn a_transport_takes_the_place_of_streams_and_receives_what_was_read_first() {
    #[derive(Default)]
    struct Pauses(Option<Transport>, Vec<u8>);
    impl BaseProtocol for Pauses {
        fn connection_made(&mut self, transport: Transport) {
            transport.pause_reading();
            self.0 = Some(transport);
        }
    }
    impl Protocol for Pauses {
        fn data_received(&mut self, data: &[u8]) -> io::Result<()> {
            self.1.extend_from_slice(data);
            Ok(())
        }
    }
    run(async {
        let (ours, mut theirs) = crate::half_channel().await;
        let (mut reader, writer) = streams(ours);
        theirs.write_all(b"a line\nthe rest").unwrap();
        assert_eq!(reader.readline().await.unwrap(), b"a line\n");
        while reader.buffer() != b"the rest" {
            assert!(poll_once(reader.read_exact(9)).await.is_none());
            core_loop::yield_now().await;
        }
        let (transport, protocol) = Transport::from_streams(reader, writer, Pauses::default());
        wait_until_idle().await;
        assert!(!transport.is_closing(), "the drop of the halves means nothing");
        assert_eq!(protocol.with(|protocol| protocol.1.len()), 0, "it has paused");
        transport.resume_reading();
        theirs.write_all(b", and more").unwrap();
        while protocol.with(|protocol| protocol.1.len()) < 18 {
            core_loop::yield_now().await;
        }
        protocol.with(|protocol| assert_eq!(protocol.1, b"the rest, and more"));
        transport.write(b"bye").unwrap();
        transport.close();
        let mut all = String::new();
        theirs.read_to_string(&mut all).unwrap();
        assert_eq!(all, "bye");
    });
}
