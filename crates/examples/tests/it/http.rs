//! HTTP on every runtime: `loop_hyper`'s server and client, and what clients do wrong.

use core_loop::{Future, gather, sleep, spawn, wait_until_idle};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use hyper::service::service_fn;
use hyper::{Request, Response};
use loop_hyper::{Http1, Server, connect};
use loop_io::open_connection;
use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::process::Command;
use std::time::Duration;

type Check = Result<(), Box<dyn Error + Send + Sync>>;

/// More than any kernel takes for one connection.
const LARGE: usize = 16 << 20;

loop_test::on_every_runtime! {
    many_clients_share_a_server,
    a_server_stops_without_cutting_anybody_off,
    a_client_that_sends_its_head_byte_by_byte_is_thrown_out,
    a_client_that_asks_for_nothing_more_is_thrown_out,
    a_body_that_stops_half_way_is_given_up,
    a_client_that_never_reads_is_given_up,
    a_reset_in_a_request_ends_that_connection_alone,
    a_reset_in_an_answer_ends_that_connection_alone,
    #[skip(VIRTUAL, "the client that vanishes is a process, and talks to the kernel")]
    a_client_that_vanished_without_a_word_is_found_out_by_an_answer,
}

/// Answers with the path; `/large` with a lot.
async fn answer(request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let body = match request.uri().path() {
        "/large" => "x".repeat(LARGE),
        path => path.to_owned(),
    };
    Ok(Response::new(body))
}

async fn start(http: Http1) -> io::Result<Server> {
    http.start_server(service_fn(answer), "127.0.0.1:0").await
}

fn get(path: &str) -> Request<String> {
    Request::get(path).header("host", "test").body(String::new()).expect("it is a request")
}

async fn ask(sender: &mut SendRequest<String>, path: &str) -> Result<String, Box<dyn Error + Send + Sync>> {
    sender.ready().await?;
    let body = sender.send_request(get(path)).await?.into_body().collect().await?;
    Ok(String::from_utf8(body.to_bytes().to_vec())?)
}

/// Waits until the server has no more than `left` connections.
async fn until_clients(server: &Server, left: usize) {
    while server.clients() > left {
        sleep(Duration::from_millis(1)).await;
    }
}

/// The server still serves.
async fn is_alive(server: &Server) -> Check {
    let mut sender = connect(server.addresses()[0]).await?;
    assert_eq!(ask(&mut sender, "/alive").await?, "/alive");
    Ok(())
}

async fn many_clients_share_a_server() -> Check {
    let server = start(Http1::new()).await?;
    let address = server.addresses()[0];
    let client = |number| {
        spawn(async move {
            let mut sender = connect(address).await?;
            for round in 0..4 {
                let path = format!("/{number}/{round}");
                assert_eq!(ask(&mut sender, &path).await?, path);
            }
            Ok(())
        })
    };
    let ended: Vec<Result<Check, _>> = gather((0..32).map(client).collect::<Vec<_>>()).await?;
    ended.into_iter().try_for_each(|ended| ended?)
}

async fn a_server_stops_without_cutting_anybody_off() -> Check {
    let (promise, begun) = Future::<()>::promise();
    let late = service_fn(move |_| {
        let begun = begun.clone();
        async move { begun.await.map(|()| Response::new("late".to_owned())) }
    });
    let server = loop_hyper::start_server(late, "127.0.0.1:0").await?;
    let mut sender = connect(server.addresses()[0]).await?;
    let asking = spawn(async move { ask(&mut sender, "/").await });
    while server.clients() == 0 {
        wait_until_idle().await;
    }
    // The request has been read when the connection has nothing more to do.
    wait_until_idle().cushion(Duration::from_millis(20)).await;
    server.close();
    wait_until_idle().await;
    assert!(connect::<String>(([127, 0, 0, 1], 1)).await.is_err() && server.clients() == 1);
    promise.set_result(()).map_err(|_| "somebody else set it")?;
    assert_eq!(asking.await??, "late");
    server.wait_closed().await;
    Ok(())
}

async fn a_client_that_sends_its_head_byte_by_byte_is_thrown_out() -> Check {
    let server = start(Http1::new().header_read_timeout(Some(Duration::from_millis(50)))).await?;
    let (mut reader, writer) = open_connection(server.addresses()[0]).await?;
    let dripping = spawn(async move {
        for byte in b"GET / HTTP/1.1\r\nx: ".iter().chain(std::iter::repeat(&b'y')) {
            writer.write(&[*byte])?;
            writer.drain().await?;
            sleep(Duration::from_millis(1)).await;
        }
        io::Result::Ok(())
    });
    // Closed in order, or, if a byte was on its way, reset.
    assert!(reader.read_to_end().await.unwrap_or_default().is_empty(), "it was answered");
    dripping.cancel("enough");
    let _cancelled_or_failed = dripping.await;
    until_clients(&server, 0).await;
    is_alive(&server).await
}

