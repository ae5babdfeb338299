//! `pipe`: reading and writing pipes.

use super::bytes::{close, read, read_all, write_all};
use super::{Loops, turns};
use crate::Subject;
use crate::behaviour::{Verdict, ensure, same};
use core_loop::pipe;
use std::io::{ErrorKind, Write};
use std::pin::pin;
use std::task::{Context, Waker};

pub(super) fn all_of_it_arrives_and_then_the_end(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (mut reader, mut writer) = pipe::pipe()?;
        // More than a pipe holds.
        let sent: Vec<u8> = (0..1_000_000_u32).map(|number| number as u8).collect();
        let expected = sent.clone();
        let writing = core_loop::spawn(async move {
            write_all(&mut writer, &sent).await?;
            close(&mut writer).await
        });
        let got = read_all(&mut reader).await?;
        ensure(got == expected, format!("of {} bytes {} arrived, or others", expected.len(), got.len()))?;
        Ok(writing.await??)
    })
}

pub(super) fn nobody_reads_is_a_broken_pipe(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (reader, mut writer) = pipe::pipe()?;
        write_all(&mut writer, b"unread").await?;
        drop(reader);
        let broken = write_all(&mut writer, b"x").await.map_err(|error| error.kind());
        same("a write that nobody reads", broken, Err(ErrorKind::BrokenPipe))?;
        close(&mut writer).await?;
        let closed = write_all(&mut writer, b"x").await.map_err(|error| error.kind());
        same("a write after the close", closed, Err(ErrorKind::BrokenPipe))
    })
}

pub(super) fn a_writer_that_waits_is_told_that_nobody_reads(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (reader, mut writer) = pipe::pipe()?;
        let writing = core_loop::spawn(async move {
            let endless = async {
                loop {
                    write_all(&mut writer, &[0; 4096]).await?
                }
            };
            let outcome: std::io::Result<()> = endless.await;
            outcome.map_err(|error| error.kind())
        });
        turns(50).await;
        drop(reader);
        same("the write", writing.await?, Err(ErrorKind::BrokenPipe))
    })
}

pub(super) fn a_read_given_up_loses_nothing(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (theirs, mut writer) = std::io::pipe()?;
        let mut reader = pipe::Reader::new(theirs)?;
        {
            let buffer = &mut [0; 8];
            let mut reading = pin!(read(&mut reader, buffer));
            let cx = &mut Context::from_waker(Waker::noop());
            ensure(reading.as_mut().poll(cx).is_pending(), "there is nothing to read yet")?;
            writer.write_all(b"kept")?;
        }
        drop(writer);
        same("what was read", read_all(&mut reader).await?, *b"kept")
    })
}
