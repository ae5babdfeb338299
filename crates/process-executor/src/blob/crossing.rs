//! How blobs cross: their numbers in the value, references in the frame, descriptors beside the bytes.
//!
//! ```text
//!   parent                                                             worker
//!     first time: SEGMENT number, size + descriptor  ───────────────►  maps it, keeps it
//!     RUN … reference: own, number, len              ───────────────►  a Blob, Lent
//!     keeps the blob for this worker  ◄───── RELEASE numbers ────────  the last clone of that reference is gone
//!     the last blob is gone: the segment is filled again
//!
//!     maps it if it is sealed, else copies  ◄── SEGMENT + descriptor ─ a Blob of its own in a result
//!     DONE … reference: own, number, len    ◄─────────────────────────
//! ```
//!
//! A loan is counted for each reference, on both sides in the same way: so a release that crosses with a new reference to
//! the same segment gives back the old one only. A worker that dies gives back all that it had.

use super::{Blob, Bytes};
use crate::frame::{Frame, Malformed};
use crate::part::Part;
use crate::plain;
use crate::segment::{Foreign, Segment};
use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::mem::take;
use std::num::NonZeroUsize;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Blobs of one value, at most.
pub(crate) const BLOBS_MAX: usize = 64;

/// A blob, as a frame speaks of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) from: From,
    pub(crate) number: u64,
    pub(crate) len: u64,
}

/// Where the bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum From {
    /// Behind the last bulk parts of this frame, in the order of the references.
    Copied = 0,
    /// In a segment of the sender.
    Sender = 1,
    /// In a segment of the receiver, who lent it.
    Receiver = 2,
}

impl From {
    pub(crate) fn from_number(number: u64) -> Option<Self> {
        [Self::Copied, Self::Sender, Self::Receiver].into_iter().find(|it| *it as u64 == number)
    }
}

thread_local! {
    /// The blobs of the value that this thread is encoding. `None` while it encodes none.
    static GOING: RefCell<Option<Vec<Blob>>> = const { RefCell::new(None) };
    /// The blobs of the value that this thread is decoding.
    static COMING: RefCell<Vec<Blob>> = const { RefCell::new(Vec::new()) };
}

/// Runs an encoder, and gives the blobs that it met.
pub(crate) fn encoding<T>(encode: impl FnOnce() -> T) -> (T, Vec<Blob>) {
    let _others = Restore(&GOING, GOING.replace(Some(Vec::new())));
    let value = encode();
    (value, GOING.take().unwrap_or_default())
}

/// Runs a decoder that may ask for these blobs.
pub(crate) fn decoding<T>(blobs: Vec<Blob>, decode: impl FnOnce() -> T) -> T {
    let _others = Restore(&COMING, COMING.replace(blobs));
    decode()
}

/// Puts back what was there before, also after a panic of foreign code.
struct Restore<T: 'static + Default>(&'static std::thread::LocalKey<RefCell<T>>, T);

impl<T: Default> Drop for Restore<T> {
    fn drop(&mut self) {
        let mine = self.0.replace(take(&mut self.1));
        drop(mine);
    }
}

/// The number of this blob within the value that is being encoded.
pub(super) fn put(blob: &Blob) -> Option<u32> {
    GOING.with_borrow_mut(|going| {
        let going = going.as_mut().filter(|going| going.len() < BLOBS_MAX)?;
        going.push(blob.clone());
        Some(going.len() as u32 - 1)
    })
}

pub(super) fn get(number: u32) -> Option<Blob> {
    COMING.with_borrow(|coming| coming.get(number as usize).cloned())
}

/// Which way a frame goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    ToWorker,
    ToParent,
}

/// Writes the references of a frame. Gives the blobs whose segments the other side must have.
pub(crate) fn pack(frame: &mut Frame, way: Way) -> Vec<Blob> {
    let mut shared = Vec::new();
    for blob in take(&mut frame.body.blobs) {
        let reference = reference(&blob, way);
        frame.references.push(reference);
        match reference.from {
            From::Copied => frame.body.bulk.push(Part::Bytes(blob.to_vec())),
            From::Sender => shared.push(blob),
            From::Receiver => {}
        }
    }
    shared
}

