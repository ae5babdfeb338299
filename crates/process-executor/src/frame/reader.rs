//! Frames from bytes, however the bytes are cut.

use super::{Body, Frame, HEADER, Kind, MAGIC, Malformed, PARTS_MAX, REFERENCE, VERSION};
use crate::blob::crossing::{BLOBS_MAX, From, Reference};
use crate::wire::{Source, reserve};
use std::io;
use std::ops::Range;

/// How much memory is taken ahead of the bytes that fill it.
const AHEAD: usize = 8 << 20;
/// What is missing of a part is read together with what follows it, if it is less than this: a small frame is one read.
const GULP: usize = 4096;

/// Puts frames together from whatever arrives.
///
/// ```text
///   Header ──► Lengths and references ──► Parts (the structure, then the bulk parts) ──► a frame, and back to Header
/// ```
#[derive(Debug)]
pub(crate) struct Reader {
    limit: usize,
    /// The other side is who it says it is: memory is taken for a part as soon as its length is known.
    trusts: bool,
    /// What has been read and belongs to no part yet.
    ahead: Ahead,
    /// The header, the lengths and the references, so far.
    head: Vec<u8>,
    /// Set once the lengths are known: the frame, and what is still to come.
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    frame: Frame,
    /// Lengths of the structure and the bulk parts.
    lengths: Vec<usize>,
    /// The part that is being read; the structure is part 0.
    part: usize,
    /// The bytes of that part, so far.
    bytes: Vec<u8>,
}

/// What came of one attempt to read.
#[derive(Debug)]
pub(crate) enum Step {
    Frame(Frame),
    /// Nothing more for now (only if the source does not block).
    Wait,
    /// The other side is gone.
    End,
}

impl Reader {
    /// A reader that refuses frames of more than `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, trusts: false, ahead: Ahead::default(), head: Vec::new(), open: None }
    }

    /// The same, for what a worker hears from its parent.
    pub(crate) fn of_parent(limit: usize) -> Self {
        Self { trusts: true, ..Self::new(limit) }
    }

    /// How much memory the frame that is being read has taken.
    #[cfg(test)]
    pub(super) fn taken(&self) -> usize {
        let parts = self.open.as_ref().map_or(0, |open| open.bytes.capacity() + open.frame.body.len());
        self.head.capacity() + parts
    }

    /// Whether bytes are here that no frame has taken yet.
    pub(crate) fn has_more(&self) -> bool {
        !self.ahead.here.is_empty()
    }

    /// Reads until a frame is whole, the source has nothing more, or it ends.
    pub(crate) fn read(&mut self, source: &mut impl Source) -> Result<Step, Malformed> {
        loop {
            if let Some(open) = &mut self.open {
                let Some(wanted) = open.lengths.get(open.part).copied() else {
                    let frame = self.open.take().expect("it is open").frame;
                    return Ok(Step::Frame(frame));
                };
                if self.trusts {
                    reserve(&mut open.bytes, wanted);
                }
                match fill(&mut self.ahead, source, &mut open.bytes, wanted) {
                    Filled::Yes => open.next_part(),
                    Filled::Wait => return Ok(Step::Wait),
                    Filled::End => return Ok(Step::End),
                }
                continue;
            }
            let wanted = match counts(&self.head) {
                None => HEADER,
                Some((parts, _)) if parts > PARTS_MAX => {
                    return Err(Malformed(format!("{parts} bulk parts, more than {PARTS_MAX}")));
                }
                Some((_, references)) if references > BLOBS_MAX => {
                    return Err(Malformed(format!("{references} blobs, more than {BLOBS_MAX}")));
                }
                Some((parts, references)) => HEADER + parts * 8 + references * REFERENCE,
            };
            if self.head.len() == wanted {
                self.open = Some(open(&self.head, self.limit)?);
                self.head.clear();
                continue;
            }
            match fill(&mut self.ahead, source, &mut self.head, wanted) {
                Filled::Yes => {}
                Filled::Wait => return Ok(Step::Wait),
                Filled::End => return Ok(Step::End),
            }
        }
    }
}

impl Open {
    /// The part is whole.
    fn next_part(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        match self.part {
            0 => self.frame.body.structure = bytes,
            _ => self.frame.body.bulk.push(bytes.into()),
        }
        self.part += 1;
    }
}

