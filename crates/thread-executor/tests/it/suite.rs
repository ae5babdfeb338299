//! What every executor must show.

use crate::pool;
use conformance::{Bench, Subject};

conformance::suite!(executors: Subject::executor("thread pool", || Ok(Bench::closures(pool(3, 64)).workers(3))));
