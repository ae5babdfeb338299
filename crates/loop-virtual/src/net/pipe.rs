//! One direction of a connection.
//!
//! ```text
//!   writer ── write: takes room ──► on the way ── the latency is over ──► arrived ── read ──► reader
//!     ▲                                                                              │
//!     └─────────────── the latency is over: room is back ◄───────────────────────────┘
//! ```

use super::link::Link;
use crate::world::World;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Instant;

pub(super) struct Pipe {
    world: Rc<World>,
    link: Rc<Link>,
    state: RefCell<State>,
}

struct State {
    /// How many bytes the writer may still send.
    room: usize,
    /// What arrives next, in order; one event each is on its way.
    travelling: VecDeque<Segment>,
    /// When the last of them arrives: nothing overtakes.
    last_arrival: Instant,
    arrived: VecDeque<u8>,
    /// The end has arrived: after the bytes comes nothing more.
    ended: bool,
    /// The writer has sent the end.
    closed: bool,
    /// The writer has heard that nobody reads any more.
    unread: bool,
    fate: Fate,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

enum Segment {
    Bytes(Vec<u8>),
    End,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Fine,
    /// What is written is taken and never arrives.
    Silent,
    /// Both ends know that it is gone.
    Lost,
}

impl Pipe {
    pub(super) fn new(world: Rc<World>, link: Rc<Link>) -> Rc<Self> {
        let state = State {
            room: link.capacity,
            travelling: VecDeque::new(),
            last_arrival: world.clock.now(),
            arrived: VecDeque::new(),
            ended: false,
            closed: false,
            unread: false,
            fate: Fate::Fine,
            reader: None,
            writer: None,
        };
        Rc::new(Self { world, link, state: RefCell::new(state) })
    }

    /// Reads what has arrived. `waker` is woken when it is worth another try.
    pub(super) fn read(self: &Rc<Self>, waker: &Waker, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut state = self.state.borrow_mut();
        if state.arrived.is_empty() {
            if state.fate == Fate::Lost {
                return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
            }
            if state.ended {
                return Poll::Ready(Ok(0));
            }
            let before = state.reader.replace(waker.clone());
            drop(state);
            drop(before);
            return Poll::Pending;
        }
        let most = self.some_of(buffer.len().min(state.arrived.len()));
        for (place, byte) in buffer.iter_mut().zip(state.arrived.drain(..most)) {
            *place = byte;
        }
        drop(state);
        self.give_room(most);
        Poll::Ready(Ok(most))
    }

    /// Sends as much of `buffer` as there is room for, `most` at most.
    pub(super) fn write(
        self: &Rc<Self>,
        waker: &Waker,
        buffer: &[u8],
        most: usize,
    ) -> Poll<io::Result<usize>> {
        let mut state = self.state.borrow_mut();
        if state.fate == Fate::Lost {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if state.closed || state.unread {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if state.room == 0 {
            let before = state.writer.replace(waker.clone());
            drop(state);
            drop(before);
            return Poll::Pending;
        }
        let sent = self.some_of(buffer.len().min(state.room).min(most));
        state.room -= sent;
        self.send(&mut state, Segment::Bytes(buffer[..sent].to_vec()));
        Poll::Ready(Ok(sent))
    }

    /// Sends the end, once.
    pub(super) fn close(self: &Rc<Self>) {
        let mut state = self.state.borrow_mut();
        if !std::mem::replace(&mut state.closed, true) && state.fate != Fate::Lost {
            self.send(&mut state, Segment::End);
        }
    }

    /// Nobody will read any more; the writer hears of it later.
    pub(super) fn hang_up(self: &Rc<Self>) {
        let pipe = self.clone();
        let latency = self.world.random.span(&self.link.latency);
        self.world.send_after(latency, move || {
            let mut state = pipe.state.borrow_mut();
            let writer = if state.fate == Fate::Fine { state.writer.take() } else { None };
            state.unread |= state.fate == Fate::Fine;
            drop(state);
            writer.inspect(Waker::wake_by_ref);
        });
    }

    /// The reader asks for no more: what has arrived and what comes is thrown away.
    pub(super) fn stop_reading(self: &Rc<Self>) {
        let mut state = self.state.borrow_mut();
        state.ended = true;
        let thrown_away = std::mem::take(&mut state.arrived).len();
        let reader = state.reader.take();
        drop(state);
        self.give_room(thrown_away);
        reader.inspect(Waker::wake_by_ref);
    }

    /// What is on the way never arrives; both ends are told in a moment. What has arrived can still be read.
    pub(super) fn lose(self: &Rc<Self>) {
        let mut state = self.state.borrow_mut();
        state.fate = Fate::Lost;
        state.travelling.clear();
        drop(state);
        let pipe = self.clone();
        self.world.send(self.world.clock.now(), move || {
            let mut state = pipe.state.borrow_mut();
            let waiting = [state.reader.take(), state.writer.take()];
            drop(state);
            waiting.iter().flatten().for_each(Waker::wake_by_ref);
        });
    }

    /// From now on nothing arrives, and nobody is told.
    pub(super) fn silence(&self) {
        let mut state = self.state.borrow_mut();
        if state.fate == Fate::Fine {
            state.fate = Fate::Silent;
            state.travelling.clear();
        }
    }

    /// All of `most`, or some of it; never nothing of something.
    fn some_of(&self, most: usize) -> usize {
        if self.link.partial && most > 1 { 1 + self.world.random.place(most) } else { most }
    }

    fn send(self: &Rc<Self>, state: &mut State, segment: Segment) {
        if state.fate != Fate::Fine {
            return;
        }
        let latency = self.world.random.span(&self.link.latency);
        // A latency too long to count: it never arrives, and nothing after it.
        let Some(arrival) = self.world.clock.now().checked_add(latency) else {
            state.fate = Fate::Silent;
            return;
        };
        state.last_arrival = state.last_arrival.max(arrival);
        state.travelling.push_back(segment);
        let pipe = self.clone();
        self.world.send(state.last_arrival, move || pipe.arrive());
    }

    /// The next segment arrives.
    fn arrive(self: &Rc<Self>) {
        let mut state = self.state.borrow_mut();
        match state.travelling.pop_front() {
            // It was lost on the way.
            None => return,
            Some(Segment::End) => state.ended = true,
            Some(Segment::Bytes(bytes)) if state.ended => {
                drop(state);
                return self.give_room(bytes.len());
            }
            Some(Segment::Bytes(bytes)) => state.arrived.extend(bytes),
        }
        let reader = state.reader.take();
        drop(state);
        reader.inspect(Waker::wake_by_ref);
    }

    /// So many bytes were read; the writer hears of it later.
    fn give_room(self: &Rc<Self>, bytes: usize) {
        let pipe = self.clone();
        let latency = self.world.random.span(&self.link.latency);
        self.world.send_after(latency, move || {
            let mut state = pipe.state.borrow_mut();
            if state.fate != Fate::Fine {
                return;
            }
            state.room += bytes;
            let writer = state.writer.take();
            drop(state);
            writer.inspect(Waker::wake_by_ref);
        });
    }
}
