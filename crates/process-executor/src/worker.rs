//! The worker's side: from the first instruction to the last job.

use crate::blob::crossing::Borrowed;
use crate::cx::JobCx;
use crate::ear::{self, Ear};
use crate::frame::{Body, Frame, HEADER, Kind, Reader, Step};
use crate::line::{Line, ORPHANED};
use crate::plan::Terms;
use crate::ring::{ROOM, Slip};
use crate::task::Tasks;
use crate::token::{self, Mode};
use crate::trampoline::{self, Reply, Trampoline};
use crate::tray::Tray;
use crate::wire::{Descriptors, Wire};
use crate::{codec, cx, hook, image, sys};
use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::socket::sockopt::PeerCredentials;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, getsockopt, recvmsg};
use nix::unistd::{dup2_stdin, dup2_stdout, getppid, pipe};
use std::fs::File;
use std::io::{self, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

/// The exit code of a worker that could not begin.
const FAILED: i32 = 87;
/// The exit code of a worker that the system refused what it needs to begin: descriptors, threads, memory.
pub(crate) const SHORT: i32 = 88;
/// The size of the parent's terms, at most.
const TERMS_MAX: usize = 64 << 10;
/// So many loans are given back in one frame, which is small.
const RELEASES_MAX: usize = 256;

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
pub(crate) fn run(ticket: Ticket, tasks: Tasks) -> ! {
    match begin(&ticket) {
        Ok((socket, terms)) => serve(socket, ticket.nonce, &terms, tasks),
        Err(Obstacle { what, why }) => {
            // The parent keeps the last lines; there is nobody else to tell.
            let _ = writeln!(std::io::stderr(), "this worker cannot begin: {what}: {why}");
            sys::exit_now(if sys::is_shortage(&why) { SHORT } else { FAILED })
        }
    }
}

/// Why a worker cannot begin.
struct Obstacle {
    what: &'static str,
    why: io::Error,
}

/// Says what it was that failed.
trait At<T> {
    fn at(self, what: &'static str) -> Result<T, Obstacle>;
}

impl<T, E: Into<io::Error>> At<T> for Result<T, E> {
    fn at(self, what: &'static str) -> Result<T, Obstacle> {
        self.map_err(|why| Obstacle { what, why: why.into() })
    }
}

/// Leaves behind what was inherited, ties this process's life to its parent's, and says hello.
fn begin(ticket: &Ticket) -> Result<(UnixStream, Terms), Obstacle> {
    let socket = sys::take_socket().at("the socket")?;
    sys::close_from(sys::SOCKET + 1);
    sys::reset_signals();
    SigSet::empty().thread_set_mask().at("the signal mask")?;
    empty_input().at("the standard input")?;
    prctl::set_pdeathsig(Signal::SIGKILL).at("the parent's death signal")?;
    if getppid().as_raw() != ticket.parent {
        // It died before the line above could take effect.
        sys::exit_now(ORPHANED);
    }
    let mut socket = UnixStream::from(socket);
    let (lifeline, terms) = welcome(&socket, ticket.nonce).at("the parent's welcome")?;
    if terms.output_to_error {
        dup2_stdout(std::io::stderr()).at("the standard output")?;
    }
    terms.limits.impose().at("its limits")?;
    watch(lifeline).at("the lifeline's thread")?;
    let hello = Frame::new(Kind::Hello, ticket.nonce, image::fingerprint(), Body::default());
    hello.into_pieces().iter().try_for_each(|piece| socket.write_all(piece)).at("hello")?;
    Ok((socket, terms))
}

/// Puts something on descriptor 0 that is at its end: a job that reads must not read our frames.
fn empty_input() -> nix::Result<()> {
    match File::open("/dev/null") {
        Ok(null) => dup2_stdin(null),
        // A container without /dev: a pipe that nobody writes to does as well.
        Err(_) => dup2_stdin(pipe()?.0),
    }
}

/// Takes the parent's first frame, and the lifeline that comes with its first bytes.
fn welcome(socket: &UnixStream, nonce: u64) -> io::Result<(OwnedFd, Terms)> {
    let mut bytes = [0; HEADER];
    let mut space = nix::cmsg_space!(i32);
    let mut buffers = [IoSliceMut::new(&mut bytes)];
    let flags = MsgFlags::MSG_WAITALL | MsgFlags::MSG_CMSG_CLOEXEC;
    let message = recvmsg::<()>(socket.as_raw_fd(), &mut buffers, Some(&mut space), flags)?;
    let lifeline = message.cmsgs()?.find_map(|part| match part {
        ControlMessageOwned::ScmRights(fds) => fds.first().copied().map(sys::own),
        _ => None,
    });
    // A descriptor that finds no room is left out, and nobody says why.
    let lifeline = lifeline.ok_or(Errno::EMFILE)?;
    let nonsense = |what: &dyn std::fmt::Debug| io::Error::other(format!("it makes no sense: {what:?}"));
    match Reader::new(TERMS_MAX).read(&mut (&bytes[..]).chain(socket)) {
        Ok(Step::Frame(frame)) if frame.kind == Kind::Welcome && frame.job == nonce => {
            let terms = codec::decode(frame.body).map_err(|why| nonsense(&why))?;
            Ok((lifeline, terms))
        }
        other => Err(nonsense(&other)),
    }
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

/// Runs one job after the other on this thread.
fn serve(socket: UnixStream, nonce: u64, terms: &Terms, tasks: Tasks) -> ! {
    let limit = usize::try_from(terms.limit).unwrap_or(usize::MAX);
    let line = Arc::new(Line::new(socket));
    hook::install(line.clone());
    let mut work = Work {
        line,
        reader: Reader::of_parent(limit),
        limit,
        descriptors: Descriptors::default(),
        borrowed: Borrowed::default(),
        tasks,
        tray: None,
    };
    let mut ear = Ear::default();
    loop {
        work.give_back();
        if work.run_next_in_tray(terms.tells_memory) {
            continue;
        }
        if !work.reader.has_more() {
            ear.wait_awake(|| ear::has_something(&work.line.socket) || work.has_next_in_tray());
            if work.tray.as_mut().is_some_and(|tray| !tray.may_sleep()) {
                continue;
            }
        }
        let frame = work.next();
        ear.heard();
        match frame.kind {
            Kind::Ring => work.open_tray(&frame),
            // That was the bell.
            Kind::Look => {}
            Kind::Segment => work.borrow(&frame),
            Kind::Forget => work.borrowed.forget(frame.job),
            Kind::Run | Kind::RunTask => work.run(frame, terms.tells_memory),
            Kind::Prepare if frame.job == nonce => work.run(frame, false),
            _ => confused(&frame),
        }
    }
}

/// The parent sent what makes no sense.
fn confused(what: &dyn std::fmt::Debug) -> ! {
    let _ = writeln!(std::io::stderr(), "the parent sent what makes no sense: {what:?}");
    sys::exit_now(FAILED)
}

/// What a worker has to work with.
struct Work {
    line: Arc<Line>,
    reader: Reader,
    limit: usize,
    descriptors: Descriptors,
    borrowed: Borrowed,
    tasks: Tasks,
    tray: Option<Tray>,
}

impl Work {
    fn next(&mut self) -> Frame {
        let mut wire =
            Wire { socket: &self.line.socket, descriptors: &mut self.descriptors, bytes: usize::MAX };
        let mut frame = match self.reader.read(&mut wire) {
            Ok(Step::Frame(frame)) => frame,
            Ok(Step::End) => std::process::exit(0),
            other => confused(&other),
        };
        if let Some(tray) = &self.tray {
            tray.is_awake();
        }
        if let Err(nonsense) = self.borrowed.unpack(&mut frame) {
            confused(&nonsense);
        }
        frame
    }

    /// The parent lends a segment.
    fn borrow(&mut self, frame: &Frame) {
        let file = self.descriptors.next().ok_or_else(|| io::Error::from(Errno::EMFILE));
        if let Err(why) = file.and_then(|file| self.borrowed.add(frame.job, frame.a, file)) {
            let _ = writeln!(std::io::stderr(), "a blob cannot be mapped: {why}");
            sys::exit_now(SHORT);
        }
    }

    /// The parent will send jobs ahead.
    fn open_tray(&mut self, frame: &Frame) {
        let file = self.descriptors.next().ok_or_else(|| io::Error::from(Errno::EMFILE));
        match file.and_then(|file| Tray::open(file, frame.a)) {
            Ok(tray) => self.tray = Some(tray),
            Err(why) => {
                let _ = writeln!(std::io::stderr(), "the ring cannot be mapped: {why}");
                sys::exit_now(SHORT);
            }
        }
    }

    fn has_next_in_tray(&self) -> bool {
        self.tray.as_ref().is_some_and(Tray::has_next)
    }

    /// Runs the next job that was sent ahead; `false` if there is none.
    fn run_next_in_tray(&mut self, tells_memory: bool) -> bool {
        let Some(tray) = &mut self.tray else { return false };
        let Some((position, slip, begun)) = tray.take() else {
            if tray.tells_of_skipped() {
                self.line.turn().send(Frame::new(Kind::Look, 0, 0, Body::default()));
            }
            return false;
        };
        let Some(kind) = Kind::from_byte(slip.kind) else { confused(&slip) };
        let job = slip.job;
        let body = Body { structure: slip.bytes, ..Body::default() };
        let (reply, memory) = self.perform(Frame::new(kind, job, slip.a, body), tells_memory);
        cx::set_running(0);
        let now = Instant::now();
        let ran = u64::try_from(now.saturating_duration_since(begun).as_nanos()).unwrap_or(u64::MAX);
        let small = reply.body.bulk.is_empty() && reply.body.blobs.is_empty();
        let slip = if small && reply.body.structure.len() <= ROOM {
            Some(Slip { kind: reply.kind as u8, job, a: memory, ran, bytes: reply.body.structure })
        } else {
            self.line.turn().send(Frame::new(reply.kind, job, memory, reply.body));
            None
        };
        if self.tray.as_mut().is_some_and(|tray| tray.answer(position, slip.as_ref(), now)) {
            self.line.turn().send(Frame::new(Kind::Look, 0, 0, Body::default()));
        }
        true
    }

    /// Tells the parent which loans are not needed any more.
    fn give_back(&self) {
        for numbers in self.borrowed.ledger.take().chunks(RELEASES_MAX) {
            let structure = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
            let body = Body { structure, ..Body::default() };
            self.line.turn().send(Frame::new(Kind::Release, 0, 0, body));
        }
    }

    /// What the frame asks for.
    fn find(&self, frame: &mut Frame) -> Result<Trampoline, String> {
        if frame.kind != Kind::RunTask {
            let code = trampoline::at(frame.a.cast_signed() as isize);
            return code.ok_or_else(|| "there is no code at the place that was sent".to_owned());
        }
        let structure = &mut frame.body.structure;
        let argument = structure.split_off((frame.a as usize).min(structure.len()));
        let name = std::mem::replace(structure, argument);
        let found = self.tasks.find(&name);
        found.ok_or_else(|| {
            format!("the worker program has no task called `{}`", String::from_utf8_lossy(&name))
        })
    }

    fn run(&self, frame: Frame, tells_memory: bool) {
        let job = frame.job;
        let (reply, memory) = self.perform(frame, tells_memory);
        let turn = self.line.turn();
        cx::set_running(0);
        turn.send(Frame::new(reply.kind, job, memory, reply.body));
    }

    /// Does what the frame asks for. Its reply, and what this process has in memory then.
    fn perform(&self, mut frame: Frame, tells_memory: bool) -> (Reply, u64) {
        let _current = (frame.kind != Kind::Prepare).then(|| {
            cx::set_running(frame.job);
            contract::current::enter(Arc::new(JobCx::of(frame.job)))
        });
        let mut reply = match self.find(&mut frame) {
            Ok(function) => function(frame.body),
            Err(why) => Reply::bad_arguments(why),
        };
        if reply.body.len() > self.limit {
            let len = reply.body.len();
            reply = Reply::bad_result(format!("{len} bytes, more than the limit of {}", self.limit));
        }
        // What the job printed without a line end must not wait for the next job.
        let _ = std::io::stdout().flush();
        (reply, if tells_memory { resident() } else { 0 })
    }
}

/// What this process has in memory, in bytes; 0 where the system does not tell.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next());
    kilobytes.and_then(|number| number.parse::<u64>().ok()).map_or(0, |number| number * 1024)
}
