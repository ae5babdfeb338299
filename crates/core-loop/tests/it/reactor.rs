//! What the loop may not assume of a reactor.

use core_loop::Runner;
use core_loop::contract::{Driver, Io, Profile, Reactor, Readiness};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

/// Wakes whoever waits for it in the middle of being told of the timer, and never again.
#[derive(Default)]
struct Eager {
    waiting: RefCell<Option<Waker>>,
}

impl Reactor for Eager {
    fn profile(&self) -> Profile {
        Profile::new("eager", Duration::ZERO, Io::Readiness)
    }

    fn poll_timer(&self, _: &mut Context<'_>, _: Option<Instant>) -> Poll<()> {
        if let Some(waiting) = self.waiting.take() {
            waiting.wake();
        }
        Poll::Pending
    }

    fn watch(&self, _: Rc<OwnedFd>) -> io::Result<Box<dyn Readiness>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// Polls its root for as long as that is woken: a sleep would never end.
struct NeverSleeps(Rc<Eager>);

impl Driver for NeverSleeps {
    fn reactor(&self) -> Rc<dyn Reactor> {
        self.0.clone()
    }

    fn run(&self, mut root: Pin<&mut (dyn Future<Output = ()> + '_)>) {
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        let waker = Waker::from(woken.clone());
        while woken.0.swap(false, Ordering::Relaxed) {
            if root.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                return;
            }
        }
        panic!("the loop sleeps, and nothing will wake it");
    }
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_task_that_the_reactor_wakes_while_it_is_told_of_the_timer_runs() {
    let reactor = Rc::new(Eager::default());
    let mut runner = Runner::new(NeverSleeps(reactor.clone()));
    let polls = Cell::new(0);
    let main = poll_fn(|cx| {
        polls.set(polls.get() + 1);
        if polls.get() == 3 {
            return Poll::Ready(());
        }
        reactor.waiting.replace(Some(cx.waker().clone()));
        Poll::Pending
    });
    runner.run(main).expect("it is woken");
    assert_eq!(polls.get(), 3);
}
