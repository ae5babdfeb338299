//! What a writer keeps, sends, and says when it cannot.

use crate::{MIB, Noted, filled, half, run};
use core_loop::{spawn, to_thread, wait_until_idle, yield_now};
use futures_lite::future::poll_once;
use futures_lite::{AsyncRead, AsyncWrite, AsyncWriteExt};
use loop_io::{Channel, StreamReader, StreamWriter, WriteError, WriteLimits, start_server, streams};
use std::io::{self, ErrorKind, IoSlice, Read};
use std::net::TcpStream;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// Reads all of it on a thread.
fn reads_all(mut theirs: TcpStream) -> core_loop::Task<usize> {
    spawn(async move {
        let reading = core_loop::to_thread(move || {
            let mut all = Vec::new();
            theirs.read_to_end(&mut all).unwrap();
            assert!(all == vec![7; all.len()]);
            all.len()
        });
        reading.await.unwrap()
    })
}

#[test]
fn what_the_kernel_takes_at_once_needs_no_task() {
    run(async {
        let (_reader, writer, mut theirs) = half().await;
        let before = core_loop::all_tasks().len();
        writer.write(b"at once").unwrap();
        assert_eq!((core_loop::all_tasks().len(), writer.get_write_buffer_size()), (before, 0));
        let mut got = [0; 7];
        theirs.read_exact(&mut got).unwrap();
        assert_eq!(&got, b"at once");
    });
}

#[test]
fn what_the_kernel_has_no_room_for_is_sent_in_the_background() {
    run(async {
        let (_reader, writer, theirs) = half().await;
        let much = filled(&writer);
        let read = reads_all(theirs);
        writer.write_eof();
        assert_eq!(read.await.unwrap(), much);
        assert_eq!(writer.get_write_buffer_size(), 0);
    });
}

#[test]
fn a_close_sends_everything_first() {
    run(async {
        let (_reader, writer, theirs) = half().await;
        let much = filled(&writer);
        writer.close();
        assert!(writer.is_closing());
        assert!(matches!(writer.write(b"late"), Err(WriteError::Closed)));
        let read = reads_all(theirs);
        writer.wait_closed().await.unwrap();
        assert_eq!(read.await.unwrap(), much);
    });
}

#[test]
fn dropping_both_halves_sends_everything_first_and_closes() {
    run(async {
        let (reader, writer, theirs) = half().await;
        let much = filled(&writer);
        drop((reader, writer));
        assert_eq!(reads_all(theirs).await.unwrap(), much);
        wait_until_idle().await;
        assert_eq!(core_loop::all_tasks().len(), 1, "no flusher is left");
    });
}

#[test]
fn dropping_the_writer_ends_one_way_only() {
    run(async {
        let (mut reader, writer, mut theirs) = half().await;
        writer.write(b"bye").unwrap();
        drop(writer);
        let mut all = String::new();
        theirs.read_to_string(&mut all).unwrap();
        assert_eq!(all, "bye");
        std::io::Write::write_all(&mut theirs, b"and you").unwrap();
        drop(theirs);
        assert_eq!(reader.read_to_end().await.unwrap(), b"and you");
    });
}

#[test]
fn an_abort_forgets_what_is_not_sent() {
    run(async {
        let (mut reader, writer, theirs) = half().await;
        let much = filled(&writer);
        writer.abort();
        writer.wait_closed().await.unwrap();
        assert_eq!(writer.get_write_buffer_size(), 0);
        assert_eq!(reader.read(1).await.unwrap(), b"");
        assert!(reads_all(theirs).await.is_ok_and(|len| len < much));
    });
}

#[test]
fn a_reader_that_waits_hears_of_the_close() {
    run(async {
        let (mut reader, writer, _theirs) = half().await;
        let reading = spawn(async move { reader.read(1).await });
        wait_until_idle().await;
        writer.close();
        assert_eq!(reading.await.unwrap().unwrap(), b"");
    });
}

#[test]
fn memory_stays_within_the_marks_when_the_peer_never_reads() {
    run(async {
        let (_reader, writer, _theirs) = half().await;
        writer.set_write_buffer_limits(WriteLimits::high(10_000));
        let piece = [7; 1000];
        let mut written = 0;
        loop {
            writer.write(&piece).unwrap();
            written += piece.len();
            assert!(writer.get_write_buffer_size() <= 11_000);
            if poll_once(writer.drain()).await.is_none() {
                break;
            }
            assert!(written < 256 * MIB, "it never pauses");
        }
        assert!(writer.get_write_buffer_size() > 10_000);
    });
}

