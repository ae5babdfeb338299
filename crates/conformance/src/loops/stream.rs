//! `stream`: reading and writing with a buffer.

use super::wire::{MIB, MS, a_while, ends, fill, reports, sockets, until};
use super::{Loops, turns};
use crate::behaviour::{Verdict, ensure, same};
use crate::{Miss, Subject};
use contract::budget;
use core_loop::{gather, spawn, timeout};
use futures_io::{AsyncRead, AsyncWrite};
use loop_io::{
    ReadExactError, ReadLineError, ReadUntilError, StreamReader, StreamWriter, WriteError, WriteLimits,
    open_connection, start_server, streams,
};
use std::cell::Cell;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;

/// Polls `future` once, and drops it. What it gave, if it was ready.
async fn given_up<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

pub(super) fn readline_limit_strict(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let ((mut reader, _near), (_far, writer)) = ends().await?;
        reader.limit(7);
        writer.write(b"0123456\n01234567\nnext\n0123456789")?;
        same("a line of seven bytes", reader.readline().await?, b"0123456\n")?;
        let long = reader.readline().await;
        ensure(matches!(long, Err(ReadLineError::TooLong(_))), format!("of eight bytes: {long:?}"))?;
        same("the line behind it", reader.readline().await?, b"next\n")?;
        let endless = reader.readline().await;
        ensure(matches!(endless, Err(ReadLineError::TooLong(_))), format!("without an end: {endless:?}"))?;
        writer.write(b"still the same line\nlast\n")?;
        same("the line behind that", reader.readline().await?, b"last\n")
    })
}

pub(super) fn readuntil_overrun_keeps_data(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let ((mut reader, _near), (_far, writer)) = ends().await?;
        reader.limit(3);
        for (sent, separator) in [("abcdef,", true), ("ghijkl", false)] {
            writer.write(sent.as_bytes())?;
            let Err(ReadUntilError::Overrun(overrun)) = reader.read_until(",").await else {
                return ensure(false, "there was no overrun");
            };
            ensure(overrun.consumed > 3, format!("it says {overrun:?}"))?;
            let (kept, consumed) = (reader.buffer(), overrun.consumed);
            ensure(sent.as_bytes().starts_with(&kept[..consumed]), format!("it kept {kept:?}"))?;
            same("what is read then", reader.read_exact(sent.len()).await?, sent.as_bytes())?;
            ensure(separator || consumed <= sent.len(), "it says more than there is")?;
        }
        Ok(())
    })
}

pub(super) fn readuntil_split_separator(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let ((mut reader, _near), (_far, writer)) = ends().await?;
        let reading = spawn(async move { reader.read_until("<<END>>").await });
        for piece in ["one <<EN", "D> <", "<EN", "D>", "> two"] {
            writer.write(piece.as_bytes())?;
            a_while().await;
        }
        same("what was read", reading.await??, b"one <<END> <<END>>")
    })
}

pub(super) fn readuntil_many_separators(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let ((mut reader, _near), (_far, writer)) = ends().await?;
        writer.write(b"some data; more\r\nrest\n")?;
        same("up to the first", reader.read_until_any(&[b"\r\n", b";"]).await?, b"some data;")?;
        same("up to the longer one", reader.read_until_any(&[b"\r\n", b"\n"]).await?, b" more\r\n")?;
        let earliest = reader.read_until_any(&[b"rest\n", b"es", b"rest"]).await?;
        same("up to the one that ends first", earliest, b"res")
    })
}

pub(super) fn readexactly_short(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let ((mut reader, _near), (_far, writer)) = ends().await?;
        writer.write(b"abc")?;
        writer.close();
        let Err(ReadExactError::Incomplete(incomplete)) = reader.read_exact(5).await else {
            return ensure(false, "five bytes of three");
        };
        same("what came", (incomplete.partial, incomplete.expected), (b"abc".to_vec(), Some(5)))?;
        ensure(reader.at_eof(), "the reader is not at its end")
    })
}