fn reference(blob: &Blob, way: Way) -> Reference {
    let len = blob.len as u64;
    let (from, number) = match (&*blob.bytes, way) {
        (Bytes::Lent { theirs, .. }, Way::ToParent) => (From::Receiver, *theirs),
        // Its pool would fill it again before the parent of this process has read it.
        (Bytes::Recycled { .. }, Way::ToParent) => (From::Copied, 0),
        (bytes, _) => match bytes.segment() {
            Some(segment) => (From::Sender, segment.number),
            None => (From::Copied, 0),
        },
    };
    Reference { from, number, len }
}

/// Takes the copies from behind the bulk parts.
fn take_copies(frame: &mut Frame) -> Result<impl Iterator<Item = Vec<u8>> + use<>, Malformed> {
    let copies = frame.references.iter().filter(|it| it.from == From::Copied).count();
    let first = frame.body.bulk.len().checked_sub(copies);
    let first = first.ok_or_else(|| Malformed("it speaks of more copies than it has".to_owned()))?;
    Ok(frame.body.bulk.split_off(first).into_iter().map(Part::into_bytes))
}

fn copied(bytes: &[u8]) -> Blob {
    let mut blob = Bytes::copied(bytes.len());
    if let Bytes::Copied(numbers) = &mut blob {
        plain::bytes_of_mut(numbers)[..bytes.len()].copy_from_slice(bytes);
    }
    Blob { bytes: Arc::new(blob), len: bytes.len() }
}

/// A blob of so many of these bytes, if they are there.
fn part_of(bytes: Arc<Bytes>, len: u64) -> Result<Blob, Malformed> {
    let len = usize::try_from(len).ok().filter(|len| *len <= bytes.all().len());
    let len = len.ok_or_else(|| Malformed("a blob beyond the end of its segment".to_owned()))?;
    Ok(Blob { bytes, len })
}

/// Which loans a worker has given back. Blobs end on any thread, at any time: here they are noted.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<Vec<u64>>);

impl Ledger {
    pub(super) fn release(&self, number: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(number);
    }

