//! The worker's side: from the first instruction to the last job.

use crate::ear::Ear;
use crate::frame::{Frame, HEADER, Kind, Reader, Step};
use crate::token::{self, Mode};
use crate::trampoline::{self, Reply};
use crate::{cx, image, sys};
use nix::sys::prctl;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::socket::sockopt::PeerCredentials;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, getsockopt, recvmsg};
use nix::unistd::{dup2_stdin, getppid, pipe};
use std::fs::File;
use std::io::{IoSliceMut, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::panic::PanicHookInfo;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// The exit code of a worker whose parent is gone.
const ORPHANED: i32 = 86;
/// The exit code of a worker that could not begin.
const FAILED: i32 = 87;

/// The right to become a worker.
pub(crate) struct Ticket {
    nonce: u64,
    parent: i32,
}

/// Whether this process was started to be a worker that enters here.
pub(crate) fn ticket(mode: Mode) -> Option<Ticket> {
    let nonce = token::nonce(std::env::var(token::VARIABLE).ok()?.as_str(), mode)?;
    // A program with more rights than its caller takes no orders from its environment.
    if sys::has_extra_rights() {
        return None;
    }
    // Somebody else may have set the variable: a worker has a socket for its standard input.
    let peer = getsockopt(&std::io::stdin().as_fd(), PeerCredentials).ok()?;
    Some(Ticket { nonce, parent: peer.pid() })
}

/// Works until the parent hangs up.
pub(crate) fn run(ticket: Ticket) -> ! {
    match begin(&ticket) {
        Ok((socket, limit)) => serve(socket, limit),
        Err(why) => {
            // The parent keeps the last lines; there is nobody else to tell.
            let _ = writeln!(std::io::stderr(), "this worker cannot begin: {why}");
            sys::exit_now(FAILED)
        }
    }
}

/// Leaves behind what was inherited, ties this process's life to its parent's, and says hello.
fn begin(ticket: &Ticket) -> Result<(UnixStream, usize), String> {
    let told = |what: &'static str| move |error: &dyn std::fmt::Display| format!("{what}: {error}");
    let socket = sys::take_socket().map_err(|error| told("the socket")(&error))?;
    sys::close_from(sys::SOCKET + 1);
    sys::reset_signals();
    SigSet::empty().thread_set_mask().map_err(|error| told("the signal mask")(&error))?;
    empty_input().map_err(|error| told("the standard input")(&error))?;
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(|error| told("the parent's death signal")(&error))?;
    if getppid().as_raw() != ticket.parent {
        // It died before the line above could take effect.
        sys::exit_now(ORPHANED);
    }
    let (lifeline, limit) = welcome(&socket, ticket.nonce)?;
    watch(lifeline).map_err(|error| told("the lifeline's thread")(&error))?;
    let mut socket = UnixStream::from(socket);
    let hello = Frame::new(Kind::Hello, ticket.nonce, image::fingerprint(), crate::frame::Body::default());
    hello
        .into_pieces()
        .iter()
        .try_for_each(|piece| socket.write_all(piece))
        .map_err(|e| told("hello")(&e))?;
    Ok((socket, limit))
}

/// Puts something on descriptor 0 that is at its end: a job that reads must not read our frames.
fn empty_input() -> nix::Result<()> {
    match File::open("/dev/null") {
        Ok(null) => dup2_stdin(null),
        // A container without /dev: a pipe that nobody writes to does as well.
        Err(_) => dup2_stdin(pipe()?.0),
    }
}

/// Takes the parent's first frame, and the lifeline that comes with it.
fn welcome(socket: &OwnedFd, nonce: u64) -> Result<(OwnedFd, usize), String> {
    let mut bytes = [0; HEADER];
    let mut space = nix::cmsg_space!(i32);
    let mut buffers = [IoSliceMut::new(&mut bytes)];
    let flags = MsgFlags::MSG_WAITALL | MsgFlags::MSG_CMSG_CLOEXEC;
    let message = recvmsg::<()>(socket.as_raw_fd(), &mut buffers, Some(&mut space), flags)
        .map_err(|error| format!("the parent's welcome: {error}"))?;
    let lifeline = message.cmsgs().map_err(|error| error.to_string())?.find_map(|part| match part {
        ControlMessageOwned::ScmRights(fds) => fds.first().copied().map(sys::own),
        _ => None,
    });
    let frame = match Reader::new(0).read(&mut &bytes[..]) {
        Ok(Step::Frame(frame)) if frame.kind == Kind::Welcome && frame.job == nonce => frame,
        other => return Err(format!("the parent's welcome makes no sense: {other:?}")),
    };
    let lifeline = lifeline.ok_or("no lifeline came with the parent's welcome")?;
    Ok((lifeline, usize::try_from(frame.a).unwrap_or(usize::MAX)))
}

/// Watches the lifeline from a thread of its own, because the main thread is the job's: the end of it is the end of the
/// parent, a number is a job to be cancelled.
fn watch(lifeline: OwnedFd) -> std::io::Result<()> {
    let mut lifeline = File::from(lifeline);
    let watch = move || {
        let mut job = [0; 8];
        while lifeline.read_exact(&mut job).is_ok() {
            cx::set_cancelled(u64::from_le_bytes(job));
        }
        sys::exit_now(ORPHANED)
    };
    thread::Builder::new().name("lifeline".to_owned()).stack_size(64 << 10).spawn(watch).map(drop)
}

/// The socket, and the right to write to it: frames of two threads must not mix.
struct Line {
    socket: UnixStream,
    turn: Mutex<()>,
}

impl Line {
    fn send(&self, _turn: &MutexGuard<'_, ()>, frame: Frame) {
        for piece in frame.into_pieces() {
            if (&self.socket).write_all(&piece).is_err() {
                // Nobody is left to work for.
                sys::exit_now(ORPHANED);
            }
        }
    }
}

/// Runs one job after the other on this thread.
fn serve(socket: UnixStream, limit: usize) -> ! {
    let line = Arc::new(Line { socket, turn: Mutex::new(()) });
    let told = line.clone();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        tell(&told, info);
        before(info);
    }));
    let (mut reader, mut ear) = (Reader::new(limit), Ear::default());
    loop {
        ear.wait_awake(&line.socket);
        let step = reader.read(&mut &line.socket);
        ear.heard();
        let frame = match step {
            Ok(Step::Frame(frame)) if frame.kind == Kind::Run => frame,
            Ok(Step::End) => std::process::exit(0),
            other => {
                let _ = writeln!(std::io::stderr(), "the parent sent what makes no sense: {other:?}");
                sys::exit_now(FAILED)
            }
        };
        let job = frame.job;
        cx::set_running(job);
        let mut reply = match trampoline::at(frame.a.cast_signed() as isize) {
            Some(function) => function(frame.body),
            None => Reply::bad_result("there is no code at the place that was sent".to_owned()),
        };
        if reply.body.len() > limit {
            let len = reply.body.len();
            reply = Reply::bad_result(format!("{len} bytes, more than the limit of {limit}"));
        }
        // What the job printed without a line end must not wait for the next job.
        let _ = std::io::stdout().flush();
        let turn = line.turn.lock().unwrap_or_else(PoisonError::into_inner);
        cx::set_running(0);
        line.send(&turn, Frame::new(reply.kind, job, 0, reply.body));
    }
}

/// Sends the words of a panic before anything else happens to this process: under `panic = "abort"`, in a function that
/// cannot unwind, and in a destructor during another panic, it is about to end.
fn tell(line: &Line, info: &PanicHookInfo<'_>) {
    // If this very thread is sending, it panicked in our own code; then the words go to standard error only.
    if let Ok(turn) = line.turn.try_lock()
        && cx::running() != 0
    {
        let message = info.payload_as_str().unwrap_or("a panic whose payload is not text");
        let location = info.location().map(ToString::to_string);
        let words = trampoline::words(message, location.as_deref());
        line.send(&turn, Frame::new(Kind::Panicking, cx::running(), 0, words));
    }
}
