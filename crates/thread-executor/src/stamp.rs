//! When a job was submitted: of some jobs, so that a clock costs the others nothing.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// When, in 16 ns since the pool was made, and for how many jobs it stands; 0 if nobody looked at the clock.
#[derive(Clone, Copy, Default)]
pub(crate) struct Stamp(u64);

/// Of the jobs that one thread submits to a busy pool, one of so many is timed, and counts for all of them.
pub(crate) const SAMPLE: u64 = 8;

/// The low bits say for how many jobs it stands.
const WEIGHT: u64 = 15;

thread_local! {
    static TURN: Cell<u64> = const { Cell::new(0) };
}

impl Stamp {
    /// `busy`: there is no thread for the job now.
    pub(crate) fn now(epoch: Instant, busy: bool) -> Self {
        if !busy {
            return Self::at(epoch.elapsed(), 1);
        }
        // A thread that is going away has no turn.
        let turn = TURN.try_with(|turn| turn.replace((turn.get() + 1) % SAMPLE)).unwrap_or(1);
        if turn == 0 { Self::at(epoch.elapsed(), SAMPLE) } else { Self::default() }
    }

    fn at(since_epoch: Duration, weight: u64) -> Self {
        // Five centuries fit.
        let nanos = u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX);
        Self(nanos & !WEIGHT | weight)
    }

    /// How long it is ago, and for how many jobs that stands.
    pub(crate) fn age(self, epoch: Instant, now: Instant) -> Option<(Duration, u64)> {
        let weight = self.0 & WEIGHT;
        let at = Duration::from_nanos(self.0 & !WEIGHT);
        (weight > 0).then(|| (now.saturating_duration_since(epoch).saturating_sub(at), weight))
    }
}

#[cfg(test)]
mod tests {
    use super::{SAMPLE, Stamp};
    use std::time::{Duration, Instant};

    #[test]
    fn a_stamp_tells_how_long_it_is_ago() {
        let epoch = Instant::now();
        let stamp = Stamp::at(Duration::from_micros(5), 1);
        let (age, weight) = stamp.age(epoch, epoch + Duration::from_micros(8)).expect("it was timed");
        assert!((3000..3020).contains(&age.as_nanos()), "{age:?}");
        assert_eq!(weight, 1);
    }

    #[test]
    fn of_jobs_for_a_busy_pool_one_stands_for_eight() {
        let epoch = Instant::now();
        let weights: u64 = (0..80)
            .filter_map(|_| Stamp::now(epoch, true).age(epoch, Instant::now()))
            .map(|(_, weight)| weight)
            .sum();
        assert_eq!((weights, SAMPLE), (80, 8));
        assert!((0..80).all(|_| Stamp::now(epoch, false).age(epoch, Instant::now()).is_some()));
    }
}
