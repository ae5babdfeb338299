//! `24_streams_process_teardown.py`.

use super::teardown::background;
use super::{Log, MS, py, recorded, replay};
use crate::behaviour::Verdict;
use crate::loops::Loops;
use crate::{Miss, Subject};
use core_loop::{spawn, timeout, yield_now};
use loop_io::process::{Command, Stdio};
use loop_io::{Connect, ReadLineError, StreamReader, StreamWriter, start_server};
use std::io;

pub(crate) fn streams_process_teardown(subject: &Subject<Loops>) -> Verdict {
    replay(subject, recorded!("24_streams_process_teardown"), async |log| {
        streams(&log).await?;
        children(&log).await?;
        for number in [1, 2] {
            spawn(background(log.clone(), number)).named(format!("bg{number}")).detach();
        }
        yield_now().await;
        log.line("main returns");
        Ok::<_, Miss>(Some("result"))
    })
}

/// Bytes as Python prints them, if they are letters and ends of lines.
fn bytes(bytes: &[u8]) -> String {
    format!("b'{}'", bytes.escape_ascii())
}

async fn handle(log: Log, mut reader: StreamReader, writer: StreamWriter) -> io::Result<()> {
    loop {
        let line = reader.readline().await?;
        if line.is_empty() {
            break;
        }
        writer.write(&line.to_ascii_uppercase())?;
        writer.drain().await?;
    }
    log.line("server: eof");
    writer.close();
    Ok(writer.wait_closed().await?)
}

async fn streams(log: &Log) -> Verdict {
    let served = log.clone();
    let handle = move |reader, writer| handle(served.clone(), reader, writer);
    let server = start_server(handle, "127.0.0.1:0").await?;
    let (mut reader, writer) = Connect::new().limit(16).open(server.addresses()[0]).await?;
    writer.writelines([&b"one\n"[..], b"two\n", &[b'x'; 40], b"\n", b"tail"])?;
    let (line, two) = (reader.readline().await?, reader.read_exact(2).await?);
    log.line(format_args!("{} {} {}", bytes(&line), bytes(&two), bytes(&reader.read_until(b"\n").await?)));
    if let Err(ReadLineError::TooLong(_)) = reader.readline().await {
        log.line("line over the limit");
    }
    writer.write_eof();
    let rest = reader.read_to_end().await?;
    let (ends, at_eof) = (py(rest.ends_with(b"TAIL")), py(reader.at_eof()));
    log.line(format_args!("rest ends with TAIL: {ends} at_eof {at_eof}"));
    writer.close();
    writer.wait_closed().await?;
    server.close();
    server.wait_closed().await;
    log.line(format_args!("server closed, serving {}", py(server.is_serving())));
    Ok(())
}

async fn children(log: &Log) -> Verdict {
    let status = |returncode: Option<i32>| returncode.map_or("None".to_owned(), |code| code.to_string());
    let mut cat = Command::new("/bin/cat").stdin(Stdio::PIPE).stdout(Stdio::PIPE).spawn()?;
    let output = cat.communicate("hello").await?;
    // Its standard error is no pipe.
    log.line(format_args!("cat {} None {}", bytes(&output.stdout), status(cat.returncode())));
    let line = "echo out; echo err >&2; exit 7";
    let mut shell = Command::shell(line).stdout(Stdio::PIPE).stderr(Stdio::PIPE).spawn()?;
    let output = shell.communicate("").await?;
    let (out, err) = (bytes(&output.stdout), bytes(&output.stderr));
    log.line(format_args!("sh ({out}, {err}) {}", status(shell.returncode())));
    let sleeping = Command::new("/bin/sleep").arg("10").spawn()?;
    if timeout(MS * 20, sleeping.wait()).await.is_err() {
        let running = sleeping.returncode().is_none();
        log.line(format_args!("wait timed out, still running: {}", py(running)));
    }
    sleeping.terminate()?;
    let mut ended = Vec::new();
    for _ in 0..2 {
        sleeping.wait().await;
        ended.push(status(sleeping.returncode()));
    }
    log.line(format_args!("terminated {}", ended.join(" ")));
    Ok(())
}
