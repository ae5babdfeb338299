//! Protocols over TLS, and servers of them.

use crate::pki::{acceptor, connector};
use conformance::Echo;
use core_loop::Future;
use loop_io::{BaseProtocol, BufferedProtocol, Lost, Transport, WriteLimits};
use loop_tls::TlsSession;
use std::cell::RefCell;
use std::io;
use std::rc::Rc;

/// Notes what it is told, in a few words, and says when it is over.
struct Telling {
    told: Rc<RefCell<Vec<String>>>,
    over: Future<()>,
    room: Vec<u8>,
    wanted: usize,
    transport: Option<Transport>,
}

impl BaseProtocol for Telling {
    fn connection_made(&mut self, transport: Transport) {
        let session = transport.get_extra_info::<TlsSession>().expect("the handshake comes first");
        self.told.borrow_mut().push(format!("made {}", session.version()));
        transport.set_write_buffer_limits(WriteLimits::high(1000));
        let sent = vec![7; self.wanted];
        transport.write(&sent).unwrap();
        self.transport = Some(transport);
    }

    fn connection_lost(&mut self, error: Option<Lost>) {
        self.told.borrow_mut().push(format!("lost {}", error.is_some()));
        let _nobody_else_sets_it = self.over.set_result(());
    }
}

impl BufferedProtocol for Telling {
    fn get_buffer(&mut self, hint: usize) -> &mut [u8] {
        self.room.resize(hint, 0);
        &mut self.room
    }

    fn buffer_updated(&mut self, len: usize) -> io::Result<()> {
        assert!(self.room[..len].iter().all(|byte| *byte == 7));
        self.wanted -= len;
        if self.wanted == 0 {
            self.told.borrow_mut().push("all".to_owned());
            self.transport.as_ref().expect("it is connected").write_eof();
        }
        Ok(())
    }

    fn eof_received(&mut self) -> bool {
        self.told.borrow_mut().push("end".to_owned());
        false
    }
}

loop_test::on_every_runtime! {
    async fn protocols_are_told_as_without_tls_once_the_handshake_is_done() {
        let server = acceptor().create_server(Echo::default, "127.0.0.1:0").await.unwrap();
        let (told, over) = (Rc::<RefCell<Vec<String>>>::default(), Future::new());
        let telling =
            || Telling { told: told.clone(), over: over.clone(), room: Vec::new(), wanted: 1 << 20, transport: None };
        connector().create_connection(telling, server.addresses()[0]).await.unwrap();
        over.await.unwrap();
        assert_eq!(*told.borrow(), ["made TLSv1.3", "all", "end", "lost false"]);
        server.close();
        server.wait_closed().await;
    }

    async fn a_client_that_talks_no_tls_makes_no_protocol() {
        let made = Rc::new(RefCell::new(0));
        let counted = made.clone();
        let factory = move || {
            *counted.borrow_mut() += 1;
            Echo::default()
        };
        let server = acceptor().create_server(factory, "127.0.0.1:0").await.unwrap();
        let (mut reader, writer) = loop_io::open_connection(server.addresses()[0]).await.unwrap();
        writer.write(b"hello\n").unwrap();
        // An alert, and the end.
        assert_eq!(reader.read_to_end().await.unwrap()[0], 21);
        drop((reader, writer));
        server.close();
        server.wait_closed().await;
        assert_eq!(*made.borrow(), 0);
    }
}
