//! How a process becomes a worker: before `main`, or where `main` calls [`init`].
#![expect(unsafe_code, reason = "a function that runs before main, and the environment changed by it")]

use crate::task::Tasks;
use crate::token::Mode;
use crate::worker::{self, Ticket};

/// Run by the loader before `main`. In a process that is no worker it reads one environment variable and returns.
#[used]
// SAFETY: the loader calls what stands in this section, with arguments that the C calling convention lets us ignore.
#[unsafe(link_section = ".init_array")]
static START: extern "C" fn() = start;

extern "C" fn start() {
    enter(Mode::BeforeMain);
}

/// Turns this process into a worker, if it was started to be one by a pool with
/// [`enter_in_main`](crate::Builder::enter_in_main), and does not return then. Any other process goes on at once.
///
/// Call it first thing in `main`. Without `enter_in_main` it is not needed: workers never get as far as `main`.
pub fn init() {
    enter(Mode::InMain);
}

fn enter(mode: Mode) {
    if let Some(ticket) = ticket(mode) {
        worker::run(ticket, Tasks::new());
    }
}

/// Whether this process was started to be a worker that enters here.
pub(crate) fn ticket(mode: Mode) -> Option<Ticket> {
    let ticket = worker::ticket(mode)?;
    // What this process starts in its turn must not take itself for a worker.
    // SAFETY: before `main`, or at its first line, there is no other thread that could read the environment.
    unsafe { std::env::remove_var(crate::token::VARIABLE) };
    Some(ticket)
}
