//! How to serve HTTP/1: options, and starting.

use crate::AnyError;
use crate::connection;
use crate::server::Server;
use crate::streams::Streams;
use crate::timer::LoopTimer;
use core_loop::net::Address;
use futures_io::{AsyncRead, AsyncWrite};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1::Builder;
use hyper::service::Service;
use hyper::{Request, Response};
use loop_io::{Accept, Listen, StreamReader, StreamWriter};
use std::io;
use std::rc::Rc;
use std::time::Duration;
use sync_primitives::Event;

/// How long a connection may neither send nor take a byte, unless [`Http1::idle_timeout`] says otherwise.
const IDLE: Duration = Duration::from_secs(60);

/// Serves HTTP/1 on `address`: calls `service` for each request, with the options that [`Http1::new`] has.
///
/// Each connection is a task of its own. One whose client resets, or sends nonsense, ends without a word; an error of the
/// service, or of a body of its own, is reported to the loop's exception handler, and so is a panic; the server goes on.
///
/// # Errors
///
/// Port in use, no permission, an unknown host: the error names the address.
///
/// # Panics
///
/// Outside a loop.
///
/// # Cancel safety
///
/// Dropping the future closes what listens already.
///
/// # Examples
///
/// ```
/// use loop_hyper::hyper::service::service_fn;
/// use loop_hyper::hyper::{Request, Response, body::Incoming};
/// use std::convert::Infallible;
///
/// # core_loop::run(async {
/// let hello = service_fn(async |request: Request<Incoming>| {
///     Ok::<_, Infallible>(Response::new(format!("hello from {}\n", request.uri().path())))
/// });
/// let server = loop_hyper::start_server(hello, "127.0.0.1:0").await?;
///
/// let mut client = loop_hyper::connect::<String>(server.addresses()[0]).await?;
/// let request = Request::get("/world").header("host", "localhost").body(String::new())?;
/// assert_eq!(client.send_request(request).await?.status(), 200);
/// # Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
/// # }).unwrap().unwrap();
/// ```
pub async fn start_server<S, B>(service: S, address: impl Into<Address>) -> io::Result<Server>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error: Into<AnyError>> + 'static,
    B: Body<Error: Into<AnyError>> + 'static,
{
    Http1::new().start_server(service, address).await
}

/// How to serve HTTP/1.
#[derive(Debug, Clone)]
#[must_use]
pub struct Http1 {
    http: Builder,
    idle: Option<Duration>,
    listen: Listen,
}

impl Http1 {
    /// A connection is kept for further requests; a request's head has to come within 30 s, and a connection on which no byte
    /// moves for 60 s is closed. A client may close its side after its last request, and still gets the answer.
    pub fn new() -> Self {
        let mut http = Builder::new();
        http.timer(LoopTimer).half_close(true);
        Self { http, idle: Some(IDLE), listen: Listen::new() }
    }

    /// How long the head of a request may take, from the answer before it (or the start) on: a client that sends it byte by
    /// byte is thrown out then, and so is one that asks for nothing more. `None` waits for ever.
    pub fn header_read_timeout(mut self, limit: Option<Duration>) -> Self {
        self.http.header_read_timeout(limit);
        self
    }

    /// How long a connection may neither send nor take a byte: what ends one whose client does not read, or sends half of a
    /// body. `None` waits for ever.
    ///
    /// # Units
    ///
    /// 60 s unless set. It may be twice as long before it is noticed.
    pub const fn idle_timeout(mut self, limit: Option<Duration>) -> Self {
        self.idle = limit;
        self
    }

    /// Whether a connection is kept for further requests. It is, unless this says otherwise.
    pub fn keep_alive(mut self, keep: bool) -> Self {
        self.http.keep_alive(keep);
        self
    }

    /// Sets whatever else hyper knows.
    ///
    /// # Examples
    ///
    /// ```
    /// let http = loop_hyper::Http1::new().with(|hyper| {
    ///     hyper.max_headers(20).max_buf_size(64 * 1024);
    /// });
    /// # let _ = http;
    /// ```
    pub fn with(mut self, set: impl FnOnce(&mut Builder)) -> Self {
        set(&mut self.http);
        self
    }

    /// How it listens: several addresses, the backlog, `SO_REUSEPORT`.
    pub fn listen(mut self, listen: Listen) -> Self {
        self.listen = listen;
        self
    }

    /// As [`start_server`](crate::start_server), with these options.
    ///
    /// # Errors
    ///
    /// As [`start_server`](crate::start_server).
    ///
    /// # Panics
    ///
    /// Outside a loop.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes what listens already.
    pub async fn start_server<S, B>(&self, service: S, address: impl Into<Address>) -> io::Result<Server>
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error: Into<AnyError>> + 'static,
        B: Body<Error: Into<AnyError>> + 'static,
    {
        let stop = Rc::new(Event::new());
        let server = self.listen.start_server(self.handler(service, stop.clone()), address).await?;
        Ok(Server::new(server, stop))
    }

    /// As [`start_server`](Self::start_server), on listeners that are there already: Unix sockets, TLS.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    pub fn start_server_on<S, B>(&self, service: S, listeners: Vec<Box<dyn Accept>>) -> Server
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error: Into<AnyError>> + 'static,
        B: Body<Error: Into<AnyError>> + 'static,
    {
        let stop = Rc::new(Event::new());
        Server::new(self.listen.start_server_on(self.handler(service, stop.clone()), listeners), stop)
    }

    /// Serves one connection, wherever it comes from, to its end: until the other side closes it, or `stop` ends and what was
    /// begun is answered.
    ///
    /// # Errors
    ///
    /// Of the service, or of a body of its own. What the other side does is none.
    ///
    /// # Panics
    ///
    /// Outside a loop.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future cuts the connection off.
    pub async fn serve_connection<C, S, B>(
        &self,
        stream: C,
        service: S,
        stop: impl Future<Output = ()>,
    ) -> Result<(), hyper::Error>
    where
        C: AsyncRead + AsyncWrite + Unpin,
        S: Service<Request<Incoming>, Response = Response<B>, Error: Into<AnyError>>,
        B: Body<Error: Into<AnyError>> + 'static,
    {
        connection::serve(stream, &self.http, self.idle, service, stop).await
    }

    /// What is called for each connection.
    fn handler<S, B>(
        &self,
        service: S,
        stop: Rc<Event>,
    ) -> impl AsyncFn(StreamReader, StreamWriter) -> Result<(), hyper::Error> + 'static
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error: Into<AnyError>> + 'static,
        B: Body<Error: Into<AnyError>> + 'static,
    {
        let (http, service) = (self.clone(), Rc::new(service));
        async move |reader, writer| {
            http.serve_connection(Streams::new(reader, writer), service.clone(), stop.wait()).await
        }
    }
}

impl Default for Http1 {
    fn default() -> Self {
        Self::new()
    }
}