/// How many bulk parts and references the header speaks of, once it is whole.
fn counts(head: &[u8]) -> Option<(usize, usize)> {
    let count = |at: usize| usize::from(u16::from_le_bytes(array(&head[at..])));
    (head.len() >= HEADER).then(|| (count(4), count(6)))
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    *bytes.first_chunk().expect("the header is whole")
}

fn open(head: &[u8], limit: usize) -> Result<Open, Malformed> {
    if u16::from_le_bytes(array(head)) != MAGIC {
        return Err(Malformed("it does not begin as a frame does".to_owned()));
    }
    if head[2] != VERSION {
        return Err(Malformed(format!("version {}, this side speaks {VERSION}", head[2])));
    }
    let kind = Kind::from_byte(head[3]).ok_or_else(|| Malformed(format!("unknown kind {}", head[3])))?;
    let mut lengths = Vec::new();
    let mut total = 0_u64;
    let (parts, _) = counts(head).expect("the header is whole");
    let (of_lengths, of_references) = head[24..].split_at(8 + parts * 8);
    for length in of_lengths.chunks_exact(8) {
        let length = u64::from_le_bytes(array(length));
        total = total.saturating_add(length);
        lengths.push(usize::try_from(length).unwrap_or(usize::MAX));
    }
    if total > limit as u64 {
        return Err(Malformed(format!("{total} bytes, more than the limit of {limit}")));
    }
    let references = of_references.chunks_exact(REFERENCE).map(reference).collect::<Result<_, _>>()?;
    let (job, a) = (u64::from_le_bytes(array(&head[8..])), u64::from_le_bytes(array(&head[16..])));
    let frame = Frame { kind, job, a, body: Body::default(), references };
    Ok(Open { frame, lengths, part: 0, bytes: Vec::new() })
}

fn reference(bytes: &[u8]) -> Result<Reference, Malformed> {
    let number = |at: usize| u64::from_le_bytes(array(&bytes[at..]));
    let from = From::from_number(number(0));
    let from = from.ok_or_else(|| Malformed(format!("a blob from nowhere ({})", number(0))))?;
    Ok(Reference { from, number: number(8), len: number(16) })
}

/// Bytes on their way from the source to a part.
#[derive(Debug, Default)]
struct Ahead {
    /// Empty until it is used for the first time.
    bytes: Vec<u8>,
    here: Range<usize>,
}

impl Ahead {
    /// At most so many of them.
    fn take(&mut self, most: usize) -> &[u8] {
        let taken = self.here.start..self.here.end.min(self.here.start.saturating_add(most));
        self.here.start = taken.end;
        &self.bytes[taken]
    }

    /// Reads once. Only when everything before was taken.
    fn read(&mut self, source: &mut impl Source) -> io::Result<usize> {
        debug_assert!(self.here.is_empty(), "these bytes would be lost");
        self.bytes.resize(GULP, 0);
        self.here = 0..0;
        self.here.end = source.read(&mut self.bytes)?;
        Ok(self.here.end)
    }
}

enum Filled {
    Yes,
    Wait,
    End,
}

