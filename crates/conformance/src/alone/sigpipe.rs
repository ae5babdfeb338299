//! Writes to which nobody listens any more, in a program that does not ignore SIGPIPE.

use crate::behaviour::{Verdict, same};
use crate::loops::bytes::{close, write_all};
use crate::loops::wire::sockets;
use crate::raise;
use core_loop::net::UnixStream;
use core_loop::pipe;
use futures_io::AsyncWrite;
use loop_io::pipes::write_stream;
use loop_io::process::{Command, Stdio};
use loop_io::{SendFile, SendFileError, SendFileTarget};
use std::fs::File;
use std::future::poll_fn;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;

/// More than a pipe or a socket holds, so that a child that reads nothing is gone before all of it is written.
const MUCH: usize = 4 << 20;

pub(super) async fn is_an_error_and_no_signal() -> Verdict {
    raise::heed_sigpipe();
    // The writing side has ended: from then on the kernel answers every write at once.
    let (mut tcp, _far) = sockets().await?;
    close(&mut tcp).await?;
    writes("to a connection", &mut tcp).await?;
    sends("into a connection", &tcp).await?;

    let (mut unix, far) = UnixStream::pair()?;
    drop(far);
    writes("to a Unix socket", &mut unix).await?;
    sends("into a Unix socket", &unix).await?;

    let (reader, mut writer) = pipe::pipe()?;
    drop(reader);
    writes("to a pipe", &mut writer).await?;
    sends("into a pipe", &write_stream(writer)).await?;

    let mut reads_nothing = Command::new("true").stdin(Stdio::PIPE).spawn()?;
    reads_nothing.communicate(&vec![7; MUCH]).await?;
    Ok(())
}

/// In one piece and in several.
async fn writes(what: &str, to: &mut (impl AsyncWrite + Unpin)) -> Verdict {
    for _ in 0..3 {
        let written = write_all(to, b"unread").await;
        same(&format!("a write {what}"), kind(written), Err(ErrorKind::BrokenPipe))?;
        let pieces = [IoSlice::new(b"un"), IoSlice::new(b"read")];
        let written = poll_fn(|cx| Pin::new(&mut *to).poll_write_vectored(cx, &pieces)).await;
        same(&format!("a write in pieces {what}"), kind(written.map(drop)), Err(ErrorKind::BrokenPipe))?;
    }
    Ok(())
}

async fn sends(what: &str, to: &impl SendFileTarget) -> Verdict {
    let program = File::open(std::env::current_exe()?)?;
    let sent = SendFile::new(&program).to(to).await.map(drop).map_err(|error| match error {
        SendFileError::Io { error, .. } => error,
        other => other.into(),
    });
    same(&format!("a file {what}"), kind(sent), Err(ErrorKind::BrokenPipe))
}

fn kind(outcome: io::Result<()>) -> Result<(), ErrorKind> {
    outcome.map_err(|error| error.kind())
}
