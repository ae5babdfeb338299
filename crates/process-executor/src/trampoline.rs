//! How a function crosses to a worker: as the distance between two addresses of one image.
#![expect(unsafe_code, reason = "a number becomes a function, a type without data its value")]

use crate::codec;
use crate::frame::{Body, Kind};
use crate::task::{self, Task};
use contract::Panic;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::ptr::NonNull;

/// What a worker runs: decodes the arguments, calls the function, encodes what came of it.
pub(crate) type Trampoline = fn(Body) -> Reply;

/// What a worker answers.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) kind: Kind,
    pub(crate) body: Body,
}

impl Reply {
    fn words(kind: Kind, words: String) -> Self {
        Self { kind, body: Body { structure: words.into_bytes(), ..Body::default() } }
    }

    pub(crate) fn bad_arguments(why: String) -> Self {
        Self::words(Kind::BadArguments, why)
    }

    pub(crate) fn bad_result(why: String) -> Self {
        Self::words(Kind::BadResult, why)
    }
}

/// The place in the image that all distances are measured from.
#[inline(never)]
pub(crate) fn anchor() {
    std::hint::black_box(());
}

/// What calls `F`.
pub(crate) fn of_call<F, A, R>() -> Trampoline
where
    F: Fn(A) -> R + Copy + Send + Sync + 'static,
    A: Serialize + DeserializeOwned + 'static,
    R: Serialize + DeserializeOwned + 'static,
{
    run::<F, A, R>
}

/// What runs the task `T`.
pub(crate) fn of_task<T: Task>() -> Trampoline {
    fn of<F, A, R>(_function: F) -> Trampoline
    where
        F: Fn(A) -> R + Copy + Send + Sync + 'static,
        A: Serialize + DeserializeOwned + 'static,
        R: Serialize + DeserializeOwned + 'static,
    {
        of_call::<F, A, R>()
    }
    of(task::perform::<T>)
}

/// The distance from [`anchor`] to a trampoline.
pub(crate) fn offset(trampoline: Trampoline) -> isize {
    (trampoline as usize).wrapping_sub(anchor_address()).cast_signed()
}

/// The distance from [`anchor`] to the trampoline of an initializer.
pub(crate) fn offset_of_initializer<F: Fn() + Copy + Send + Sync + 'static>() -> isize {
    offset(prepare::<F>)
}

/// Where the anchor is in this process.
pub(crate) fn anchor_address() -> usize {
    anchor as fn() as usize
}

/// What is at a distance from the anchor in this process.
pub(crate) fn address(offset: isize) -> usize {
    anchor_address().wrapping_add_signed(offset)
}

/// The trampoline at `offset`; `None` if there is no code of this image.
pub(crate) fn at(offset: isize) -> Option<Trampoline> {
    let address = address(offset);
    if !crate::image::holds_code(address) {
        return None;
    }
    // SAFETY: only the parent sends offsets, and only those that `offset_of` measured; the handshake has made sure that
    // parent and worker run the same image, so the function at this distance is the same one.
    Some(unsafe { std::mem::transmute::<*const (), Trampoline>(address as *const ()) })
}

fn run<F, A, R>(arguments: Body) -> Reply
where
    F: Fn(A) -> R + Copy + Send + Sync + 'static,
    A: Serialize + DeserializeOwned + 'static,
    R: Serialize + DeserializeOwned + 'static,
{
    const { assert!(size_of::<F>() == 0) };
    // SAFETY: `F` has no data, so a dangling, aligned pointer is a valid reference to it. It can exist: `call` was given
    // one, and `F: Copy` says that one more does no harm.
    let function = unsafe { NonNull::<F>::dangling().as_ref() };
    // Code of the user that codes can panic too; it must not be taken for a panic of the function.
    let arguments = match Panic::catch(|| codec::decode::<A>(arguments)) {
        Ok(Ok(arguments)) => arguments,
        Ok(Err(why)) => return Reply::words(Kind::BadArguments, why),
        Err(panic) => return Reply::words(Kind::BadArguments, format!("decoding panicked: {panic}")),
    };
    let result = match Panic::catch(|| function(arguments)) {
        Ok(result) => result,
        Err(panic) => return Reply { kind: Kind::Panicked, body: words_of(&panic) },
    };
    match Panic::catch(|| codec::encode(result)) {
        Ok(Ok(body)) => Reply { kind: Kind::Done, body },
        Ok(Err(why)) => Reply::bad_result(why),
        Err(panic) => Reply::bad_result(format!("encoding panicked: {panic}")),
    }
}

fn prepare<F: Fn() + Copy + Send + Sync + 'static>(_arguments: Body) -> Reply {
    const { assert!(size_of::<F>() == 0) };
    // SAFETY: as in `run`: a value without size has no bytes, and `F` is `Copy`; `initializer` was given one.
    let function = unsafe { NonNull::<F>::dangling().as_ptr().read() };
    match Panic::catch(function) {
        Ok(()) => Reply { kind: Kind::Prepared, body: Body::default() },
        Err(panic) => Reply { kind: Kind::Unprepared, body: words_of(&panic) },
    }
}

/// More of a message, or of a backtrace, than this stays behind.
const WORDS_MAX: usize = 64 << 10;

/// What a panic said, where, and how it came there, for the wire.
fn words_of(panic: &Panic) -> Body {
    words(panic.message(), panic.location(), crate::hook::take_backtrace().as_deref())
}

pub(crate) fn words(message: &str, location: Option<&str>, backtrace: Option<&str>) -> Body {
    let cut = |text: &str| text[..text.floor_char_boundary(WORDS_MAX)].to_owned();
    codec::encode((cut(message), location.map(cut), backtrace.map(cut))).unwrap_or_default()
}

/// A panic from its words.
pub(crate) fn panic_from(body: Body) -> Panic {
    let (message, location, backtrace) = codec::decode::<(String, Option<String>, Option<String>)>(body)
        .unwrap_or_else(|_| ("a panic whose words were lost".to_owned(), None, None));
    Panic::from_words(message, location).with_backtrace(backtrace)
}
