//! A word that says all while nobody waits, and the line of those who do.
//!
//! ```text
//!               occupy                    the last one leaves
//!  NO LINE ───────────────► LINE ────────────────────────────────► NO LINE
//!  anybody may change       only whoever has the mutex of the
//!  the word at once         line changes the word
//! ```
//!
//! So all that happens while nobody waits is one exchange of the word, and all that happens while somebody does is ordered
//! by one mutex. The line itself is made when it is first needed.

use crate::kind::{Guarded, Kind, Lazy, Word, for_each_kind};
use crate::sync::const_fn;
use crate::waiters::Waiters;
use std::ops::{Deref, DerefMut};

/// Set in the word as long as somebody is in line.
const LINE: usize = 1;

/// The other bits of the word are the primitive's.
pub(crate) const FIRST_BIT: usize = LINE << 1;

pub(crate) struct Line<K: Kind> {
    word: K::Word,
    waiters: K::Lazy<K::Mutex<Waiters>>,
}

for_each_kind! {
    impl Line<K> {
        const_fn! {
            /// `word` has no bits below [`FIRST_BIT`].
            pub(crate) fn new(word: usize) -> Self {
                Self { word: K::word(word), waiters: K::lazy() }
            }
        }
    }
}

/// What became of a change that was tried without the mutex.
#[derive(PartialEq)]
pub(crate) enum Tried {
    Done,
    /// The change is none.
    Refused,
    /// Somebody is in line.
    Occupied,
}

impl<K: Kind> Line<K> {
    /// The word as it is, or was a moment ago, without the bit of the line; and whether anybody is in line.
    #[inline]
    pub(crate) fn look(&self) -> (usize, bool) {
        let word = self.word.load();
        (word & !LINE, word & LINE != 0)
    }

    /// Changes the word, if nobody is in line.
    #[inline]
    pub(crate) fn try_change(&self, change: impl Fn(usize) -> Option<usize>) -> Tried {
        let mut word = self.word.load();
        loop {
            if word & LINE != 0 {
                return Tried::Occupied;
            }
            let Some(new) = change(word) else { return Tried::Refused };
            match self.word.swap_if(word, new) {
                Ok(()) => return Tried::Done,
                Err(now) => word = now,
            }
        }
    }

    /// Takes the mutex. Somebody may be in line, or not.
    pub(crate) fn lock(&self) -> Locked<'_, K> {
        Locked {
            word: &self.word,
            waiters: self.waiters.get_or_init(|| K::Mutex::new(Waiters::new())).lock(),
        }
    }

    /// [`occupy`](Self::occupy) in any case, for a primitive that changes its word under the mutex only.
    pub(crate) fn occupied(&self) -> (Locked<'_, K>, usize) {
        let locked = self.occupy(|_| None).expect("no change was tried");
        let word = locked.word().expect("it is occupied");
        (locked, word)
    }

    /// Takes the mutex, and makes sure that only whoever has it changes the word; unless the change can be done after all.
    /// Whoever does not join must [`set`](Locked::set) the word.
    pub(crate) fn occupy(&self, change: impl Fn(usize) -> Option<usize>) -> Option<Locked<'_, K>> {
        let locked = self.lock();
        loop {
            match self.try_change(&change) {
                Tried::Done => return None,
                Tried::Occupied => return Some(locked),
                Tried::Refused => {}
            }
            let word = self.word.load();
            // Only if the change is still refused: what came back since is for whoever asks.
            if word & LINE == 0 && change(word).is_none() && self.word.swap_if(word, word | LINE).is_ok() {
                return Some(locked);
            }
        }
    }
}

/// The mutex of a line.
pub(crate) struct Locked<'a, K: Kind> {
    word: &'a K::Word,
    waiters: <K::Mutex<Waiters> as Guarded<Waiters>>::Guard<'a>,
}

impl<K: Kind> Locked<'_, K> {
    /// The word; `None` if nobody is in line, and so anybody may change it.
    pub(crate) fn word(&self) -> Option<usize> {
        let word = self.word.load();
        (word & LINE != 0).then_some(word & !LINE)
    }

    /// Changes the word while it is occupied. The bit of the line follows from who is in it.
    pub(crate) fn set(&self, word: usize) {
        debug_assert_ne!(self.word.load() & LINE, 0, "changed without the mutex");
        self.word.store(if self.waiters.is_empty() { word } else { word | LINE });
    }
}

impl<K: Kind> Deref for Locked<'_, K> {
    type Target = Waiters;

    fn deref(&self) -> &Waiters {
        &self.waiters
    }
}

impl<K: Kind> DerefMut for Locked<'_, K> {
    fn deref_mut(&mut self) -> &mut Waiters {
        &mut self.waiters
    }
}
