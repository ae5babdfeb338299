//! Feeding a child and listening to it at the same time, until it ends.

use super::handle::Process;
use crate::{StreamReader, StreamWriter};
use futures_io::{AsyncBufRead, AsyncWrite};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::process::ExitStatus;
use std::task::{Context, Poll, ready};

/// How much is written at a time.
const CHUNK: usize = 64 * 1024;

/// What a child left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to its standard output, if that was a pipe of ours.
    pub stdout: Vec<u8>,
    /// What it wrote to its standard error, if that was a pipe of ours.
    pub stderr: Vec<u8>,
}

/// How far it has come. It stays with the process, so that a dropped future loses nothing.
#[derive(Debug, Default)]
pub(super) struct Progress {
    input: VecDeque<u8>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Process {
    /// Writes `input` to the standard input, closes it, reads both outputs to their end, and waits for the child: all at the
    /// same time, so that neither side waits for the other for ever. Pipes that were not asked for, or were taken, are left
    /// out. That the child does not read all of its input is no error.
    ///
    /// # Errors
    ///
    /// Reading or writing failed in another way than a broken pipe; the child then goes on.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves the child running and loses nothing: another call goes on where this one was, with its
    /// input after what is still to be written. The standard input is closed when all of it was written.
    ///
    /// # Python
    ///
    /// `await process.communicate(input)`; there a cancel loses what was read.
    pub async fn communicate(&mut self, input: impl AsRef<[u8]>) -> io::Result<Output> {
        self.progress.input.extend(input.as_ref());
        poll_fn(|cx| self.poll_communicate(cx)).await?;
        let status = self.wait().await;
        let Progress { stdout, stderr, .. } = std::mem::take(&mut self.progress);
        Ok(Output { status, stdout, stderr })
    }

    /// Ready when all pipes are done with.
    fn poll_communicate(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Progress { input, stdout, stderr } = &mut self.progress;
        let fed = poll_feed(&mut self.stdin, input, cx)?;
        let heard = [poll_drain(&mut self.stdout, stdout, cx)?, poll_drain(&mut self.stderr, stderr, cx)?];
        if fed.is_ready() && heard.iter().all(Poll::is_ready) { Poll::Ready(Ok(())) } else { Poll::Pending }
    }
}

/// Writes what is left, waits until it is with the kernel, then closes.
fn poll_feed(
    to: &mut Option<StreamWriter>,
    input: &mut VecDeque<u8>,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    let Some(writer) = to else { return Poll::Ready(Ok(())) };
    match ready!(poll_write(writer, input, cx)) {
        Err(error) if !is_broken_pipe(&error) => Poll::Ready(Err(error)),
        outcome => {
            if outcome.is_err() {
                input.clear();
            }
            // All of it was sent, or nobody wants it: the drop closes the pipe at once.
            *to = None;
            Poll::Ready(Ok(()))
        }
    }
}

/// Ready when everything is with the kernel. Not closed here: whoever gives up may come back with more.
fn poll_write(
    writer: &mut StreamWriter,
    input: &mut VecDeque<u8>,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    while !input.is_empty() {
        let (bytes, _) = input.as_slices();
        let piece = &bytes[..bytes.len().min(CHUNK)];
        let written = ready!(Pin::new(&mut *writer).poll_write(cx, piece))?;
        drop(input.drain(..written));
    }
    Pin::new(writer).poll_flush(cx)
}

/// Reads to the end.
fn poll_drain(
    from: &mut Option<StreamReader>,
    output: &mut Vec<u8>,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    while let Some(reader) = from {
        let came = ready!(Pin::new(&mut *reader).poll_fill_buf(cx))?;
        output.extend_from_slice(came);
        match came.len() {
            0 => *from = None,
            len => reader.consume(len),
        }
    }
    Poll::Ready(Ok(()))
}

fn is_broken_pipe(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset)
}
