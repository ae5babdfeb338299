//! The jobs of one kind of work, each with the output it must have.

use super::report::Skipped;
use super::work::{Hash, Primes, Work};

/// How many jobs the prime count is cut into.
const PRIME_JOBS: u32 = 48;
/// Where the counting begins: beyond it, the jobs are all about as long.
const PRIMES_FROM: u32 = 100_000;

/// Inputs, and what the function made of each when it was called directly.
#[derive(Debug)]
pub(super) struct Cases<W: Work> {
    cases: Vec<(W::Input, W::Output)>,
}

impl<W: Work> Cases<W> {
    pub(super) fn len(&self) -> usize {
        self.cases.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.cases.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(W::Input, W::Output)> {
        self.cases.iter()
    }

    pub(super) fn input(&self, at: usize) -> &W::Input {
        &self.cases[at].0
    }

    pub(super) fn expects(&self, at: usize, output: &W::Output) -> bool {
        self.cases[at].1 == *output
    }

    /// Asks the function again about the cases that gave another output. Those that now have another output in a direct
    /// call, too, have changed: they are taken out and returned.
    ///
    /// # Errors
    ///
    /// An input that has not changed: a place gave a wrong output for it.
    pub(super) fn settle(&mut self, differing: &[usize]) -> Result<Vec<W::Input>, W::Input> {
        for at in differing {
            let input = self.input(*at);
            if self.expects(*at, &W::run(input.clone())) {
                return Err(input.clone());
            }
        }
        let mut at = 0;
        let changed = self.cases.extract_if(.., |_| {
            at += 1;
            differing.contains(&(at - 1))
        });
        Ok(changed.map(|(input, _)| input).collect())
    }
}

impl Cases<Hash> {
    /// Reads every file once, so that no row is the one that finds them cold. Those that cannot be read are `skipped`.
    pub(super) fn of_files(
        files: Vec<Vec<u8>>,
        skipped: &mut Vec<Skipped>,
        mut step: impl FnMut(usize),
    ) -> Self {
        let mut cases = Vec::with_capacity(files.len());
        for (at, path) in files.into_iter().enumerate() {
            step(at);
            match Hash::run(path.clone()) {
                Ok(hashed) => cases.push((path, Ok(hashed))),
                Err(why) => skipped.push(Skipped::new(&path, &why)),
            }
        }
        Self { cases }
    }

    /// How much there is to read in one pass.
    pub(super) fn bytes(&self) -> u64 {
        self.cases.iter().filter_map(|(_, hashed)| hashed.as_ref().ok()).map(|hashed| hashed.bytes).sum()
    }
}

impl Cases<Primes> {
    /// Neighbouring ranges of `numbers` each.
    pub(super) fn of_ranges(numbers: u32) -> Self {
        let range = |job: u32| (PRIMES_FROM + job * numbers, PRIMES_FROM + (job + 1) * numbers);
        Self { cases: (0..PRIME_JOBS).map(range).map(|range| (range, Primes::run(range))).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::work::{Primes, Work};
    use super::Cases;

    #[test]
    fn a_case_that_changed_is_taken_out_and_one_that_did_not_is_an_error() {
        let good = |range| (range, Primes::run(range));
        let mut cases = Cases::<Primes> { cases: vec![good((0, 10)), ((0, 20), 99), good((0, 30))] };
        assert_eq!(cases.settle(&[0]), Err((0, 10)));
        assert_eq!(cases.settle(&[1]), Ok(vec![(0, 20)]));
        assert_eq!((cases.len(), *cases.input(1)), (2, (0, 30)));
    }
}