pub(super) fn cancelled_read_loses_nothing(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let ((mut reader, _near), (_far, writer)) = ends().await?;
        let text = b"0123456789\n";
        for cut in 0..text.len() {
            writer.write(&text[..cut])?;
            while reader.buffer().len() < cut {
                ensure(given_up(reader.read_exact(text.len())).await.is_none(), "more came than was sent")?;
                a_while().await;
            }
            ensure(given_up(reader.readline()).await.is_none(), "a line without its end")?;
            ensure(given_up(reader.read_until("\n")).await.is_none(), "a separator that was not sent")?;
            ensure(given_up(reader.read_to_end()).await.is_none(), "an end that was not sent")?;
            writer.write(&text[cut..])?;
            same("what is read at last", reader.readline().await?, text)?;
        }
        Ok(())
    })
}

pub(super) fn invalid_line_is_an_error_and_goes_on(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let ((mut reader, _near), (_far, writer)) = ends().await?;
        writer.write(b"one\r\n\xff\xfe\ntwo")?;
        writer.close();
        same("the first line", reader.next_line().await?.as_deref(), Some("one"))?;
        let Err(ReadLineError::Invalid(invalid)) = reader.next_line().await else {
            return ensure(false, "text of bytes that are none");
        };
        same("the bad line", invalid.line, b"\xff\xfe")?;
        same("the last line", reader.next_line().await?.as_deref(), Some("two"))?;
        same("the end", reader.next_line().await?, None)
    })
}

pub(super) fn drain_wakes_every_writer(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let ((_near, writer), (mut reader, _far)) = ends().await?;
        let writer = Rc::new(writer);
        let written = fill(|bytes| writer.write(bytes), || writer.get_write_buffer_size())?;
        let drains: Vec<_> = (0..10)
            .map(|_| {
                let writer = writer.clone();
                spawn(async move { writer.drain().await })
            })
            .collect();
        turns(3).await;
        ensure(drains.iter().all(|drain| !drain.done()), "a drain ended although nobody read")?;
        reader.read_exact(written).await?;
        for drain in drains {
            drain.await??;
        }
        Ok(())
    })
}

pub(super) fn drain_reports_lost_peer(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let ((_near, writer), far) = ends().await?;
        drop(far);
        let endless = async {
            loop {
                writer.write(&[7; 1000])?;
                writer.drain().await?;
            }
        };
        let ended: io::Result<()> = endless.await;
        let error = ended.map_or_else(|error| error.kind(), |()| io::ErrorKind::Other);
        ensure(
            matches!(error, io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe),
            format!("it ended with {error:?}"),
        )
    })
}

pub(super) fn reset_in_the_middle_is_told(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (near, mut far) = sockets().await?;
        let (mut reader, writer) = streams(near);
        writer.write(b"hardly read")?;
        // One byte of it, so that the rest has arrived.
        poll_fn(|cx| Pin::new(&mut far).poll_read(cx, &mut [0])).await?;
        // The reset takes along what has not been read: so the half line is read first.
        let half = b"half a line";
        let mut sent = 0;
        while sent < half.len() {
            sent += poll_fn(|cx| Pin::new(&mut far).poll_write(cx, &half[sent..])).await?;
        }
        while reader.buffer().len() < half.len() {
            ensure(given_up(reader.readline()).await.is_none(), "a line without its end")?;
            a_while().await;
        }
        // A socket that is closed with bytes in it resets.
        drop(far);
        match reader.readline().await {
            Err(ReadLineError::Io(error)) => same("the error", error.kind(), io::ErrorKind::ConnectionReset)?,
            line => return ensure(false, format!("after the reset: {line:?}")),
        }
        same("what came before it", reader.buffer(), half)?;
        ensure(writer.write(b"more").is_err(), "something was written to nobody")?;
        ensure(writer.wait_closed().await.is_err(), "it closed as if all were well")
    })
}

