//! The parent's handle on one worker process.

use crate::blob::Blob;
use crate::blob::crossing::{self, Loans, Way};
use crate::frame::{Body, Frame, Kind, Malformed, Reader, Step};
use crate::oom::{self, Counter};
use crate::part::Part;
use crate::pending::{Pending, What};
use crate::plan::Plan;
use crate::stock::Stock;
use crate::surroundings::{Stderr, Stdout};
use crate::tail::Tail;
use crate::token::{self, Mode};
use crate::wire::{Descriptors, Wire};
use crate::{codec, cx, kin, sys};
use contract::{Death, Exit, OutOfMemory, Panic};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::{Signal, killpg};
use nix::sys::socket::{ControlMessage, MsgFlags, recv, send, sendmsg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::{Pid, pipe2};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a worker is doing.
///
/// ```text
///   Starting ──hello──► Preparing ──prepared──► Spare ──promote──► Idle ──job──► Busy ──answer──► Idle
///       └──hello, and there is no initializer─────►┘                 │                              │
///                                                                  hang up                  retire: it has
///   any of them ──► dead, and out of the supervisor's table          └───► Leaving ◄──── served long enough
/// ```
pub(crate) enum Phase {
    /// It has not said hello.
    Starting,
    /// It runs the initializer.
    Preparing,
    /// It is ready, and not needed yet.
    Spare,
    Idle,
    Busy(Box<Running>),
    /// It was sent several jobs ahead: they are in its [stock](crate::stock).
    Stocked,
    Leaving,
}

/// The job that a worker runs.
pub(crate) struct Running {
    pub(crate) id: u64,
    pub(crate) pending: Box<dyn Pending>,
    pub(crate) label: Option<Cow<'static, str>>,
    pub(crate) since: Instant,
    /// When it was submitted.
    pub(crate) came: Instant,
    pub(crate) deadline: Option<Instant>,
    /// Why it is being stopped, once it is.
    pub(crate) stop: Option<Stop>,
    /// A panic has begun. If the process aborts, it was of this.
    pub(crate) last_words: Option<Box<Panic>>,
    /// What to send to another worker if this one dies, and how often that may happen.
    pub(crate) again: Option<Again>,
}

impl Running {
    /// How long it waited for its worker.
    pub(crate) fn waited(&self) -> Duration {
        self.since.saturating_duration_since(self.came)
    }
}

/// A job that may be run again.
pub(crate) struct Again {
    pub(crate) what: What,
    pub(crate) body: Body,
    pub(crate) retries: u32,
}

/// Why a job is being stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    Cancelled,
    Deadline,
    Shutdown,
}

pub(crate) struct Child {
    process: std::process::Child,
    /// `None` where the kernel has none or refuses it: then the process is polled.
    pub(crate) pidfd: Option<OwnedFd>,
    pub(crate) socket: Arc<UnixStream>,
    /// It is on the [desk](crate::desk), as far as the supervisor knows.
    pub(crate) offered: bool,
    /// Its end is the worker's end.
    lifeline: OwnedFd,
    pub(crate) tail: Option<Tail>,
    reader: Reader,
    descriptors: Descriptors,
    pub(crate) loans: Loans,
    limit: usize,
    outgoing: VecDeque<Piece>,
    /// How much of the first piece has been written.
    written: usize,
    /// The number that its hello must repeat.
    pub(crate) nonce: u64,
    pub(crate) phase: Phase,
    /// When it will be killed, if nothing changes.
    pub(crate) kill_at: Option<Instant>,
    /// SIGKILL was sent, by us.
    pub(crate) killed: bool,
    /// Its socket is at its end: it is ending, or of no use.
    pub(crate) lost: bool,
    /// Whether it has been given a job.
    pub(crate) used: bool,
    /// How many jobs it is still to serve, if there is a bound.
    pub(crate) jobs_left: Option<u64>,
    /// Since when it has nothing to do, if it is idle.
    pub(crate) idle_since: Instant,
    /// What made no sense in what it sent.
    pub(crate) nonsense: Option<String>,
    /// What its initializer panicked with.
    pub(crate) words: Option<Panic>,
    /// What it was sent ahead. `None` until there is a reason to.
    pub(crate) stock: Option<Stock>,
    /// It has served long enough, and leaves when it has nothing to do.
    pub(crate) retires: bool,
}

