//! The worker's side of the [ring](crate::ring): takes jobs out, puts answers in, and rings for the parent when that pays.

use crate::ring::{Ring, SLOTS, Slip, WORDS, Worker};
use crate::segment::Words;
use std::io;
use std::num::NonZeroUsize;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// Answers are kept from the parent for so long, at most, by jobs that end; by one that does not, until the parent looks by
/// itself.
const UNTOLD_MAX: Duration = Duration::from_micros(50);

pub(crate) struct Tray {
    ring: Worker<Box<Ring<Words>>>,
    /// Answers that the parent was not rung for.
    untold: u64,
    /// When it was rung for.
    told: Instant,
    /// When the last job ended, if nothing was waited for since.
    clock: Option<Instant>,
}

impl Tray {
    /// On the memory that the parent has sent.
    pub(crate) fn open(file: OwnedFd, size: u64) -> io::Result<Self> {
        let size = usize::try_from(size).ok().and_then(NonZeroUsize::new);
        let size = size.filter(|size| size.get() == WORDS * size_of::<u64>());
        let size = size.ok_or_else(|| io::Error::other("a ring of another size"))?;
        let ring = Worker::new(Box::new(Ring::new(Words::of(&file, size)?)));
        Ok(Self { ring, untold: 0, told: Instant::now(), clock: None })
    }

    pub(crate) fn has_next(&self) -> bool {
        self.ring.has_next()
    }

    /// Starts the next job: its position, what it is, and when it began.
    pub(crate) fn take(&mut self) -> Option<(u64, Slip, Instant)> {
        let (position, slip) = self.ring.take()?;
        self.untold += self.ring.take_skipped();
        Some((position, slip, self.clock.unwrap_or_else(Instant::now)))
    }

    /// The job at `position` has ended; its answer is on the socket if it is not given here. Whether to ring for the parent:
    /// when there is nothing left to do, when half a ring of answers is there, and when they have waited for a while.
    pub(crate) fn answer(&mut self, position: u64, slip: Option<&Slip>, now: Instant) -> bool {
        self.ring.answer(position, slip);
        self.clock = Some(now);
        self.untold += 1;
        let tells = !self.ring.has_next()
            || self.untold >= SLOTS / 2
            || now.saturating_duration_since(self.told) >= UNTOLD_MAX;
        let rings = tells && self.ring.must_ring();
        if rings {
            self.untold = 0;
            self.told = now;
        }
        rings
    }

    /// There is nothing to do, and what was withdrawn last was passed by: whether to ring for the parent, who does not know.
    pub(crate) fn tells_of_skipped(&mut self) -> bool {
        self.ring.take_skipped() > 0 && self.ring.must_ring()
    }

    /// Announces that this process will wait. `false` if there is something to do.
    pub(crate) fn may_sleep(&mut self) -> bool {
        self.clock = None;
        self.ring.may_sleep()
    }

    pub(crate) fn is_awake(&self) {
        self.ring.is_awake();
    }
}
