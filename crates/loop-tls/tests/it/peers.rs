//! Peers that are not ours: CPython's asyncio over OpenSSL, and OpenSSL's own programs, as client and as server.

mod cpython;
mod openssl;

use crate::pki::{Issued, OURS};
use core_loop::timeout;
use loop_io::{Server, StreamReader, StreamWriter};
use loop_tls::TlsAcceptor;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::Child;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Runs `main` on the native driver; a bound catches what would hang.
fn run<T>(main: impl Future<Output = T>) -> T {
    core_loop::run(async { timeout(Duration::from_secs(120), main).await.expect("it hangs") })
        .expect("the native driver runs everywhere")
}

/// Certificates of `localhost` in files, for a program that wants them so; gone when it is dropped.
struct Files {
    place: PathBuf,
    issued: Issued,
}

impl Files {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        // Relaxed: it only has to be another number each time.
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let place = std::env::temp_dir().join(format!("loop-tls-{}-{number}", std::process::id()));
        fs::create_dir(&place).unwrap();
        let issued = OURS.issue(&["localhost"]);
        let files = Self { place, issued };
        fs::write(files.path("cert.pem"), &files.issued.pem).unwrap();
        fs::write(files.path("key.pem"), &files.issued.key_pem).unwrap();
        fs::write(files.path("root.pem"), &OURS.pem).unwrap();
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.join(name)
    }

    fn acceptor(&self) -> TlsAcceptor {
        let shown = loop_tls::Identity::from_pem_files(self.path("cert.pem"), self.path("key.pem"));
        TlsAcceptor::builder(shown.unwrap()).alpn(["echo"]).build().unwrap()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _left_behind = fs::remove_dir_all(&self.place);
    }
}

/// A program that serves, until it is dropped.
struct Served {
    child: Child,
    port: u16,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// A server that sends back what it gets, and fails loudly where a connection does.
async fn echo(acceptor: &TlsAcceptor) -> Server {
    let echo = async |mut reader: StreamReader, writer: StreamWriter| {
        loop {
            let bytes = reader.read(64 * 1024).await?;
            if bytes.is_empty() {
                return io::Result::Ok(());
            }
            writer.write(&bytes)?;
            writer.drain().await?;
        }
    };
    let server = acceptor.start_server(echo, "127.0.0.1:0").await.unwrap();
    core_loop::Loop::current().set_exception_handler(|_, context| panic!("{}", context.to_string()));
    server
}
