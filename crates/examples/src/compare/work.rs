//! The two kinds of work: plain functions that know nothing of loops.

use super::report::readable;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStringExt;

/// How much of a file is in memory at a time.
const CHUNK: usize = 64 * 1024;

/// A kind of work: what a job is given, what it yields, and the function in between.
pub(super) trait Work: 'static {
    const NAME: &'static str;
    /// The function of a guest that does the same, if one can.
    const GUEST: Option<&'static str>;
    type Input: Serialize + DeserializeOwned + Clone + Send + 'static;
    type Output: Serialize + DeserializeOwned + PartialEq + Send + 'static;

    fn run(input: Self::Input) -> Self::Output;

    /// A job, for messages.
    fn describe(input: &Self::Input) -> String;
}

/// SHA-256 and word count of a file, given by the bytes of its path.
#[derive(Debug)]
pub(super) struct Hash;

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hashed {
    pub(super) sha256: [u8; 32],
    /// Runs of anything but ASCII white space, as `wc -w` counts.
    pub(super) words: u64,
    pub(super) bytes: u64,
}

impl Work for Hash {
    const NAME: &'static str = "hash";
    /// A guest reads no files.
    const GUEST: Option<&'static str> = None;
    type Input = Vec<u8>;
    /// Or why it could not be read.
    type Output = Result<Hashed, String>;

    fn run(path: Vec<u8>) -> Self::Output {
        let hashed = File::open(OsString::from_vec(path)).and_then(hash);
        hashed.map_err(|error| error.to_string())
    }

    fn describe(path: &Vec<u8>) -> String {
        readable(path)
    }
}

fn hash(mut source: impl Read) -> io::Result<Hashed> {
    let mut sha256 = Sha256::new();
    let (mut words, mut bytes, mut in_word) = (0, 0, false);
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = match source.read(&mut chunk) {
            Ok(0) => return Ok(Hashed { sha256: sha256.finalize().into(), words, bytes }),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        bytes += length as u64;
        sha256.update(&chunk[..length]);
        for byte in &chunk[..length] {
            let letter = !byte.is_ascii_whitespace();
            words += u64::from(letter && !in_word);
            in_word = letter;
        }
    }
}

/// How many primes there are in a range of numbers, by trial division: nothing but computing.
#[derive(Debug)]
pub(super) struct Primes;

impl Work for Primes {
    const NAME: &'static str = "primes";
    const GUEST: Option<&'static str> = Some("primes");
    /// The first number, and the one after the last.
    type Input = (u32, u32);
    type Output = u32;

    fn run((first, end): (u32, u32)) -> u32 {
        (first..end).map(|number| u32::from(is_prime(number))).sum()
    }

    fn describe((first, end): &(u32, u32)) -> String {
        format!("the primes from {first} to {end}")
    }
}

fn is_prime(number: u32) -> bool {
    let mut divisors = (3..).step_by(2).take_while(|divisor| divisor * divisor <= number);
    match number {
        0 | 1 => false,
        2 => true,
        _ => !number.is_multiple_of(2) && divisors.all(|divisor| !number.is_multiple_of(divisor)),
    }
}

#[cfg(test)]
mod tests {
    use super::{CHUNK, Hash, Primes, Work, hash};

    #[test]
    fn a_file_is_hashed_and_its_words_are_counted_across_chunks() {
        let hashed = hash(&b"abc"[..]).unwrap();
        assert_eq!(hashed.sha256[..4], [0xba, 0x78, 0x16, 0xbf], "the first example of FIPS 180-4");
        assert_eq!((hashed.words, hashed.bytes), (1, 3));
        let mut long = vec![b'a'; CHUNK + 1];
        long.extend(b" b\n\tc ");
        assert_eq!(hash(&long[..]).unwrap().words, 3);
        assert_eq!(hash(&b" \n"[..]).unwrap().words, 0);
    }

    #[test]
    fn a_file_that_is_not_there_says_why() {
        assert!(Hash::run(b"/no/such/file".to_vec()).unwrap_err().contains("No such file"));
    }

    #[test]
    fn the_primes_are_those_of_the_table() {
        assert_eq!(Primes::run((0, 30)), 10);
        assert_eq!(Primes::run((0, 10_000)), 1229);
        assert_eq!(Primes::run((7, 8)), 1);
        assert_eq!(Primes::run((9, 9)), 0);
    }
}
