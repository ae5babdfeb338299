//! What flows over TLS: both ways at once, no more than the marks allow, to the end and no further.

use crate::pki::{acceptor, connector};
use crate::wire::{End, MIB, a_while, ends, plain_ends, polled, shaken};
use core_loop::spawn;
use futures_io::AsyncWrite;
use loop_io::{StreamWriter, WriteLimits};
use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

/// Sends `pieces` chunks and then the end, and reads all that comes meanwhile, which must be as much, and of `expected`.
async fn exchange((mut reader, writer): End, pieces: usize, byte: u8, expected: u8) {
    const PIECE: usize = 65_536;
    let writing = spawn(async move {
        let piece = vec![byte; PIECE];
        for _ in 0..pieces {
            writer.write(&piece).unwrap();
            writer.drain().await.unwrap();
        }
        writer.write_eof();
        writer
    });
    let (mut read, expected) = (0, vec![expected; 4 * PIECE]);
    loop {
        let bytes = reader.read(4 * PIECE).await.unwrap();
        if bytes.is_empty() {
            break;
        }
        assert!(bytes == expected[..bytes.len()]);
        read += bytes.len();
    }
    assert_eq!(read, pieces * PIECE);
    let writer = writing.await.unwrap();
    writer.close();
    writer.wait_closed().await.unwrap();
}

async fn both_ways(pieces: usize) {
    let (near, far) = ends().await;
    let far = spawn(exchange(far, pieces, 1, 2));
    exchange(near, pieces, 2, 1).await;
    far.await.unwrap();
}

/// What is done to the next record on its way from a server to its client.
#[derive(Clone, Copy)]
enum Fate {
    Arrives,
    /// Its last byte does not arrive, and nothing after it.
    Cut,
    /// One of its bits changes.
    Damaged,
}

/// A client and a server, and what becomes of what the server says.
async fn through() -> (End, End, Rc<Cell<Fate>>) {
    let ((mut client, mut to_client), (mut to_server, mut server)) = (plain_ends().await, plain_ends().await);
    let fate = Rc::new(Cell::new(Fate::Arrives));
    let decides = fate.clone();
    spawn(async move {
        loop {
            let bytes = to_client.0.read(4096).await?;
            if bytes.is_empty() {
                return io::Result::Ok(());
            }
            to_server.1.write(&bytes)?;
        }
    })
    .detach();
    spawn(async move {
        loop {
            let mut record = to_server.0.read_exact(5).await?;
            let len = usize::from(u16::from_be_bytes([record[3], record[4]]));
            record.extend(to_server.0.read_exact(len).await?);
            match decides.get() {
                Fate::Arrives => to_client.1.write(&record)?,
                Fate::Damaged => {
                    record[len] ^= 1;
                    to_client.1.write(&record)?;
                }
                Fate::Cut => {
                    to_client.1.write(&record[..len])?;
                    to_client.1.close();
                    return io::Result::Ok(());
                }
            }
        }
    })
    .detach();
    let shaking = spawn(async move {
        acceptor().start_tls(&mut server.0, &server.1).await.unwrap();
        server
    });
    connector().start_tls(&mut client.0, &client.1).await.unwrap();
    let server = shaking.await.unwrap();
    // Behind everything that belongs to the handshake.
    server.1.write(b"hello").unwrap();
    assert_eq!(client.0.read_exact(5).await.unwrap(), b"hello");
    (client, server, fate)
}

/// A drain that waits, again and again, each time for so many polls.
async fn drain_by_trying(writer: &StreamWriter, times: usize) {
    while polled(times, writer.drain()).await.is_none() {
        a_while().await;
    }
}

