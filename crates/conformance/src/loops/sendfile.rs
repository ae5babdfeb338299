//! `sendfile`: files that go into a connection.

use super::bytes::{a_path, read_all, write_all};
use super::wire::{End, MIB, ends, sockets, until};
use super::{Loops, turns};
use crate::behaviour::{Verdict, ensure, same};
use crate::{Miss, Subject};
use core_loop::net::TcpStream;
use core_loop::spawn;
use futures_io::{AsyncRead, AsyncWrite};
use loop_io::{Channel, SendFile, SendFileError, StreamReader, WriteError, streams};
use std::fs::{self, File};
use std::future::poll_fn;
use std::io;
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};

/// A file that goes when this does.
struct Sample {
    file: File,
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Sample {
    fn new(len: usize) -> io::Result<Self> {
        let (path, bytes) = (a_path(), (0..len).map(|at| (at * 31 % 251) as u8).collect());
        fs::write(&path, &bytes)?;
        Ok(Self { file: File::open(&path)?, path, bytes })
    }
}

impl Drop for Sample {
    fn drop(&mut self) {
        let _gone = fs::remove_file(&self.path);
    }
}

/// A socket that says nothing of its descriptor, as if what is written to it were encrypted.
struct Veiled(TcpStream);

impl AsyncRead for Veiled {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Veiled {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_close(cx)
    }
}

impl Channel for Veiled {}

/// The ends of two connections: one of which the kernel may take a file, where it has one, and one of which it may not.
async fn both_ways() -> Result<[(End, End); 2], Miss> {
    let (near, far) = sockets().await?;
    Ok([ends().await?, (streams(Veiled(near)), streams(far))])
}

/// Reads to the end, meanwhile.
fn reading(mut reader: StreamReader) -> core_loop::Task<io::Result<Vec<u8>>> {
    spawn(async move { reader.read_to_end().await })
}

/// That `came` is `wanted`, without writing megabytes about it.
fn same_bytes(what: &str, came: &[u8], wanted: &[u8]) -> Verdict {
    ensure(came == wanted, format!("{what}: of {} bytes {} came, or others", wanted.len(), came.len()))
}

pub(super) fn comes_between_what_is_written_before_and_after(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let sample = Sample::new(3 * MIB + 7)?;
        for ((_reader, writer), (far, _far_writer)) in both_ways().await? {
            let reading = reading(far);
            // More than the kernel takes at once.
            let before = vec![7; 4 * MIB];
            writer.write(&before)?;
            same("the bytes sent", writer.sendfile(&sample.file).await?, sample.bytes.len() as u64)?;
            writer.write(b"after")?;
            writer.close();
            let wanted = [&before[..], &sample.bytes, b"after"].concat();
            same_bytes("what came", &reading.await??, &wanted)?;
        }
        Ok(())
    })
}

pub(super) fn comes_after_what_futures_io_has_written(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let sample = Sample::new(MIB)?;
        for ((_reader, mut writer), (far, _far_writer)) in both_ways().await? {
            let reading = reading(far);
            // Nobody flushes it but the file.
            write_all(&mut writer, b"before").await?;
            same("the bytes sent", writer.sendfile(&sample.file).await?, sample.bytes.len() as u64)?;
            write_all(&mut writer, b"after").await?;
            writer.flush().await?;
            writer.close();
            let wanted = [&b"before"[..], &sample.bytes, b"after"].concat();
            same_bytes("what came", &reading.await??, &wanted)?;
        }
        Ok(())
    })
}

pub(super) fn sends_a_part_and_no_more_than_there_is(subject: &Subject<Loops>) -> Verdict {
    use std::io::Seek;
    subject.run(async || {
        let sample = Sample::new(MIB)?;
        for ((_reader, writer), (far, _far_writer)) in both_ways().await? {
            let reading = reading(far);
            let mut wanted = Vec::new();
            for (offset, count, part) in [
                (10, 20, &sample.bytes[10..30]),
                (MIB - 5, 100, &sample.bytes[MIB - 5..]),
                (MIB + 5, 100, b""),
                (0, 0, b""),
            ] {
                let sending = SendFile::new(&sample.file).offset(offset as u64).count(count);
                same("the bytes sent", { sending }.to(&writer).await?, part.len() as u64)?;
                wanted.extend_from_slice(part);
            }
            same("the position of the file", (&sample.file).stream_position()?, 0)?;
            writer.close();
            same_bytes("what came", &reading.await??, &wanted)?;
        }
        Ok(())
    })
}

pub(super) fn a_bare_socket_takes_a_file(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let sample = Sample::new(MIB)?;
        let (near, mut far) = sockets().await?;
        let reading = spawn(async move { read_all(&mut far).await });
        same("the bytes sent", SendFile::new(&sample.file).to(&near).await?, MIB as u64)?;
        // It still is a socket like others.
        let (mut reader, writer) = streams(near);
        writer.write(b"after")?;
        writer.write_eof();
        same_bytes("what came", &reading.await??, &[&sample.bytes[..], b"after"].concat())?;
        same("the end", reader.read(1).await?.len(), 0)
    })
}

