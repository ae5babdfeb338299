//! A moment of a clock in eight bytes: what timers are sorted by, and what each sleep holds.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Nanoseconds since this process first asked, exactly. A time more than 292 years away from that counts as so far away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(i64);

#[inline]
fn epoch() -> Instant {
    static EPOCH: OnceLock<Instant> = OnceLock::new();
    *EPOCH.get_or_init(Instant::now)
}

#[inline]
fn nanoseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

impl From<Instant> for Moment {
    #[inline]
    fn from(instant: Instant) -> Self {
        let epoch = epoch();
        match instant.checked_duration_since(epoch) {
            Some(since) => Self(nanoseconds(since)),
            None => Self(-nanoseconds(epoch.duration_since(instant))),
        }
    }
}

impl From<Moment> for Instant {
    #[inline]
    fn from(moment: Moment) -> Self {
        let distance = Duration::from_nanos(moment.0.unsigned_abs());
        if moment.0 < 0 { epoch() - distance } else { epoch() + distance }
    }
}

#[cfg(test)]
mod tests {
    use super::Moment;
    use std::time::{Duration, Instant};

    const YEAR: Duration = Duration::from_secs(365 * 86_400);

    #[test]
    fn it_is_exact_and_keeps_the_order_on_both_sides_of_its_beginning() {
        let now = Instant::now();
        let mut all = vec![now];
        for distance in [Duration::from_nanos(1), Duration::from_millis(7), YEAR, 30 * YEAR] {
            all.extend([now.checked_sub(distance), now.checked_add(distance)].into_iter().flatten());
        }
        all.sort();
        let moments: Vec<_> = all.iter().copied().map(Moment::from).collect();
        assert!(moments.is_sorted_by(|one, next| one < next));
        assert_eq!(moments.into_iter().map(Instant::from).collect::<Vec<_>>(), all);
    }

    #[test]
    fn what_is_too_far_away_comes_after_all_else_and_does_not_panic() {
        let now = Instant::now();
        let Some(far) = now.checked_add(1000 * YEAR) else { return };
        assert!(Moment::from(far) > Moment::from(now + 290 * YEAR));
        assert!(Instant::from(Moment::from(far)) > now + 290 * YEAR);
    }
}
