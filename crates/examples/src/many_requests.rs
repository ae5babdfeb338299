//! Ten thousand HTTP requests, and never more than a hundred of them at a time.
//!
//! ```python
//! import asyncio
//!
//! REQUESTS, AT_ONCE = 10_000, 100
//!
//! async def square(reader, writer):
//!     try:
//!         while True:
//!             head = await reader.readuntil(b"\r\n\r\n")
//!             number = int(head.split()[1][1:])
//!             body = b"%d" % (number * number)
//!             writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
//!     except asyncio.IncompleteReadError:
//!         writer.close()
//!
//! class Client:
//!     def __init__(self, address):
//!         self.address, self.limit = address, asyncio.Semaphore(AT_ONCE)
//!         self.idle, self.connections, self.under_way, self.most = [], 0, 0, 0
//!
//!     async def get(self, number):
//!         async with self.limit:
//!             self.under_way += 1
//!             self.most = max(self.most, self.under_way)
//!             if self.idle:
//!                 reader, writer = self.idle.pop()
//!             else:
//!                 self.connections += 1
//!                 reader, writer = await asyncio.open_connection(*self.address)
//!             writer.write(b"GET /%d HTTP/1.1\r\nhost: localhost\r\n\r\n" % number)
//!             head = await reader.readuntil(b"\r\n\r\n")
//!             body = await reader.readexactly(int(head.split()[-1]))
//!             self.idle.append((reader, writer))
//!             self.under_way -= 1
//!             return int(body)
//!
//! async def main():
//!     server = await asyncio.start_server(square, "127.0.0.1", 0)
//!     client = Client(server.sockets[0].getsockname())
//!     squares = await asyncio.gather(*(client.get(number) for number in range(REQUESTS)))
//!     print(f"{len(squares)} answers, {sum(squares)} in all")
//!     print(f"never more than {client.most} requests at a time, over {client.connections} connections")
//!     server.close()
//!     for _, writer in client.idle:
//!         writer.close()
//!     await server.wait_closed()
//!
//! asyncio.run(main())
//! ```

use core_loop::try_gather;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use hyper::service::service_fn;
use hyper::{Request, Response};
use std::cell::{Cell, RefCell};
use std::error::Error;
use std::net::SocketAddr;
use std::rc::Rc;
use sync_primitives::Semaphore;

const REQUESTS: u64 = 10_000;
const AT_ONCE: usize = 100;

type Failure = Box<dyn Error + Send + Sync>;

/// Keeps connections for further requests.
struct Client {
    address: SocketAddr,
    limit: Semaphore,
    idle: RefCell<Vec<SendRequest<String>>>,
    connections: Cell<u32>,
    under_way: Cell<u32>,
    /// The most that were under way at a time.
    most: Cell<u32>,
}

impl Client {
    fn new(address: SocketAddr) -> Self {
        let (idle, [connections, under_way, most]) = (RefCell::default(), [const { Cell::new(0) }; 3]);
        Self { address, limit: Semaphore::new(AT_ONCE), idle, connections, under_way, most }
    }

    // ANCHOR: get
    async fn get(&self, number: u64) -> Result<u64, Failure> {
        let _permit = self.limit.acquire().await;
        self.under_way.set(self.under_way.get() + 1);
        self.most.set(self.most.get().max(self.under_way.get()));
        let idle = self.idle.borrow_mut().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => {
                self.connections.set(self.connections.get() + 1);
                loop_hyper::connect(self.address).await?
            }
        };
        connection.ready().await?;
        let request = Request::get(format!("/{number}")).header("host", "localhost").body(String::new())?;
        let body = connection.send_request(request).await?.into_body().collect().await?.to_bytes();
        self.idle.borrow_mut().push(connection);
        self.under_way.set(self.under_way.get() - 1);
        Ok(str::from_utf8(&body)?.parse()?)
    }
    // ANCHOR_END: get
}

/// Answers with the square of the number that is asked for.
async fn square(request: Request<Incoming>) -> Result<Response<String>, Failure> {
    let number: u64 = request.uri().path()[1..].parse()?;
    Ok(Response::new((number * number).to_string()))
}

/// Server and client on one loop.
///
/// # Errors
///
/// What a connection says.
pub async fn main() -> Result<(), Failure> {
    let server = loop_hyper::start_server(service_fn(square), "127.0.0.1:0").await?;
    let client = Rc::new(Client::new(server.addresses()[0]));
    let get = |number| {
        let client = client.clone();
        async move { client.get(number).await }
    };
    let squares = try_gather((0..REQUESTS).map(get).collect::<Vec<_>>()).await??;
    println!("{} answers, {} in all", squares.len(), squares.iter().sum::<u64>());
    let (most, connections) = (client.most.get(), client.connections.get());
    println!("never more than {most} requests at a time, over {connections} connections");
    server.close();
    server.wait_closed().await;
    Ok(())
}
