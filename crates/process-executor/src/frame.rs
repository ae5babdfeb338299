//! What travels between parent and worker: a header, the lengths of the bulk parts, references to blobs, the structure, the
//! bulk parts.
//!
//! ```text
//!   0  u16 magic   2  u8 version   3  u8 kind   4  u16 bulk parts   6  u16 references
//!   8  u64 job    16  u64 a       24  u64 length of the structure                        little endian
//!  32  u64 length of each bulk part, then 3 × u64 each reference (from, number, length),
//!      then the structure, then the bulk parts
//! ```
//!
//! Every length is checked against the limit before a byte of memory is taken for it, and memory grows only with the bytes
//! that really arrive: the other side may be a process that a bug has torn to pieces.

use crate::blob::Blob;
use crate::blob::crossing::{BLOBS_MAX, Reference};
use crate::part::Part;
use std::fmt;

#[cfg(test)]
mod fuzz;
mod reader;

pub(crate) use reader::{Reader, Step};

const MAGIC: u16 = 0xE7EC;
const VERSION: u8 = 2;
pub(crate) const HEADER: usize = 32;
/// More bulk parts than this travel inside the structure.
pub(crate) const BULK_PARTS_MAX: usize = 64;
/// With the copies of blobs behind them.
const PARTS_MAX: usize = BULK_PARTS_MAX + BLOBS_MAX;
/// A reference is three numbers.
const REFERENCE: usize = 24;

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
    /// Both: segment `job` has `a` bytes; its descriptor travels along.
    Segment = 12,
    /// Parent: segment `job` will not be spoken of again.
    Forget = 13,
    /// Worker: the loans of these segments (the structure, 8 bytes each) are given back.
    Release = 14,
    /// Parent: run the task whose name is the first `a` bytes of the structure, with the arguments behind it.
    RunTask = 15,
    /// Parent: the [ring](crate::ring), of `a` bytes; its descriptor travels along.
    Ring = 16,
    /// Both: look at the ring.
    Look = 17,
}

impl Kind {
    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
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
            Self::Segment,
            Self::Forget,
            Self::Release,
            Self::RunTask,
            Self::Ring,
            Self::Look,
        ]
        .into_iter()
        .find(|kind| *kind as u8 == byte)
    }
}

/// A value on the wire: its structure, and the large byte strings that travel beside it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Body {
    pub(crate) structure: Vec<u8>,
    pub(crate) bulk: Vec<Part>,
    /// What the structure refers to by number.
    pub(crate) blobs: Vec<Blob>,
}

impl Body {
    /// Its size on the wire in bytes: of blobs only what is copied.
    pub(crate) fn len(&self) -> usize {
        let copies = self.blobs.iter().filter(|blob| !blob.is_shared()).map(|blob| blob.len());
        self.structure.len() + self.bulk.iter().map(|part| part.len()).chain(copies).sum::<usize>()
    }
}

/// One message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: Kind,
    pub(crate) job: u64,
    pub(crate) a: u64,
    pub(crate) body: Body,
    /// The blobs of the body, once it is [packed](crate::blob::crossing::pack).
    pub(crate) references: Vec<Reference>,
}

impl Frame {
    pub(crate) fn new(kind: Kind, job: u64, a: u64, body: Body) -> Self {
        Self { kind, job, a, body, references: Vec::new() }
    }

    /// The pieces to write one after the other. The small ones are one piece, and so one system call.
    pub(crate) fn into_pieces(self) -> Vec<Part> {
        debug_assert!(self.body.blobs.is_empty(), "it is not packed");
        let mut pieces = vec![Part::Bytes(head(self.kind, self.job, self.a, &self.references, &self.body))];
        pieces.extend(self.body.bulk.into_iter().filter(|part| !part.is_empty()));
        pieces
    }
}

/// Everything up to the bulk parts.
fn head(
    kind: Kind,
    job: u64,
    a: u64,
    references: &[Reference],
    Body { structure, bulk, .. }: &Body,
) -> Vec<u8> {
    debug_assert!(
        bulk.len() <= PARTS_MAX && references.len() <= BLOBS_MAX,
        "the codec makes no more than that"
    );
    let mut head =
        Vec::with_capacity(HEADER + bulk.len() * 8 + references.len() * REFERENCE + structure.len());
    head.extend(MAGIC.to_le_bytes());
    head.extend([VERSION, kind as u8]);
    head.extend((bulk.len() as u16).to_le_bytes());
    head.extend((references.len() as u16).to_le_bytes());
    for number in [job, a, structure.len() as u64] {
        head.extend(number.to_le_bytes());
    }
    bulk.iter().for_each(|part| head.extend((part.len() as u64).to_le_bytes()));
    for Reference { from, number, len } in references {
        [*from as u64, *number, *len].iter().for_each(|it| head.extend(it.to_le_bytes()));
    }
    head.extend(structure);
    head
}

/// A frame that goes through an empty socket in one piece.
pub(crate) struct Small;

impl Small {
    /// What the kernel takes as one message whatever the socket's buffer: it has 4.5 KiB at least, half of it for one message.
    const MAX: usize = 2048;

    /// Whether a frame of this would be one.
    pub(crate) fn fits(body: &Body) -> bool {
        let plain = body.bulk.is_empty() && body.blobs.is_empty();
        plain && HEADER + body.structure.len() <= Self::MAX
    }

    /// What to write.
    pub(crate) fn bytes(kind: Kind, job: u64, a: u64, body: &Body) -> Vec<u8> {
        debug_assert!(Self::fits(body), "it may not go in one piece");
        head(kind, job, a, &[], body)
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
