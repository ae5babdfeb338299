//! A panic that was caught: what it said, where it was raised, and the payload to raise it again.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::mem::forget;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, Once, PoisonError};

thread_local! {
    /// Where this thread panicked last: only the hook is told, the catcher fetches it from here.
    static LOCATION: RefCell<Option<String>> = const { RefCell::new(None) };
    /// Whether there may be something in `LOCATION`: spares those who catch no panic the look.
    static NOTED: Cell<bool> = const { Cell::new(false) };
}

/// A caught panic.
///
/// # Python
///
/// The exception that a `concurrent.futures.Future` holds. There the traceback travels along; here the message and the
/// place do, from another process also the [backtrace](Self::backtrace) if one was wanted, and [`resume`](Self::resume)
/// raises it again where it is wanted.
pub struct Panic(Box<Inner>);

/// Behind one pointer, because every outcome of a task or a job has room for a panic that it hardly ever holds.
struct Inner {
    message: String,
    location: Option<String>,
    backtrace: Option<String>,
    /// In a mutex so that every error that holds a panic is `Sync`, whatever the payload.
    payload: Mutex<Payload>,
}

/// Its destructor may panic, too: that ends here, so that whoever caught a panic may drop it anywhere.
struct Payload(Box<dyn Any + Send>);

impl Payload {
    /// Leaves nothing behind, in a box that costs nothing.
    fn take(&mut self) -> Box<dyn Any + Send> {
        std::mem::replace(&mut self.0, Box::new(()))
    }
}

impl Drop for Payload {
    fn drop(&mut self) {
        let payload = self.take();
        if let Err(next) = Panic::catch(|| drop(payload)) {
            // Leaked, because it may do the same for ever. The panic hook has reported it.
            forget(next.into_payload());
        }
    }
}

impl Panic {
    /// Runs `work` and catches its panic.
    ///
    /// The process's panic hook still runs, so the panic is reported as usual; this function adds one hook of its own
    /// in front, once, to learn the location.
    ///
    /// # Errors
    ///
    /// The panic, if `work` panicked. Its location is missing if somebody replaced the panic hook without calling the one
    /// before, or resumed another panic that was caught elsewhere.
    #[inline]
    pub fn catch<T>(work: impl FnOnce() -> T) -> Result<T, Self> {
        note_locations();
        // What is noted now belongs to another panic, which may be unwinding through the destructor that called this.
        let others = if NOTED.get() { exchange_location(None) } else { None };
        match catch_unwind(AssertUnwindSafe(work)) {
            Ok(output) => {
                if others.is_some() || NOTED.get() {
                    exchange_location(others);
                }
                Ok(output)
            }
            Err(payload) => Err(Self::caught(payload, exchange_location(others))),
        }
    }

    #[cold]
    fn caught(payload: Box<dyn Any + Send>, location: Option<String>) -> Self {
        Self(Box::new(Inner {
            message: message_of(&*payload),
            location,
            backtrace: None,
            payload: Mutex::new(Payload(payload)),
        }))
    }

    /// A panic that happened somewhere else (in a worker process), of which only words came back.
    #[must_use]
    pub fn from_words(message: String, location: Option<String>) -> Self {
        let payload = Mutex::new(Payload(Box::new(message.clone())));
        Self(Box::new(Inner { message, location, backtrace: None, payload }))
    }

    /// The same, with the stack of the thread that panicked, in words.
    #[must_use]
    pub fn with_backtrace(mut self, backtrace: Option<String>) -> Self {
        self.0.backtrace = backtrace;
        self
    }