pub(super) fn silent_peer_fills_no_memory(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        const HIGH: usize = 10_000;
        const PIECE: usize = 1000;
        let ((_near, writer), (mut reader, far)) = ends().await?;
        writer.set_write_buffer_limits(WriteLimits::high(HIGH));
        let mut written = 0;
        loop {
            writer.write(&[7; PIECE])?;
            written += PIECE;
            let unsent = writer.get_write_buffer_size();
            ensure(unsent <= HIGH + PIECE, format!("{unsent} bytes are kept"))?;
            ensure(written < 256 * MIB, "it never pauses")?;
            if given_up(writer.drain()).await.is_none() {
                break;
            }
        }
        drop(far);
        writer.close();
        same("what comes in the end", reader.read_to_end().await?.len(), written)
    })
}

pub(super) fn cancelled_drain_loses_nothing(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let ((_reader, writer), (mut far, _far_writer)) = ends().await?;
        let mut sent = fill(|bytes| writer.write(bytes), || writer.get_write_buffer_size())?;
        let mut came = 0;
        for _ in 0..20 {
            ensure(given_up(writer.drain()).await.is_none(), "it drained although hardly anything was read")?;
            ensure(given_up(writer.flush()).await.is_none(), "it flushed although hardly anything was read")?;
            came += far.read(10_000).await?.len();
            writer.write(&[7; 10_000])?;
            sent += 10_000;
        }
        let reading = spawn(async move { far.read_to_end().await });
        writer.drain().await?;
        writer.close();
        let rest = reading.await??;
        same("what came", came + rest.len(), sent)?;
        ensure(rest.iter().all(|byte| *byte == 7), "other bytes came")
    })
}

pub(super) fn half_open_peer_is_given_up_by_a_timeout(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        // The peer is there, for the kernel, and does nothing any more.
        let ((mut reader, writer), _far) = {
            let (near, (far_reader, far_writer)) = ends().await?;
            far_writer.write(b"half a li")?;
            far_writer.flush().await?;
            (near, (far_reader, far_writer))
        };
        let silent = timeout(MS * 20, reader.readline()).await;
        ensure(silent.is_err(), format!("a line without an end: {silent:?}"))?;
        same("what came before", reader.buffer(), b"half a li")?;
        fill(|bytes| writer.write(bytes), || writer.get_write_buffer_size())?;
        ensure(timeout(MS * 20, writer.drain()).await.is_err(), "it drained although nobody reads")?;
        writer.close();
        ensure(timeout(MS * 20, writer.wait_closed()).await.is_err(), "it closed with unsent bytes")?;
        writer.abort();
        writer.wait_closed().await?;
        same("the rest of the line", reader.read_to_end().await?, b"half a li")
    })
}

pub(super) fn pieces_leave_in_a_row(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let ((_reader, writer), (mut far, _far_writer)) = ends().await?;
        // More than the kernel takes at a time, some of them empty, and more bytes than it has room for.
        let pieces: Vec<Vec<u8>> =
            (0..3000_usize).map(|number| vec![number as u8; number * 7 % 8192]).collect();
        let wanted = pieces.concat();
        let reading = spawn(async move { far.read_to_end().await });
        let slices: Vec<_> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
        writer.write_vectored(&slices)?;
        writer.drain().await?;
        writer.writelines(&pieces)?;
        writer.write_vectored(&[])?;
        writer.write_vectored(&[IoSlice::new(b""), IoSlice::new(b"")])?;
        writer.close();
        let late = writer.write_vectored(&slices);
        ensure(matches!(late, Err(WriteError::Closed)), format!("pieces after the close: {late:?}"))?;
        let came = reading.await??;
        ensure(came == [&wanted[..], &wanted].concat(), format!("{} bytes came, or others", came.len()))
    })
}

