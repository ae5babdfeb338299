//! The loop's protocols between threads, in every order that the threads can take.
#![cfg(loom)]

#[path = "../../src/task/afar.rs"]
mod afar;
#[path = "../../src/signal/bell.rs"]
mod bell;
#[path = "../../src/inbox.rs"]
#[expect(dead_code, reason = "the models use what races")]
mod inbox;
#[path = "../../src/jobs.rs"]
#[expect(dead_code, reason = "the models use what races")]
mod jobs;
#[path = "../../src/parcel.rs"]
mod parcel;
#[path = "../../src/native/park.rs"]
mod park;
#[path = "../../src/driven/signal.rs"]
mod signal;
#[path = "../../src/sync.rs"]
mod sync;

mod afar_model;
mod bell_model;
mod close_model;
mod host;
mod inbox_model;
mod park_model;

/// Every order with at most three preemptions. Without a bound they hold as well, after minutes.
pub(crate) fn model(check: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(check);
}
