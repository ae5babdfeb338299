//! A protocol that sends back what it gets: the other side of many a test.

use loop_io::{BaseProtocol, Protocol, Transport};
use std::io;

/// Sends back what it gets, and reads no more while that is not sent: no more than the water marks allow is kept for a peer that
/// does not read. What a peer that has gone would have got is no error of it.
#[derive(Debug, Default)]
pub struct Echo(Option<Transport>);

impl Echo {
    fn transport(&self) -> &Transport {
        self.0.as_ref().expect("it is connected")
    }
}

impl BaseProtocol for Echo {
    fn connection_made(&mut self, transport: Transport) {
        self.0 = Some(transport);
    }

    fn pause_writing(&mut self) {
        self.transport().pause_reading();
    }

    fn resume_writing(&mut self) {
        self.transport().resume_reading();
    }
}

impl Protocol for Echo {
    fn data_received(&mut self, data: &[u8]) -> io::Result<()> {
        let _gone = self.transport().write(data);
        Ok(())
    }
}
