//! Ten thousand clients that want nothing, and one that wants everything and reads nothing.

use super::client::{Client, request};
use super::server::{Server, on_every_runtime};
use std::io::Write;
use std::process::Command;
use std::time::{Duration, Instant};

const CROWD: u64 = 10_000;

/// What a connection that has been served once and waits may keep resident. hyper keeps its buffers, 8 KiB each way.
const EACH_MAX: u64 = 32 * 1024;

/// So many descriptors on either side, and some more.
const LIMIT: &str = "ulimit -n 10400";

/// A while in which a server that has nothing to do computes nothing.
const WHILE: Duration = Duration::from_millis(500);

/// Only a hang takes this long.
const LONG: Duration = Duration::from_secs(200);

/// Looks again and again until `is_so`.
#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < LONG, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn computes_nothing(server: &Server) {
    until("it computes although nobody wants anything", || {
        let before = server.ticks();
        std::thread::sleep(WHILE);
        server.ticks() == before
    });
}

fn ten_thousand_idle_connections(runtime: &str) {
    let test = format!("echo::crowd::ten_thousand_idle_connections_cost_little::on_{runtime}");
    if !Command::new("sh").args(["-c", LIMIT]).output().is_ok_and(|output| output.status.success()) {
        return conformance::skipped(
            &test,
            &"this process may not have 10 400 descriptors; raise `ulimit -Hn`",
        );
    }
    if !conformance::alone(&test, LIMIT) {
        return;
    }
    let Some(mut server) = Server::start(runtime) else { return };
    // Whatever is made once is there after the first of them.
    assert_eq!(Client::connect(&server).get("/echo/first").0, 200);
    until("the first connection stays", || Client::connect(&server).get("/echo/again").0 == 200);
    computes_nothing(&server);
    let (descriptors, resident) = (server.descriptors(), server.resident());
    let mut crowd = Vec::new();
    for number in 0..CROWD {
        let mut client = Client::connect(&server);
        assert_eq!(client.get("/echo/x").0, 200, "connection {number}");
        crowd.push(client);
    }
    assert!(server.descriptors() as u64 >= CROWD, "they are not all open");
    let each = server.resident().saturating_sub(resident) / CROWD;
    eprintln!("{runtime}: {each} bytes for each of {CROWD} idle connections");
    assert!(each <= EACH_MAX, "{runtime}: {each} bytes for each idle connection");
    computes_nothing(&server);
    for client in crowd.iter_mut().step_by(997) {
        assert_eq!(client.get("/echo/still-there"), (200, "still-there".into()));
    }
    drop(crowd);
    until("descriptors are left", || server.descriptors() <= descriptors);
    assert_eq!(Client::connect(&server).get("/echo/alive"), (200, "alive".into()));
    assert_eq!(server.interrupt_and_wait().code, Some(0));
}

/// One test for each, because each is a process of its own.
macro_rules! on {
    ($($test:ident $runtime:literal)+) => {
        mod ten_thousand_idle_connections_cost_little {
            $(#[test]
            fn $test() {
                super::ten_thousand_idle_connections($runtime);
            })+
        }
    };
}

on! {
    on_native "native"
    on_tokio "tokio"
    on_smol "smol"
    on_glommio "glommio"
}

#[test]
fn a_client_that_asks_and_never_reads_is_no_longer_read_and_costs_little_memory() {
    const FLOOD: usize = 256 << 20;
    const ROOM: u64 = 8 << 20;
    on_every_runtime(|server| {
        assert_eq!(Client::connect(server).get("/echo/first").0, 200);
        let before = server.resident();
        let client = Client::connect(server);
        client.stream().set_write_timeout(Some(Duration::from_secs(2))).unwrap();
        let asked = request("GET", &format!("/echo/{}", "x".repeat(4000))).repeat(16);
        let mut sent = 0;
        // Until the server reads no more, and the kernel takes no more.
        while let Ok(length) = client.stream().write(&asked.as_bytes()[sent % asked.len()..]) {
            sent += length;
            assert!(sent < FLOOD, "everything is read although no answer is");
        }
        let grown = server.resident().saturating_sub(before);
        assert!(grown < ROOM, "{grown} bytes for a client that does not read");
        computes_nothing(server);
        assert_eq!(Client::connect(server).get("/echo/alive"), (200, "alive".into()));
    });
}
