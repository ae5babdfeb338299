//! Operations that are given up in their middle, and the descriptors that are open after it.

use crate::Miss;
use crate::behaviour::{Verdict, same};
use crate::loops::{turns, until};
use core_loop::net::{TcpListener, TcpStream};
use core_loop::spawn;
use loop_io::process::{Command, Stdio};
use loop_io::{open_connection, streams};
use std::fs::{self, File};
use std::io;
use std::rc::Rc;

/// How many turns an operation is given, at most.
const TURNS: usize = 6;

/// How often all of it is done.
const ROUNDS: usize = 20;

pub(super) async fn leaves_nothing() -> Verdict {
    // What a loop opens at its first use stays open.
    round().await?;
    let before = open()?;
    for _ in 0..ROUNDS {
        round().await?;
    }
    // A runtime that completes operations closes behind our back, and children are reaped when they end.
    until(|| open().is_ok_and(|now| now <= before)).await;
    // Fewer there may be: some of the first round's were about to be closed when they were counted.
    let now = open()?;
    same("open descriptors", now, before.min(now))
}

/// How many descriptors this process has.
fn open() -> io::Result<usize> {
    Ok(fs::read_dir("/proc/self/fd")?.count())
}

/// Each kind of operation, given up after each number of turns.
async fn round() -> Verdict {
    let listener = Rc::new(TcpListener::bind("127.0.0.1:0").await?);
    let address = listener.local_addr()?;
    for steps in 0..TURNS {
        let accepts = listener.clone();
        given_up(steps, async move { accepts.accept().await.map(drop) }).await;
        given_up(steps, async move { open_connection(address).await.map(drop) }).await;
        let client = TcpStream::connect(address).await?;
        let (mut reader, writer) = streams(client);
        given_up(steps, async move { reader.read(1).await.map(drop) }).await;
        given_up(steps, async move {
            writer.write(&vec![7; 16 << 20])?;
            writer.drain().await?;
            Ok(())
        })
        .await;
        let (_reader, writer) = streams(TcpStream::connect(address).await?);
        given_up(steps, async move {
            let program = File::open(std::env::current_exe()?)?;
            Ok(writer.sendfile(&program).await.map(drop)?)
        })
        .await;
        given_up(steps, async move {
            let mut command = Command::new("cat").stdin(Stdio::PIPE).stdout(Stdio::PIPE).kill_on_drop(true);
            command.spawn()?.wait().await;
            Ok(())
        })
        .await;
    }
    Ok::<_, Miss>(())
}

/// Polls it for so many turns, and drops it.
async fn given_up(steps: usize, operation: impl Future<Output = io::Result<()>> + 'static) {
    let task = spawn(operation);
    turns(steps).await;
    task.cancel("given up");
    // Whether it was quicker or not: it has ended.
    let _ended = task.await;
}
