//! Work elsewhere, and tasks.

use super::Ended;
use crate::world::World;
use conformance::Dice;
use contract::{ExecutorExt, JobError};
use core_loop::{gather, sleep, spawn, timeout, to_thread};
use process_executor::call;
use std::time::Duration;

/// On the default executor, or on a pool of one's own.
pub(super) async fn threads(world: &World, dice: &mut Dice) -> Ended {
    let (number, nap) = (dice.below(1000), Duration::from_micros(dice.below(1000)));
    let work = move || {
        std::thread::sleep(nap);
        number + 1
    };
    let came = match dice.once_in(2) {
        true => to_thread(work).await.map_err(|error| error.to_string()),
        false => world.pools.threads.run(work).await.map_err(|error| error.to_string()),
    };
    match came {
        Ok(next) if next == number + 1 => Ok("jobs in threads"),
        other => Err(format!("a thread made {other:?} of {number}")),
    }
}

/// In a worker process, which dies now and then.
pub(super) async fn processes(world: &World, dice: &mut Dice) -> Ended {
    if dice.once_in(16) {
        return match world.pools.processes.run(call(|()| std::process::exit(7), ())).await {
            Err(JobError::WorkerDied(_)) => Ok("workers dead"),
            Ok(()) => Err("a worker that ended gave an output".to_owned()),
            Err(error) => Err(format!("a worker that ended: {error}")),
        };
    }
    let number = dice.below(1000);
    match world.pools.processes.run(call(|number: u64| number + 1, number)).await {
        Ok(next) if next == number + 1 => Ok("jobs in processes"),
        other => Err(format!("a process made {other:?} of {number}")),
    }
}

/// Some tasks side by side, one of which is given up.
pub(super) async fn tasks(dice: &mut Dice) -> Ended {
    let naps: Vec<_> = (0..10).map(|_| Duration::from_micros(dice.below(2000))).collect();
    let given_up = spawn(timeout(Duration::from_micros(dice.below(500)), sleep(Duration::from_secs(1000))));
    let napping = gather(naps.into_iter().map(sleep).collect::<Vec<_>>()).await;
    match (napping, given_up.await) {
        (Ok(naps), Ok(Err(_))) if naps.len() == 10 => Ok("families of tasks"),
        other => Err(format!("tasks ended as {other:?}")),
    }
}
