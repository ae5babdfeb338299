//! A driver that gives up before main has ended.

use contract::{Driver, Reactor};
use core_loop::{NativeDriver, RunError, Runner, spawn};
use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

/// Polls its root once, in a run of the native driver.
struct Hasty(NativeDriver);

impl Driver for Hasty {
    fn reactor(&self) -> Rc<dyn Reactor> {
        self.0.reactor()
    }

    fn run(&self, mut root: Pin<&mut (dyn Future<Output = ()> + '_)>) {
        self.0.run(pin!(poll_fn(|cx| {
            let _ready_or_not = root.as_mut().poll(cx);
            Poll::Ready(())
        })));
    }

    fn gave_up(&self) -> Option<String> {
        Some("it was in a hurry".to_owned())
    }
}

#[test]
fn a_driver_that_gives_up_is_an_error_that_names_the_tasks_in_the_order_of_their_spawns() {
    let mut runner = Runner::new(Hasty(NativeDriver::new().unwrap()));
    let outcome = runner.run(async {
        spawn(async {}).detach();
        for name in ["one", "two"] {
            spawn(pending::<()>()).named(name).detach();
        }
        pending::<()>().await;
    });
    let Err(RunError::Stuck(stuck)) = outcome else { panic!("it gave up") };
    assert_eq!(stuck.why, "it was in a hurry");
    let names: Vec<_> = stuck.waiting.iter().map(|task| task.name.as_str()).collect();
    assert_eq!(names, ["Task-1", "one", "two"]);
    assert!(stuck.waiting[1].spawned_at.file().ends_with("stuck.rs"));
    assert_eq!(runner.run(async { 7 }).unwrap(), 7, "the next run is another matter");
    runner.close(Duration::ZERO);
}