impl Child {
    /// Starts a worker. Only for the supervisor's thread: the worker dies with the thread that started it.
    pub(crate) fn start(plan: &Plan, number: u64, nonce: u64, now: Instant) -> io::Result<Self> {
        let (socket, theirs) = UnixStream::pair()?;
        socket.set_nonblocking(true)?;
        let (read_end, lifeline) = pipe2(OFlag::O_CLOEXEC)?;
        set_nonblocking(&lifeline)?;
        let terms = codec::encode(plan.terms()).map_err(io::Error::other)?;
        let welcome = Frame::new(Kind::Welcome, nonce, 0, terms).into_pieces();
        send_beside(&socket, &welcome[0], read_end.as_fd(), MsgFlags::MSG_NOSIGNAL)?;
        // No hook between fork and exec, no change of user: either would make std fork instead of posix_spawn, which
        // costs in proportion to this process's memory. The worker does the rest itself.
        let mut command = Command::new(&plan.program);
        plan.surroundings.give_to(&mut command);
        command
            .env(token::VARIABLE, token::value(plan.mode, nonce))
            .stdin(OwnedFd::from(theirs))
            .stdout(if plan.stdout == Stdout::Discard { Stdio::null() } else { Stdio::inherit() })
            .stderr(if plan.stderr == Stderr::Inherit { Stdio::inherit() } else { Stdio::piped() })
            .process_group(0);
        // Another program has a name of its own.
        if let Some(name) = std::env::args_os().next().filter(|_| plan.mode != Mode::Tasks) {
            command.arg0(name);
        }
        let mut process = command.spawn()?;
        let tail = process.stderr.take().map(|pipe| Tail::new(pipe, plan.stderr, plan.tail));
        let pidfd = if plan.pidfds { sys::pidfd_open(process.id()).ok() } else { None };
        let child = Self {
            process,
            pidfd,
            socket: Arc::new(socket),
            offered: false,
            lifeline,
            tail,
            reader: Reader::new(plan.limit),
            descriptors: Descriptors::default(),
            loans: Loans::default(),
            limit: plan.limit,
            outgoing: VecDeque::new(),
            written: 0,
            nonce,
            phase: Phase::Starting,
            kill_at: now.checked_add(plan.start_within),
            killed: false,
            lost: false,
            used: false,
            jobs_left: plan.recycle.jobs_for(number),
            idle_since: now,
            nonsense: None,
            words: None,
            stock: None,
            retires: false,
        };
        if let Some(tail) = &child.tail {
            set_nonblocking(tail.pipe())?;
        }
        Ok(child)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn is_idle(&self) -> bool {
        matches!(self.phase, Phase::Idle) && self.is_sound()
    }

    /// What submitters need of it.
    pub(crate) fn worker(&self) -> Worker {
        debug_assert!(!self.wants_to_write(), "a worker that has answered has read everything");
        Worker(self.socket.clone())
    }

    /// It is ready, and has work to wait for or not.
    pub(crate) fn is_ready(&self) -> bool {
        matches!(self.phase, Phase::Spare | Phase::Idle | Phase::Busy(_) | Phase::Stocked) && self.is_sound()
    }

    /// Has it leave: it is not needed any more, and there is nothing that it has to do.
    pub(crate) fn dismiss(&mut self, by: Instant) {
        debug_assert!(matches!(self.phase, Phase::Spare | Phase::Idle), "it would lose a job");
        self.hang_up();
        self.kill_at = Some(by);
    }

    /// Whether something may still be expected of it.
    pub(crate) fn is_sound(&self) -> bool {
        !self.killed && !self.lost && self.nonsense.is_none()
    }

    /// The next frame, if one is there within the next `bytes`.
    pub(crate) fn receive(&mut self, bytes: &mut usize) -> Result<Step, Malformed> {
        let mut wire = Wire { socket: &self.socket, descriptors: &mut self.descriptors, bytes: *bytes };
        let step = self.reader.read(&mut wire);
        *bytes = wire.bytes;
        match step? {
            Step::Frame(mut frame) => match self.keep_accounts(&mut frame)? {
                true => self.receive(bytes),
                false => Ok(Step::Frame(frame)),
            },
            step => Ok(step),
        }
    }

    /// What a frame says of segments and loans. Whether it says nothing else.
    fn keep_accounts(&mut self, frame: &mut Frame) -> Result<bool, Malformed> {
        match frame.kind {
            Kind::Segment => {
                let file = self.descriptors.next();
                let file =
                    file.ok_or_else(|| Malformed("a segment whose descriptor did not come".to_owned()))?;
                self.loans.arrive(frame.job, frame.a, file, self.limit)?;
                Ok(true)
            }
            Kind::Release => self.loans.take_back(&frame.body.structure).map(|()| true),
            _ => self.loans.unpack(frame).map(|()| false),
        }
    }

    /// Queues a frame and writes what can be written without waiting.
    pub(crate) fn send(&mut self, mut frame: Frame) {
        for number in self.loans.forgotten() {
            self.queue(Frame::new(Kind::Forget, number, 0, Body::default()), None);
        }
        for blob in crossing::pack(&mut frame, Way::ToWorker) {
            if self.loans.lend(&blob)
                && let Some((number, size)) = blob.segment()
            {
                self.queue(
                    Frame::new(Kind::Segment, number, size, Body::default()),
                    Some(Beside::Blob(blob)),
                );
            }
        }
        self.queue(frame, None);
        self.write();
    }

    /// A stock for it, if the system lets memory be shared; the worker learns of it with the next frame.
    pub(crate) fn open_stock(&mut self) -> io::Result<&mut Stock> {
        if self.stock.is_none() {
            let (stock, file, size) = Stock::open()?;
            self.queue(Frame::new(Kind::Ring, 0, size, Body::default()), Some(Beside::File(file)));
            self.stock = Some(stock);
        }
        Ok(self.stock.as_mut().expect("it was put there just now"))
    }

    fn queue(&mut self, frame: Frame, mut beside: Option<Beside>) {
        let pieces = frame.into_pieces().into_iter();
        self.outgoing.extend(pieces.map(|bytes| Piece { bytes, beside: beside.take() }));
    }

    /// Writes what can be written without waiting.
    pub(crate) fn write(&mut self) {
        while let Some(piece) = self.outgoing.front() {
            // No signal: the program around this library may not ignore SIGPIPE.
            let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
            match piece.send(&self.socket, self.written, flags) {
                Ok(count) => self.written += count,
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return,
                // It is gone or going, and its end is reported elsewhere; or the kernel has no memory, and the job must not
                // wait for a frame that does not come: the worker ends at this, and the job with it.
                Err(_) => {
                    self.outgoing.clear();
                    let _ = self.socket.shutdown(std::net::Shutdown::Both);
                }
            }
            if self.outgoing.front().is_some_and(|piece| piece.bytes.len() == self.written) {
                self.outgoing.pop_front();
                self.written = 0;
            }
        }
        self.written = 0;
    }

    /// Whether there is more to write.
    pub(crate) fn wants_to_write(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// Sets the job's flag in the worker.
    pub(crate) fn ask_to_stop(&self, job: u64, why: Stop) {
        let word = job | if why == Stop::Deadline { cx::DEADLINE } else { 0 };
        // A pipe that is full of unread requests holds this one's meaning already.
        let _ = nix::unistd::write(&self.lifeline, &word.to_le_bytes());
    }

    /// Lets the worker leave when it has nothing more to read.
    pub(crate) fn hang_up(&mut self) {
        let _ = self.socket.shutdown(std::net::Shutdown::Write);
        self.phase = Phase::Leaving;
    }

    /// Kills the worker and whatever it started.
    pub(crate) fn kill(&mut self) {
        self.killed = true;
        self.kill_at = None;
        // Its number is its own as long as nobody has collected its status; only then may the number be used.
        let is_its_own = self.status().is_ok();
        if is_its_own {
            kin::kill_children(self.id());
        }
        if let Some(pidfd) = &self.pidfd {
            let _ = sys::pidfd_kill(pidfd.as_fd());
        }
        if is_its_own {
            let _ = killpg(self.id(), Signal::SIGKILL);
        }
    }

    /// Whether it has ended; its status is left to be collected.
    pub(crate) fn has_ended(&self) -> bool {
        !matches!(self.status(), Ok(WaitStatus::StillAlive))
    }

    /// Looks at its status without collecting it. An error means that there is none to collect.
    fn status(&self) -> nix::Result<WaitStatus> {
        let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        waitid(Id::Pid(self.id()), look)
    }

    fn id(&self) -> Pid {
        Pid::from_raw(self.pid().cast_signed())
    }

    /// Whether it has ended, and how. Leaves no zombie, and nobody that it started in its process group.
    pub(crate) fn ended(&mut self) -> Option<Exit> {
        match self.status() {
            Ok(WaitStatus::StillAlive) => return None,
            // Before its status is collected, because its number, and so its group's, is free after that.
            Ok(_) => drop(killpg(self.id(), Signal::SIGKILL)),
            Err(_) => {}
        }
        match self.process.try_wait() {
            Ok(status) => status.map(exit_of),
            // Somebody else collected it.
            Err(_) => Some(Exit::Unknown),
        }
    }

    /// What is known of its death.
    pub(crate) fn obituary(self, exit: Exit, oom: &mut Counter) -> (Phase, Death) {
        let mut death = Death::new(self.pid(), exit);
        death.stderr_tail = self.tail.map(Tail::close).unwrap_or_default();
        death.out_of_memory = match exit {
            Exit::Signal { number, .. } if number == Signal::SIGKILL as i32 && !self.killed => oom.verdict(),
            Exit::Signal { number, .. }
                if number == Signal::SIGABRT as i32 && oom::was_refused(&death.stderr_tail) =>
            {
                OutOfMemory::Refused
            }
            _ => OutOfMemory::No,
        };
        (self.phase, death)
    }
}

/// Bytes on their way, and the descriptor that travels beside the first of them.
struct Piece {
    bytes: Part,
    beside: Option<Beside>,
}

/// What a descriptor belongs to.
enum Beside {
    Blob(Blob),
    File(OwnedFd),
}

impl Beside {
    fn file(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Blob(blob) => blob.file(),
            Self::File(file) => Some(file.as_fd()),
        }
    }
}

impl Piece {
    fn send(&self, socket: &UnixStream, written: usize, flags: MsgFlags) -> nix::Result<usize> {
        let rest = &self.bytes[written..];
        match self.beside.as_ref().and_then(Beside::file).filter(|_| written == 0) {
            None => send(socket.as_raw_fd(), rest, flags),
            Some(file) => send_beside(socket, rest, file, flags),
        }
    }
}

/// Sends bytes with a descriptor beside them.
pub(crate) fn send_beside(
    socket: &UnixStream,
    bytes: &[u8],
    file: BorrowedFd<'_>,
    flags: MsgFlags,
) -> nix::Result<usize> {
    let rights = [file.as_raw_fd()];
    sendmsg::<()>(
        socket.as_raw_fd(),
        &[IoSlice::new(bytes)],
        &[ControlMessage::ScmRights(&rights)],
        flags,
        None,
    )
}

/// A worker that has nothing to do, as submitters see it.
pub(crate) struct Worker(Arc<UnixStream>);

impl Worker {
    /// Whether it waits for a job, as far as its socket tells: one that has ended, or has said something uncalled for, is
    /// the supervisor's business. Waits for nothing and wakes nobody.
    pub(crate) fn is_ready(&self) -> bool {
        let flags = MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT;
        matches!(recv(self.0.as_raw_fd(), &mut [0], flags), Err(Errno::EAGAIN))
    }

    /// Writes a [small](crate::frame::Small) frame, without waiting.
    pub(crate) fn hand(&self, frame: &[u8]) {
        let sent = loop {
            match send(self.0.as_raw_fd(), frame, MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT) {
                Err(Errno::EINTR) => {}
                sent => break sent,
            }
        };
        if sent != Ok(frame.len()) {
            // It died a moment ago, or the kernel has no memory. The job is its own already, and must not wait for a frame
            // that does not come: the worker ends at this, and the job with it.
            let _ = self.0.shutdown(std::net::Shutdown::Both);
        }
    }
}

fn exit_of(status: ExitStatus) -> Exit {
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, Some(number)) => Exit::Signal { number, core_dumped: status.core_dumped() },
        (None, None) => Exit::Unknown,
    }
}

fn set_nonblocking(fd: &impl AsFd) -> io::Result<()> {
    let flags = OFlag::from_bits_retain(fcntl(fd, FcntlArg::F_GETFL)?);
    fcntl(fd, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(())
}
