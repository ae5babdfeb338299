//! What the workers do: they say hello, answer, write to standard error, and end.

use super::{LEAVE_WITHIN, Supervisor, last_answer};
use crate::child::{Child, Phase, Running};
use crate::counters::count;
use crate::frame::{Body, Frame, Kind, Step};
use crate::pending::Answer;
use crate::token::Mode;
use crate::{StartError, image, trampoline};
use contract::{Death, Exit, JobError};
use nix::libc::SIGABRT;
use std::time::Instant;

/// At most so many bytes of one worker are read before the others have their turn.
const VISIT: usize = 1 << 20;

impl Supervisor {
    /// Room to write, or something to read.
    pub(super) fn talk(&mut self, number: u64) {
        if let Some(child) = self.children.get_mut(&number) {
            child.write();
        }
        self.listen(number, VISIT);
    }

    /// Hears at most `bytes` of what a worker says.
    ///
    /// A job that has ended gets its outcome last: then the worker has its next job or is on offer, and whoever sees the
    /// outcome finds it so; but a worker that hung up after its answer is given none.
    fn listen(&mut self, number: u64, mut bytes: usize) {
        let mut over = None;
        // Of one that has sent what makes no sense nothing more is believed.
        while let Some(child) = self.children.get_mut(&number).filter(|child| child.nonsense.is_none()) {
            match child.receive(&mut bytes) {
                Ok(Step::Frame(frame)) => over = self.hear(number, frame).or(over),
                Ok(Step::Wait) => break,
                Ok(Step::End) => {
                    self.hung_up(number);
                    break;
                }
                Err(malformed) => {
                    self.distrust(number, malformed.to_string());
                    break;
                }
            }
        }
        if let Some((running, answer)) = over {
            self.give_next(number);
            self.counters.note(|times| times.record(running.waited(), running.since.elapsed()));
            running.pending.finish(answer);
        }
        if self.children.get(&number).is_some_and(|child| matches!(child.phase, Phase::Stocked)) {
            self.harvest(number);
        }
    }

    /// A worker without its socket is of no use. It is ending already, as a rule.
    fn hung_up(&mut self, number: u64) {
        self.retract(number);
        let Some(child) = self.children.get_mut(&number) else { return };
        self.watch.forget_socket(number, child);
        let by = Instant::now() + LEAVE_WITHIN;
        child.kill_at = Some(child.kill_at.map_or(by, |at| at.min(by)));
        child.lost = true;
    }

    /// What this worker says is worth nothing any more.
    pub(super) fn distrust(&mut self, number: u64, why: String) {
        self.retract(number);
        let Some(child) = self.children.get_mut(&number) else { return };
        self.watch.forget_socket(number, child);
        child.nonsense = Some(why);
        child.kill();
    }

    /// What a frame means. The job that it ends is given back, with its answer.
    fn hear(&mut self, number: u64, frame: Frame) -> Option<(Box<Running>, Answer)> {
        if matches!(self.children.get(&number)?.phase, Phase::Idle) {
            // Then it speaks of a job that a submitter gave it.
            let handed = self.inbox.handed();
            self.note(handed);
        }
        let child = self.children.get_mut(&number)?;
        match (&mut child.phase, frame.kind) {
            (Phase::Starting, Kind::Hello) if frame.job == child.nonce => {
                if self.plan.mode != Mode::Tasks && frame.a != image::fingerprint() {
                    self.mismatched(number);
                    return None;
                }
                match self.plan.initializer {
                    None => self.is_ready(number),
                    Some(offset) => {
                        child.phase = Phase::Preparing;
                        let nonce = child.nonce;
                        child.send(Frame::new(Kind::Prepare, nonce, offset as u64, Body::default()));
                    }
                }
            }
            (Phase::Preparing, Kind::Prepared) if frame.job == child.nonce => self.is_ready(number),
            (Phase::Preparing, Kind::Unprepared) if frame.job == child.nonce => {
                child.words = Some(trampoline::panic_from(frame.body));
                child.kill();
            }
            (Phase::Busy(running), Kind::Panicking) if frame.job == running.id => {
                running.last_words = Some(Box::new(trampoline::panic_from(frame.body)));
            }
            (Phase::Busy(running), kind) if frame.job == running.id => {
                let memory = frame.a;
                let Some(answer) = answer(kind, frame) else {
                    self.distrust(number, format!("a {kind:?} from a worker"));
                    return None;
                };
                self.staff.worker_is_ready();
                let grown = self.plan.recycle.memory.is_some_and(|most| memory > most);
                return self.finished(number, grown).map(|running| (running, answer));
            }
            // Taken by the visit to the ring that follows.
            (_, Kind::Look) if child.stock.is_some() => {}
            (Phase::Stocked, kind) => {
                let (job, stock) = (frame.job, child.stock.as_mut());
                let Some((_, sent)) = stock.and_then(|stock| stock.find(job)) else {
                    // A panic on another thread, noted when its job had ended.
                    if kind != Kind::Panicking {
                        self.distrust(number, format!("a {kind:?} for a job that it has not"));
                    }
                    return None;
                };
                if kind == Kind::Panicking {
                    sent.running.last_words = Some(Box::new(trampoline::panic_from(frame.body)));
                } else if let Some(answer) = answer(kind, frame) {
                    sent.answer = Some(answer);
                } else {
                    self.distrust(number, format!("a {kind:?} from a worker"));
                }
            }
            // A panic on another thread of the worker, noted while its answer was on the way.
            (Phase::Idle | Phase::Busy(_), Kind::Panicking) => {}
            (_, kind) => {
                let why = format!("a {kind:?} at a time when there is none");
                match self.started {
                    Some(_) => self.give_up(StartError::Handshake(why)),
                    None => self.distrust(number, why),
                }
            }
        }
        None
    }

