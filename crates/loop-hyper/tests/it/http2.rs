//! HTTP/2: hyper's own server and client, on the loop's executor and timers.

use crate::{echo, get, run, text};
use core_loop::net::{TcpListener, TcpStream};
use core_loop::{gather, spawn};
use hyper::service::service_fn;
use hyper::{client, server};
use loop_hyper::{Io, LoopExecutor, LoopTimer};
use std::rc::Rc;
use std::time::Duration;

#[test]
fn many_requests_share_one_connection() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (served, _) = listener.accept().await.unwrap();
        // Of one thread, on purpose.
        let seen = Rc::new(());
        let service = service_fn(move |request| {
            let _seen = seen.clone();
            echo(request)
        });
        let serving = spawn(
            server::conn::http2::Builder::new(LoopExecutor)
                .timer(LoopTimer)
                .keep_alive_interval(Duration::from_secs(1))
                .serve_connection(Io::new(served), service),
        );
        let (sender, connection) =
            client::conn::http2::handshake(LoopExecutor, Io::new(stream)).await.unwrap();
        let connection = spawn(connection);
        let asking = (0..100).map(|number| {
            let mut sender = sender.clone();
            spawn(async move {
                let path = format!("http://test/{number}");
                let response = sender.send_request(get(&path)).await.unwrap();
                assert_eq!(response.version(), hyper::Version::HTTP_2);
                assert_eq!(text(response.into_body()).await.unwrap(), format!("/{number}"));
            })
        });
        for ended in gather(asking.collect::<Vec<_>>()).await.unwrap() {
            ended.unwrap();
        }
        drop(sender);
        connection.await.unwrap().unwrap();
        serving.await.unwrap().unwrap();
    });
}
