//! The macro, in both of its forms, on every runtime.

use core_loop::net::{TcpListener, TcpStream};
use core_loop::{Loop, gather, sleep, spawn, to_thread, wait_until_idle, yield_now};
use std::cell::Cell;
use std::error::Error;
use std::rc::Rc;
use std::time::Duration;

// ANCHOR: example
loop_test::on_every_runtime! {
    /// It returns nothing.
    async fn a_task_that_was_spawned_has_run_when_the_loop_rests() {
        let ran = Rc::new(Cell::new(false));
        let inside = ran.clone();
        spawn(async move {
            yield_now().await;
            inside.set(true);
        })
        .detach();
        wait_until_idle().await;
        assert!(ran.get());
    }

    /// It returns a result, and uses what a runtime has: timers, threads, sockets.
    async fn a_test_may_use_question_marks() -> Result<(), Box<dyn Error>> {
        sleep(Duration::from_millis(1)).await;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (accepted, client) = gather((async move { listener.accept().await }, TcpStream::connect(address))).await?;
        let ((_stream, peer), client) = (accepted?, client?.local_addr()?);
        assert!(to_thread(move || client == peer).await?);
        Ok(())
    }

    /// It needs something that one of the runtimes cannot have.
    #[skip(VIRTUAL, "the network of virtual time is in memory: nobody connects from elsewhere")]
    async fn a_socket_of_somebody_else_connects() -> Result<(), Box<dyn Error>> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let client = to_thread(move || std::net::TcpStream::connect(address)).await??;
        let (_stream, peer) = listener.accept().await?;
        assert_eq!(peer, client.local_addr()?);
        Ok(())
    }
}
// ANCHOR_END: example

async fn functions_that_stand_elsewhere_are_named() {
    assert!(Loop::try_current().is_some());
}

loop_test::on_every_runtime!(functions_that_stand_elsewhere_are_named);

loop_test::on_every_runtime! {
    /// It would not compile.
    #[cfg(any())]
    async fn what_is_configured_away_is_not_there() {
        nowhere::to_be_found().await
    }

    /// Each attribute goes where it belongs, in any order, skips between them.
    #[cfg(all())]
    #[skip(VIRTUAL, "to have one")]
    #[expect(clippy::no_effect, reason = "a lint of the function, fulfilled once")]
    #[cfg_attr(any(), ignore = "of each test, and not here")]
    async fn what_is_configured_in_is_there() {
        1;
    }
}

loop_test::on_every_runtime!(
    #[cfg(any())]
    nowhere,
    #[cfg(all())]
    #[skip(VIRTUAL, "to have one")]
    #[cfg_attr(any(), ignore = "of each test, and not here")]
    functions_with_attributes_are_named,
);

async fn functions_with_attributes_are_named() {
    assert!(Loop::try_current().is_some());
}

#[test]
fn each_runtime_is_the_one_that_it_says() {
    let all =
        [&loop_test::NATIVE, &loop_test::TOKIO, &loop_test::SMOL, &loop_test::GLOMMIO, &loop_test::VIRTUAL];
    for runtime in all {
        loop_test::hold("each_runtime_is_the_one_that_it_says", runtime, async || {
            assert_eq!(Loop::current().profile().name, runtime.name());
        });
    }
}