#[test]
fn all_who_drain_go_on_when_the_buffer_is_down() {
    run(async {
        let (_reader, writer, theirs) = half().await;
        let writer = Rc::new(writer);
        let much = filled(&writer);
        let drains: Vec<_> = (0..10)
            .map(|_| {
                let writer = writer.clone();
                spawn(async move { writer.drain().await })
            })
            .collect();
        wait_until_idle().await;
        assert!(drains.iter().all(|drain| !drain.done()));
        let read = reads_all(theirs);
        for drain in drains {
            drain.await.unwrap().unwrap();
        }
        writer.close();
        assert_eq!(read.await.unwrap(), much);
    });
}

#[test]
fn a_drain_hears_that_the_peer_is_lost() {
    run(async {
        let (_reader, writer, theirs) = half().await;
        filled(&writer);
        let draining = poll_once(writer.drain()).await;
        assert!(draining.is_none());
        drop(theirs);
        assert!(matches!(writer.drain().await, Err(WriteError::Lost(_))));
        let error = std::io::Error::from(writer.write(b"more").unwrap_err());
        assert!(matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{error}");
        assert!(writer.wait_closed().await.is_err());
    });
}

#[test]
fn lowering_the_high_mark_below_the_buffer_pauses_at_once() {
    run(async {
        let (_reader, writer, _theirs) = half().await;
        writer.set_write_buffer_limits(WriteLimits::high(1 << 30));
        filled(&writer);
        writer.drain().await.unwrap();
        writer.set_write_buffer_limits(WriteLimits::new(0, 10).unwrap());
        assert!(poll_once(writer.drain()).await.is_none());
        writer.set_write_buffer_limits(WriteLimits::high(1 << 30).to_owned());
        assert!(WriteLimits::new(11, 10).is_err());
    });
}

#[test]
fn whoever_writes_and_drains_for_ever_lets_others_run() {
    run(async {
        let (_reader, writer, mut theirs) = half().await;
        // The kernel always has room: somebody takes it out as fast as it comes.
        let reading = std::thread::spawn(move || std::io::copy(&mut theirs, &mut std::io::sink()));
        let endless = async {
            loop {
                writer.write(&[7; 100]).unwrap();
                writer.drain().await.unwrap();
            }
        };
        assert!(poll_once(endless).await.is_none(), "it has given up its turn");
        writer.close();
        writer.wait_closed().await.unwrap();
        reading.join().unwrap().unwrap();
    });
}

#[test]
fn cancelling_the_flusher_is_a_lost_connection_and_no_hang() {
    run(async {
        let (_reader, writer, _theirs) = half().await;
        filled(&writer);
        let current = core_loop::current_task().unwrap();
        for task in core_loop::all_tasks().into_iter().filter(|task| task.id() != current.id()) {
            task.cancel("everything goes");
        }
        assert!(writer.wait_closed().await.is_err());
    });
}

#[test]
fn async_write_waits_for_room_and_close_for_the_end() {
    run(async {
        let (_reader, mut writer, theirs) = half().await;
        let read = reads_all(theirs);
        let bytes = vec![7; MIB];
        for _ in 0..16 {
            writer.write_all(&bytes).await.unwrap();
        }
        AsyncWriteExt::flush(&mut writer).await.unwrap();
        assert_eq!(writer.get_write_buffer_size(), 0);
        AsyncWriteExt::close(&mut writer).await.unwrap();
        assert_eq!(read.await.unwrap(), 16 * MIB);
    });
}

#[test]
fn both_ends_have_names_even_when_the_connection_is_gone() {
    run(async {
        let (_reader, writer, theirs) = half().await;
        writer.abort();
        assert_eq!(writer.peer_name().unwrap().inet().unwrap(), theirs.local_addr().unwrap());
        assert_eq!(writer.local_name().unwrap().inet().unwrap(), theirs.peer_addr().unwrap());
        assert!(writer.with_descriptor(|_| ()).is_none());
        assert!(writer.get_extra_info::<String>().is_none());
    });
}

/// Writes through futures-io until the kernel takes no more. How much that was, all of it sevens.
async fn choked(writer: &mut StreamWriter) -> usize {
    let (piece, mut sent) = (vec![7; MIB], 0);
    // The second time it is not for the step's budget that it waits.
    for _ in 0..2 {
        while let Some(taken) = poll_once(AsyncWriteExt::write(writer, &piece)).await {
            sent += taken.unwrap();
            assert!(sent < 256 * MIB, "everything is sent although nobody reads");
        }
        yield_now().await;
    }
    sent
}

#[test]
fn a_futures_io_write_keeps_nothing_and_goes_on_when_there_is_room() {
    run(async {
        let (_reader, mut writer, mut theirs) = half().await;
        let sent = choked(&mut writer).await;
        assert_eq!(writer.get_write_buffer_size(), 0);
        let reading = to_thread(move || {
            let mut came = vec![0; sent + 1];
            theirs.read_exact(&mut came).map(|()| (came, theirs))
        });
        assert_eq!(AsyncWriteExt::write(&mut writer, &[8]).await.unwrap(), 1);
        let (came, _theirs) = reading.await.unwrap().unwrap();
        assert!(came[..sent].iter().all(|byte| *byte == 7) && came[sent] == 8);
    });
}

#[test]
fn a_futures_io_write_comes_after_what_was_written_before() {
    run(async {
        let (_reader, mut writer, mut theirs) = half().await;
        let before = filled(&writer);
        assert!(poll_once(AsyncWriteExt::write(&mut writer, b"last")).await.is_none(), "it overtook");
        let reading = to_thread(move || {
            let mut came = vec![0; before + 4];
            theirs.read_exact(&mut came).map(|()| (came, theirs))
        });
        assert_eq!(AsyncWriteExt::write(&mut writer, b"last").await.unwrap(), 4);
        let (came, _theirs) = reading.await.unwrap().unwrap();
        assert_eq!(&came[before..], b"last");
    });
}

#[test]
fn a_futures_io_write_that_waits_is_woken_by_an_abort() {
    run(async {
        let (promise, ended) = core_loop::Future::promise();
        let promise = std::cell::Cell::new(Some(promise));
        let chokes = async move |_: StreamReader, mut writer: StreamWriter| {
            choked(&mut writer).await;
            let error = AsyncWriteExt::write(&mut writer, &[8]).await.unwrap_err();
            promise.take().unwrap().set_result(error.kind()).unwrap();
        };
        let server = start_server(chokes, "127.0.0.1:0").await.unwrap();
        let _client = TcpStream::connect(server.addresses()[0]).unwrap();
        while server.clients() == 0 {
            wait_until_idle().await;
        }
        wait_until_idle().await;
        server.abort_clients();
        assert_eq!(ended.await.unwrap(), ErrorKind::BrokenPipe);
    });
}

/// Takes all that it is given, and notes in which pieces.
struct Noting {
    vectored: bool,
    writes: Noted<Vec<usize>>,
}

impl AsyncRead for Noting {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Pending
    }
}

