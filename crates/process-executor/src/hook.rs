//! A worker's panic hook: notes the backtrace, and tells the parent before anything else can happen to this process.

use crate::frame::{Frame, Kind};
use crate::line::Line;
use crate::{cx, trampoline};
use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::Cell;
use std::panic::PanicHookInfo;
use std::sync::Arc;

thread_local! {
    /// The stack of this thread's last panic, if the environment asks for stacks.
    static BACKTRACE: Cell<Option<String>> = const { Cell::new(None) };
}

/// The stack of the panic that this thread has just caught.
pub(crate) fn take_backtrace() -> Option<String> {
    BACKTRACE.take()
}

/// Puts the hook before the one that is there.
pub(crate) fn install(line: Arc<Line>) {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let backtrace = Backtrace::capture();
        let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
        tell(&line, info, backtrace.as_deref());
        // A thread that is going away has no cell left.
        let _ = BACKTRACE.try_with(|cell| cell.set(backtrace));
        before(info);
    }));
}

/// Sends the words of a panic: under `panic = "abort"`, in a function that cannot unwind, and in a destructor during another
/// panic, the process is about to end.
fn tell(line: &Line, info: &PanicHookInfo<'_>, backtrace: Option<&str>) {
    // If this very thread is sending, it panicked in our own code; then the words go to standard error only.
    if let Some(turn) = line.try_turn()
        && cx::running() != 0
    {
        let message = info.payload_as_str().unwrap_or("a panic whose payload is not text");
        let location = info.location().map(ToString::to_string);
        let words = trampoline::words(message, location.as_deref(), backtrace);
        turn.send(Frame::new(Kind::Panicking, cx::running(), 0, words));
    }
}
