//! Transports and their protocols.

use crate::{Noted, fill, half_channel, noted_reports, run};
use core_loop::wait_until_idle;
use futures_lite::future::yield_now;
use loop_io::{
    BaseProtocol, BufferedProtocol, Lost, Protocol, ProtocolHandle, Transport, WriteError, WriteLimits,
    create_connection, create_server, open_connection,
};
use std::io::{self, Read, Write};
use std::net::TcpStream;

/// Notes everything that it is told.
#[derive(Default)]
struct Told {
    told: Vec<String>,
    transport: Option<Transport>,
    keeps_open: bool,
    /// What it does when it is given something.
    acts: Option<fn(&mut Self) -> io::Result<()>>,
}

impl Told {
    fn transport(&self) -> &Transport {
        self.transport.as_ref().expect("it is connected")
    }

    fn note(&mut self, what: impl Into<String>) {
        self.told.push(what.into());
    }
}

impl BaseProtocol for Told {
    fn connection_made(&mut self, transport: Transport) {
        self.note("made");
        self.transport = Some(transport);
    }

    fn connection_lost(&mut self, error: Option<Lost>) {
        self.note(error.map_or_else(|| "lost".to_owned(), |error| format!("lost: {:?}", error.kind())));
    }

    fn pause_writing(&mut self) {
        self.note("pause");
    }

    fn resume_writing(&mut self) {
        self.note("resume");
    }
}

impl Protocol for Told {
    fn data_received(&mut self, data: &[u8]) -> io::Result<()> {
        self.note(String::from_utf8_lossy(data));
        self.acts.map_or(Ok(()), |act| act(self))
    }

    fn eof_received(&mut self) -> bool {
        self.note("eof");
        self.keeps_open
    }
}

/// Writes more than can be sent at once; how much.
fn filled(transport: &Transport) -> usize {
    fill(|bytes| transport.write(bytes), || transport.get_write_buffer_size())
}

/// A transport of ours; the other end is a plain socket.
async fn told(protocol: Told) -> (Transport, ProtocolHandle<Told>, TcpStream) {
    let (ours, theirs) = half_channel().await;
    let (transport, protocol) = Transport::new(ours, protocol);
    (transport, protocol, theirs)
}

/// Ends when so much has been told.
async fn until(protocol: &ProtocolHandle<Told>, count: usize) -> Vec<String> {
    while protocol.with(|told| told.told.len() < count) {
        core_loop::yield_now().await;
    }
    wait_until_idle().await;
    protocol.with(|told| told.told.clone())
}

#[test]
fn calls_come_in_order() {
    run(async {
        let (_transport, protocol, mut theirs) = told(Told::default()).await;
        theirs.write_all(b"one").unwrap();
        until(&protocol, 2).await;
        theirs.write_all(b"two").unwrap();
        until(&protocol, 3).await;
        drop(theirs);
        assert_eq!(until(&protocol, 5).await, ["made", "one", "two", "eof", "lost"]);
    });
}

#[test]
fn an_end_keeps_a_transport_open_for_writing_if_the_protocol_says_so() {
    run(async {
        let (transport, protocol, mut theirs) = told(Told { keeps_open: true, ..Told::default() }).await;
        theirs.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(until(&protocol, 2).await, ["made", "eof"]);
        assert!(!transport.is_closing() && !transport.is_reading());
        transport.write(b"still here").unwrap();
        transport.close();
        let mut all = String::new();
        theirs.read_to_string(&mut all).unwrap();
        assert_eq!(all, "still here");
        assert_eq!(until(&protocol, 3).await, ["made", "eof", "lost"]);
    });
}

#[test]
fn a_close_sends_everything_and_then_tells() {
    run(async {
        let (transport, protocol, mut theirs) = told(Told::default()).await;
        let much = filled(&transport);
        transport.close();
        assert!(matches!(transport.write(b"late"), Err(WriteError::Closed)));
        assert_eq!(protocol.with(|told| told.told.clone()), ["made", "pause"]);
        let read = core_loop::to_thread(move || {
            let mut all = Vec::new();
            theirs.read_to_end(&mut all).map(|_| all.len())
        });
        assert_eq!(read.await.unwrap().unwrap(), much);
        assert_eq!(until(&protocol, 4).await, ["made", "pause", "resume", "lost"]);
    });
}

