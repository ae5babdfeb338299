//! The memory of ended tasks and callbacks, kept for the next ones, each piece with the count of the loop that they held.
#![expect(unsafe_code, reason = "hands out raw memory")]
//!
//! The allocator's own cache holds seven pieces of a size; a loop that spawns by the thousand goes past it. And a count that
//! changes hands costs no atomic operation. Measured with `cargo xtask bench --only loop.spawn_join`.

use crate::shared::Shared;
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::cell::Cell;
use std::ptr::NonNull;
use std::sync::Arc;

/// Pieces are so many bytes apart in size, and one word short of a multiple of it: with the word that the allocator puts
/// before each they fill its own classes.
const STEP: usize = 16;
const WORD: usize = 8;
/// What is larger than this many steps comes from the allocator each time.
const CLASSES: usize = 24;
/// How many bytes are kept at most.
const KEEP: usize = 1 << 20;

/// Owned by a loop's thread. It is never dropped with a piece in it, because the pieces hold the loop: `close` ends that.
pub(crate) struct Memory {
    /// Of each class the piece that goes first.
    first: [Link; CLASSES],
    bytes: Cell<usize>,
}

type Link = Cell<Option<NonNull<Kept>>>;

/// What is in a piece that is kept.
struct Kept {
    /// Of the same class.
    next: Link,
    shared: Arc<Shared>,
}

/// The class of a layout, and what is asked of the allocator for it.
#[derive(Clone, Copy)]
pub(crate) struct Piece {
    class: Option<usize>,
    layout: Layout,
}

impl Piece {
    pub(crate) const fn of<T>() -> Self {
        let layout = Layout::new::<T>();
        assert!(layout.size() >= size_of::<Kept>() && layout.align() >= align_of::<Kept>());
        let class = (layout.size() + WORD).div_ceil(STEP);
        if class >= CLASSES || layout.align() > WORD {
            return Self { class: None, layout };
        }
        Self { class: Some(class), layout: layout_of(class) }
    }

    /// Memory for it, and a count of the loop: from what is kept, if there is some.
    #[inline]
    pub(crate) fn allocate(self, memory: &Memory, shared: &Arc<Shared>) -> (NonNull<u8>, Arc<Shared>) {
        if let Some(class) = self.class
            && let Some(kept) = memory.take(class)
        {
            return kept;
        }
        // SAFETY: the layout is a task's or a callback's, which is not empty.
        let piece = unsafe { alloc(self.layout) };
        (NonNull::new(piece).unwrap_or_else(|| handle_alloc_error(self.layout)), shared.clone())
    }

    /// Gives both back, on any thread.
    ///
    /// # Safety
    ///
    /// `piece` came from `allocate` of an equal `Piece`, and nobody uses it any more.
    #[inline]
    pub(crate) unsafe fn free(self, piece: NonNull<u8>, shared: Arc<Shared>) {
        let kept = piece.cast::<Kept>();
        // SAFETY: `of` has seen to it that this fits, and the piece is ours.
        let inside = unsafe {
            kept.write(Kept { next: Cell::new(None), shared });
            kept.as_ref()
        };
        if let Some(class) = self.class
            && let Some(ready) = inside.shared.ready()
            && ready.memory.has_room()
        {
            return ready.memory.put(class, kept, inside);
        }
        // SAFETY: it was written just now, and the piece came from the allocator with this layout. The count is dropped last.
        unsafe { release(kept, self.layout) }
    }
}

/// # Safety
///
/// `kept` was written, is linked nowhere, and came from the allocator with this layout.
unsafe fn release(kept: NonNull<Kept>, layout: Layout) {
    // SAFETY: as above.
    let Kept { shared, .. } = unsafe { kept.read() };
    // SAFETY: as above.
    unsafe { dealloc(kept.as_ptr().cast(), layout) }
    drop(shared);
}

const fn layout_of(class: usize) -> Layout {
    match Layout::from_size_align(class * STEP - WORD, WORD) {
        Ok(layout) => layout,
        Err(_) => panic!("a few hundred bytes are no overflow"),
    }
}

impl Memory {
    pub(crate) const fn new() -> Self {
        Self { first: [const { Cell::new(None) }; CLASSES], bytes: Cell::new(0) }
    }

    #[inline]
    fn take(&self, class: usize) -> Option<(NonNull<u8>, Arc<Shared>)> {
        let kept = self.first[class].get()?;
        // SAFETY: what is linked was written, and whoever unlinks it, as the next line does, owns it.
        let Kept { next, shared } = unsafe { kept.read() };
        self.first[class].set(next.get());
        self.bytes.set(self.bytes.get() - class * STEP);
        Some((kept.cast(), shared))
    }

    /// Not if there is enough, nor once the loop is closed.
    #[inline]
    fn has_room(&self) -> bool {
        self.bytes.get() < KEEP
    }

    #[inline]
    fn put(&self, class: usize, kept: NonNull<Kept>, inside: &Kept) {
        inside.next.set(self.first[class].replace(Some(kept)));
        self.bytes.set(self.bytes.get() + class * STEP);
    }

    /// Keeps nothing any more. Somebody else holds the loop meanwhile.
    pub(crate) fn close(&self) {
        for (class, first) in self.first.iter().enumerate() {
            while let Some(kept) = first.get() {
                // SAFETY: it is linked, so it was written.
                first.set(unsafe { kept.as_ref() }.next.get());
                // SAFETY: it is linked no more; whatever is in a class was allocated with its layout.
                unsafe { release(kept, layout_of(class)) }
            }
        }
        self.bytes.set(KEEP);
    }
}