    /// What the panic said; a fixed phrase if its payload was not text.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Where it was raised, as `file:line:column`.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.0.location.as_deref()
    }

    /// The stack of the thread that panicked, if that was in another process and `RUST_BACKTRACE` asked for it there. A panic
    /// of this process prints its own.
    #[must_use]
    pub fn backtrace(&self) -> Option<&str> {
        self.0.backtrace.as_deref()
    }

    /// What the code panicked with.
    #[must_use]
    pub fn into_payload(self) -> Box<dyn Any + Send> {
        self.0.payload.into_inner().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Goes on unwinding here, without running the panic hook a second time.
    ///
    /// # Panics
    ///
    /// Always: that is what it is for.
    pub fn resume(mut self) -> ! {
        exchange_location(self.0.location.take());
        resume_unwind(self.into_payload())
    }
}

fn message_of(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "a panic whose payload is not text".to_owned()
    }
}

/// Runs foreign code whose panic must not stop what comes after it. The panic hook has reported it then.
pub(crate) fn shielded(foreign: impl FnOnce()) {
    let _reported = Panic::catch(foreign);
}

/// Notes `location` and gives what was noted before.
#[cold]
fn exchange_location(location: Option<String>) -> Option<String> {
    NOTED.set(location.is_some());
    // A thread that is going away has no cell left.
    LOCATION.try_with(|noted| noted.replace(location)).ok().flatten()
}

static HOOK: Once = Once::new();

#[inline]
fn note_locations() {
    if !HOOK.is_completed() {
        set_hook();
    }
}

#[cold]
fn set_hook() {
    // A panicking thread may not change the hook: it would panic again, and abort. Another call will.
    if std::thread::panicking() {
        return;
    }
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            exchange_location(info.location().map(ToString::to_string));
            before(info);
        }));
    });
}

impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        match &self.0.location {
            Some(location) => write!(f, " (at {location})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Panic")
            .field("message", &self.0.message)
            .field("location", &self.0.location)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Panic {}

#[cfg(test)]
mod tests {
    use super::Panic;

    #[test]
    fn a_caught_panic_knows_what_and_where() {
        let panic = Panic::catch(|| panic!("no {}", "luck")).expect_err("it panicked");
        assert_eq!(panic.message(), "no luck");
        let location = panic.location().expect("the hook was there");
        assert!(location.contains("panic.rs:"), "{location}");
        assert_eq!(panic.to_string(), format!("no luck (at {location})"));
    }

    #[test]
    fn a_resumed_panic_keeps_its_payload() {
        let panic = Panic::catch(|| std::panic::panic_any(7_u8)).expect_err("it panicked");
        let again = Panic::catch(|| panic.resume()).map(|(): ()| ()).expect_err("it goes on");
        assert!(again.location().is_some_and(|location| location.contains("panic.rs:")), "{again:?}");
        assert_eq!(*again.into_payload().downcast::<u8>().expect("the same payload"), 7);
    }

    #[test]
    fn dropping_a_panic_never_panics_whatever_its_payload() {
        struct Endless(u8);
        impl Drop for Endless {
            fn drop(&mut self) {
                std::panic::panic_any(Self(self.0 + 1));
            }
        }
        drop(Panic::catch(|| std::panic::panic_any(Endless(0))));
    }

    #[test]
    fn a_panic_is_not_given_the_location_of_an_earlier_one() {
        let earlier = std::panic::catch_unwind(|| panic!("caught by others"));
        let panic = Panic::catch(|| std::panic::resume_unwind(Box::new("no hook ran")));
        assert_eq!(panic.map(|(): ()| ()).expect_err("it panicked").location(), None);
        drop(earlier);
    }

    #[test]
    fn a_panic_keeps_its_location_although_a_destructor_caught_another_on_the_way() {
        struct CatchesOnDrop;
        impl Drop for CatchesOnDrop {
            fn drop(&mut self) {
                Panic::catch(|| panic!("on the way")).expect_err("it panicked");
            }
        }
        let line = line!() + 3;
        let panic = Panic::catch(|| {
            let _on_the_way = CatchesOnDrop;
            panic!("the first");
        });
        let location = panic.map(|(): ()| ()).expect_err("it panicked").location().map(str::to_owned);
        assert!(location.is_some_and(|location| location.contains(&format!(":{line}:"))));
    }
}
