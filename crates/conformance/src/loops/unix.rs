//! `unix`: sockets that are found by a path or a name.

use super::bytes::{a_name, a_path, close, read, read_all, write_all};
use super::wire::MS;
use super::{Loops, turns};
use crate::Subject;
use crate::behaviour::{Verdict, ensure, same};
use core_loop::net::{UnixDatagram, UnixListener, UnixStream};
use core_loop::timeout;
use loop_io::{Endpoint, StreamReader, StreamWriter, open_unix_connection, start_unix_server, streams};
use std::fs;
use std::io::ErrorKind;

pub(super) fn bytes_flow_both_ways(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let name = format!("\0{}", a_name());
        let listener = UnixListener::bind(&name)?;
        let (client, server) = (UnixStream::connect(&name).await?, listener.accept().await?);
        same("the server's name", server.local_addr()?.as_abstract_name(), Some(&name.as_bytes()[1..]))?;
        let pid = i32::try_from(std::process::id())?;
        same("who connected", server.peer_cred()?.pid, pid)?;
        let sent: Vec<u8> = (0..500_000_u32).map(|number| number as u8).collect();
        let both = [client, server].map(|stream| {
            let ((mut reader, mut writer), sent) = (stream.split(), sent.clone());
            let writing = core_loop::spawn(async move {
                write_all(&mut writer, &sent).await?;
                close(&mut writer).await
            });
            (core_loop::spawn(async move { read_all(&mut reader).await }), writing)
        });
        for (reading, writing) in both {
            writing.await??;
            ensure(reading.await?? == sent, "what arrived is not what was sent")?;
        }
        Ok(())
    })
}

pub(super) fn a_socket_left_behind_is_replaced_and_ones_own_path_removed(
    subject: &Subject<Loops>,
) -> Verdict {
    subject.run(async || {
        let path = a_path();
        drop(std::os::unix::net::UnixListener::bind(&path)?);
        ensure(path.exists(), "a plain socket leaves its path behind")?;
        let listener = UnixListener::bind(&path)?;
        let client = UnixStream::connect(&path).await?;
        let mut server = listener.accept().await?;
        drop(listener);
        ensure(!path.exists(), "the path is left behind")?;
        drop(client);
        same("the end, on a connection that outlives the listener", read(&mut server, &mut [0]).await?, 0)?;
        // Somebody else's is left alone.
        let first = UnixListener::bind(&path)?;
        let second = UnixListener::bind(&path)?;
        drop(first);
        ensure(path.exists(), "the path of another socket was removed")?;
        drop(second.keep_path());
        ensure(path.exists(), "a path that was to be kept was removed")?;
        let refused = UnixStream::connect(&path).await.map_err(|error| error.kind());
        same("a connect where nobody listens", refused.err(), Some(ErrorKind::ConnectionRefused))?;
        fs::remove_file(&path)?;
        fs::write(&path, "a plain file")?;
        let refused = UnixListener::bind(&path).map_err(|error| error.to_string());
        fs::remove_file(&path)?;
        let names_it = |why: &String| why.contains(&path.display().to_string());
        ensure(refused.as_ref().is_err_and(names_it), format!("a plain file in the way: {refused:?}"))
    })
}

pub(super) fn a_connect_waits_for_room_in_a_full_queue(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let name = format!("\0{}", a_name());
        let listener = UnixListener::bind_with_backlog(&name, 0)?;
        let connecting: Vec<_> =
            (0..4).map(|_| core_loop::spawn(UnixStream::connect(name.clone()))).collect();
        turns(5).await;
        for _ in 0..4 {
            listener.accept().await?;
        }
        for connected in connecting {
            connected.await??;
        }
        Ok(())
    })
}

pub(super) fn datagrams_arrive_in_order_and_whole(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let (path, name) = (a_path(), format!("\0{}", a_name()));
        let (ours, other) = (UnixDatagram::bind(&path)?, UnixDatagram::bind(&name)?);
        let sending = core_loop::spawn(async move {
            // More than the queue of the other socket holds, unless somebody made it longer.
            for number in 0..100_u32 {
                other.send_to(&number.to_le_bytes(), &path).await?;
            }
            std::io::Result::Ok((other, path))
        });
        let mut buffer = [0; 16];
        for number in 0..100_u32 {
            let (len, from) = ours.recv_from(&mut buffer).await?;
            same("a datagram", &buffer[..len], number.to_le_bytes())?;
            same("its sender", from.as_abstract_name(), Some(&name.as_bytes()[1..]))?;
        }
        let (_, path) = sending.await??;
        drop(ours);
        ensure(!path.exists(), "the path is left behind")?;
        let (one, two) = UnixDatagram::pair()?;
        one.send(b"hello").await?;
        same("what a pair says", two.recv(&mut buffer).await?, 5)
    })
}

