//! Large bytes that are written once and read by many processes from one copy.

use crate::arena::Arena;
use crate::plain::{self, Plain};
use crate::segment::Segment;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Error as _, Serialize, Serializer};
use std::fmt;
use std::io;
use std::num::NonZeroUsize;
use std::ops::{Deref, DerefMut};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Weak};

pub(crate) mod crossing;

use crossing::Ledger;

/// Less than this is copied: mapping it would take longer.
const COPIED: usize = 64 << 10;

/// Bytes that are being written, to become a [`Blob`].
///
/// From [`ProcessPool::blob`](crate::ProcessPool::blob), in memory that the pool's workers can read; or from
/// [`new`](Self::new), for the result of a job. What is in it at first is zeros, or what was in an earlier blob of the pool.
///
/// # Examples
///
/// ```
/// use process_executor::{Blob, ExecutorExt, ProcessPool, call};
///
/// let pool = ProcessPool::new(2)?;
/// let mut bytes = pool.blob(1 << 20)?;
/// bytes.fill(1);
/// let blob = bytes.freeze();
/// let sum = |blob: Blob| blob.iter().map(|byte| u64::from(*byte)).sum::<u64>();
/// // Two workers read the same memory.
/// let jobs = [pool.try_submit(call(sum, blob.clone()))?, pool.try_submit(call(sum, blob))?];
/// for job in jobs {
///     assert_eq!(job.wait()?, 1 << 20);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Python
///
/// `multiprocessing.shared_memory.SharedMemory`. There a segment has a name, outlives its makers, and is writable for all.
pub struct BlobMut {
    bytes: Bytes,
    len: usize,
}

/// Bytes that do not change any more: in an argument or a result of a [call](crate::call) only a reference crosses, and
/// every process reads the same copy.
///
/// Cloning is cheap. A worker may keep one after its job has ended; the memory is used again when the last is gone, in all
/// processes. It can be serialized only on its way to or from a worker.
#[derive(Clone)]
pub struct Blob {
    bytes: Arc<Bytes>,
    len: usize,
}

pub(crate) enum Bytes {
    /// In this process alone: small, or the system refuses the other kinds. Numbers of 16 bytes, so that any kind of number
    /// may lie there.
    Copied(Vec<u128>),
    /// Goes back to its arena in the end.
    Recycled { segment: Option<Segment>, arena: Weak<Arena> },
    /// Of this process; sealed when it is frozen. Or of another one, sealed there. `None` while it is being sealed.
    Own(Option<Segment>),
    /// Of the parent of this worker, who is told when it is not needed any more.
    Lent { segment: Arc<Segment>, theirs: u64, ledger: Arc<Ledger> },
}

impl Bytes {
    fn copied(len: usize) -> Self {
        Self::Copied(vec![0; len.div_ceil(size_of::<u128>())])
    }

    fn segment(&self) -> Option<&Segment> {
        match self {
            Self::Copied(_) => None,
            Self::Recycled { segment, .. } => segment.as_ref(),
            Self::Own(segment) => segment.as_ref(),
            Self::Lent { segment, .. } => Some(segment),
        }
    }

    fn sealed(mut self) -> Self {
        if let Self::Own(own) = &mut self {
            *own = own.take().map(Segment::sealed);
        }
        self
    }

    fn all(&self) -> &[u8] {
        match self {
            Self::Copied(numbers) => plain::bytes_of(numbers),
            _ => self.segment().map_or(&[], Segment::bytes),
        }
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        match self {
            Self::Copied(_) | Self::Own(_) => {}
            Self::Recycled { segment, arena } => {
                if let Some((segment, arena)) = segment.take().zip(arena.upgrade()) {
                    arena.give_back(segment);
                }
            }
            Self::Lent { theirs, ledger, .. } => ledger.release(*theirs),
        }
    }
}

