//! Memory that is a file, mapped.
#![expect(unsafe_code, reason = "memory from the kernel, seen as a slice")]

use nix::sys::mman::{MapFlags, ProtFlags, mmap, munmap};
use std::ffi::c_void;
use std::io;
use std::num::NonZeroUsize;
use std::os::fd::AsFd;
use std::ptr::NonNull;
#[cfg(not(loom))]
use std::sync::atomic::AtomicU64;

/// What a mapping is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Write,
    /// Sees what others write.
    Read,
    /// To read what is sealed, or is about to be: not counted by the kernel among the mappings that could ever write, which a
    /// seal forbids.
    ReadSealed,
}

/// A file in memory, mapped for as long as this lives.
///
/// Whoever makes one sees to it that the file does not shrink (it is sealed), and that nobody else changes it while a slice
/// of it is borrowed: by a seal, or because all who could are done with it.
#[derive(Debug)]
pub(super) struct Map {
    start: NonNull<c_void>,
    len: NonZeroUsize,
    access: Access,
}

// SAFETY: it is memory like any other: the kernel does not care which thread uses or unmaps it.
unsafe impl Send for Map {}
// SAFETY: through a shared reference it is only read.
unsafe impl Sync for Map {}

impl Map {
    /// Maps the first `len` bytes of `file`. With `ready`, the kernel enters all pages now and not one by one at first touch.
    pub(super) fn new(file: impl AsFd, len: NonZeroUsize, access: Access, ready: bool) -> io::Result<Self> {
        let mut rights = ProtFlags::PROT_READ;
        rights.set(ProtFlags::PROT_WRITE, access == Access::Write);
        let sealed = access == Access::ReadSealed;
        let mut flags = if sealed { MapFlags::MAP_PRIVATE } else { MapFlags::MAP_SHARED };
        flags.set(MapFlags::MAP_POPULATE, ready);
        // SAFETY: the kernel chooses a place where nothing is; nobody else knows it.
        let start = unsafe { mmap(None, len, rights, flags, file, 0) }?;
        Ok(Self { start, len, access })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        // SAFETY: mapped for as long as `self` lives, never shrunk, and not changed meanwhile: see the type. All bytes of a
        // file are initialized.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr().cast(), self.len.get()) }
    }

    /// The whole words of it, which other processes may change at any time.
    #[cfg(not(loom))]
    pub(super) fn words(&self) -> &[AtomicU64] {
        assert!(self.access == Access::Write, "a word that may be written must be mapped so");
        // SAFETY: mapped for as long as `self` lives, to be written, and never shrunk. A mapping begins with a page, so it is
        // aligned. Nobody has a plain reference to it: whoever asks for words asks for nothing else.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr().cast(), self.len.get() / size_of::<u64>()) }
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        assert!(self.access == Access::Write, "it was mapped to be read");
        // SAFETY: as above, mapped for writing, and `self` is borrowed alone.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr().cast(), self.len.get()) }
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        // SAFETY: it was mapped so, no slice of it outlives `self`, and nobody else unmaps it.
        let _ = unsafe { munmap(self.start, self.len.get()) };
    }
}
