//! Group `wake`: how one thread gets a loop of another to run.

mod flood;
mod round_trip;
mod to_task;

use crate::host::on_every_host;
use crate::placement::Placement;
use crate::table::{Bench, NS};
use flood::flood;
use round_trip::{across, same};
use to_task::to_task;

pub(crate) const BENCHES: &[Bench] = &[
    Bench {
        name: "wake.round_trip_cross",
        about: "a task wakes a sleeping thread, which wakes the sleeping loop; each on a processor of its own",
        unit: NS,
        placement: Placement::Two,
        contenders: on_every_host!(across),
    },
    Bench {
        name: "wake.round_trip_same",
        about: "a task wakes a sleeping thread, which wakes the sleeping loop; both on one processor",
        unit: NS,
        placement: Placement::One,
        contenders: on_every_host!(same),
    },
    Bench {
        name: "wake.to_task",
        about: "a running thread wakes a task of a sleeping loop, until that task runs",
        unit: NS,
        placement: Placement::Two,
        contenders: on_every_host!(to_task),
    },
    Bench {
        name: "wake.flood",
        about: "a thread queues messages and wakes the task that takes them, once for each: a message",
        unit: NS,
        placement: Placement::Two,
        contenders: on_every_host!(flood),
    },
];
