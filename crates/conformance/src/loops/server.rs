//! `server`: listening, and what becomes of the connections.

use super::bytes::a_path;
use super::wire::{MS, fill, reports, until};
use super::{Loops, turns};
use crate::behaviour::{Verdict, ensure, same};
use crate::{Miss, Subject};
use core_loop::net::{TcpListener, UnixListener};
use core_loop::{all_tasks, current_task, sleep, spawn, timeout};
use loop_io::{
    Accept, Channel, Endpoint, Listen, Server, StreamReader, StreamWriter, open_connection, start_server,
    start_unix_server, streams,
};
use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

async fn echo(mut reader: StreamReader, writer: StreamWriter) -> io::Result<()> {
    loop {
        let bytes = reader.read(65_536).await?;
        if bytes.is_empty() {
            return Ok(());
        }
        writer.write(&bytes)?;
        writer.drain().await?;
    }
}

/// A server that sends back what it gets.
async fn echo_server() -> Result<(Server, SocketAddr), Miss> {
    let server = start_server(echo, "127.0.0.1:0").await?;
    let address = server.addresses()[0];
    Ok((server, address))
}

/// A connection on which `word` came back.
async fn greeted(address: SocketAddr, word: &[u8]) -> Result<(StreamReader, StreamWriter), Miss> {
    let (mut reader, writer) = open_connection(address).await?;
    writer.write(word)?;
    same("the echo", reader.read_exact(word.len()).await?, word)?;
    Ok((reader, writer))
}

async fn refused(address: SocketAddr) -> Verdict {
    match open_connection(address).await {
        Ok(_) => ensure(false, "a connection to nobody"),
        Err(error) => {
            same("the kind of the error", error.kind(), io::ErrorKind::ConnectionRefused)?;
            ensure(error.to_string().contains(&address.to_string()), format!("it names no address: {error}"))
        }
    }
}

pub(super) fn close_refuses_new_keeps_old(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (server, address) = echo_server().await?;
        let (mut reader, writer) = greeted(address, b"before").await?;
        server.close();
        server.close();
        ensure(!server.is_serving() && server.sockets().is_empty(), format!("it goes on: {server:?}"))?;
        refused(address).await?;
        writer.write(b"after")?;
        same("the echo on the old connection", reader.read_exact(5).await?, b"after")
    })
}

pub(super) fn wait_closed_needs_close_and_clients_gone(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        for close_first in [true, false] {
            let (server, address) = echo_server().await?;
            let client = greeted(address, b"x").await?;
            let waiting = spawn({
                let server = server.clone();
                async move { server.wait_closed().await }
            });
            let leave = || drop(client);
            if close_first {
                server.close();
                sleep(MS).await;
                ensure(!waiting.done(), "it ended although a client was there")?;
                leave();
            } else {
                leave();
                until(|| server.clients() == 0).await;
                sleep(MS).await;
                ensure(!waiting.done(), "it ended although the server was open")?;
                server.close();
            }
            waiting.await?;
        }
        // Both in one step.
        let (server, address) = echo_server().await?;
        let _client = greeted(address, b"x").await?;
        server.close();
        server.abort_clients();
        server.wait_closed().await;
        Ok(())
    })
}

/// A server that waits for a word, then sends more than anybody has room for: how much, it notes.
async fn gushing(sent: Rc<Cell<usize>>) -> io::Result<Server> {
    let gush = async move |mut reader: StreamReader, writer: StreamWriter| {
        reader.read(1).await?;
        let filled = fill(|bytes| writer.write(bytes), || writer.get_write_buffer_size());
        sent.set(filled.map_err(|miss| io::Error::other(format!("{miss:?}")))?);
        io::Result::Ok(writer.drain().await?)
    };
    start_server(gush, "127.0.0.1:0").await
}

pub(super) fn close_and_abort_clients(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        // A handler whose connection is closed under it fails.
        let _reports = reports();
        let sent = Rc::new(Cell::new(0));
        for graceful in [true, false] {
            let server = gushing(sent.clone()).await?;
            let (mut reader, writer) = open_connection(server.addresses()[0]).await?;
            writer.write(b"!")?;
            reader.fill().await?;
            server.close();
            if graceful {
                server.close_clients();
                same("what comes after a graceful close", reader.read_to_end().await?.len(), sent.get())?;
            } else {
                server.abort_clients();
                same("the clients after an abort", server.clients(), 0)?;
                let came = reader.read_to_end().await.map_or(0, |came| came.len());
                ensure(came < sent.get(), "all came although it was aborted")?;
            }
            server.wait_closed().await;
        }
        Ok(())
    })
}

