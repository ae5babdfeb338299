//! smol's own things, used inside tasks of the loop.

use std::time::{Duration, Instant};

use loop_smol::SmolDriver;
use smol::io::{AsyncReadExt, AsyncWriteExt};
use smol::{Timer, channel, net};

#[test]
fn smols_own_things_work_in_a_loop_that_smol_carries() {
    loop_smol::run(async {
        let since = Instant::now();
        Timer::after(Duration::from_millis(3)).await;
        assert!(since.elapsed() >= Duration::from_millis(3));

        let listener = net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = core_loop::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut word = [0; 5];
            stream.read_exact(&mut word).await.unwrap();
            stream.write_all(&word).await.unwrap();
        });
        let mut client = net::TcpStream::connect(address).await.unwrap();
        client.write_all(b"there").await.unwrap();
        let mut word = Vec::new();
        client.read_to_end(&mut word).await.unwrap();
        assert_eq!(word, b"there");
        server.await.unwrap();

        let (sender, receiver) = channel::bounded(1);
        smol::spawn(async move { sender.send(42).await }).detach();
        assert_eq!(receiver.recv().await, Ok(42));
    })
    .unwrap();
}

#[test]
fn loops_on_several_threads_share_the_reactor_and_lose_nothing() {
    let loops = [(); 4].map(|()| {
        std::thread::spawn(|| {
            loop_smol::run(async {
                for _ in 0..50 {
                    let since = Instant::now();
                    core_loop::sleep(Duration::from_millis(1)).await;
                    assert!(since.elapsed() >= Duration::from_millis(1));
                }
            })
        })
    });
    for each in loops {
        each.join().unwrap().unwrap();
    }
}

#[test]
fn a_server_without_descriptors_serves_when_there_are_some() {
    conformance::server_without_descriptors(
        "host::a_server_without_descriptors_serves_when_there_are_some",
        SmolDriver::new,
    );
}

#[test]
fn a_lack_of_descriptors_is_refused_with_its_cure() {
    conformance::lack_of_descriptors("host::a_lack_of_descriptors_is_refused_with_its_cure", SmolDriver::new);
}

#[test]
fn what_is_given_up_in_its_middle_leaves_no_descriptor() {
    conformance::given_up_leaks_nothing(
        "host::what_is_given_up_in_its_middle_leaves_no_descriptor",
        SmolDriver::new,
    );
}

#[test]
fn the_standard_streams_of_a_program_are_streams() {
    conformance::standard_streams("host::the_standard_streams_of_a_program_are_streams", SmolDriver::new);
}

#[test]
fn a_write_to_which_nobody_listens_is_an_error_and_no_end_of_the_program() {
    conformance::broken_pipe_kills_nobody(
        "host::a_write_to_which_nobody_listens_is_an_error_and_no_end_of_the_program",
        SmolDriver::new,
    );
}
