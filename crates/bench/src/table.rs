//! What is measured: benches, each with its contenders.

use crate::clock::Size;
use crate::placement::Placement;
use crate::{http, interpreter, memory, offload, process, sync, tasks, tcp, timers, tls, wake};
use contract::Unavailable;
use core_loop::RunError;
use std::fmt::Display;

/// One thing that is measured.
pub(crate) struct Bench {
    /// `group.what`.
    pub(crate) name: &'static str,
    /// What one operation is, in a phrase.
    pub(crate) about: &'static str,
    /// Of the number that its contenders give. Less is better, whatever it is.
    pub(crate) unit: &'static str,
    pub(crate) placement: Placement,
    pub(crate) contenders: &'static [Contender],
}

/// One who does it. Ours have no prefix, peers begin with `raw-`.
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    /// One operation, in the unit of the bench.
    pub(crate) measure: fn(Size) -> Result<f64, Failure>,
}

/// Time on the clock for one operation.
pub(crate) const NS: &str = "ns";
/// Time that this process was computing, for one operation.
pub(crate) const CPU_NS: &str = "cpu ns";
/// Microseconds.
pub(crate) const US: &str = "us";
/// Bytes.
pub(crate) const BYTES: &str = "B";

/// Why there is no number.
#[derive(Debug)]
pub(crate) enum Failure {
    /// This machine lacks something; says what, and the cure.
    CannotRunHere(String),
    /// It should have worked.
    Broken(String),
}

impl Failure {
    pub(crate) fn broken(why: impl Display) -> Self {
        Self::Broken(why.to_string())
    }
}

impl From<Unavailable> for Failure {
    fn from(unavailable: Unavailable) -> Self {
        Self::CannotRunHere(unavailable.to_string())
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Unavailable(unavailable) => unavailable.into(),
            other => Self::broken(other),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::broken(error)
    }
}

/// Every bench, by group.
pub(crate) const BENCHES: &[&[Bench]] = &[
    tasks::BENCHES,
    wake::BENCHES,
    timers::BENCHES,
    tcp::BENCHES,
    tls::BENCHES,
    http::BENCHES,
    interpreter::BENCHES,
    offload::BENCHES,
    process::BENCHES,
    process::bulk::BENCHES,
    process::life::BENCHES,
    sync::BENCHES,
    memory::BENCHES,
];

/// The table as JSON. Nothing in it needs escaping.
pub(crate) fn list() -> String {
    let bench = |bench: &Bench| {
        let names: Vec<_> =
            bench.contenders.iter().map(|contender| format!("\"{}\"", contender.name)).collect();
        format!(
            "  {{\"bench\": \"{}\", \"about\": \"{}\", \"unit\": \"{}\", \"placement\": \"{}\", \"contenders\": [{}]}}",
            bench.name,
            bench.about,
            bench.unit,
            bench.placement.words(),
            names.join(", ")
        )
    };
    let lines: Vec<_> = BENCHES.iter().copied().flatten().map(bench).collect();
    format!("{{\"benches\": [\n{}\n]}}", lines.join(",\n"))
}