loop_test::on_every_runtime! {
    async fn megabytes_flow_both_ways_at_once() {
        both_ways(MIB / 65_536).await;
    }

    #[skip(VIRTUAL, "the amount is for the buffers of a kernel; a smaller one flows under every seed")]
    async fn sixty_four_mebibytes_flow_both_ways_at_once() {
        both_ways(64 * MIB / 65_536).await;
    }

    async fn one_way_ends_and_the_other_goes_on() {
        let ((mut near, writer), (mut far, answers)) = ends().await;
        writer.write(b"the question").unwrap();
        assert!(writer.can_write_eof());
        writer.write_eof();
        assert!(writer.write(b"more").is_err());
        assert_eq!(far.read_to_end().await.unwrap(), b"the question");
        answers.write(b"the answer").unwrap();
        assert_eq!(near.read_exact(10).await.unwrap(), b"the answer");
        answers.close();
        assert_eq!(near.read(1).await.unwrap(), b"");
        answers.wait_closed().await.unwrap();
        writer.close();
        writer.wait_closed().await.unwrap();
    }

    async fn what_a_peer_that_never_reads_is_owed_stays_within_the_marks() {
        const HIGH: usize = 10_000;
        const PIECE: usize = 1000;
        // What TLS adds to a record.
        const RECORD: usize = 64;
        let ((_near, writer), (mut reader, far)) = ends().await;
        writer.set_write_buffer_limits(WriteLimits::high(HIGH));
        let mut written = 0;
        loop {
            writer.write(&[7; PIECE]).unwrap();
            written += PIECE;
            let unsent = writer.get_write_buffer_size();
            assert!(unsent <= HIGH + PIECE + RECORD, "{unsent} bytes are kept");
            assert!(written < 256 * MIB, "it never pauses");
            if polled(1, writer.drain()).await.is_none() {
                break;
            }
        }
        drop(far);
        writer.close();
        assert_eq!(reader.read_to_end().await.unwrap().len(), written);
    }

    async fn flushed_is_what_is_with_the_kernel() {
        let ((_near, writer), (mut reader, _far)) = ends().await;
        let writing = spawn(async move {
            writer.write(&vec![7; 2 * MIB]).unwrap();
            writer.flush().await.unwrap();
            writer.get_write_buffer_size()
        });
        assert_eq!(reader.read_exact(2 * MIB).await.unwrap().len(), 2 * MIB);
        assert_eq!(writing.await.unwrap(), 0);
    }

    async fn what_futures_io_wrote_is_sent_without_another_call() {
        let ((_near, mut writer), (mut reader, _far)) = ends().await;
        let (piece, mut taken) = (vec![7; MIB], 0);
        // The second time it is not for the step's budget that it waits.
        for _ in 0..2 {
            while let Some(len) = polled(1, poll_fn(|cx| Pin::new(&mut writer).poll_write(cx, &piece))).await {
                taken += len.unwrap();
                assert!(taken < 256 * MIB, "everything is sent although nobody reads");
            }
            a_while().await;
        }
        assert!(polled(1, writer.flush()).await.is_none(), "the kernel has no room for the rest");
        assert!(reader.read_exact(taken).await.unwrap().iter().all(|byte| *byte == 7));
        writer.flush().await.unwrap();
        assert_eq!(writer.get_write_buffer_size(), 0);
    }

    async fn what_the_layers_beneath_keep_counts_as_unsent() {
        let ((mut near, writer), (mut far, far_writer)) = ends().await;
        let server = spawn(async move {
            acceptor().start_tls(&mut far, &far_writer).await.unwrap();
            (far, far_writer)
        });
        connector().start_tls(&mut near, &writer).await.unwrap();
        let (mut far, _far_writer) = server.await.unwrap();
        let mut written = 0;
        loop {
            writer.write(&[7; 1000]).unwrap();
            written += 1000;
            if polled(1, writer.flush()).await.is_none() {
                break;
            }
            assert!(written < 256 * MIB, "everything is sent although nobody reads");
        }
        assert!(writer.get_write_buffer_size() > 0, "it waits for something");
        assert_eq!(far.read_exact(written).await.unwrap().len(), written);
        writer.flush().await.unwrap();
        assert_eq!(writer.get_write_buffer_size(), 0);
    }

    async fn reads_and_drains_that_are_given_up_after_any_number_of_polls_lose_nothing() {
        for times in [1, 2, 3, 5, 8] {
            let ((_near, writer), (mut reader, _far)) = ends().await;
            writer.set_write_buffer_limits(WriteLimits::new(0, 1000).unwrap());
            let sent: Vec<u8> = (0..200_000_u32).map(|at| (at % 251) as u8).collect();
            let mut got = Vec::new();
            for piece in sent.chunks(20_000) {
                writer.write(piece).unwrap();
                drain_by_trying(&writer, times).await;
                got.extend(loop {
                    if let Some(read) = polled(times, reader.read_exact(piece.len())).await {
                        break read.unwrap();
                    }
                    a_while().await;
                });
            }
            assert!(got == sent, "given up after {times} polls");
        }
    }

    async fn a_connection_that_is_cut_off_is_an_error_after_everything_that_came() {
        let ((mut near, writer), (_far, far_writer)) = ends().await;
        far_writer.write(b"half a sent").unwrap();
        assert_eq!(near.read_exact(4).await.unwrap(), b"half");
        // Closes what is beneath, without a word of TLS.
        far_writer.abort();
        let error = near.read_to_end().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert!(error.to_string().contains("close_notify"), "{error}");
        assert_eq!(near.buffer(), b" a sent");
        assert_eq!(writer.wait_closed().await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    async fn a_record_that_is_cut_in_two_is_cut_off() {
        let (mut client, server, fate) = through().await;
        fate.set(Fate::Cut);
        server.1.write(b"and bye").unwrap();
        let error = client.0.read(1).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    async fn damage_on_the_way_is_an_error_that_both_sides_hear_of() {
        let (mut client, mut server, fate) = through().await;
        fate.set(Fate::Damaged);
        server.1.write(b"damaged").unwrap();
        let error = client.0.read(1).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
        let error = server.0.read(1).await.unwrap_err();
        assert!(error.to_string().contains("look there"), "{error}");
    }

    async fn a_close_waits_for_the_other_sides_end() {
        let ((_near, writer), (mut far, far_writer)) = ends().await;
        writer.write(b"bye").unwrap();
        writer.close();
        let writer = Rc::new(writer);
        let waits = writer.clone();
        let closed = spawn(async move { waits.wait_closed().await });
        assert_eq!(far.read_to_end().await.unwrap(), b"bye");
        assert!(!closed.done(), "the other side has not ended");
        // It is dropped, because nobody reads any more.
        far_writer.write(b"unread").unwrap();
        far_writer.close();
        closed.await.unwrap().unwrap();
        far_writer.wait_closed().await.unwrap();
    }

    async fn a_peer_that_never_ends_is_closed_after_the_shutdown_timeout() {
        const SOON: Duration = Duration::from_millis(20);
        let (near, mut far) = shaken(&connector().shutdown_timeout(SOON), &acceptor()).await;
        let (_reader, writer) = near.unwrap();
        writer.close();
        let lost = writer.wait_closed().await.unwrap_err();
        assert_eq!(lost.kind(), io::ErrorKind::TimedOut);
        assert!(lost.to_string().contains("shutdown_timeout"), "{lost}");
        let (reader, _writer) = far.as_mut().unwrap();
        assert_eq!(reader.read(1).await.unwrap(), b"", "it was told");
    }

    async fn dropping_both_halves_sends_everything_and_ends() {
        let ((reader, writer), (mut far, far_writer)) = ends().await;
        writer.write(&vec![7; MIB]).unwrap();
        drop((reader, writer));
        assert_eq!(far.read_to_end().await.unwrap().len(), MIB);
        far_writer.close();
        far_writer.wait_closed().await.unwrap();
    }

    async fn plain_connections_beside_it_stay_plain() {
        let ((_near, writer), (mut far, _far_writer)) = plain_ends().await;
        writer.write(b"hello").unwrap();
        assert_eq!(far.read_exact(5).await.unwrap(), b"hello");
    }
}
