#![doc = include_str!("../README.md")]

mod alone;
mod behaviour;
mod bench;
mod catalogue;
mod differential;
mod executors;
mod gate;
mod loop_thread;
mod loops;
mod run;
mod spy;
mod stress;
mod subject;
mod suite;
mod work;

pub use alone::{alone, lack_of_descriptors};
pub use behaviour::{Behaviour, Kind, Level, Miss, Verdict};
pub use bench::{Bench, BoxFuture, Closure};
#[doc(hidden)]
pub use catalogue::id;
pub use executors::Executors;
pub use gate::{Arrival, Gate, this_worker};
pub use loops::Loops;
pub use run::Outcome;
pub use stress::{Stress, Stressed};
pub use subject::{Exception, Subject, Treatment};
#[doc(hidden)]
pub use suite::{endure, hold, tries_something};
pub use work::Work;
