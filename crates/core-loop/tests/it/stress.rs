//! Everything at once, at random from a seed, against counters: nothing is lost, and it ends by itself.

use core_loop::{Loop, NativeDriver, Runner, finally, sleep, spawn, timeout, yield_now};
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;

const SEEDS: u64 = 50;
const TASKS: usize = 300;

/// Knuth's numbers, mixed: the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// What has happened, in all.
#[derive(Default)]
struct Counters {
    spawned: AtomicUsize,
    dropped: AtomicUsize,
    entered: AtomicUsize,
    cleaned_up: AtomicUsize,
    sent: AtomicUsize,
    called: AtomicUsize,
}

fn count(counter: &AtomicUsize) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Counts the end of whatever owns it.
struct Gone(Arc<Counters>);

impl Drop for Gone {
    fn drop(&mut self) {
        count(&self.0.dropped);
    }
}

/// Those who wait for a wake from one of the threads.
#[derive(Default)]
struct Wakers {
    waiting: Mutex<Vec<(Arc<AtomicBool>, Waker)>>,
    over: AtomicBool,
}

impl Wakers {
    /// Waits until a thread has flagged and woken exactly this wait: a wake that is lost hangs it.
    async fn wait(&self) {
        let flag = Arc::new(AtomicBool::new(false));
        let mut listed = false;
        poll_fn(|cx| {
            if flag.load(Ordering::Acquire) {
                return Poll::Ready(());
            }
            if !listed {
                listed = true;
                let waiter = (flag.clone(), cx.waker().clone());
                self.waiting.lock().expect("no panic under it").push(waiter);
            }
            Poll::Pending
        })
        .await;
    }

    /// What each thread does until it is told that all is over.
    fn keep_waking(&self, handle: &core_loop::LoopHandle, counters: &Arc<Counters>, mut random: Random) {
        while !self.over.load(Ordering::Acquire) {
            let taken = {
                let mut waiting = self.waiting.lock().expect("no panic under it");
                let index = random.below(waiting.len().max(1) as u64) as usize;
                (index < waiting.len()).then(|| waiting.swap_remove(index))
            };
            if let Some((flag, waker)) = taken {
                flag.store(true, Ordering::Release);
                if random.below(2) == 0 { waker.wake_by_ref() } else { waker.wake() }
            } else if random.below(4) == 0 {
                let called = counters.clone();
                if handle.call_soon_threadsafe(move || count(&called.called)).is_ok() {
                    count(&counters.sent);
                }
            } else {
                std::thread::yield_now();
            }
        }
    }
}

/// One task: some steps of every kind, inside a `finally`.
async fn task(counters: Arc<Counters>, wakers: Arc<Wakers>, seed: u64) {
    let _gone = Gone(counters.clone());
    let mut random = Random(seed);
    let body = async move |_: &mut Arc<Counters>| {
        for _ in 0..random.below(6) {
            match random.below(5) {
                0 => yield_now().await,
                1 => sleep(Duration::from_micros(random.below(300))).await,
                2 => drop(timeout(Duration::from_micros(random.below(200)), wakers.wait()).await),
                _ => wakers.wait().await,
            }
        }
    };
    count(&counters.entered);
    finally(counters, body, async |counters: Arc<Counters>| {
        yield_now().await;
        count(&counters.cleaned_up);
    })
    .await;
}

async fn main(counters: Arc<Counters>, wakers: Arc<Wakers>, mut random: Random, patient: bool) {
    let mut kept = Vec::new();
    for n in 0..TASKS {
        count(&counters.spawned);
        let task = spawn(task(counters.clone(), wakers.clone(), random.below(u64::MAX)));
        match random.below(6) {
            0 => task.detach(),
            1 => drop(task.cancel_on_drop()),
            _ => kept.push(task),
        }
        if random.below(3) == 0 && !kept.is_empty() {
            let index = random.below(kept.len() as u64) as usize;
            kept[index].cancel("at random");
        }
        if n % 16 == 0 {
            yield_now().await;
        }
    }
    if patient {
        for task in kept {
            // Ended or cancelled: either is an end.
            drop(task.await);
        }
    }
}

#[test]
fn whatever_four_threads_do_nothing_is_lost_and_everything_ends() {
    for seed in 1..=SEEDS {
        let (counters, wakers) = (Arc::new(Counters::default()), Arc::new(Wakers::default()));
        let mut runner = Runner::new(NativeDriver::new().expect("the native driver runs everywhere"));
        let handle = runner.get_loop().handle();
        std::thread::scope(|threads| {
            for thread in 0..4 {
                let (handle, counters, wakers) = (&handle, &counters, &wakers);
                threads.spawn(move || wakers.keep_waking(handle, counters, Random(seed * 97 + thread)));
            }
            let main = main(counters.clone(), wakers.clone(), Random(seed), seed % 2 == 0);
            runner.run(main).expect("it runs to its end");
            // One more, behind all that was sent so far.
            runner
                .run(async {
                    while counters.called.load(Ordering::Relaxed) == 0 {
                        yield_now().await
                    }
                })
                .expect("it runs");
            let report = runner.close(Duration::from_secs(60));
            assert!(report.is_clean(), "seed {seed}: {report}");
            wakers.over.store(true, Ordering::Release);
        });
        let load = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        assert_eq!(load(&counters.spawned), TASKS);
        assert_eq!(load(&counters.entered), load(&counters.cleaned_up), "seed {seed}: clean-ups");
        assert!(load(&counters.called) <= load(&counters.sent), "seed {seed}: calls");
        wakers.waiting.lock().expect("no panic under it").clear();
        assert_eq!(Arc::strong_count(&counters), 1, "seed {seed}: nothing holds on to them");
        assert!(load(&counters.dropped) <= TASKS && load(&counters.dropped) >= load(&counters.entered));
    }
}

#[test]
fn a_loop_that_ran_and_closed_keeps_nothing() {
    let alive = std::rc::Rc::new(());
    crate::run(async {
        let lp = Loop::current();
        for n in 0..1000u64 {
            let (a, b, c, again) = (alive.clone(), alive.clone(), alive.clone(), lp.clone());
            let task = spawn(async move {
                let _a = a;
                sleep(Duration::from_micros(n % 7 * 100_000)).await;
            });
            lp.call_later(Duration::from_secs(n), move || drop((b, again)));
            lp.call_soon(move || drop(c));
            if n % 3 == 0 {
                task.cancel("now");
            }
        }
    });
    assert_eq!(std::rc::Rc::strong_count(&alive), 1);
}
