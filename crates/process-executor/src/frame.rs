//! What travels between parent and worker: a header, the lengths of the bulk parts, the structure, the bulk parts.
//!
//! ```text
//!   0  u16 magic   2  u8 version   3  u8 kind   4  u32 bulk parts
//!   8  u64 job    16  u64 a       24  u64 length of the structure      little endian
//!  32  u64 length of each bulk part, then the structure, then the bulk parts
//! ```
//!
//! Every length is checked against the limit before a byte of memory is taken for it, and memory grows only with the bytes
//! that really arrive: the other side may be a process that a bug has torn to pieces.

use std::fmt;
use std::io::{self, Read};
use std::ops::Range;

const MAGIC: u16 = 0xE7EC;
const VERSION: u8 = 1;
pub(crate) const HEADER: usize = 32;
/// More bulk parts than this travel inside the structure.
pub(crate) const BULK_PARTS_MAX: usize = 64;
/// How much memory is taken ahead of the bytes that fill it.
const AHEAD: usize = 8 << 20;
/// What is missing of a part is read together with what follows it, if it is less than this: a small frame is one read.
const GULP: usize = 4096;

/// What a frame says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    /// Parent: the nonce is `job`, the [terms](crate::plan::Terms) are the structure. The lifeline travels along.
    Welcome = 1,
    /// Worker: I run this image (`a`), and take work.
    Hello = 2,
    /// Parent: run the function at offset `a` with these arguments.
    Run = 3,
    /// Worker: this is the result. `a` is what it has in memory, in bytes, if it was told to say so; so in the next three.
    Done = 4,
    /// Worker: the function panicked with these words.
    Panicked = 5,
    /// Worker: the arguments cannot be decoded, for this reason.
    BadArguments = 6,
    /// Worker: the result cannot be encoded, for this reason.
    BadResult = 7,
    /// Worker: a panic begins. If the process dies of it, these were its words.
    Panicking = 8,
    /// Parent: run the initializer at offset `a`; `job` is the nonce, as in its two answers.
    Prepare = 9,
    /// Worker: the initializer has returned.
    Prepared = 10,
    /// Worker: the initializer panicked with these words.
    Unprepared = 11,
}

impl Kind {
    fn from_byte(byte: u8) -> Option<Self> {
        [
            Self::Welcome,
            Self::Hello,
            Self::Run,
            Self::Done,
            Self::Panicked,
            Self::BadArguments,
            Self::BadResult,
            Self::Panicking,
            Self::Prepare,
            Self::Prepared,
            Self::Unprepared,
        ]
        .into_iter()
        .find(|kind| *kind as u8 == byte)
    }
}

/// A value on the wire: its structure, and the large byte strings that travel beside it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Body {
    pub(crate) structure: Vec<u8>,
    pub(crate) bulk: Vec<Vec<u8>>,
}

impl Body {
    /// Its size in bytes.
    pub(crate) fn len(&self) -> usize {
        self.structure.len() + self.bulk.iter().map(Vec::len).sum::<usize>()
    }
}

/// One message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: Kind,
    pub(crate) job: u64,
    pub(crate) a: u64,
    pub(crate) body: Body,
}

impl Frame {
    pub(crate) fn new(kind: Kind, job: u64, a: u64, body: Body) -> Self {
        Self { kind, job, a, body }
    }

    /// The pieces to write one after the other. The small ones are one piece, and so one system call.
    pub(crate) fn into_pieces(self) -> Vec<Vec<u8>> {
        let mut pieces = vec![head(self.kind, self.job, self.a, &self.body)];
        pieces.extend(self.body.bulk.into_iter().filter(|part| !part.is_empty()));
        pieces
    }
}

/// Everything up to the bulk parts.
fn head(kind: Kind, job: u64, a: u64, Body { structure, bulk }: &Body) -> Vec<u8> {
    debug_assert!(bulk.len() <= BULK_PARTS_MAX, "the codec makes no more parts than that");
    let mut head = Vec::with_capacity(HEADER + bulk.len() * 8 + structure.len());
    head.extend(MAGIC.to_le_bytes());
    head.extend([VERSION, kind as u8]);
    head.extend((bulk.len() as u32).to_le_bytes());
    for number in [job, a, structure.len() as u64] {
        head.extend(number.to_le_bytes());
    }
    bulk.iter().for_each(|part| head.extend((part.len() as u64).to_le_bytes()));
    head.extend(structure);
    head
}

/// A frame that goes through an empty socket in one piece, before it is known which job it is for.
pub(crate) struct Small(Vec<u8>);

impl Small {
    /// What the kernel takes as one message whatever the socket's buffer: it has 4.5 KiB at least, half of it for one message.
    const MAX: usize = 2048;

    /// `None` if it is too large.
    pub(crate) fn new(kind: Kind, a: u64, body: &Body) -> Option<Self> {
        let fits = body.bulk.is_empty() && HEADER + body.structure.len() <= Self::MAX;
        fits.then(|| Self(head(kind, 0, a, body)))
    }

    pub(crate) fn addressed_to(mut self, job: u64) -> Vec<u8> {
        self.0[8..16].copy_from_slice(&job.to_le_bytes());
        self.0
    }
}