    /// It has said hello, and its initializer has run.
    fn is_ready(&mut self, number: u64) {
        let Some(child) = self.children.get_mut(&number) else { return };
        child.phase = Phase::Spare;
        child.kill_at = None;
        self.staff.worker_is_ready();
        count(&self.counters.started);
        if let Some(started) = self.started.take() {
            let _ = started.try_send(Ok(()));
        }
    }

    /// The worker is free again, or has served long enough. The job that it had.
    fn finished(&mut self, number: u64, grown: bool) -> Option<Box<Running>> {
        let child = self.children.get_mut(&number)?;
        let Phase::Busy(running) = std::mem::replace(&mut child.phase, Phase::Idle) else { return None };
        let now = Instant::now();
        child.idle_since = now;
        // Unless it is being killed already, it has kept the grace.
        child.kill_at = None;
        child.jobs_left = child.jobs_left.map(|left| left.saturating_sub(1));
        if (grown || child.jobs_left == Some(0)) && child.is_sound() {
            child.dismiss(now + LEAVE_WITHIN);
            count(&self.counters.recycled);
        }
        Some(running)
    }

    /// At the start that is the end; later the program was replaced, and the workers that are here still work.
    fn mismatched(&mut self, number: u64) {
        if self.started.is_some() {
            self.give_up(StartError::ImageMismatch);
        } else {
            self.distrust(number, StartError::ImageMismatch.to_string());
        }
    }

    pub(super) fn read_stderr(&mut self, number: u64) {
        let Some(child) = self.children.get_mut(&number) else { return };
        if child.tail.as_mut().is_some_and(|tail| !tail.read()) {
            self.watch.forget_stderr(child);
        }
    }

    /// Buries the worker if it has ended.
    pub(super) fn check_end(&mut self, number: u64) {
        let Some(exit) = self.children.get_mut(&number).and_then(Child::ended) else { return };
        self.retract(number);
        if let Some(child) = self.children.get_mut(&number) {
            child.lost = true;
        }
        // What it sent before it died still counts: an answer that is here is an answer.
        self.listen(number, usize::MAX);
        let Some(mut child) = self.children.remove(&number) else { return };
        self.watch.forget_socket(number, &child);
        let (used, nonsense, words) = (child.used, child.nonsense.take(), child.words.take());
        let fates = child.stock.take().map(|mut stock| stock.bury(nonsense.is_none())).unwrap_or_default();
        let (phase, death) = child.obituary(exit, &mut self.oom);
        if !matches!(phase, Phase::Leaving) {
            count(&self.counters.died);
        }
        match phase {
            Phase::Starting | Phase::Preparing => self.died_before_ready(death, nonsense, words),
            Phase::Spare | Phase::Idle => self.staff.died_idle(used),
            Phase::Leaving => {}
            Phase::Busy(running) => self.died_busy(running, exit, nonsense, death),
            Phase::Stocked => self.bury_stock(fates, exit, nonsense.as_deref(), &death),
        }
    }

    pub(super) fn died_busy(
        &mut self,
        mut running: Box<Running>,
        exit: Exit,
        nonsense: Option<String>,
        mut death: Death,
    ) {
        death.label = running.label.clone();
        death.ran_for = running.since.elapsed();
        let aborted = matches!(exit, Exit::Signal { number, .. } if number == SIGABRT);
        let answer = match running.last_words.take() {
            Some(words) if aborted && running.stop.is_none() => Answer::Panicked(*words),
            _ => last_answer(&running, nonsense, death),
        };
        let running = match &answer {
            Answer::Failed(JobError::WorkerDied(_)) => self.run_again(running),
            _ => Some(running),
        };
        if let Some(running) = running {
            self.counters.note(|times| times.record(running.waited(), running.since.elapsed()));
            running.pending.finish(answer);
        }
    }
}

pub(super) fn answer(kind: Kind, frame: Frame) -> Option<Answer> {
    let words = |frame: Frame| String::from_utf8_lossy(&frame.body.structure).into_owned();
    Some(match kind {
        Kind::Done => Answer::Result(frame.body),
        Kind::Panicked => Answer::Panicked(trampoline::panic_from(frame.body)),
        Kind::BadArguments => Answer::BadArguments(words(frame)),
        Kind::BadResult => Answer::BadResult(words(frame)),
        Kind::Welcome
        | Kind::Hello
        | Kind::Run
        | Kind::Panicking
        | Kind::Prepare
        | Kind::Prepared
        | Kind::Unprepared
        | Kind::Segment
        | Kind::Forget
        | Kind::Release
        | Kind::RunTask
        | Kind::Ring
        | Kind::Look => return None,
    })
}
