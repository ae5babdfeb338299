//! The pool's threads: their names, how they begin, what they are for others.

use crate::builder::OnStart;
use crate::core::{Core, Hands, Worker};
use crate::sys;
use crate::timers::Timers;
use contract::Panic;
use contract::role::{self, Role, Waits};
use std::io;
use std::sync::Arc;
use std::task::Waker;
use std::thread;
use std::time::Duration;

/// What the kernel keeps of a thread's name, in bytes.
const NAME_LEN_MAX: usize = 15;

/// Starts threads for one pool.
pub(crate) struct Threads {
    pub(crate) name: String,
    pub(crate) stack_size: Option<usize>,
    pub(crate) place: Arc<sys::Place>,
    pub(crate) on_start: Option<OnStart>,
    pub(crate) timers: Arc<Timers>,
}

impl Hands for Threads {
    fn hire(&self, core: Arc<Core>, seat: usize) -> io::Result<()> {
        let name = thread_name(&self.name, &seat.to_string());
        let mut thread = thread::Builder::new().name(name.clone());
        if let Some(bytes) = self.stack_size {
            thread = thread.stack_size(bytes);
        }
        let (on_start, place) = (self.on_start.clone(), self.place.clone());
        thread.spawn(move || {
            let _role = role::enter(Role::Worker(Arc::new(Waiter(core.clone()))));
            let worker = Worker::new(core.clone(), seat, name);
            core.serve(worker, || {
                place.take(seat);
                on_start.map_or(Ok(()), |on_start| Panic::catch(|| on_start(seat)))
            });
        })?;
        Ok(())
    }

    fn gone(&self) {
        self.timers.close();
    }
}

/// `name-suffix` in what the kernel keeps: a name that is too long is cut, the suffix never. For the pools of loops too.
pub fn thread_name(name: &str, suffix: &str) -> String {
    let room = NAME_LEN_MAX.saturating_sub(suffix.len() + 1);
    let end = (0..=name.len().min(room)).rev().find(|at| name.is_char_boundary(*at)).unwrap_or(0);
    // A name ends at a zero byte for the kernel, so that there can be none within it.
    format!("{}-{suffix}", name[..end].replace('\0', "_"))
}

/// What the waits of a thread tell its pool.
struct Waiter(Arc<Core>);

impl Waits for Waiter {
    fn sleeps(&self, waker: &Waker) -> Option<Duration> {
        self.0.sleeps(waker)
    }

    fn goes_on(&self) {
        self.0.goes_on();
    }
}

#[cfg(test)]
mod tests {
    use super::thread_name;

    #[test]
    fn a_name_keeps_its_index_within_fifteen_bytes() {
        assert_eq!(thread_name("img", "7"), "img-7");
        assert_eq!(thread_name("image-thumbnailer", "12"), "image-thumbn-12");
        assert_eq!(thread_name("ünïcödë-wörkër", "3"), "ünïcödë-w-3");
        assert_eq!(thread_name("a\0b", "0"), "a_b-0");
        assert_eq!(thread_name("", "0"), "-0");
    }
}
