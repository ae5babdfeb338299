//! tokio's own things, used inside tasks of the loop.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot};

/// Uses tokio's timers, sockets, channels and tasks; each waits for another.
pub(crate) async fn everything_of_tokio_works() {
    let since = Instant::now();
    tokio::time::sleep(Duration::from_millis(3)).await;
    assert!(since.elapsed() >= Duration::from_millis(3));
    let never = tokio::time::timeout(Duration::from_millis(1), std::future::pending::<()>());
    assert!(never.await.is_err());

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = core_loop::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut word = [0; 5];
        stream.read_exact(&mut word).await.unwrap();
        stream.write_all(&word).await.unwrap();
    });
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"there").await.unwrap();
    let mut word = Vec::new();
    client.read_to_end(&mut word).await.unwrap();
    assert_eq!(word, b"there");
    server.await.unwrap();

    let (sender, mut receiver) = mpsc::channel(1);
    let producer = core_loop::spawn(async move {
        for number in 0..100 {
            sender.send(number).await.unwrap();
        }
    });
    let mut sum = 0;
    while let Some(number) = receiver.recv().await {
        sum += number;
    }
    assert_eq!(sum, 4950);
    producer.await.unwrap();

    let (answer, question) = oneshot::channel();
    let on_tokio =
        tokio::spawn(async move { answer.send(tokio::task::spawn_blocking(|| 6 * 7).await.unwrap()) });
    assert_eq!(question.await, Ok(42));
    on_tokio.await.unwrap().unwrap();
}

/// Spends far more of tokio's budget than one poll may, without waiting once.
pub(crate) async fn tokio_never_stalls_a_turn() {
    let permits = Semaphore::new(1);
    let others_turns = std::rc::Rc::new(std::cell::Cell::new(0));
    let other = core_loop::spawn({
        let others_turns = others_turns.clone();
        async move {
            loop {
                others_turns.set(others_turns.get() + 1);
                core_loop::yield_now().await;
            }
        }
    });
    core_loop::yield_now().await;
    let before = others_turns.get();
    for _ in 0..10_000 {
        drop(permits.acquire().await);
    }
    assert_eq!(others_turns.get(), before, "nothing was to wait for");
    other.cancel("enough");
}

#[test]
fn tokios_own_things_work_in_a_loop_that_tokio_carries() {
    loop_tokio::run(everything_of_tokio_works()).unwrap();
}

#[test]
fn tokios_budget_does_not_stall_a_turn_of_a_loop_that_tokio_carries() {
    loop_tokio::run(tokio_never_stalls_a_turn()).unwrap();
}

#[test]
fn tokios_local_tasks_run_beside_the_loop() {
    let answer = loop_tokio::run(async { tokio::task::spawn_local(async { 42 }).await.unwrap() });
    assert_eq!(answer.unwrap(), 42);
}