pub(super) fn falls_back_to_a_thread_or_says_that_it_cannot(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let sample = Sample::new(MIB)?;
        let (near, far) = sockets().await?;
        let ((_reader, writer), (far, _far_writer)) = (streams(Veiled(near)), streams(far));
        let reading = reading(far);
        let mut sending = SendFile::new(&sample.file).fallback(false);
        let refused = sending.to(&writer).await;
        ensure(
            matches!(refused, Err(SendFileError::NotAvailable(_))),
            format!("without a fallback: {refused:?}"),
        )?;
        same("what was sent", sending.sent(), 0)?;
        same("with a fallback", sending.fallback(true).to(&writer).await?, MIB as u64)?;
        writer.close();
        same_bytes("what came", &reading.await??, &sample.bytes)
    })
}

pub(super) fn prevents_bare_write(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        // More than fits into any socket.
        let sample = Sample::new(32 * MIB)?;
        for ((_reader, writer), (far, _far_writer)) in both_ways().await? {
            let mut sending = SendFile::new(&sample.file);
            {
                let mut sends = pin!(sending.to(&writer));
                for _ in 0..3 {
                    poll_fn(|cx| {
                        Poll::Ready(ensure(sends.as_mut().poll(cx).is_pending(), "all of it is sent"))
                    })
                    .await?;
                    turns(1).await;
                }
                let between = writer.write(b"between");
                ensure(
                    matches!(between, Err(WriteError::SendingFile)),
                    format!("a write in the middle: {between:?}"),
                )?;
                let second = writer.sendfile(&sample.file).await;
                ensure(
                    matches!(second, Err(SendFileError::Io { sent: 0, .. })),
                    format!("a second file: {second:?}"),
                )?;
                let reading = reading(far);
                same("the bytes sent", sends.await?, sample.bytes.len() as u64)?;
                writer.write(b"after")?;
                writer.close();
                same_bytes("what came", &reading.await??, &[&sample.bytes[..], b"after"].concat())?;
            }
        }
        Ok(())
    })
}

pub(super) fn given_up_it_goes_on_where_it_was(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let sample = Sample::new(32 * MIB)?;
        for ((_reader, writer), (mut far, _far_writer)) in both_ways().await? {
            let mut sending = SendFile::new(&sample.file);
            let mut came = Vec::new();
            // Given up again and again, each time after something else came of it.
            for steps in 0..20 {
                {
                    let mut sends = pin!(sending.to(&writer));
                    for _ in 0..steps {
                        poll_fn(|cx| {
                            Poll::Ready(ensure(sends.as_mut().poll(cx).is_pending(), "all of it is sent"))
                        })
                        .await?;
                        turns(1).await;
                    }
                }
                if sending.sent() > came.len() as u64 {
                    came.extend(far.read(MIB / 8).await?);
                }
            }
            let so_far = sending.sent();
            ensure(so_far < sample.bytes.len() as u64, "all of it is sent although hardly anything is read")?;
            let reading = reading(far);
            same("the bytes sent", sending.to(&writer).await?, sample.bytes.len() as u64)?;
            writer.close();
            came.extend(reading.await??);
            same_bytes("what came", &came, &sample.bytes)?;
        }
        Ok(())
    })
}

pub(super) fn a_connection_that_ends_in_the_middle_is_told(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let sample = Rc::new(Sample::new(32 * MIB)?);
        for here in [true, false] {
            for ((_reader, writer), far) in both_ways().await? {
                let (writer, sample) = (Rc::new(writer), sample.clone());
                let (sends, file) = (writer.clone(), sample.clone());
                let sending = spawn(async move {
                    let mut sending = SendFile::new(&file.file);
                    (sending.to(&*sends).await, sending.sent())
                });
                let (mut far_reader, far_writer) = far;
                // It is under way, and cannot end.
                far_reader.fill().await?;
                if here {
                    writer.abort();
                } else {
                    far_writer.abort();
                }
                let (outcome, sent) = sending.await?;
                let Err(SendFileError::Io { sent: told, .. }) = outcome else {
                    return ensure(false, format!("a file without a connection: {outcome:?}"));
                };
                same("what was sent", told, sent)?;
                ensure(0 < sent && sent < sample.bytes.len() as u64, format!("{sent} bytes were sent"))?;
                until(|| writer.is_closing()).await;
                let late = writer.sendfile(&sample.file).await;
                ensure(
                    matches!(late, Err(SendFileError::Io { sent: 0, .. })),
                    format!("a file after the end: {late:?}"),
                )?;
            }
        }
        Ok(())
    })
}