/// A listener that fails at first, with these numbers of the kernel's.
struct Failing {
    listener: TcpListener,
    errors: RefCell<Vec<i32>>,
}

impl Accept for Failing {
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Box<dyn Channel>>> {
        match self.errors.borrow_mut().pop() {
            None => Accept::poll_accept(&self.listener, cx),
            Some(error) => Poll::Ready(Err(io::Error::from_raw_os_error(error))),
        }
    }

    fn local_name(&self) -> Option<Endpoint> {
        Accept::local_name(&self.listener)
    }
}

pub(super) fn accept_survives_fd_exhaustion(subject: &Subject<Loops>) -> Verdict {
    subject.run_timed(async |time| {
        let reports = reports();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let begun = time();
        const EMFILE: i32 = 24;
        let exhausted = Failing { listener, errors: RefCell::new(vec![EMFILE; 2]) };
        let _server = Listen::new().start_server_on(echo, vec![Box::new(exhausted)]);
        let _client = greeted(address, b"still here").await?;
        let took = time() - begun;
        ensure(took >= Duration::from_secs(2), format!("two pauses took {took:?} only"))?;
        same("the reports", reports.borrow().len(), 1)
    })
}

pub(super) fn a_connection_that_failed_before_is_passed_over(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        // EPERM, EPROTO, ENONET, ENOPROTOOPT, EOPNOTSUPP, ENETDOWN, ENETUNREACH, ECONNABORTED, ECONNRESET, ETIMEDOUT, EHOSTDOWN,
        // EHOSTUNREACH: so they are numbered on every Linux but MIPS, PA-RISC and SPARC.
        const ERRORS: [i32; 12] = [1, 71, 64, 92, 95, 100, 101, 103, 104, 110, 112, 113];
        let reports = reports();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let failing = Failing { listener, errors: RefCell::new(ERRORS.to_vec()) };
        let _server = Listen::new().start_server_on(echo, vec![Box::new(failing)]);
        greeted(address, b"the next one").await?;
        same("the reports", reports.borrow().len(), 0)
    })
}

pub(super) fn a_server_whose_accepting_is_cancelled_says_so(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        // Also before its task has begun, and when nobody serves for ever yet.
        for turns_before in [0, 3] {
            let (server, address) = echo_server().await?;
            turns(turns_before).await;
            let this = current_task().map(|task| task.id());
            for task in all_tasks() {
                if Some(task.id()) != this {
                    task.cancel("all of them");
                }
            }
            let late = server.serve_forever().await.map_err(|error| error.to_string());
            ensure(late.as_ref().is_err_and(|why| why.contains("accept")), format!("served: {late:?}"))?;
            ensure(!server.is_serving() && server.sockets().is_empty(), format!("it goes on: {server:?}"))?;
            server.wait_closed().await;
            refused(address).await?;
        }
        let (server, address) = echo_server().await?;
        let (mut reader, writer) = greeted(address, b"before").await?;
        let serving = spawn({
            let server = server.clone();
            async move { server.serve_forever().await }
        });
        turns(3).await;
        let accepting = format!("accept {address}");
        let accepting = all_tasks().into_iter().filter(|task| task.name() == accepting);
        same("how many tasks accept", accepting.filter(|task| task.cancel("by name")).count(), 1)?;
        ensure(serving.await?.is_err(), "it was served for ever")?;
        writer.write(b"after")?;
        same("the echo on the old connection", reader.read_exact(5).await?, b"after")?;
        // A close of one's own is no error.
        let (server, _) = echo_server().await?;
        let serving = spawn({
            let server = server.clone();
            async move { server.serve_forever().await }
        });
        turns(3).await;
        server.close();
        Ok(serving.await??)
    })
}