pub(super) fn a_server_cleans_its_path_up(subject: &Subject<Loops>) -> Verdict {
    subject.run(async || {
        let path = a_path();
        let echo = async |mut reader: StreamReader, writer: StreamWriter| {
            while let Some(line) = reader.next_line().await.map_err(std::io::Error::other)? {
                writer.write(line.as_bytes()).map_err(std::io::Error::other)?;
            }
            std::io::Result::Ok(())
        };
        let server = start_unix_server(echo, &path)?;
        let (mut reader, writer) = open_unix_connection(&path).await?;
        same("the other end", writer.peer_name(), Some(&Endpoint::Unix(Some(path.clone()))))?;
        writer.write(b"hello\n")?;
        same("the echo", reader.read_exact(5).await?, *b"hello")?;
        server.close();
        ensure(!path.exists(), "the path is left behind")?;
        writer.write(b"still\n")?;
        same("the echo, of a connection that outlives the server", reader.read_exact(5).await?, *b"still")?;
        writer.close();
        server.wait_closed().await;
        Ok(())
    })
}

pub(super) fn a_plain_read_goes_on_behind_descriptors(subject: &Subject<Loops>) -> Verdict {
    use std::os::fd::AsFd;
    subject.run(async || {
        let (near, far) = UnixStream::pair()?;
        let null = fs::File::open("/dev/null")?;
        let (mut reader, _writer) = streams(far);
        // The second time the reader has waited before.
        for _ in 0..2 {
            same("the bytes with descriptors", near.send_fds(b"a", &[null.as_fd()]).await?, 1)?;
            same("the bytes behind them", near.send_fds(b"bcd", &[]).await?, 3)?;
            same("what is read", reader.read_exact(4).await?, b"abcd")?;
            let nothing = timeout(MS, reader.read(1)).await.map_err(drop);
            ensure(nothing.is_err(), format!("there is more: {nothing:?}"))?;
        }
        drop(near);
        same("the end", reader.read_to_end().await?, b"")
    })
}

pub(super) fn descriptors_travel(subject: &Subject<Loops>) -> Verdict {
    use std::io::{Read, Write};
    use std::os::fd::AsFd;
    subject.run(async || {
        let (near, far) = UnixStream::pair()?;
        let (mut buffer, mut ends) = ([0; 16], Vec::new());
        {
            let mut given_up = std::pin::pin!(far.recv_fds(&mut buffer));
            let cx = &mut std::task::Context::from_waker(std::task::Waker::noop());
            ensure(given_up.as_mut().poll(cx).is_pending(), "there is nothing to receive yet")?;
            let (reader, writer) = std::io::pipe()?;
            ends.push(writer);
            same("the bytes sent", near.send_fds(b"one", &[reader.as_fd()]).await?, 3)?;
        }
        let received = far.recv_fds(&mut buffer).await?;
        same("the bytes", &buffer[..received.len], b"one")?;
        same("how many, and whether all", (received.descriptors.len(), received.truncated), (1, false))?;
        for (writer, reader) in ends.drain(..).zip(received.descriptors) {
            (&writer).write_all(b"through it")?;
            drop(writer);
            let mut said = String::new();
            fs::File::from(reader).read_to_string(&mut said)?;
            same("what comes through it", said.as_str(), "through it")?;
        }
        // As many as may travel at a time, and one more.
        let null = fs::File::open("/dev/null")?;
        let many = vec![null.as_fd(); 254];
        let refused = near.send_fds(b"x", &many).await.map_err(|error| error.kind());
        same("too many", refused, Err(ErrorKind::InvalidInput))?;
        near.send_fds(b"x", &many[1..]).await?;
        let received = far.recv_fds(&mut buffer).await?;
        // Where this process has no room for them, it says so.
        ensure(received.truncated || received.descriptors.len() == 253, "some of them are lost")?;
        drop(received);
        same("bytes alone", near.send_fds(b"y", &[]).await?, 1)?;
        let received = far.recv_fds(&mut buffer).await?;
        same("descriptors", (received.len, received.descriptors.len()), (1, 0))?;
        let refused = near.send_fds(b"", &[null.as_fd()]).await.map_err(|error| error.kind());
        same("without a byte", refused, Err(ErrorKind::InvalidInput))?;
        drop(near);
        same("the end", far.recv_fds(&mut buffer).await?.len, 0)
    })
}