    pub(crate) fn take(&self) -> Vec<u64> {
        take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A worker's side: what its parent has lent it.
#[derive(Default)]
pub(crate) struct Borrowed {
    /// By the parent's numbers. Mapped once, for all jobs to come.
    segments: HashMap<u64, Arc<Segment>>,
    pub(crate) ledger: Arc<Ledger>,
}

impl Borrowed {
    pub(crate) fn add(&mut self, number: u64, size: u64, file: OwnedFd) -> io::Result<()> {
        let size = usize::try_from(size).ok().and_then(NonZeroUsize::new);
        let size = size.ok_or_else(|| io::Error::other("a segment of no size"))?;
        self.segments.insert(number, Arc::new(Segment::lent(file, size)?));
        Ok(())
    }

    pub(crate) fn forget(&mut self, number: u64) {
        self.segments.remove(&number);
    }

    /// Makes blobs of the references of a frame.
    pub(crate) fn unpack(&self, frame: &mut Frame) -> Result<(), Malformed> {
        let mut copies = take_copies(frame)?;
        for Reference { from, number, len } in take(&mut frame.references) {
            frame.body.blobs.push(match (from, self.segments.get(&number)) {
                (From::Copied, _) => copied(&copies.next().unwrap_or_default()),
                (From::Sender, Some(segment)) => {
                    let ledger = self.ledger.clone();
                    part_of(Arc::new(Bytes::Lent { segment: segment.clone(), theirs: number, ledger }), len)?
                }
                _ => return Err(Malformed(format!("segment {number} was never sent"))),
            });
        }
        Ok(())
    }
}

/// The parent's side, towards one worker: what it was lent, and what came from it.
#[derive(Default)]
pub(crate) struct Loans {
    /// Segments that the worker has mapped.
    known: HashMap<u64, Weak<()>>,
    /// Blobs that it has not given back, by their segments, one for each reference.
    out: HashMap<u64, Vec<Blob>>,
    /// Segments of its own that came before the frame that speaks of them.
    arrived: HashMap<u64, Arc<Bytes>>,
}

impl Loans {
    /// Notes that the worker gets a reference to this blob. Whether it must be sent the segment before.
    pub(crate) fn lend(&mut self, blob: &Blob) -> bool {
        let Some(segment) = blob.bytes.segment() else { return false };
        self.out.entry(segment.number).or_default().push(blob.clone());
        self.known.insert(segment.number, segment.life()).is_none()
    }

    /// Segments that the worker has mapped and will never see again.
    pub(crate) fn forgotten(&mut self) -> Vec<u64> {
        let gone = |life: &Weak<()>| life.strong_count() == 0;
        self.known.extract_if(|_, life| gone(life)).map(|(number, _)| number).collect()
    }

    /// The worker gives loans back. It may only give back what it has.
    pub(crate) fn take_back(&mut self, numbers: &[u8]) -> Result<(), Malformed> {
        for number in numbers.chunks(8) {
            let number = number.try_into().map(u64::from_le_bytes).unwrap_or(0);
            let blobs = self.out.get_mut(&number);
            let Some(blobs) = blobs else {
                return Err(Malformed(format!("it gives back {number}, which it has not")));
            };
            blobs.pop();
            if blobs.is_empty() {
                self.out.remove(&number);
            }
        }
        Ok(())
    }

    /// A segment of the worker's own. It is worth nothing if it is smaller than it says.
    pub(crate) fn arrive(
        &mut self,
        number: u64,
        size: u64,
        file: OwnedFd,
        limit: usize,
    ) -> Result<(), Malformed> {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        if self.arrived.len() >= BLOBS_MAX {
            return Err(Malformed(format!("more than {BLOBS_MAX} segments for one result")));
        }
        if size > limit {
            return Err(Malformed(format!("a segment of {size} bytes, more than the limit of {limit}")));
        }
        let bytes = match Segment::foreign(file, size) {
            Ok(segment) => Bytes::Own(Some(segment)),
            Err(Foreign::Unsealed(file)) => copy_of(file, size)
                .map_err(|why| Malformed(format!("a segment that cannot be read: {why}")))?,
            Err(Foreign::Strange) => return Err(Malformed("a segment that is no memory".to_owned())),
            Err(Foreign::Truncated { said, really }) => {
                return Err(Malformed(format!("a segment of {said} bytes that has {really}")));
            }
        };
        self.arrived.insert(number, Arc::new(bytes));
        Ok(())
    }

    /// Makes blobs of the references of a frame of the worker.
    pub(crate) fn unpack(&mut self, frame: &mut Frame) -> Result<(), Malformed> {
        let mut copies = take_copies(frame)?;
        let arrived = take(&mut self.arrived);
        for Reference { from, number, len } in take(&mut frame.references) {
            frame.body.blobs.push(match from {
                From::Copied => copied(&copies.next().unwrap_or_default()),
                From::Sender => match arrived.get(&number) {
                    Some(bytes) => part_of(bytes.clone(), len)?,
                    None => return Err(Malformed(format!("segment {number} was never sent"))),
                },
                From::Receiver => match self.out.get(&number).and_then(|blobs| blobs.first()) {
                    Some(blob) => part_of(blob.bytes.clone(), len)?,
                    None => return Err(Malformed(format!("segment {number} was never lent"))),
                },
            });
        }
        Ok(())
    }
}

/// Reads what may change at any time, so that what was read does not.
fn copy_of(file: OwnedFd, len: usize) -> io::Result<Bytes> {
    let mut bytes = Bytes::copied(len);
    if let Bytes::Copied(numbers) = &mut bytes {
        std::fs::File::from(file).read_exact_at(&mut plain::bytes_of_mut(numbers)[..len], 0)?;
    }
    Ok(bytes)
}
