//! A piece of memory that two processes can see: a file without a name, mapped in both, sealed against what could hurt.
//!
//! ```text
//!   kind      made by           seals                              who may write
//!   recycled  the pool's owner  shrink, grow, future write, seal   its maker, through the mapping made before the seal
//!   sealed    anybody           shrink, grow, write, seal          nobody any more
//!   foreign   another process   at least shrink and write          nobody any more; anything less is not mapped
//!   common    the parent        shrink, grow, seal                 it and one worker: words, never a plain slice of bytes
//! ```
//!
//! A reader cannot be hurt: the file does not shrink under it (that would be SIGBUS), and while it reads, a sealed segment
//! does not change at all and a recycled one only by its maker, who waits until all readers are done.

mod map;

use crate::ring::Memory;
use map::{Access, Map};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::libc;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::stat::fstat;
use nix::unistd::ftruncate;
use std::io;
use std::num::NonZeroUsize;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

/// `MFD_NOEXEC_SEAL`, which the kernel has since 6.3: the file can never be executed.
const NOEXEC_SEAL: MFdFlags = MFdFlags::from_bits_retain(libc::MFD_NOEXEC_SEAL);

#[derive(Debug)]
pub(crate) struct Segment {
    /// Its name in this process, and towards those that get it from here.
    pub(crate) number: u64,
    pub(crate) file: OwnedFd,
    map: Map,
    pub(crate) size: NonZeroUsize,
    /// Lives as long as this does: by it others know whether to forget the segment.
    life: Arc<()>,
}

fn next_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    // Relaxed: the numbers only have to differ.
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Segment {
    /// A segment that can be written here, again and again, and only read elsewhere.
    pub(crate) fn recycled(size: NonZeroUsize) -> io::Result<Self> {
        let (file, map) = Self::fresh(size)?;
        seal(&file, SealFlag::F_SEAL_FUTURE_WRITE)?;
        Ok(Self { number: next_number(), file, map, size, life: Arc::default() })
    }

    /// A segment that can be written here until it is [sealed](Self::sealed).
    pub(crate) fn open(size: NonZeroUsize) -> io::Result<Self> {
        let (file, map) = Self::fresh(size)?;
        Ok(Self { number: next_number(), file, map, size, life: Arc::default() })
    }

    fn fresh(size: NonZeroUsize) -> io::Result<(OwnedFd, Map)> {
        let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
        let file = match memfd_create(c"anyloop", flags | NOEXEC_SEAL) {
            Err(Errno::EINVAL) => memfd_create(c"anyloop", flags),
            answer => answer,
        }?;
        let length = libc::off_t::try_from(size.get()).map_err(|_| Errno::EFBIG)?;
        ftruncate(&file, length)?;
        let map = Map::new(&file, size, Access::Write, false)?;
        Ok((file, map))
    }

    /// Nobody can write to it any more. Where the system will not seal it, only nobody here can: whoever gets it copies it.
    pub(crate) fn sealed(self) -> Self {
        let Ok(read) = Map::new(&self.file, self.size, Access::ReadSealed, true) else { return self };
        let Self { number, file, map, size, life } = self;
        // The kernel seals only what nobody has mapped to write.
        drop(map);
        let _ = seal(&file, SealFlag::F_SEAL_WRITE);
        Self { number, file, map: read, size, life }
    }

    /// A segment that came from the process that this one trusts: its parent.
    pub(crate) fn lent(file: OwnedFd, size: NonZeroUsize) -> io::Result<Self> {
        // Kernels before 6.7 take a shared mapping of a sealed file for one that could write.
        let map = Map::new(&file, size, Access::Read, true)
            .or_else(|_| Map::new(&file, size, Access::ReadSealed, true))?;
        Ok(Self { number: next_number(), file, map, size, life: Arc::default() })
    }

    /// A segment that came from a process that may be torn to pieces. It is mapped if it can neither shrink nor change.
    pub(crate) fn foreign(file: OwnedFd, size: usize) -> Result<Self, Foreign> {
        // Other files have no seals, and reading one could take for ever.
        let seals = fcntl(&file, FcntlArg::F_GET_SEALS).map_err(|_| Foreign::Strange)?;
        let really = fstat(&file).ok().and_then(|about| usize::try_from(about.st_size).ok()).unwrap_or(0);
        let Some(size) = NonZeroUsize::new(size).filter(|size| size.get() <= really) else {
            return Err(Foreign::Truncated { said: size, really });
        };
        let needed = SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_WRITE;
        if !SealFlag::from_bits_retain(seals).contains(needed) {
            return Err(Foreign::Unsealed(file));
        }
        match Map::new(&file, size, Access::ReadSealed, false) {
            Ok(map) => Ok(Self { number: next_number(), file, map, size, life: Arc::default() }),
            Err(_) => Err(Foreign::Unsealed(file)),
        }
    }

    pub(crate) fn life(&self) -> Weak<()> {
        Arc::downgrade(&self.life)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.map.bytes()
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        self.map.bytes_mut()
    }
}

