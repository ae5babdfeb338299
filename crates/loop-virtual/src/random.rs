//! Numbers that look random and follow from a seed: splitmix64.

use std::cell::Cell;
use std::ops::RangeInclusive;
use std::time::Duration;

/// The golden ratio, as a fraction of 2⁶⁴: the step of the counter, which visits every number once.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// Into how many equal parts a span of time is cut when one of them is drawn: few, so that events meet at one instant.
const PARTS: u32 = 8;

#[derive(Debug)]
pub(crate) struct Random(Cell<u64>);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(Cell::new(seed))
    }

    fn next(&self) -> u64 {
        let state = self.0.get().wrapping_add(STEP);
        self.0.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not zero. The bias is below one in 2³² for every bound of use here.
    pub(crate) fn below(&self, bound: u64) -> u64 {
        let wide = u128::from(self.next()) * u128::from(bound);
        u64::try_from(wide >> 64).expect("a product of two halves has its upper half")
    }

    /// `true` once in `times`.
    pub(crate) fn one_in(&self, times: u32) -> bool {
        self.below(u64::from(times)) == 0
    }

    /// A place among `len`, which is not zero.
    pub(crate) fn place(&self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).expect("it is below a usize")
    }

    /// A span in `range`, its ends included; in eighths of it.
    pub(crate) fn span(&self, range: &RangeInclusive<Duration>) -> Duration {
        let (start, end) = (*range.start(), *range.end());
        let wide = end.saturating_sub(start);
        if wide.is_zero() {
            return start;
        }
        let part = u32::try_from(self.below(u64::from(PARTS) + 1)).expect("it is at most eight");
        // Multiplied before it is divided would overflow for centuries; the last part is the end itself.
        if part == PARTS { end } else { start + wide / PARTS * part }
    }
}

#[cfg(test)]
mod tests {
    use super::Random;
    use std::time::Duration;

    #[test]
    fn the_numbers_are_those_of_splitmix64() {
        let random = Random::new(1_234_567);
        let numbers = [random.next(), random.next(), random.next()];
        assert_eq!(
            numbers,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn every_number_below_the_bound_comes_and_no_other() {
        let random = Random::new(0);
        let mut seen = [0; 6];
        (0..6_000).for_each(|_| seen[random.place(6)] += 1);
        assert!(seen.iter().all(|times| (800..1_200).contains(times)), "{seen:?}");
    }

    #[test]
    fn a_span_is_within_its_range_and_reaches_both_ends() {
        let random = Random::new(0);
        let range = Duration::from_millis(1)..=Duration::from_millis(9);
        let spans: Vec<_> = (0..200).map(|_| random.span(&range)).collect();
        assert!(spans.iter().all(|span| range.contains(span)));
        assert!(spans.contains(range.start()) && spans.contains(range.end()));
        assert_eq!(random.span(&(Duration::MAX..=Duration::MAX)), Duration::MAX);
    }
}
