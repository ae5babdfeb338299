//! What a thread asks of the system for itself: processors and politeness. The only unsafe code of the pool's threads.
#![expect(unsafe_code, reason = "the two calls have no safe form in the standard library")]

/// Which processors the pool's threads run on.
///
/// Only on Linux; elsewhere it changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Affinity {
    /// Wherever whoever built the pool may run.
    #[default]
    Any,
    /// Each thread on one of those this program may use: the first on the first, and round again.
    Spread,
    /// Each thread on any of these, counted from 0.
    Only(Vec<usize>),
}

/// What every thread of a pool asks for.
pub(crate) struct Place {
    affinity: Affinity,
    nice: Option<i32>,
    /// Processors that whoever built the pool may use.
    processors: Vec<usize>,
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::mem::{size_of, zeroed};

    /// The bits of a `cpu_set_t`.
    const PROCESSORS_MAX: usize = libc::CPU_SETSIZE as usize;

    pub(super) fn run_on(processors: &[usize]) -> io::Result<()> {
        // SAFETY: a `cpu_set_t` is an array of integers, for which zeroes are a value: the empty set.
        let mut set: libc::cpu_set_t = unsafe { zeroed() };
        for processor in processors.iter().copied().filter(|processor| *processor < PROCESSORS_MAX) {
            // SAFETY: the number lies within the set, as was just looked at.
            unsafe { libc::CPU_SET(processor, &mut set) };
        }
        // SAFETY: the set lives until the call returns and its size is the one given; 0 is the calling thread.
        ok(unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set) })
    }

    pub(super) fn processors() -> io::Result<Vec<usize>> {
        // SAFETY: as above.
        let mut set: libc::cpu_set_t = unsafe { zeroed() };
        // SAFETY: the set may be written until the call returns, and its size is the one given; 0 is the calling thread.
        ok(unsafe { libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), &raw mut set) })?;
        // SAFETY: each number lies within the set.
        Ok((0..PROCESSORS_MAX).filter(|processor| unsafe { libc::CPU_ISSET(*processor, &set) }).collect())
    }

    pub(super) fn nice(value: i32) -> io::Result<()> {
        // SAFETY: no memory is involved. For Linux 0 is the calling thread, not its whole process.
        ok(unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, value) })
    }

    fn ok(returned: i32) -> io::Result<()> {
        if returned == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}

#[cfg(not(target_os = "linux"))]
mod linux {
    use std::io;

    pub(super) fn run_on(_: &[usize]) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn processors() -> io::Result<Vec<usize>> {
        Ok(Vec::new())
    }

    pub(super) fn nice(_: i32) -> io::Result<()> {
        Ok(())
    }
}

/// Processors that this thread may use; empty where that is not known.
pub(crate) fn processors() -> Vec<usize> {
    linux::processors().unwrap_or_default()
}

impl Place {
    /// For threads that whoever calls this describes.
    pub(crate) fn new(affinity: Affinity, nice: Option<i32>) -> Self {
        let processors = if matches!(affinity, Affinity::Only(_)) { Vec::new() } else { processors() };
        Self { affinity, nice, processors }
    }

    /// Gives the calling thread, which has this seat, what was asked for.
    ///
    /// What the system refuses stays as it was: the builder has looked at what can be known before, and a pool that runs
    /// where it was not told to is better than none.
    pub(crate) fn take(&self, seat: usize) {
        let chosen: &[usize] = match &self.affinity {
            // It inherits what holds for the thread that called it, which may be any submitter or another one of the pool.
            Affinity::Any if processors() == self.processors => &[],
            Affinity::Any => &self.processors,
            Affinity::Spread if self.processors.is_empty() => &[],
            Affinity::Spread => std::slice::from_ref(&self.processors[seat % self.processors.len()]),
            Affinity::Only(processors) => processors,
        };
        if !chosen.is_empty() {
            let _refused = linux::run_on(chosen);
        }
        if let Some(nice) = self.nice {
            let _refused = linux::nice(nice);
        }
    }
}