impl AsyncWrite for Noting {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.writes.borrow_mut().push(vec![bytes.len()]);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.writes.borrow_mut().push(pieces.iter().map(|piece| piece.len()).collect());
        // One byte less, so that the rest goes on in the middle of a piece.
        let all: usize = pieces.iter().map(|piece| piece.len()).sum();
        Poll::Ready(Ok((all - 1).max(1)))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Channel for Noting {
    fn is_write_vectored(&self) -> bool {
        self.vectored
    }
}

#[test]
fn pieces_leave_from_where_they_stand_if_the_channel_can_and_in_one_piece_otherwise() {
    run(async {
        for (vectored, wanted) in [(true, vec![vec![3, 0, 4], vec![1]]), (false, vec![vec![7]])] {
            let writes = Noted::default();
            let (_reader, writer) = streams(Noting { vectored, writes: writes.clone() });
            writer.writelines(["one", "", "four"]).unwrap();
            assert_eq!(writes.take(), wanted);
            let pieces = [IoSlice::new(b"one"), IoSlice::new(b""), IoSlice::new(b"four")];
            writer.write_vectored(&pieces).unwrap();
            assert_eq!(writes.take(), wanted);
            writer.writelines([b"alone"]).unwrap();
            assert_eq!(writes.take(), [[5]]);
        }
    });
}

#[test]
fn a_futures_io_write_of_pieces_gives_the_channel_all_of_them() {
    run(async {
        let writes = Noted::default();
        let (_reader, mut writer) = streams(Noting { vectored: true, writes: writes.clone() });
        let pieces = [IoSlice::new(b"one"), IoSlice::new(b""), IoSlice::new(b"four")];
        // The channel takes one byte less, and that byte is nobody's but the caller's.
        assert_eq!(AsyncWriteExt::write_vectored(&mut writer, &pieces).await.unwrap(), 6);
        assert_eq!(writes.take(), [[3, 0, 4]]);
        assert_eq!(writer.get_write_buffer_size(), 0);
    });
}