/// Reads until `buffer` holds `wanted` bytes. The bytes go straight into spare capacity, never through zeroed memory.
fn fill(ahead: &mut Ahead, source: &mut impl Source, buffer: &mut Vec<u8>, wanted: usize) -> Filled {
    while buffer.len() < wanted {
        let missing = wanted - buffer.len();
        if buffer.capacity() == buffer.len() {
            // Doubling keeps the copies few; what is taken ahead of the bytes stays bounded.
            buffer.reserve_exact(missing.min(AHEAD.max(buffer.len())));
        }
        let room = missing.min(buffer.capacity() - buffer.len());
        if !ahead.here.is_empty() {
            buffer.extend_from_slice(ahead.take(room));
            continue;
        }
        let read = match missing < GULP {
            true => ahead.read(source),
            false => source.append(buffer, room),
        };
        match read {
            Ok(0) => return Filled::End,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if buffer.len() < wanted {
                    return Filled::Wait;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // A reset connection is an end like any other.
            Err(_) => return Filled::End,
        }
    }
    Filled::Yes
}

#[cfg(test)]
mod tests {
    use super::super::Small;
    use super::*;
    use crate::part::Part;
    use std::io::Read;

    /// Gives `bytes` in portions, with a "not now" after each.
    struct Trickle<'a> {
        bytes: &'a [u8],
        portion: usize,
        pause: bool,
    }

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.pause = !self.pause;
            if self.pause && !self.bytes.is_empty() {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let portion = self.portion.min(buffer.len());
            self.bytes.read(&mut buffer[..portion])
        }
    }

    impl Source for Trickle<'_> {}

    fn frame() -> Frame {
        let bulk = vec![vec![7; 100].into(), Part::default(), vec![8; 5].into()];
        let body = Body { structure: vec![1, 2, 3], bulk, blobs: Vec::new() };
        let mut frame = Frame::new(Kind::Done, 4, 5, body);
        frame.references = vec![
            Reference { from: From::Sender, number: 6, len: 7 },
            Reference { from: From::Receiver, number: 8, len: 9 },
        ];
        frame
    }

    fn bytes(frame: Frame) -> Vec<u8> {
        frame.into_pieces().iter().flat_map(|piece| piece.to_vec()).collect()
    }

    #[test]
    fn frames_survive_any_way_of_being_cut() {
        let one = bytes(frame());
        let bytes = [one.clone(), one].concat();
        for portion in 1..bytes.len() {
            let mut source = Trickle { bytes: &bytes, portion, pause: false };
            let mut reader = Reader::new(1000);
            let mut frames = Vec::new();
            loop {
                match reader.read(&mut source).expect("well formed") {
                    Step::Frame(frame) => frames.push(frame),
                    Step::Wait => {}
                    Step::End => break,
                }
            }
            assert_eq!(frames, [frame(), frame()], "in portions of {portion}");
        }
    }

    #[test]
    fn a_small_frame_is_the_same_as_any_other() {
        let body = || Body { structure: vec![1, 2, 3], ..Body::default() };
        assert!(Small::fits(&body()));
        assert_eq!(Small::bytes(Kind::Run, 4, 5, &body()), bytes(Frame::new(Kind::Run, 4, 5, body())));
        assert!(!Small::fits(&frame().body), "it has bulk parts");
        let large = Body { structure: vec![0; Small::MAX], ..Body::default() };
        assert!(!Small::fits(&large));
    }

    fn refusal(bytes: &[u8]) -> String {
        Reader::new(1000).read(&mut &*bytes).expect_err("it makes no sense").0
    }

    #[test]
    fn hostile_lengths_are_refused_before_memory_is_taken() {
        let whole = bytes(frame());
        let mut bytes = whole.clone();
        bytes[24..32].copy_from_slice(&u64::MAX.to_le_bytes());
        assert!(refusal(&bytes).contains("more than the limit of 1000"));
        let mut bytes = whole.clone();
        bytes[4..6].copy_from_slice(&u16::MAX.to_le_bytes());
        assert!(refusal(&bytes).contains("bulk parts, more than 128"));
        let mut bytes = whole.clone();
        bytes[6..8].copy_from_slice(&u16::MAX.to_le_bytes());
        assert!(refusal(&bytes).contains("blobs, more than 64"));
        let mut bytes = whole.clone();
        bytes[56] = 3;
        assert!(refusal(&bytes).contains("from nowhere"));
        let mut bytes = whole.clone();
        bytes[32..40].copy_from_slice(&1001_u64.to_le_bytes());
        assert!(refusal(&bytes).contains("more than the limit of 1000"));
        for (at, words) in [(0, "begin"), (2, "version"), (3, "kind")] {
            let mut bytes = whole.clone();
            bytes[at] = 99;
            assert!(refusal(&bytes).contains(words));
        }
    }

    #[test]
    fn a_large_length_takes_memory_only_as_bytes_arrive() {
        let mut head = bytes(Frame::new(Kind::Done, 1, 0, Body::default()));
        head[24..32].copy_from_slice(&(1_u64 << 40).to_le_bytes());
        let mut reader = Reader::new(1 << 41);
        assert!(matches!(reader.read(&mut &*head), Ok(Step::End)));
        let taken = reader.open.expect("in the middle of a frame").bytes.capacity();
        assert!(taken <= AHEAD, "{taken} bytes");
    }

    #[test]
    fn random_bytes_never_panic() {
        let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
        for round in 0..20_000 {
            let mut bytes = bytes(frame());
            for _ in 0..=round % 4 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let at = (seed >> 33) as usize % bytes.len();
                bytes[at] = (seed >> 24) as u8;
            }
            let mut source = &*bytes;
            let mut reader = Reader::new(1000);
            while let Ok(Step::Frame(frame)) = reader.read(&mut source) {
                assert!(frame.body.len() <= 1000);
            }
        }
    }
}
