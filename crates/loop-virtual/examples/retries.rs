//! A client that retries, tested over a bad network: a thousand schedules in a moment.
#![cfg(not(loom))]
//!
//! `cargo run -p anyloop-loop-virtual --example retries` prints:
//!
//! ```text
//! 1000 schedules: every answer came
//! ```

use core_loop::net::{TcpListener, TcpStream};
use core_loop::{sleep, spawn, timeout};
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use loop_virtual::{Builder, Link};
use std::io;
use std::time::Duration;

const SERVER: &str = "10.0.0.1:7";
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_secs(1);
const SCHEDULES: u64 = 1000;

/// Asks until an answer comes: what is under test.
async fn ask(number: u8) -> u8 {
    loop {
        match timeout(PATIENCE, ask_once(number)).await {
            Ok(Ok(answer)) => return answer,
            Ok(Err(_lost)) => sleep(PAUSE).await,
            Err(_elapsed) => {}
        }
    }
}

async fn ask_once(number: u8) -> io::Result<u8> {
    let mut stream = TcpStream::connect(SERVER).await?;
    stream.write_all(&[number]).await?;
    let mut answer = [0];
    stream.read_exact(&mut answer).await?;
    Ok(answer[0])
}

/// Doubles what it is sent. Now and then it forgets a client, who hears nothing more.
async fn serve(listener: TcpListener) {
    while let Ok((mut stream, peer)) = listener.accept().await {
        let answering = async move {
            let mut number = [0];
            stream.read_exact(&mut number).await?;
            if loop_virtual::random_below(4) == 0 {
                loop_virtual::silence(peer);
            }
            stream.write_all(&[number[0] * 2]).await
        };
        // A client that was lost asks again.
        spawn(async { answering.await.unwrap_or(()) }).detach();
    }
}

pub(crate) fn main() {
    let bad = Link::new().latency(Duration::from_millis(10)..=Duration::from_millis(800)).lose_one_in(4);
    Builder::new().link(bad).for_each_seed(0..SCHEDULES, || async {
        let listener = TcpListener::bind(SERVER).await.expect("nobody else listens there");
        spawn(serve(listener)).detach();
        let answers = core_loop::gather((0..5).map(ask).collect::<Vec<_>>()).await;
        assert_eq!(answers.expect("nobody cancels them"), [0, 2, 4, 6, 8]);
    });
    println!("{SCHEDULES} schedules: every answer came");
}