pub(super) fn port_in_use_is_an_error_that_names_it(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (_server, address) = echo_server().await?;
        match start_server(echo, address).await {
            Ok(_) => ensure(false, "two servers on one address"),
            Err(error) => {
                same("the kind of the error", error.kind(), io::ErrorKind::AddrInUse)?;
                ensure(
                    error.to_string().contains(&address.to_string()),
                    format!("it names no address: {error}"),
                )
            }
        }
    })
}

pub(super) fn given_up_operations_lose_nothing(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (server, address) = echo_server().await?;
        for steps in 0..8 {
            // A connect that is given up after so many turns.
            let connecting = spawn(async move { open_connection(address).await.map(drop) });
            super::turns(steps).await;
            connecting.cancel("given up");
            let _cancelled = connecting.await;
            greeted(address, b"after it").await?;
        }
        until(|| server.clients() == 0).await;
        // A server that is closed while it accepts.
        server.close();
        refused(address).await
    })
}

pub(super) fn unix_socket_cleanup(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let path = a_path();
        let serve = || start_unix_server(echo, &path);
        let server = serve()?;
        ensure(path.exists(), "there is no socket")?;
        server.close();
        ensure(!path.exists(), "the socket is left behind")?;
        // Gone before.
        let server = serve()?;
        std::fs::remove_file(&path)?;
        server.close();
        // Somebody else's by then.
        let server = serve()?;
        std::fs::remove_file(&path)?;
        let other = std::os::unix::net::UnixListener::bind(&path)?;
        server.close();
        ensure(path.exists(), "the socket of somebody else was removed")?;
        drop(other);
        // To be kept.
        let listener = UnixListener::bind(&path)?.keep_path();
        let server = Listen::new().start_server_on(echo, vec![Box::new(listener)]);
        server.close();
        ensure(path.exists(), "a socket that was to be kept was removed")?;
        Ok(std::fs::remove_file(&path)?)
    })
}

pub(super) fn accept_given_up_loses_no_connection(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let listener = Rc::new(TcpListener::bind("127.0.0.1:0").await?);
        let address = listener.local_addr()?;
        for steps in 0..12 {
            let accepts = listener.clone();
            let accepting = spawn(async move { accepts.accept().await.map(|(stream, _)| streams(stream)) });
            let client = spawn(async move {
                let (mut reader, writer) = open_connection(address).await?;
                writer.write(b"hello")?;
                io::Result::Ok((reader.read_exact(5).await?, writer))
            });
            super::turns(steps).await;
            accepting.cancel("given up");
            let (mut reader, writer) = match accepting.await {
                // It came before the cancel did.
                Ok(accepted) => accepted?,
                Err(_) => streams(listener.accept().await?.0),
            };
            same("the bytes", reader.read_exact(5).await?, b"hello")?;
            writer.write(b"there")?;
            same("the answer", client.await??.0, b"there")?;
        }
        Ok(())
    })
}

pub(super) fn slow_client_is_put_out_and_holds_up_nobody(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let patient = async |mut reader: StreamReader, writer: StreamWriter| {
            let line = match timeout(MS * 200, reader.readline()).await {
                Ok(line) => line?,
                Err(_) => b"too slow\n".to_vec(),
            };
            io::Result::Ok(writer.write(&line)?)
        };
        let server = start_server(patient, "127.0.0.1:0").await?;
        let address = server.addresses()[0];
        let (mut slow, writer) = open_connection(address).await?;
        let dripping = spawn(async move {
            // Until it is put out, which is an error of some write.
            while writer.write(b"x").is_ok() {
                sleep(MS * 5).await;
            }
        });
        for _ in 0..10 {
            let (mut reader, writer) = open_connection(address).await?;
            writer.write(b"quick\n")?;
            // As slow as this machine is, it may be put out, too: but it is answered.
            let answer = reader.read_to_end().await?;
            ensure([&b"quick\n"[..], b"too slow\n"].contains(&&*answer), format!("an answer: {answer:?}"))?;
        }
        // Bytes that nobody reads may reset the connection in the end.
        let told = slow.readline().await;
        ensure(told.as_ref().map_or(true, |line| line == b"too slow\n"), format!("it was told {told:?}"))?;
        dripping.await?;
        until(|| server.clients() == 0).await;
        Ok(())
    })
}
