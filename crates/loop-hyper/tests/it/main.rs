//! HTTP over the loop: served, asked for, given up. On every runtime this is tried by the examples.

mod faults;
mod http2;
mod serving;
mod stopping;

use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::SendRequest;
use hyper::service::service_fn;
use hyper::{Request, Response};
use loop_hyper::{Http1, Server};
use std::time::Duration;

/// Longer than anything here takes; only a hang reaches it.
const LONG: Duration = Duration::from_secs(60);

fn run<T>(main: impl Future<Output = T>) -> T {
    core_loop::run(async { core_loop::timeout(LONG, main).await.expect("it hangs") })
        .expect("the native driver runs everywhere")
}

/// Sends back the path, or the body if there is one.
async fn echo(request: Request<Incoming>) -> Result<Response<String>, hyper::Error> {
    let path = request.uri().path().to_owned();
    let body = text(request.into_body()).await?;
    Ok(Response::new(if body.is_empty() { path } else { body }))
}

async fn echo_server(http: &Http1) -> Server {
    http.start_server(service_fn(echo), "127.0.0.1:0").await.unwrap()
}

/// All of a body.
async fn text<B: Body<Error = hyper::Error>>(body: B) -> Result<String, hyper::Error> {
    Ok(String::from_utf8(body.collect().await?.to_bytes().to_vec()).expect("it is text"))
}

fn get(path: &str) -> Request<String> {
    Request::get(path).header("host", "test").body(String::new()).unwrap()
}

/// What comes back for `request`.
async fn ask(sender: &mut SendRequest<String>, request: Request<String>) -> (u16, String) {
    sender.ready().await.unwrap();
    let response = sender.send_request(request).await.unwrap();
    (response.status().as_u16(), text(response.into_body()).await.unwrap())
}