pub(super) fn megabytes_flow_both_ways(subject: &Subject<Loops>) -> Verdict {
    const EACH: usize = 8 * MIB;
    async fn exchange((mut reader, writer): (StreamReader, StreamWriter), byte: u8) -> Result<bool, Miss> {
        let writing = spawn(async move {
            for _ in 0..EACH / 65_536 {
                writer.write(&[byte; 65_536])?;
                writer.drain().await?;
            }
            writer.write_eof();
            Ok::<_, io::Error>(writer)
        });
        let read = reader.read_to_end().await?;
        let _writer = writing.await??;
        Ok(read == vec![!byte; EACH])
    }
    subject.run(async || {
        let (near, far) = ends().await?;
        let (there, back) = gather((exchange(near, 0), exchange(far, 255))).await?;
        same("the bytes of each way are what was sent", (there?, back?), (true, true))
    })
}

pub(super) fn half_closed_peer_can_be_written_to(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let ((mut near, writer), (mut far, answers)) = ends().await?;
        writer.write(b"the question")?;
        writer.write_eof();
        ensure(writer.write(b"more").is_err(), "something was written after the end")?;
        same("the question", far.read_to_end().await?, b"the question")?;
        answers.write(b"the answer")?;
        answers.close();
        same("the answer", near.read_to_end().await?, b"the answer")
    })
}

pub(super) fn wait_closed_with_unread_data(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let ((mut reader, writer), (mut far, other)) = ends().await?;
        other.write(b"line one\nunread")?;
        same("the line", reader.readline().await?, b"line one\n")?;
        writer.write(b"bye")?;
        writer.close();
        writer.wait_closed().await?;
        let rest = reader.read_to_end().await?;
        ensure(rest.is_empty() || rest == b"unread", format!("the rest: {rest:?}"))?;
        ensure(reader.at_eof(), "the reader is not at its end")?;
        same("what the other side still reads", far.read_to_end().await?, b"bye")
    })
}

/// Takes all but `left` operations from the budget of this step.
async fn spend_all_but(left: u32) {
    poll_fn(|cx| {
        budget::enter_step();
        (left..budget::STEP).fold(Poll::Ready(()), |_, _| budget::spend(cx))
    })
    .await;
}

pub(super) fn last_words_arrive_from_a_step_that_has_spent_its_budget(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        // Whichever operation it is, from the last words to the end of the connection, that finds nothing left.
        for left in 0..=4 {
            let sent = Rc::new(Cell::new(false));
            let is_sent = sent.clone();
            let handler = async move |_: StreamReader, writer: StreamWriter| {
                until(|| is_sent.get()).await;
                spend_all_but(left).await;
                writer.write(b"bye")
            };
            let server = start_server(handler, "127.0.0.1:0").await?;
            let (mut reader, writer) = open_connection(server.addresses()[0]).await?;
            writer.write(b"never read")?;
            writer.flush().await?;
            sent.set(true);
            same("the last words", reader.read_to_end().await?, b"bye")?;
        }
        Ok(())
    })
}

pub(super) fn handler_error_vs_cancel(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let reports = reports();
        let handler = async |mut reader: StreamReader, _writer: StreamWriter| match reader.next_line().await?
        {
            Some(line) if line == "panic" => std::panic::resume_unwind(Box::new("no luck")),
            Some(line) if line == "cancel" => {
                core_loop::current_task().expect("a handler is a task").cancel("as asked");
                std::future::pending().await
            }
            _ => Err(io::Error::other("no line")),
        };
        let server = start_server(handler, "127.0.0.1:0").await?;
        let address = server.addresses()[0];
        for (line, told) in [("panic\n", 1), ("cancel\n", 0), ("\n", 1)] {
            let (mut reader, writer) = open_connection(address).await?;
            writer.write(line.as_bytes())?;
            same("what comes of the connection", reader.read_to_end().await?, b"")?;
            let reported = || reports.borrow().len() >= told;
            until(reported).await;
            turns(2).await;
            same(line, reports.take().len(), told)?;
        }
        Ok(())
    })
}