/// Why the other side is not listened to any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) String);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a frame that makes no sense: {}", self.0)
    }
}

/// Puts frames together from whatever arrives.
///
/// ```text
///   Header ──► Lengths ──► Parts (the structure, then the bulk parts) ──► a frame, and back to Header
/// ```
#[derive(Debug)]
pub(crate) struct Reader {
    limit: usize,
    /// What has been read and belongs to no part yet.
    ahead: Ahead,
    /// The header and the lengths, so far.
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
        Self { limit, ahead: Ahead::default(), head: Vec::new(), open: None }
    }

    /// Reads until a frame is whole, the source has nothing more, or it ends.
    pub(crate) fn read(&mut self, source: &mut impl Read) -> Result<Step, Malformed> {
        loop {
            if let Some(open) = &mut self.open {
                let Some(wanted) = open.lengths.get(open.part).copied() else {
                    let frame = self.open.take().expect("it is open").frame;
                    return Ok(Step::Frame(frame));
                };
                let body = &mut open.frame.body;
                let part = match open.part.checked_sub(1) {
                    None => &mut body.structure,
                    Some(at) => &mut body.bulk[at],
                };
                match fill(&mut self.ahead, source, part, wanted) {
                    Filled::Yes => open.part += 1,
                    Filled::Wait => return Ok(Step::Wait),
                    Filled::End => return Ok(Step::End),
                }
                continue;
            }
            let wanted = match parts(&self.head) {
                None => HEADER,
                Some(parts) if parts > BULK_PARTS_MAX => {
                    return Err(Malformed(format!("{parts} bulk parts, more than {BULK_PARTS_MAX}")));
                }
                Some(parts) => HEADER + parts * 8,
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

/// How many bulk parts the header speaks of, once it is whole.
fn parts(head: &[u8]) -> Option<usize> {
    (head.len() >= HEADER).then(|| u32::from_le_bytes(array(&head[4..])) as usize)
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
    for length in head[24..].chunks_exact(8) {
        let length = u64::from_le_bytes(array(length));
        total = total.saturating_add(length);
        lengths.push(usize::try_from(length).unwrap_or(usize::MAX));
    }
    if total > limit as u64 {
        return Err(Malformed(format!("{total} bytes, more than the limit of {limit}")));
    }
    let body = Body { structure: Vec::new(), bulk: vec![Vec::new(); lengths.len() - 1] };
    let (job, a) = (u64::from_le_bytes(array(&head[8..])), u64::from_le_bytes(array(&head[16..])));
    Ok(Open { frame: Frame { kind, job, a, body }, lengths, part: 0 })
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
    fn read(&mut self, source: &mut impl Read) -> io::Result<usize> {
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
fn fill(ahead: &mut Ahead, source: &mut impl Read, buffer: &mut Vec<u8>, wanted: usize) -> Filled {
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
            false => source.by_ref().take(room as u64).read_to_end(buffer),
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
    use super::*;

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

    fn frame() -> Frame {
        let body = Body { structure: vec![1, 2, 3], bulk: vec![vec![7; 100], Vec::new(), vec![8; 5]] };
        Frame::new(Kind::Done, 4, 5, body)
    }

    #[test]
    fn frames_survive_any_way_of_being_cut() {
        let one = frame().into_pieces().concat();
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
    fn a_small_frame_is_the_same_once_it_has_its_job() {
        let body = || Body { structure: vec![1, 2, 3], bulk: Vec::new() };
        let small = Small::new(Kind::Run, 5, &body()).expect("it is small");
        assert_eq!(small.addressed_to(4), Frame::new(Kind::Run, 4, 5, body()).into_pieces().concat());
        assert!(Small::new(Kind::Run, 5, &frame().body).is_none(), "it has bulk parts");
        let large = Body { structure: vec![0; Small::MAX], bulk: Vec::new() };
        assert!(Small::new(Kind::Run, 5, &large).is_none());
    }

    fn refusal(bytes: &[u8]) -> String {
        Reader::new(1000).read(&mut &*bytes).expect_err("it makes no sense").0
    }

    #[test]
    fn hostile_lengths_are_refused_before_memory_is_taken() {
        let whole = frame().into_pieces().concat();
        let mut bytes = whole.clone();
        bytes[24..32].copy_from_slice(&u64::MAX.to_le_bytes());
        assert!(refusal(&bytes).contains("more than the limit of 1000"));
        let mut bytes = whole.clone();
        bytes[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(refusal(&bytes).contains("bulk parts, more than 64"));
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
        let mut head = Frame::new(Kind::Done, 1, 0, Body::default()).into_pieces().concat();
        head[24..32].copy_from_slice(&(1_u64 << 40).to_le_bytes());
        let mut reader = Reader::new(1 << 41);
        assert!(matches!(reader.read(&mut &*head), Ok(Step::End)));
        let taken = reader.open.expect("in the middle of a frame").frame.body.structure.capacity();
        assert!(taken <= AHEAD, "{taken} bytes");
    }

    #[test]
    fn random_bytes_never_panic() {
        let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
        for round in 0..20_000 {
            let mut bytes = frame().into_pieces().concat();
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
