//! A dump of all tasks, on a signal or for whoever connects: what a process that hangs is doing.

mod handler;
mod socket;

pub use socket::{DumpSocket, dump_on_connect};

use crate::current::Loop;
use crate::debug::{Board, Doing};
use crate::introspect::PsTree;
use crate::pipe::without_sigpipe;
use crate::sync::{Mutex, lock};
use nix::sys::eventfd::{EfdFlags, EventFd};
use std::fmt::Write;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// A loop that has not answered by then counts as blocked.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// The loops that can be asked.
static LOOPS: Mutex<Vec<Weak<Board>>> = Mutex::new(Vec::new());

/// Loops begin to keep a board.
static ON: AtomicBool = AtomicBool::new(false);

/// The thread that writes the dumps has been started.
static STARTED: Mutex<bool> = Mutex::new(false);

/// From now on this signal makes the process write to standard error what the tasks of its loops are doing, as
/// [`pstree`](crate::pstree) shows it. It lasts until the process ends.
///
/// Call it first thing in `main`: it shows the loops that begin later, the one that runs on this thread, and those in debug
/// mode. A thread of its own asks each loop; one that has not answered within a second is blocked, and the step that blocks
/// it is named, with its tasks as they were after their last steps. There is no stack trace: to take one of another thread
/// needs a handler that unwinds, at any moment and in any state of it; a debugger does that better.
///
/// Each step of these loops costs a lock that nobody else wants and a look at the clock.
///
/// # Errors
///
/// What the kernel says of a signal that cannot be caught; `InvalidInput` for one that says that an instruction has failed
/// (SIGSEGV, SIGBUS, SIGFPE, SIGILL), after which nothing can go on; no descriptors or threads left.
///
/// # Examples
///
/// ```
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     core_loop::dump_on_signal(core_loop::signal::SIGUSR1)?; // `kill -USR1 PID` shows what it is doing
///     core_loop::run(async {})?;
///     Ok(())
/// }
/// ```
///
/// # Python
///
/// `faulthandler.register(signum)` for threads; `python -m asyncio pstree PID` for tasks.
pub fn dump_on_signal(signal: i32) -> io::Result<()> {
    start()?;
    handler::install(signal)?;
    watch_loops();
    Ok(())
}

/// The loops that begin from now on can be asked, and the one that runs on this thread.
fn watch_loops() {
    // Relaxed: whoever begins a loop on another thread later learns of this call in some way that orders it.
    ON.store(true, Ordering::Relaxed);
    if let Some(lp) = Loop::try_current()
        && lp.own_watch().is_none()
    {
        lp.watch(false);
    }
}

/// Starts the thread, once.
fn start() -> io::Result<()> {
    let mut started = lock(&STARTED);
    if !*started {
        let bell = EventFd::from_flags(EfdFlags::EFD_CLOEXEC)?;
        let bell = handler::set_bell(bell);
        std::thread::Builder::new().name("loop-dump".to_owned()).spawn(move || {
            while let Ok(_) | Err(nix::errno::Errno::EINTR) = bell.read() {
                say(&dump());
            }
        })?;
        *started = true;
    }
    Ok(())
}

pub(crate) fn is_on() -> bool {
    // Relaxed: see the store.
    ON.load(Ordering::Relaxed)
}

/// A loop that can be asked from now on.
pub(crate) fn register(board: &Arc<Board>) {
    let mut loops = lock(&LOOPS);
    loops.retain(|board| board.strong_count() > 0);
    loops.push(Arc::downgrade(board));
}

fn dump() -> String {
    let boards: Vec<_> = lock(&LOOPS).iter().filter_map(Weak::upgrade).collect();
    // All are asked before the first answer is waited for: blocked ones take a second together.
    let asked: Vec<_> = boards.iter().map(|board| (board, ask(board))).collect();
    let until = Instant::now() + ANSWER_WITHIN;
    let mut text = String::new();
    for (board, answer) in asked {
        let left = until.saturating_duration_since(Instant::now());
        // Writing to a string cannot fail.
        let _ = match answer.recv_timeout(left) {
            Ok(tree) => write!(text, "core_loop: the loop on {}\n{tree}", board.thread),
            Err(_) => write!(text, "{}", blocked(board)),
        };
    }
    if text.is_empty() {
        text.push_str("core_loop: no loop\n");
    }
    text
}

fn ask(board: &Board) -> Receiver<PsTree> {
    let (answer, answered) = channel();
    if let Some(shared) = board.shared.upgrade() {
        // Whoever asked may have given up.
        shared.send(|| Box::new(move |lp| drop(answer.send(lp.pstree()))));
    }
    answered
}

/// What is known of a loop that does not answer.
fn blocked(board: &Board) -> String {
    let (running, ps) = board.read();
    let why = match running {
        Some((step, so_far)) => {
            format!("it has been blocked for {so_far:.1?}, and {}: {step}", Doing::of(board.thread.tid))
        }
        None => "nobody runs it at the moment".to_owned(),
    };
    let tree = PsTree::new(ps);
    format!(
        "core_loop: the loop on {} does not answer: {why}\nits tasks, each as of its last step:\n{tree}",
        board.thread
    )
}

/// Without the lock of standard error, which the thread that hangs may hold.
fn say(text: &str) {
    let mut left = text.as_bytes();
    while !left.is_empty() {
        match without_sigpipe(|| Ok(nix::unistd::write(io::stderr(), left)?)) {
            Ok(written) => left = &left[written..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Nobody listens.
            Err(_) => return,
        }
    }
}