async fn a_client_that_asks_for_nothing_more_is_thrown_out() -> Check {
    let http = Http1::new().header_read_timeout(Some(Duration::from_millis(50))).idle_timeout(None);
    let server = start(http).await?;
    let (mut reader, writer) = open_connection(server.addresses()[0]).await?;
    writer.write(b"GET /once HTTP/1.1\r\nhost: x\r\n\r\n")?;
    reader.read_to_end().await?;
    drop((reader, writer));
    until_clients(&server, 0).await;
    is_alive(&server).await
}

async fn a_body_that_stops_half_way_is_given_up() -> Check {
    let http = Http1::new().header_read_timeout(None).idle_timeout(Some(Duration::from_millis(50)));
    let reads = service_fn(async |request: Request<Incoming>| {
        request.into_body().collect().await.map(|body| Response::new(format!("{}", body.to_bytes().len())))
    });
    let server = http.start_server(reads, "127.0.0.1:0").await?;
    let (mut reader, writer) = open_connection(server.addresses()[0]).await?;
    writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf")?;
    assert_eq!(reader.read_to_end().await?, b"", "half a body was answered");
    drop((reader, writer));
    until_clients(&server, 0).await;
    Ok(())
}

async fn a_client_that_never_reads_is_given_up() -> Check {
    let server = start(Http1::new().idle_timeout(Some(Duration::from_millis(50)))).await?;
    let (_reader, writer) = open_connection(server.addresses()[0]).await?;
    writer.write(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n")?;
    while server.clients() == 0 {
        wait_until_idle().await;
    }
    until_clients(&server, 0).await;
    is_alive(&server).await
}

async fn a_reset_in_a_request_ends_that_connection_alone() -> Check {
    // The answer to the first request is not read, so that the close in the second is a reset.
    reset_after(b"GET / HTTP/1.1\r\nhost: x\r\n\r\nGET /half HT").await
}

async fn a_reset_in_an_answer_ends_that_connection_alone() -> Check {
    reset_after(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n").await
}

/// Sends `bytes`, and aborts the connection once something comes back.
async fn reset_after(bytes: &[u8]) -> Check {
    let server = start(Http1::new()).await?;
    let (mut reader, writer) = open_connection(server.addresses()[0]).await?;
    writer.write(bytes)?;
    reader.read_exact(1).await?;
    assert_eq!(server.clients(), 1);
    writer.abort();
    until_clients(&server, 0).await;
    is_alive(&server).await
}

/// Leaves the other side with half a connection: the kernel sends nothing when a socket is closed that is under repair.
const VANISHES: &str = "
import socket, sys
TCP_REPAIR = 19
client = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
client.sendall(b'GET / HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n')
try:
    client.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
except PermissionError:
    sys.exit(3)
client.close()
";

async fn a_client_that_vanished_without_a_word_is_found_out_by_an_answer() -> Check {
    let (promise, gone) = Future::<()>::promise();
    let late = service_fn(move |_| {
        let gone = gone.clone();
        async move { gone.await.map(|()| Response::new("to nobody".to_owned())) }
    });
    let forever = Http1::new().header_read_timeout(None).idle_timeout(None);
    let server = forever.start_server(late, "127.0.0.1:0").await?;
    let port = server.addresses()[0].port().to_string();
    let vanishing =
        core_loop::to_thread(move || Command::new("python3").args(["-I", "-c", VANISHES, &port]).output());
    let why = match vanishing.await? {
        Ok(output) if output.status.success() => None,
        Ok(output) if output.status.code() == Some(3) => {
            Some("a socket may not be put under repair".to_owned())
        }
        Ok(output) => return Err(String::from_utf8_lossy(&output.stderr).into()),
        Err(error) => Some(format!("python3 cannot be started: {error}")),
    };
    if let Some(why) = why {
        conformance::skipped("a_client_that_vanished_without_a_word_is_found_out_by_an_answer", &why);
        return Ok(());
    }
    while server.clients() == 0 {
        wait_until_idle().await;
    }
    wait_until_idle().cushion(Duration::from_millis(20)).await;
    assert_eq!(server.clients(), 1, "nobody can know that it has gone");
    promise.set_result(()).map_err(|_| "somebody else set it")?;
    until_clients(&server, 0).await;
    Ok(())
}
