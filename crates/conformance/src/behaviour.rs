//! A behaviour: a sentence that must hold, and the function that tries it on a subject.

use crate::Subject;
use std::fmt;

/// A sentence that must hold for every subject of kind `K`, and how it is tried.
pub struct Behaviour<K: Kind> {
    /// Its name in the catalogue: `lock.fifo`.
    pub id: &'static str,
    /// What must hold.
    pub sentence: &'static str,
    /// How binding it is.
    pub level: Level,
    /// Where it comes from: a test or a source of CPython, relative to `Lib/test`, or a promise of our own contract.
    pub origin: &'static str,
    /// Why it is not asked as its origin asks it, if it is not: what has no form in Rust, or was decided otherwise.
    pub adapted: Option<&'static str>,
    /// Tries it.
    pub(crate) attempt: fn(&Subject<K>) -> Verdict,
}

/// What behaviours are tried on: loops, executors or primitives.
pub trait Kind: Sized + 'static {
    /// A fresh one, as a subject makes it.
    type Made;

    /// `loop`, `executor` or `primitive`.
    const NAME: &'static str;

    /// All behaviours of this kind, in the order of the catalogue.
    fn behaviours() -> &'static [Behaviour<Self>];
}

/// How binding a behaviour is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The same everywhere.
    Must,
    /// As the subject declares it; the declaration is verified.
    Profile,
    /// Allowed, not asked for.
    May,
}

/// What the attempt of a behaviour gives.
pub type Verdict = Result<(), Miss>;

/// Why a behaviour did not pass. Every error becomes a [`Fail`](Self::Fail) with `?`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Miss {
    /// It does not hold, and this was seen.
    Fail(String),
    /// It cannot be tried on this subject, for this reason.
    Skip(String),
}

impl<E: std::error::Error> From<E> for Miss {
    fn from(error: E) -> Self {
        Self::Fail(format!("an error that should not be: {error}"))
    }
}

/// Holds, or else this was seen.
pub(crate) fn ensure(holds: bool, seen: impl fmt::Display) -> Verdict {
    if holds { Ok(()) } else { Err(Miss::Fail(seen.to_string())) }
}

/// `seen` is what was wanted, or else the two are told under the name `what`.
pub(crate) fn same<A: fmt::Debug + PartialEq<B>, B: fmt::Debug>(what: &str, seen: A, wanted: B) -> Verdict {
    if seen == wanted { Ok(()) } else { Err(Miss::Fail(format!("{what}: saw {seen:?}, wanted {wanted:?}"))) }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Must => "MUST",
            Self::Profile => "PROFILE",
            Self::May => "MAY",
        })
    }
}

impl<K: Kind> fmt::Debug for Behaviour<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Behaviour").field("id", &self.id).field("level", &self.level).finish_non_exhaustive()
    }
}
