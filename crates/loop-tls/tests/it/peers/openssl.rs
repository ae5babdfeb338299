//! `openssl s_client` and `openssl s_server`: both versions of the protocol, and certificates of clients.

use super::{Files, Served, echo, run};
use crate::pki::{OURS, connector};
use core_loop::to_thread;
use loop_tls::{TlsConnector, TlsSession};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

const VERSIONS: [(&str, &str); 2] = [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")];

/// One of its programs. `None`, and a skip that says so, where it is not installed.
fn openssl(test: &str, program: &str, version: &str) -> Option<Command> {
    match Command::new("openssl").arg("version").output() {
        Ok(_) => {
            let mut command = Command::new("openssl");
            command
                .args([program, version])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            Some(command)
        }
        Err(error) => {
            conformance::skipped(
                test,
                &format!("openssl cannot be started: {error}; apt-get install openssl"),
            );
            None
        }
    }
}

/// Its server, which sends back each line from its end to its beginning, and for one connection.
fn serve(mut openssl: Command, files: &Files) -> Served {
    openssl.args(["-accept", "127.0.0.1:0", "-rev", "-naccept", "1"]);
    openssl.arg("-cert").arg(files.path("cert.pem")).arg("-key").arg(files.path("key.pem"));
    let mut child = openssl.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let place = lines.find_map(|line| Some(line.unwrap().strip_prefix("ACCEPT ")?.to_owned()));
    let place = place.expect("it says where it listens");
    // What else it says is read and dropped, so that it never waits for us.
    std::thread::spawn(move || lines.for_each(drop));
    let port = place.rsplit(':').next().unwrap().parse().unwrap();
    Served { child, port }
}

#[test]
fn s_client_is_served() {
    for (version, _) in VERSIONS {
        let Some(mut openssl) = openssl("s_client_is_served", "s_client", version) else { return };
        let files = Files::new();
        run(async {
            let server = echo(&files.acceptor()).await;
            openssl.args(["-connect", &server.addresses()[0].to_string(), "-servername", "localhost"]);
            openssl.args(["-verify_hostname", "localhost", "-verify_return_error", "-quiet", "-no_ign_eof"]);
            openssl.args(["-alpn", "echo"]).arg("-CAfile").arg(files.path("root.pem"));
            let mut child = openssl.spawn().unwrap();
            let (mut input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
            let talk = move || {
                input.write_all(b"hello\n").unwrap();
                let mut line = String::new();
                BufReader::new(output).read_line(&mut line).unwrap();
                drop(input);
                (line, child.wait_with_output().unwrap())
            };
            let (line, ended) = to_thread(talk).await.unwrap();
            assert_eq!(line, "hello\n", "{}", String::from_utf8_lossy(&ended.stderr));
            assert!(ended.status.success());
            server.close();
            server.wait_closed().await;
        });
    }
}

#[test]
fn s_server_serves() {
    for (version, spoken) in VERSIONS {
        let Some(openssl) = openssl("s_server_serves", "s_server", version) else { return };
        let files = Files::new();
        let served = serve(openssl, &files);
        run(async {
            let place = ("127.0.0.1", served.port);
            let (mut reader, writer) = connector().open_connection(place).await.unwrap();
            assert_eq!(writer.get_extra_info::<TlsSession>().unwrap().version(), spoken);
            writer.write(b"hello\n").unwrap();
            assert_eq!(reader.readline().await.unwrap(), b"olleh\n");
            writer.close();
            writer.wait_closed().await.unwrap();
        });
    }
}

#[test]
fn s_server_sees_our_certificate_and_refuses_us_without_it() {
    for (version, _) in VERSIONS {
        for shows in [true, false] {
            let test = "s_server_sees_our_certificate_and_refuses_us_without_it";
            let Some(mut openssl) = openssl(test, "s_server", version) else { return };
            let files = Files::new();
            openssl.args(["-Verify", "1", "-verify_return_error"]).arg("-CAfile").arg(files.path("root.pem"));
            let served = serve(openssl, &files);
            let builder = TlsConnector::builder().roots(OURS.roots());
            let me = OURS.issue(&["me.test"]).identity();
            let builder = if shows { builder.identity(me) } else { builder };
            let connector = builder.build().unwrap().server_name("localhost").unwrap();
            let talk = async {
                let (mut reader, writer) = connector.open_connection(("127.0.0.1", served.port)).await?;
                writer.write(b"hello\n")?;
                Ok(reader.readline().await?)
            };
            let talked: std::io::Result<Vec<u8>> = run(talk);
            match shows {
                true => assert_eq!(talked.unwrap(), b"olleh\n"),
                false => {
                    let error = talked.unwrap_err();
                    assert!(error.to_string().contains("look there"), "{error}");
                }
            }
        }
    }
}
