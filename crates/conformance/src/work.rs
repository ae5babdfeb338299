//! What executors are given to do: a few jobs described as data, so that every kind of executor can run them.

use crate::gate::{Door, Visit};
use crate::stress::errand::Errand;
use std::fmt;

/// A piece of work, as data: a thread pool runs it in a closure, a loop in a future, a process pool as bytes.
///
/// An executor under test is an `Executor<Work, Output = u64>`; [`Bench`](crate::Bench) makes one from an executor of
/// closures, futures or bytes.
pub struct Work(Kind);

enum Kind {
    Return(u64),
    Panic(String),
    Visit(Visit),
    /// A visit to a gate in another process.
    Door(Door),
    /// In a box, because it is much larger than the others.
    Errand(Box<Errand>),
}

impl Work {
    /// Gives `number`.
    #[must_use]
    pub fn value(number: u64) -> Self {
        Self(Kind::Return(number))
    }

    /// Panics with `message`.
    #[must_use]
    pub fn panic(message: &str) -> Self {
        Self(Kind::Panic(message.to_owned()))
    }

    pub(crate) fn visit(visit: Visit) -> Self {
        Self(Kind::Visit(visit))
    }

    pub(crate) fn errand(errand: Errand) -> Self {
        Self(Kind::Errand(Box::new(errand)))
    }

    /// The number of an errand.
    pub(crate) fn errand_number(&self) -> Option<u64> {
        match &self.0 {
            Kind::Errand(errand) => Some(errand.number),
            _ => None,
        }
    }

    /// How often a future of it gives way before it does the work.
    pub(crate) fn turns(&self) -> u32 {
        match &self.0 {
            Kind::Errand(errand) => errand.turns,
            _ => 0,
        }
    }

    /// Does the work on this thread, and blocks it if the work is to wait.
    ///
    /// # Panics
    ///
    /// If that is the work; and if a gate that it waits for does not open in half a minute.
    #[must_use]
    pub fn perform(self) -> u64 {
        match self.0 {
            Kind::Return(number) => number,
            Kind::Panic(message) => panic!("{message}"),
            Kind::Visit(visit) => visit.pay(),
            Kind::Door(door) => door.knock().unwrap_or_else(|error| panic!("no way to the gate: {error}")),
            Kind::Errand(errand) => errand.perform(),
        }
    }

    /// The same on an executor of futures: work that is to await does so, and leaves the thread to others.
    pub(crate) async fn perform_async(self) -> u64 {
        match self.0 {
            Kind::Visit(visit) => visit.pay_async().await,
            other => Self(other).perform(),
        }
    }

    /// The work as bytes, for another process of this machine. Take them once: they stand for this very work.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match &self.0 {
            Kind::Return(number) => format!("return {number}"),
            Kind::Panic(message) => format!("panic {message}"),
            Kind::Visit(visit) => format!("visit {}", visit.door()),
            Kind::Door(door) => format!("visit {door}"),
            Kind::Errand(errand) => format!("errand {errand}"),
        }
        .into_bytes()
    }

    /// The work that [`to_bytes`](Self::to_bytes) described.
    ///
    /// # Panics
    ///
    /// On any other bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self::parse(bytes)
            .unwrap_or_else(|| panic!("these bytes are no work: `{}`", String::from_utf8_lossy(bytes)))
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (verb, rest) = str::from_utf8(bytes).ok()?.split_once(' ')?;
        Some(Self(match verb {
            "return" => Kind::Return(rest.parse().ok()?),
            "panic" => Kind::Panic(rest.to_owned()),
            "visit" => Kind::Door(rest.parse().ok()?),
            "errand" => Kind::Errand(Box::new(rest.parse().ok()?)),
            _ => return None,
        }))
    }
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Return(number) => write!(f, "Work(return {number})"),
            Kind::Panic(message) => write!(f, "Work(panic {message:?})"),
            Kind::Visit(visit) => write!(f, "Work(visit {})", visit.number()),
            Kind::Door(door) => write!(f, "Work(visit {door})"),
            Kind::Errand(errand) => write!(f, "Work(errand {errand})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Work;
    use crate::Gate;

    #[test]
    fn work_that_went_through_bytes_does_the_same() {
        assert_eq!(Work::from_bytes(&Work::value(7).to_bytes()).perform(), 7);
        let panic = contract::Panic::catch(|| Work::from_bytes(&Work::panic("no luck").to_bytes()).perform());
        assert_eq!(panic.expect_err("that is the work").message(), "no luck");
    }

    #[test]
    fn a_visit_through_bytes_is_seen_and_waits_for_the_gate() {
        let gate = Gate::new();
        let bytes = gate.wait(3).to_bytes();
        let visitor = std::thread::spawn(move || Work::from_bytes(&bytes).perform());
        assert_eq!(gate.arrived(1).expect("it comes").first().map(|arrival| arrival.number), Some(3));
        assert!(!visitor.is_finished());
        gate.open();
        assert_eq!(visitor.join().expect("it passes"), 3);
    }

    #[test]
    fn bytes_that_are_no_work_are_refused_with_a_word() {
        for bytes in [&b"\xff"[..], b"", b"return", b"return x", b"visit 1", b"steal 1"] {
            let refused = contract::Panic::catch(|| Work::from_bytes(bytes)).map(|_| ());
            assert!(refused.expect_err("no work").message().contains("are no work"));
        }
    }
}
