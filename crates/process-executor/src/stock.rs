//! The jobs that one worker was sent ahead: the supervisor's view of its [ring](crate::ring).
//!
//! How many there may be is learned: twice as many after each visit, but never more than the worker can do in
//! [`AHEAD_MAX`], as far as its last jobs tell. What turns out to be held up by a long job is taken back.

use crate::child::{Again, Running};
use crate::frame::Body;
use crate::inbox::Queued;
use crate::pending::{Answer, Request};
use crate::ring::{Parent, ROOM, Ring, SLOTS, Seen, Slip, WORDS};
use crate::segment::Words;
use std::collections::VecDeque;
use std::io;
use std::num::NonZeroUsize;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// So much work may lie ahead of a worker.
const AHEAD_MAX: Duration = Duration::from_micros(200);
/// How often the supervisor looks at a worker that is at work and says nothing, as long as there is something new to see; and
/// how long a job may hold up those behind it.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(1);
/// As many as that before anything was learned.
const DEPTH_MIN: usize = 4;

/// A job in the ring.
pub(crate) struct Sent {
    pub(crate) running: Running,
    /// The worker has it, as far as the supervisor has seen.
    begun: bool,
    /// Its answer, if that came by the socket.
    pub(crate) answer: Option<Answer>,
    /// How long it ran, if its worker says so.
    ran: Option<Duration>,
}

pub(crate) struct Stock {
    ring: Parent<Arc<Ring<Words>>>,
    /// What is at each position from the ring's head to its tail. `None`: taken back, and not yet skipped by the worker.
    jobs: VecDeque<Option<Box<Sent>>>,
    /// How many of them there are.
    live: usize,
    /// How many of them have a deadline.
    deadlines: usize,
    /// How many there may be.
    depth: usize,
    /// What a job takes, in nanoseconds: a moving mean.
    pace: u64,
    /// When to look next, if the worker says nothing.
    pub(crate) look_at: Option<Instant>,
    /// How many have ended, at the last of these looks.
    seen: u64,
}

/// What there is to see at the oldest position.
pub(crate) enum Oldest {
    /// Nothing (yet).
    Nothing,
    /// This job has ended, with this answer.
    Over(Box<Sent>, Reply),
    /// The worker wrote what makes no sense.
    Nonsense,
}

pub(crate) enum Reply {
    InSlot(Slip),
    OnSocket(Answer),
}

/// What a worker keeps of its stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// But what it has begun.
    Nothing,
    /// What it has begun, or will begin next.
    Oldest,
}

/// What becomes of a job whose worker is gone.
pub(crate) enum Fate {
    /// It had ended, and its answer is here.
    Over(Box<Sent>, Reply),
    Started(Box<Sent>),
    /// It never began.
    Waits(u64, Queued<Box<Request>>),
}

impl Stock {
    /// An empty one, and what the worker must get to see it.
    pub(crate) fn open() -> io::Result<(Self, OwnedFd, u64)> {
        let size = NonZeroUsize::new(WORDS * size_of::<u64>()).expect("there are words");
        let (words, file) = Words::make(size)?;
        let ring = Parent::new(Arc::new(Ring::new(words)));
        let stock = Self {
            ring,
            jobs: VecDeque::new(),
            live: 0,
            deadlines: 0,
            depth: DEPTH_MIN,
            pace: 0,
            look_at: None,
            seen: 0,
        };
        Ok((stock, file, size.get() as u64))
    }