/// Words that this process and one other may write. It needs no descriptor once both have mapped it.
#[derive(Debug)]
pub(crate) struct Words(Map);

impl Words {
    /// And the file that the other process is to map.
    pub(crate) fn make(size: NonZeroUsize) -> io::Result<(Self, OwnedFd)> {
        let (file, map) = Segment::fresh(size)?;
        seal(&file, SealFlag::empty())?;
        Ok((Self(map), file))
    }

    /// The same ones, in the other process.
    pub(crate) fn of(file: &OwnedFd, size: NonZeroUsize) -> io::Result<Self> {
        Map::new(file, size, Access::Write, false).map(Self)
    }
}

impl Memory for Words {
    #[cfg(not(loom))]
    fn word(&self, at: usize) -> &crate::sync::AtomicU64 {
        &self.0.words()[at]
    }

    /// Memory of the system is made of other words than models are.
    #[cfg(loom)]
    fn word(&self, _at: usize) -> &crate::sync::AtomicU64 {
        unreachable!("models have words of their own")
    }
}

/// Why a foreign segment is not mapped.
pub(crate) enum Foreign {
    /// It must be copied: its maker could still change it.
    Unsealed(OwnedFd),
    /// It is no memory.
    Strange,
    /// It is smaller than its maker said.
    Truncated { said: usize, really: usize },
}

fn seal(file: &OwnedFd, write: SealFlag) -> io::Result<()> {
    let seals = SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SEAL | write;
    fcntl(file, FcntlArg::F_ADD_SEALS(seals))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: NonZeroUsize = NonZeroUsize::new(8192).expect("it is not zero");

    #[test]
    fn a_recycled_segment_is_written_by_its_maker_only_and_keeps_its_size() {
        let mut segment = Segment::recycled(SIZE).expect("this kernel has them");
        segment.bytes_mut()[5] = 7;
        let copy = segment.file.try_clone().expect("a descriptor");
        let seen = Segment::lent(copy, SIZE).expect("it can be read");
        assert_eq!(seen.bytes()[5], 7);
        segment.bytes_mut()[5] = 8;
        assert_eq!(seen.bytes()[5], 8, "it is the same memory");
        assert!(
            Map::new(&segment.file, SIZE, Access::Write, false).is_err(),
            "mapped to be written, once more"
        );
        assert_eq!(nix::unistd::write(&segment.file, b"x"), Err(Errno::EPERM));
        assert_eq!(ftruncate(&segment.file, 0), Err(Errno::EPERM));
        let again = fcntl(&segment.file, FcntlArg::F_ADD_SEALS(SealFlag::F_SEAL_WRITE));
        assert_eq!(again, Err(Errno::EPERM), "nobody else takes the pen away");
    }

    #[test]
    fn a_foreign_segment_is_mapped_only_if_it_is_sealed_and_as_large_as_it_was_said() {
        let open = Segment::open(SIZE).expect("this kernel has them");
        let copy = |segment: &Segment| segment.file.try_clone().expect("a descriptor");
        assert!(matches!(Segment::foreign(copy(&open), 8192), Err(Foreign::Unsealed(_))));
        let sealed = open.sealed();
        assert_eq!(Segment::foreign(copy(&sealed), 8192).ok().map(|it| it.bytes().len()), Some(8192));
        let truncated = Segment::foreign(copy(&sealed), 8193).err();
        assert!(matches!(truncated, Some(Foreign::Truncated { said: 8193, really: 8192 })));
        assert!(matches!(Segment::foreign(copy(&sealed), 0), Err(Foreign::Truncated { .. })));
        let file = std::fs::File::open("/proc/self/exe").expect("it is there");
        assert!(matches!(Segment::foreign(file.into(), 64), Err(Foreign::Strange)), "no memory at all");
    }
}