impl BlobMut {
    /// `len` bytes that belong to no pool: in a job, for its result. Freezing seals them, so that they cross without a copy,
    /// and their memory is given back to the system in the end.
    ///
    /// Where the system refuses to share memory, the blob is an ordinary one, and is copied.
    #[must_use]
    pub fn new(len: usize) -> Self {
        let shared = NonZeroUsize::new(len).filter(|len| len.get() >= COPIED);
        let segment = shared.and_then(|len| Segment::open(len).ok());
        Self { bytes: segment.map_or_else(|| Bytes::copied(len), |segment| Bytes::Own(Some(segment))), len }
    }

    /// In `arena`, if memory can be shared and there is enough of it to make up for that.
    pub(crate) fn in_arena(arena: &Arc<Arena>, len: usize) -> io::Result<Self> {
        if len < COPIED || !arena.shares() {
            return Ok(Self { bytes: Bytes::copied(len), len });
        }
        let segment = Some(arena.take(len)?);
        Ok(Self { bytes: Bytes::Recycled { segment, arena: Arc::downgrade(arena) }, len })
    }

    /// The bytes as numbers; `None` if they are not a whole number of them.
    pub fn view_mut<T: Plain>(&mut self) -> Option<&mut [T]> {
        plain::view_mut(self)
    }

    /// Nobody writes to them any more.
    #[must_use]
    pub fn freeze(mut self) -> Blob {
        let bytes = std::mem::replace(&mut self.bytes, Bytes::Copied(Vec::new()));
        Blob { bytes: Arc::new(bytes.sealed()), len: self.len }
    }
}

impl Deref for BlobMut {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes.all()[..self.len]
    }
}

impl DerefMut for BlobMut {
    fn deref_mut(&mut self) -> &mut [u8] {
        let all = match &mut self.bytes {
            Bytes::Copied(numbers) => plain::bytes_of_mut(numbers),
            Bytes::Recycled { segment, .. } | Bytes::Own(segment) => {
                segment.as_mut().map_or(&mut [][..], Segment::bytes_mut)
            }
            Bytes::Lent { .. } => &mut [],
        };
        &mut all[..self.len]
    }
}

impl Blob {
    /// The bytes as numbers; `None` if they are not a whole number of them.
    ///
    /// # Examples
    ///
    /// ```
    /// use process_executor::BlobMut;
    ///
    /// let mut bytes = BlobMut::new(8 * size_of::<f32>());
    /// bytes.view_mut::<f32>().unwrap().fill(1.5);
    /// let blob = bytes.freeze();
    /// assert_eq!(blob.view::<f32>().unwrap().iter().sum::<f32>(), 12.0);
    /// assert!(blob.view::<[u8; 5]>().is_none());
    /// ```
    #[must_use]
    pub fn view<T: Plain>(&self) -> Option<&[T]> {
        plain::view(self)
    }

    /// The number and the size of its segment.
    pub(crate) fn segment(&self) -> Option<(u64, u64)> {
        self.bytes.segment().map(|segment| (segment.number, segment.size.get() as u64))
    }

    pub(crate) fn file(&self) -> Option<BorrowedFd<'_>> {
        self.bytes.segment().map(|segment| segment.file.as_fd())
    }

    /// Whether other processes can read this very memory; if not, they get copies of it.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.bytes.segment().is_some()
    }
}

impl Deref for Blob {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes.all()[..self.len]
    }
}

impl AsRef<[u8]> for Blob {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl PartialEq for Blob {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Blob {}

/// A copy, in memory of this process alone, or in sealed memory if it is large.
impl From<&[u8]> for Blob {
    fn from(bytes: &[u8]) -> Self {
        let mut blob = BlobMut::new(bytes.len());
        blob.copy_from_slice(bytes);
        blob.freeze()
    }
}

/// Only its number; the rest goes beside the value.
impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match crossing::put(self) {
            Some(number) => number.serialize(serializer),
            None => Err(S::Error::custom(
                "a blob can only be serialized as a part of an argument or a result of a call, at most 64 of them: \
                 serialize its bytes",
            )),
        }
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u32::deserialize(deserializer)?;
        crossing::get(number).ok_or_else(|| D::Error::custom("no such blob came with this value"))
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blob").field("len", &self.len).field("shared", &self.is_shared()).finish()
    }
}

impl fmt::Debug for BlobMut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlobMut").field("len", &self.len).finish_non_exhaustive()
    }
}
