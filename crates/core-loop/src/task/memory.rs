//! The memory of ended tasks, kept for the next ones.
#![expect(unsafe_code, reason = "hands out raw memory")]
//!
//! The allocator's own cache holds seven pieces of a size; a loop that spawns by the thousand goes past it. Measured with
//! `cargo xtask bench --only loop.spawn_join`.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::cell::RefCell;
use std::ptr::NonNull;

/// Pieces are so many bytes apart in size, and one word short of a multiple of it: with the word that the allocator puts
/// before each they fill its own classes.
const STEP: usize = 16;
const WORD: usize = 8;
/// What is larger than this many steps comes from the allocator each time.
const CLASSES: usize = 24;
/// How many bytes are kept at most.
const KEEP: usize = 1 << 20;

/// Owned by a loop's thread. Empty for good once the loop is closed.
pub(crate) struct Memory(RefCell<Option<Kept>>);

struct Kept {
    classes: Box<[Vec<NonNull<u8>>; CLASSES]>,
    bytes: usize,
}

/// The class of a layout, and what is asked of the allocator for it.
#[derive(Clone, Copy)]
pub(super) struct Piece {
    class: Option<usize>,
    layout: Layout,
}

impl Piece {
    pub(super) const fn of<T>() -> Self {
        let layout = Layout::new::<T>();
        let class = (layout.size() + WORD).div_ceil(STEP);
        if class >= CLASSES || layout.align() > WORD {
            return Self { class: None, layout };
        }
        match Layout::from_size_align(class * STEP - WORD, WORD) {
            Ok(layout) => Self { class: Some(class), layout },
            Err(_) => panic!("a few hundred bytes are no overflow"),
        }
    }

    /// Memory for it, from `kept` if there is some.
    #[inline]
    pub(super) fn allocate(self, kept: Option<&Memory>) -> NonNull<u8> {
        if let Some(class) = self.class
            && let Some(piece) = kept.and_then(|kept| kept.take(class))
        {
            return piece;
        }
        // SAFETY: the layout is a task's, which is not empty.
        let piece = unsafe { alloc(self.layout) };
        NonNull::new(piece).unwrap_or_else(|| handle_alloc_error(self.layout))
    }

    /// Gives it back.
    ///
    /// # Safety
    ///
    /// `piece` came from `allocate` of an equal `Piece`, and nobody uses it any more.
    #[inline]
    pub(super) unsafe fn free(self, piece: NonNull<u8>, keep: Option<&Memory>) {
        if let Some(class) = self.class
            && keep.is_some_and(|keep| keep.put(class, piece))
        {
            return;
        }
        // SAFETY: it came from the allocator with this layout.
        unsafe { dealloc(piece.as_ptr(), self.layout) }
    }
}

impl Memory {
    pub(crate) fn new() -> Self {
        Self(RefCell::new(Some(Kept { classes: Box::new([const { Vec::new() }; CLASSES]), bytes: 0 })))
    }

    #[inline]
    fn take(&self, class: usize) -> Option<NonNull<u8>> {
        let mut kept = self.0.borrow_mut();
        let kept = kept.as_mut()?;
        let piece = kept.classes[class].pop()?;
        kept.bytes -= class * STEP;
        Some(piece)
    }

    /// `false` if it is not wanted: there is enough of it, or the loop is closed.
    #[inline]
    fn put(&self, class: usize, piece: NonNull<u8>) -> bool {
        let mut kept = self.0.borrow_mut();
        let Some(kept) = kept.as_mut().filter(|kept| kept.bytes < KEEP) else { return false };
        kept.classes[class].push(piece);
        kept.bytes += class * STEP;
        true
    }

    /// Keeps nothing any more.
    pub(crate) fn close(&self) {
        let Some(kept) = self.0.take() else { return };
        for (class, pieces) in kept.classes.iter().enumerate() {
            for piece in pieces {
                let layout = Layout::from_size_align(class * STEP - WORD, WORD);
                // SAFETY: whatever is in a class was allocated with its layout, and is used by nobody.
                unsafe { dealloc(piece.as_ptr(), layout.expect("it was one before")) }
            }
        }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.close();
    }
}
