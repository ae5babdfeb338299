//! A thread that tells what blocks a loop: the loop itself cannot.

use super::board::Board;
use super::doing::Doing;
use super::report::DebugReport;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// It never looks more often than this.
const PAUSE_MIN: Duration = Duration::from_millis(1);

/// Starts it. It ends when the board is stopped; nobody waits for that, because it may be in a handler of the user's.
pub(super) fn start(board: Arc<Board>) -> io::Result<()> {
    let thread = std::thread::Builder::new().name("loop-watchdog".to_owned());
    thread.spawn(move || run(&board)).map(drop)
}

fn run(board: &Board) {
    // The last step that was told of, and how long it must last until it is told of again.
    let mut told = (0, Duration::ZERO);
    let mut state = board.state();
    while !state.stopped {
        let limit = board.settings.blocked();
        let pause = match &state.running {
            None => limit,
            Some(running) => {
                let due = if told.0 == running.number { told.1 } else { limit };
                let so_far = running.since.elapsed();
                if so_far >= due {
                    told = (running.number, so_far.saturating_mul(2));
                    let (thread, step) = (board.thread.clone(), running.step.clone());
                    drop(state);
                    let doing = Doing::of(thread.tid);
                    board.settings.report(&DebugReport::Blocked { thread, step, so_far, doing });
                    state = board.state();
                    continue;
                }
                due.saturating_sub(so_far)
            }
        };
        state = board.wait(state, pause.max(PAUSE_MIN));
    }
}