#[test]
fn an_abort_forgets_and_tells_soon_but_not_at_once() {
    run(async {
        let (transport, protocol, theirs) = told(Told::default()).await;
        filled(&transport);
        transport.abort();
        assert_eq!(transport.get_write_buffer_size(), 0);
        assert_eq!(protocol.with(|told| told.told.clone()), ["made", "pause"]);
        yield_now().await;
        assert_eq!(until(&protocol, 3).await, ["made", "pause", "lost"]);
        drop(theirs);
    });
}

#[test]
fn water_marks_are_told_once_each_and_at_once_when_they_move() {
    run(async {
        let (transport, protocol, mut theirs) = told(Told::default()).await;
        transport.set_write_buffer_limits(WriteLimits::high(1 << 30));
        let much = filled(&transport);
        assert_eq!(protocol.with(|told| told.told.len()), 1);
        transport.set_write_buffer_limits(WriteLimits::new(100, 1000).unwrap());
        assert_eq!(transport.get_write_buffer_limits(), WriteLimits::new(100, 1000).unwrap());
        transport.write(b"more").unwrap();
        assert_eq!(protocol.with(|told| told.told.clone()), ["made", "pause"]);
        let read = core_loop::to_thread(move || theirs.read_exact(&mut vec![0; much + 4]).map(|()| theirs));
        let _theirs = read.await.unwrap().unwrap();
        assert_eq!(until(&protocol, 3).await, ["made", "pause", "resume"]);
    });
}

#[test]
fn a_pause_in_a_call_is_told_when_that_call_has_returned() {
    run(async {
        let acts = |told: &mut Told| {
            filled(told.transport());
            told.note("has written");
            Ok(())
        };
        let (_transport, protocol, mut theirs) = told(Told { acts: Some(acts), ..Told::default() }).await;
        theirs.write_all(b"go").unwrap();
        assert_eq!(until(&protocol, 4).await, ["made", "go", "has written", "pause"]);
    });
}

#[test]
fn a_paused_transport_gives_nothing_until_it_resumes() {
    struct Shy(Told);
    impl BaseProtocol for Shy {
        fn connection_made(&mut self, transport: Transport) {
            transport.pause_reading();
            transport.pause_reading();
        }
    }
    impl Protocol for Shy {
        fn data_received(&mut self, data: &[u8]) -> io::Result<()> {
            self.0.data_received(data)
        }
    }
    run(async {
        let (ours, mut theirs) = half_channel().await;
        let (transport, protocol) = Transport::new(ours, Shy(Told::default()));
        theirs.write_all(b"hello").unwrap();
        wait_until_idle().await;
        assert!(!transport.is_reading());
        assert_eq!(protocol.with(|shy| shy.0.told.len()), 0);
        transport.resume_reading();
        transport.resume_reading();
        while protocol.with(|shy| shy.0.told.is_empty()) {
            core_loop::yield_now().await;
        }
        transport.pause_reading();
        transport.close();
        transport.resume_reading();
        assert!(!transport.is_reading(), "closed wins");
    });
}

#[test]
fn a_protocol_that_fails_or_panics_loses_its_own_connection_only() {
    run(async {
        let reports = noted_reports();
        let fails: fn(&mut Told) -> io::Result<()> =
            |_| Err(io::Error::new(io::ErrorKind::InvalidData, "no such verb"));
        let panics: fn(&mut Told) -> io::Result<()> = |_| std::panic::resume_unwind(Box::new("no luck"));
        for (acts, lost) in [(fails, "lost: InvalidData"), (panics, "lost: Other")] {
            let (_transport, protocol, mut theirs) = told(Told { acts: Some(acts), ..Told::default() }).await;
            theirs.write_all(b"x").unwrap();
            assert_eq!(until(&protocol, 3).await, ["made", "x", lost]);
            assert_eq!(reports.take().len(), 1);
            let mut rest = Vec::new();
            let _reset = theirs.read_to_end(&mut rest);
        }
    });
}

