//! What a driver leaves behind.

use std::fs;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use contract::driver::Driver;
use loop_glommio::GlommioDriver;

use crate::here;

/// What the kernel calls each open descriptor of this process.
fn descriptors() -> Vec<String> {
    let links = fs::read_dir("/proc/self/fd").unwrap().flatten();
    links.filter_map(|entry| Some(fs::read_link(entry.path()).ok()?.to_string_lossy().into_owned())).collect()
}

fn count(kind: &str) -> usize {
    descriptors().iter().filter(|name| name.contains(kind)).count()
}

fn sleep_a_little(driver: &GlommioDriver) {
    let deadline = Instant::now() + Duration::from_micros(50);
    driver.run(pin!(poll_fn(|cx| driver.reactor().poll_timer(cx, Some(deadline)))));
}

/// glommio 0.9 forgets to free a count in each task, and with the first its executor's eventfd.
#[test]
fn a_driver_leaves_one_eventfd_however_often_it_runs() {
    let Some(probe) = here::driver() else { return };
    drop(probe);
    // In a process of its own, because it counts the whole process's descriptors and threads.
    if !conformance::alone("leaks::a_driver_leaves_one_eventfd_however_often_it_runs", "") {
        return;
    }
    let eventfds = count("eventfd");
    let (before, threads_before) = (descriptors().len(), fs::read_dir("/proc/self/task").unwrap().count());
    for drivers in 1..=5 {
        let driver = GlommioDriver::new().unwrap();
        for _ in 0..20 {
            sleep_a_little(&driver);
        }
        // A waker that another thread keeps, and drops when the executor is gone.
        let mut kept = None;
        driver.run(pin!(poll_fn(|cx| {
            kept = Some(cx.waker().clone());
            Poll::Ready(())
        })));
        drop(driver);
        thread::spawn(move || drop(kept)).join().unwrap();
        assert_eq!(count("io_uring"), 0, "rings are closed");
        assert!(count("eventfd") <= eventfds + drivers, "one a driver at most");
        assert!(descriptors().len() <= before + drivers);
    }
    let since = Instant::now();
    while fs::read_dir("/proc/self/task").unwrap().count() > threads_before {
        assert!(since.elapsed() < Duration::from_secs(10), "glommio's helper threads do not end");
        thread::yield_now();
    }
}
