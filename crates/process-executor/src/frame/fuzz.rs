//! Hostile bytes against everything that reads what a worker sends.
//!
//! Ten thousand inputs a run; `ANYLOOP_FUZZ=10000000 cargo test --release -p anyloop-process-executor fuzz` tries ten million.

use super::reader::{Reader, Step};
use super::{Body, Frame, Kind};
use crate::blob::crossing::{From, Loans, Reference};
use crate::part::Part;
use crate::wire::Source;
use crate::{codec, trampoline};
use contract::Panic;
use std::io::{self, Read};

const LIMIT: usize = 1000;

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 16) as usize % bound.max(1)
    }

    /// A number as attackers like them.
    fn number(&mut self) -> u64 {
        match self.below(6) {
            0 => u64::MAX,
            1 => 1 << self.below(64),
            2 => (LIMIT as u64).wrapping_sub(1).wrapping_add(self.below(3) as u64),
            3 => self.next(),
            _ => self.below(40) as u64,
        }
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        (0..self.below(most)).map(|_| self.next() as u8).collect()
    }
}

/// Bytes in portions, with a "not now" here and there.
struct Portions<'a>(&'a [u8], &'a mut Random);

impl Read for Portions<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.0.is_empty() && self.1.below(8) == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let most = buffer.len().min(1 + self.1.below(200));
        self.0.read(&mut buffer[..most])
    }
}

impl Source for Portions<'_> {}

/// A few frames that are nearly right.
fn input(random: &mut Random) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..=random.below(3) {
        let kinds = [Kind::Hello, Kind::Done, Kind::Panicked, Kind::Segment, Kind::Release, Kind::Panicking];
        let bulk = (0..random.below(4)).map(|_| Part::Bytes(random.bytes(60))).collect();
        let body = Body { structure: random.bytes(80), bulk, blobs: Vec::new() };
        let mut frame = Frame::new(kinds[random.below(kinds.len())], random.number(), random.number(), body);
        let froms = [From::Copied, From::Sender, From::Receiver];
        frame.references = (0..random.below(3))
            .map(|_| Reference {
                from: froms[random.below(3)],
                number: random.number(),
                len: random.number(),
            })
            .collect();
        bytes.extend(frame.into_pieces().iter().flat_map(|piece| piece.to_vec()));
    }
    for _ in 0..random.below(4) {
        let at = random.below(bytes.len());
        match random.below(3) {
            0 => bytes[at] = random.next() as u8,
            1 => bytes.truncate(at.max(1)),
            _ => {
                let number = random.number().to_le_bytes();
                let end = bytes.len().min(at + 8);
                bytes[at..end].copy_from_slice(&number[..end - at]);
            }
        }
    }
    bytes
}

/// What the supervisor does with a frame, as far as it concerns its bytes.
fn digest(mut frame: Frame, loans: &mut Loans) {
    assert!(frame.body.len() <= LIMIT, "more than the limit");
    if frame.kind == Kind::Release {
        let _ = loans.take_back(&frame.body.structure);
        return;
    }
    if loans.unpack(&mut frame).is_err() {
        return;
    }
    let _ = codec::decode::<(u8, Vec<u16>, Option<String>, crate::Blob)>(frame.body.clone());
    let _ = codec::decode::<Vec<f64>>(frame.body.clone());
    let _ = codec::decode::<Vec<Vec<(bool, char, i128)>>>(frame.body.clone());
    let _: Panic = trampoline::panic_from(frame.body);
}

#[test]
fn hostile_bytes_cause_neither_a_panic_nor_more_memory_than_the_limit() {
    let inputs = std::env::var("ANYLOOP_FUZZ").ok().and_then(|text| text.parse().ok()).unwrap_or(10_000_u64);
    let random = &mut Random(0x9E37_79B9_7F4A_7C15);
    let mut frames = 0_u64;
    for _ in 0..inputs {
        let bytes = input(random);
        let (mut reader, mut loans) = (Reader::new(LIMIT), Loans::default());
        let mut source = Portions(&bytes, random);
        loop {
            match reader.read(&mut source) {
                Ok(Step::Frame(frame)) => {
                    frames += 1;
                    digest(frame, &mut loans);
                }
                Ok(Step::Wait) => {}
                Ok(Step::End) | Err(_) => break,
            }
            assert!(reader.taken() <= 8 * LIMIT, "{} bytes", reader.taken());
        }
    }
    assert!(frames > inputs / 4, "most inputs are nothing but rubbish: {frames} frames of {inputs}");
}