#[test]
fn a_lost_connection_is_told_with_its_error() {
    run(async {
        let (transport, protocol, mut theirs) = told(Told::default()).await;
        transport.write(b"hardly read").unwrap();
        // One byte of it, so that the rest has arrived: what was not read makes this a reset.
        theirs.read_exact(&mut [0]).unwrap();
        drop(theirs);
        assert_eq!(until(&protocol, 2).await, ["made", "lost: ConnectionReset"]);
    });
}

#[test]
fn a_buffered_protocol_is_given_bytes_where_it_wants_them() {
    #[derive(Default)]
    struct Frame {
        bytes: [u8; 8],
        len: usize,
        ended: bool,
    }
    impl BaseProtocol for Frame {}
    impl BufferedProtocol for Frame {
        fn get_buffer(&mut self, _hint: usize) -> &mut [u8] {
            &mut self.bytes[self.len..]
        }
        fn buffer_updated(&mut self, len: usize) -> io::Result<()> {
            self.len += len;
            Ok(())
        }
        fn eof_received(&mut self) -> bool {
            self.ended = true;
            false
        }
    }
    run(async {
        let reports = noted_reports();
        let (ours, mut theirs) = half_channel().await;
        let (_transport, frame) = Transport::new(ours, Frame::default());
        theirs.write_all(b"12345").unwrap();
        drop(theirs);
        while !frame.with(|frame| frame.ended) {
            core_loop::yield_now().await;
        }
        assert_eq!(frame.with(|frame| frame.bytes[..frame.len].to_vec()), b"12345");
        // One that never has room.
        let (ours, theirs) = half_channel().await;
        let (transport, _frame) = Transport::new(ours, Frame { len: 8, ..Frame::default() });
        while !transport.is_closing() {
            core_loop::yield_now().await;
        }
        assert_eq!(reports.take().len(), 1);
        drop(theirs);
    });
}

#[test]
fn another_protocol_takes_over_in_the_middle() {
    run(async {
        let (transport, first, mut theirs) = told(Told::default()).await;
        theirs.write_all(b"one").unwrap();
        until(&first, 2).await;
        let second = transport.set_protocol(Told::default());
        theirs.write_all(b"two").unwrap();
        assert_eq!(until(&second, 1).await, ["two"]);
        transport.close();
        assert_eq!(until(&second, 2).await, ["two", "lost"]);
        assert_eq!(until(&first, 2).await, ["made", "one"]);
    });
}

#[test]
fn a_server_makes_a_protocol_for_each_connection_and_waits_for_their_last_calls() {
    run(async {
        let reports = noted_reports();
        let made: Noted<u32> = Noted::default();
        let counts = made.clone();
        let echo = move || {
            counts.borrow_mut().push(1);
            assert!(counts.borrow().len() != 2, "the second is refused");
            Told {
                acts: Some(|told| Ok(told.transport().write(told.told[1].as_bytes())?)),
                ..Told::default()
            }
        };
        let server = create_server(echo, "127.0.0.1:0").await.unwrap();
        let address = server.addresses()[0];
        let (mut reader, writer) = open_connection(address).await.unwrap();
        writer.write(b"hello").unwrap();
        assert_eq!(reader.read_exact(5).await.unwrap(), b"hello");
        let (mut refused, _writer) = open_connection(address).await.unwrap();
        assert_eq!(refused.read(1).await.unwrap(), b"");
        assert_eq!(reports.take().len(), 1);
        let (transport, third) = create_connection(Told::default, address).await.unwrap();
        transport.write(b"third").unwrap();
        assert_eq!(until(&third, 2).await, ["made", "third"]);
        server.close();
        server.abort_clients();
        server.wait_closed().await;
        assert_eq!(server.clients(), 0);
        drop(writer);
    });
}

#[test]
fn a_task_that_reads_and_is_cancelled_is_a_lost_connection() {
    run(async {
        let (_transport, protocol, _theirs) = told(Told::default()).await;
        wait_until_idle().await;
        let current = core_loop::current_task().unwrap();
        for task in core_loop::all_tasks().into_iter().filter(|task| task.id() != current.id()) {
            task.cancel("everything goes");
        }
        assert_eq!(until(&protocol, 2).await, ["made", "lost: ConnectionAborted"]);
    });
}
