//! How many bytes of heap are in use.
#![expect(unsafe_code, reason = "an allocator that counts")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, Ordering};

/// Relaxed everywhere: only the sum counts, when nothing else runs any more.
static IN_USE: AtomicIsize = AtomicIsize::new(0);

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes that were allocated and not freed.
pub(crate) fn in_use() -> isize {
    IN_USE.load(Ordering::Relaxed)
}

fn count(size: usize, sign: isize) {
    IN_USE.fetch_add(sign * isize::try_from(size).unwrap_or(0), Ordering::Relaxed);
}

// SAFETY: all calls go to the system's allocator unchanged; the counter allocates nothing and has no destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 1);
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 1);
        // SAFETY: as the caller promised.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(layout.size(), -1);
        count(size, 1);
        // SAFETY: as the caller promised; the memory came from `alloc` above.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(layout.size(), -1);
        // SAFETY: as the caller promised; the memory came from `alloc` above.
        unsafe { System.dealloc(memory, layout) }
    }
}