    /// Whether a job can be sent ahead at all: it is small, and no worker has had it before.
    pub(crate) fn fits(request: &Request) -> bool {
        let Body { structure, bulk, blobs } = &request.body;
        !request.started && bulk.is_empty() && blobs.is_empty() && structure.len() <= ROOM
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// How many more jobs there may be now.
    pub(crate) fn room(&self) -> usize {
        let slots = SLOTS as usize - self.jobs.len();
        self.depth.saturating_sub(self.live).min(slots)
    }

    /// Whether it is time for more.
    pub(crate) fn is_low(&self) -> bool {
        self.live <= self.depth / 2
    }

    /// Puts a job in, unless it was withdrawn.
    pub(crate) fn put(&mut self, id: u64, queued: Queued<Box<Request>>, now: Instant) {
        let Queued { item, deadline } = queued;
        let Request { what, body, pending, retries, came, .. } = *item;
        let slip = Slip { kind: what.kind as u8, job: id, a: what.a, ran: 0, bytes: body.structure };
        let ring = self.ring.ring().clone();
        if !pending.cancels().go_ahead(&ring, || self.ring.put(&slip)) {
            return;
        }
        let body = Body { structure: slip.bytes, ..Body::default() };
        let again = Some(Again { what, body, retries });
        let label = pending.label();
        let running =
            Running { id, label, pending, since: now, came, deadline, stop: None, last_words: None, again };
        self.deadlines += usize::from(deadline.is_some());
        self.jobs.push_back(Some(Box::new(Sent { running, begun: false, answer: None, ran: None })));
        self.live += 1;
        self.look_at = Some(now + LOOK_EVERY);
    }

    /// Whether the worker must be rung for.
    pub(crate) fn must_ring(&self) -> bool {
        self.ring.must_ring()
    }

    /// Asks the worker to ring; `false` if one must look again first.
    pub(crate) fn may_sleep(&self) -> bool {
        self.ring.may_sleep()
    }

    /// Takes the oldest job if it has ended.
    pub(crate) fn oldest(&mut self, now: Instant) -> Oldest {
        loop {
            let Some(job) = self.jobs.front_mut() else { return Oldest::Nothing };
            let seen = self.ring.look(self.ring.head());
            let Some(sent) = job else {
                match seen {
                    Seen::Skipped => drop(self.free()),
                    Seen::Withdrawn => return Oldest::Nothing,
                    _ => return Oldest::Nonsense,
                }
                continue;
            };
            let reply = match seen {
                Seen::Ready => return Oldest::Nothing,
                Seen::Started => {
                    sent.begin(now);
                    return Oldest::Nothing;
                }
                Seen::Done(slip) => {
                    // Whatever a worker says: an hour is long enough.
                    let ran = slip.ran.min(1 << 42);
                    self.pace = (self.pace * 7 + ran) / 8;
                    let ran = Duration::from_nanos(ran);
                    sent.ran = Some(ran);
                    if !sent.begun {
                        sent.running.since = now.checked_sub(ran).unwrap_or(now);
                    }
                    Reply::InSlot(slip)
                }
                Seen::Elsewhere => match sent.answer.take() {
                    Some(answer) => Reply::OnSocket(answer),
                    None => return Oldest::Nothing,
                },
                Seen::Withdrawn | Seen::Skipped => {
                    // By whoever cancelled it; that it is over, everybody knows.
                    let had_deadline = sent.running.deadline.is_some();
                    *job = None;
                    self.leave(had_deadline);
                    continue;
                }
                Seen::Nonsense => return Oldest::Nonsense,
            };
            let Some(Some(sent)) = self.free() else { unreachable!("it was there") };
            self.leave(sent.running.deadline.is_some());
            if let Some(Some(next)) = self.jobs.front_mut() {
                // It began when the one before it had ended, as far as one can see from here.
                next.running.since = now;
            }
            return Oldest::Over(sent, reply);
        }
    }

    /// The oldest position is free again.
    fn free(&mut self) -> Option<Option<Box<Sent>>> {
        self.ring.free();
        self.jobs.pop_front()
    }

    /// A job is not here any more.
    fn leave(&mut self, had_deadline: bool) {
        self.live -= 1;
        self.deadlines -= usize::from(had_deadline);
    }

    /// Learns from a visit at which so many jobs had ended.
    pub(crate) fn learn(&mut self, ended: usize) {
        if ended > 0 {
            let most = AHEAD_MAX.as_nanos() as u64 / self.pace.max(1);
            let most = usize::try_from(most).unwrap_or(usize::MAX).clamp(1, SLOTS as usize);
            self.depth = (self.depth * 2).min(most);
        }
    }

    /// The worker was silent for a while. `true` if nothing has ended since the last such look: a long job runs.
    pub(crate) fn is_held_up(&mut self, now: Instant) -> bool {
        let held_up = self.seen == self.ring.head();
        self.seen = self.ring.head();
        // When a long job ends, the worker rings.
        self.look_at = (!held_up && !self.is_empty()).then(|| now + LOOK_EVERY);
        if held_up {
            self.depth = 1;
        }
        held_up
    }

    /// The job with this number and its position.
    pub(crate) fn find(&mut self, job: u64) -> Option<(u64, &mut Sent)> {
        let head = self.ring.head();
        let mut all = self.jobs.iter_mut().enumerate();
        all.find_map(|(at, sent)| {
            let sent = sent.as_deref_mut().filter(|sent| sent.running.id == job)?;
            Some((head + at as u64, sent))
        })
    }

    /// Whether the job at this position will not start any more.
    pub(crate) fn is_withdrawn(&self, position: u64) -> bool {
        matches!(self.ring.look(position), Seen::Withdrawn | Seen::Skipped)
    }

    /// All that are there.
    pub(crate) fn jobs(&self) -> impl Iterator<Item = &Running> {
        self.jobs.iter().flatten().map(|sent| &sent.running)
    }

    /// Those that have a deadline.
    pub(crate) fn with_deadlines(&self) -> impl Iterator<Item = &Running> {
        self.jobs().filter(|running| running.deadline.is_some()).take(self.deadlines)
    }

    /// How many are there.
    pub(crate) fn len(&self) -> usize {
        self.live
    }

    /// The one that the worker runs, if it has begun one.
    pub(crate) fn begun(&mut self) -> Option<&mut Running> {
        let head = self.ring.head();
        for (at, sent) in self.jobs.iter_mut().enumerate() {
            let Some(sent) = sent else { continue };
            if self.ring.look(head + at as u64) == Seen::Started {
                return Some(&mut sent.running);
            }
        }
        None
    }

    /// Takes back what has not begun, the youngest first.
    pub(crate) fn take_back(&mut self, keep: Keep) -> Vec<(u64, Queued<Box<Request>>)> {
        let head = self.ring.head();
        let kept = match keep {
            Keep::Nothing => 0,
            Keep::Oldest => self.jobs.iter().position(Option::is_some).map_or(0, |at| at + 1),
        };
        let mut back = Vec::new();
        for (at, job) in self.jobs.iter_mut().enumerate().skip(kept).rev() {
            if job.is_none() || !self.ring.ring().withdraw(head + at as u64) {
                continue;
            }
            let Some(sent) = job.take() else { continue };
            self.live -= 1;
            self.deadlines -= usize::from(sent.running.deadline.is_some());
            back.extend(sent.back());
        }
        back
    }

    /// The worker is gone: what becomes of all that it had. Of one that wrote nonsense no answer is believed.
    pub(crate) fn bury(&mut self, believed: bool) -> Vec<Fate> {
        let mut fates = Vec::new();
        while let Some(job) = self.jobs.pop_front() {
            let position = self.ring.head();
            let Some(mut sent) = job else {
                self.ring.free();
                continue;
            };
            if self.ring.ring().withdraw(position) {
                fates.extend(sent.back().map(|(id, queued)| Fate::Waits(id, queued)));
            } else {
                sent.begin(sent.running.since);
                let reply = match (self.ring.look(position), sent.answer.take()) {
                    (Seen::Done(slip), _) if believed => Some(Reply::InSlot(slip)),
                    (_, Some(answer)) if believed => Some(Reply::OnSocket(answer)),
                    _ => None,
                };
                fates.push(match reply {
                    Some(reply) => Fate::Over(sent, reply),
                    None => Fate::Started(sent),
                });
            }
            self.ring.free();
        }
        (self.live, self.deadlines) = (0, 0);
        fates
    }
}

impl Sent {
    /// How long it ran.
    pub(crate) fn ran(&self) -> Duration {
        self.ran.unwrap_or_else(|| self.running.since.elapsed())
    }

    /// The worker has begun it: its place in the queue is free.
    fn begin(&mut self, now: Instant) {
        if !std::mem::replace(&mut self.begun, true) {
            self.running.since = now;
            // `false` if whoever wanted to cancel it found that out first.
            let _ = self.running.pending.start();
        }
    }

    /// As it was before it was sent; `None` if it was withdrawn meanwhile.
    fn back(self: Box<Self>) -> Option<(u64, Queued<Box<Request>>)> {
        let Running { id, pending, deadline, again, came, .. } = self.running;
        let Again { what, body, retries } = again?;
        let item = Box::new(Request { what, body, pending, retries, started: false, came });
        item.pending.cancels().come_back().then_some((id, Queued { item, deadline }))
    }
}
