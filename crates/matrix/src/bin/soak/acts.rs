//! What is done, again and again: each act is a task, which may be cancelled anywhere, and checks what it gets.

mod children;
mod connections;
mod pools;

use crate::Counts;
use crate::world::World;
use conformance::Dice;
use core_loop::{JoinError, sleep, spawn, timeout};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Side by side.
const WORKERS: u64 = 12;

/// How many kinds of acts there are.
const KINDS: u64 = 10;

/// Longer than any act takes; only a hang reaches it.
const LONG: Duration = Duration::from_secs(60);

/// What an act came to: a word for it, or what must not happen.
type Ended = Result<&'static str, String>;

/// Keeps everybody busy for `duration`.
pub(crate) async fn until_over(world: &Rc<World>, duration: Duration, seed: u64) -> Result<Counts, String> {
    let over = Instant::now() + duration;
    let mut dice = Dice::new(seed);
    let work = |number| spawn(worker(world.clone(), number, dice.split(), over));
    let workers: Vec<_> = (0..WORKERS).map(work).collect();
    let disturbing = spawn(disturb(world.clone(), dice, over));
    let mut counts = Counts::new();
    for worker in workers {
        let done = worker.await.map_err(|error| error.to_string())?;
        done.into_iter().for_each(|(end, count)| *counts.entry(end).or_default() += count);
    }
    disturbing.await.map_err(|error| error.to_string())?;
    match world.broken() {
        Some(what) => Err(what),
        None => Ok(counts),
    }
}

/// Cuts connections off now and then.
async fn disturb(world: Rc<World>, mut dice: Dice, over: Instant) {
    while Instant::now() < over {
        sleep(Duration::from_millis(dice.below(50))).await;
        world.cut_off(&mut dice);
    }
}

/// One act after the other, every fourth of which is cancelled in the middle. Each kind comes first once.
async fn worker(world: Rc<World>, number: u64, mut dice: Dice, over: Instant) -> Counts {
    let mut counts = Counts::new();
    let mut kind = number % KINDS;
    while Instant::now() < over && world.broken().is_none() {
        let acting = spawn(timeout(LONG, act(world.clone(), kind, dice.split())));
        if dice.once_in(4) {
            sleep(Duration::from_micros(dice.below(3000))).await;
            acting.cancel("the soak cancels");
        }
        let word = match acting.await {
            Ok(Ok(Ok(word))) => word,
            Err(JoinError::Cancelled(_)) => "cancelled",
            Ok(Ok(Err(what))) => {
                world.break_with(what);
                "broken"
            }
            Ok(Err(_)) => {
                world.break_with(format!("an act of kind {kind} hangs"));
                "broken"
            }
            Err(error) => {
                world.break_with(format!("an act of kind {kind}: {error}"));
                "broken"
            }
        };
        *counts.entry(word).or_default() += 1;
        kind = dice.below(KINDS);
    }
    counts
}

async fn act(world: Rc<World>, kind: u64, mut dice: Dice) -> Ended {
    match kind {
        0 => connections::echo(&world, &mut dice).await,
        1 => connections::tls_echo(&world, &mut dice).await,
        2 => connections::http(&world, &mut dice).await,
        3 => children::fed(&mut dice).await,
        4 => children::killed(&mut dice).await,
        5 => pools::threads(&world, &mut dice).await,
        6 => pools::processes(&world, &mut dice).await,
        7 => connections::no_tls(&world, &mut dice).await,
        8 => connections::tls_echo(&world, &mut dice).await,
        _ => pools::tasks(&mut dice).await,
    }
}
