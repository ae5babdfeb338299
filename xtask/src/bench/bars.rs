//! The bars: what each of ours is allowed to cost, as a factor of somebody measured in the same run, or in its unit. Reported,
//! never a failure.

use super::race::{Lane, Race};
use serde_json::{Value, json};

/// `ours` takes at most `factor` of what `peer` takes: one contender, [`BEST`] or [`ONE_UNIT`].
pub(super) struct Bar {
    bench: &'static str,
    ours: &'static str,
    peer: &'static str,
    factor: f64,
}

const fn bar(bench: &'static str, ours: &'static str, peer: &'static str, factor: f64) -> Bar {
    Bar { bench, ours, peer, factor }
}

/// The peer with the least median.
const BEST: &str = "the best peer";
/// Nobody: the factor counts the bench's own units.
const ONE_UNIT: &str = "one unit";
const TOKIO: &str = "raw-tokio-localset";
const TOKIO_HYPER: &str = "raw-tokio-current-thread";
const SMOL: &str = "raw-smol-local";
const GLOMMIO: &str = "raw-glommio";
const ASYNCIO: &str = "raw-python3.13-asyncio";
const PROCSPAWN: &str = "raw-procspawn";
const PROCESS_POOL: &str = "raw-python3.13-processpool";
const UVLOOP: &str = "raw-python3.13-uvloop";

const OURS: &str = "sync-primitives";
const LOCAL: &str = "sync-primitives-local";
const TOKIO_SYNC: &str = "raw-tokio";
const ASYNC_LOCK: &str = "raw-async-lock";
const KANAL: &str = "raw-kanal";

const BARS: &[Bar] = &[
    bar("loop.spawn_join", "tokio", TOKIO, 0.7),
    bar("loop.spawn_join", "smol", SMOL, 0.7),
    bar("loop.spawn_join", "native", GLOMMIO, 1.2),
    bar("loop.spawn_join", "native", TOKIO, 0.3),
    bar("loop.spawn_join", "tokio", "native", 1.15),
    bar("loop.spawn_join", "smol", "native", 1.15),
    bar("loop.spawn_join", "glommio", "native", 1.15),
    bar("loop.spawn_join_10k", "tokio", TOKIO, 0.9),
    bar("loop.spawn_join_10k", "smol", SMOL, 0.9),
    bar("loop.spawn_join_10k", "glommio", GLOMMIO, 0.9),
    bar("loop.spawn_join_10k", "native", BEST, 1.15),
    bar("loop.spawn_join_10k", "tokio", BEST, 1.15),
    bar("loop.spawn_join_10k", "smol", BEST, 1.15),
    bar("loop.spawn_join_10k", "glommio", BEST, 1.15),
    bar("loop.yield", "tokio", TOKIO, 0.7),
    bar("loop.yield", "smol", SMOL, 0.7),
    bar("loop.yield", "native", GLOMMIO, 0.5),
    bar("loop.yield", "glommio", "native", 1.2),
    bar("loop.yield_1000", "native", GLOMMIO, 0.5),
    bar("loop.call_soon", "native", GLOMMIO, 0.8),
    bar("loop.build_drop", "native", TOKIO, 0.5),
    bar("wake.round_trip_same", "native", SMOL, 1.1),
    bar("wake.round_trip_cross", "native", BEST, 1.1),
    bar("wake.flood", "native", SMOL, 1.0),
    bar("wake.to_task", "tokio", TOKIO, 1.1),
    bar("wake.to_task", "smol", SMOL, 1.1),
    bar("wake.to_task", "glommio", GLOMMIO, 1.1),
    bar("tcp.echo_same", "tokio", TOKIO, 1.05),
    bar("tcp.echo_same", "smol", SMOL, 1.05),
    bar("tcp.echo_same", "glommio", GLOMMIO, 1.05),
    bar("tcp.echo_same", "native", TOKIO, 1.02),
    bar("tcp.echo_same", "native", SMOL, 1.02),
    bar("tcp.echo_64_same", "native", TOKIO, 1.0),
    bar("tcp.echo_64_same", "tokio", TOKIO, 1.03),
    bar("tcp.echo_64_same", "smol", SMOL, 1.03),
    bar("tcp.echo_64_same", "glommio", GLOMMIO, 1.03),
    bar("tcp.echo_64_same", "native", ASYNCIO, 0.25),
    bar("tcp.echo_64_same", "tokio", ASYNCIO, 0.25),
    bar("tcp.echo_64_same", "smol", ASYNCIO, 0.25),
    bar("tcp.echo_64_same", "glommio", ASYNCIO, 0.25),
    bar("tcp.streams_cpu", "native", UVLOOP, 0.6),
    bar("tcp.protocol_cpu", "native", UVLOOP, 0.9),
    bar("tcp.bulk_same", "native", TOKIO, 1.03),
    bar("tcp.bulk_same", "native", SMOL, 1.03),
    bar("tcp.bulk_same", "native", GLOMMIO, 1.03),
    bar("tcp.accept_cpu", "native", TOKIO, 1.0),
    bar("http.wrk_64_same", "native", TOKIO_HYPER, 1.0),
    bar("http.wrk_64_cross", "native", TOKIO_HYPER, 1.0),
    bar("timers.cancel_each", "native", GLOMMIO, 0.8),
    bar("timers.cancel_batch", "native", TOKIO, 0.5),
    bar("timers.fire_100k", "native", TOKIO, 0.65),
    bar("timers.fire_100k_wall", "native", "raw-thread-sleep", 1.1),
    bar("timers.late_p50", "native", SMOL, 1.2),
    // The future and the handle that is kept are in it.
    bar("memory.pending_task", "native", ONE_UNIT, 112.0),
    bar("memory.sleeping_task", "native", SMOL, 0.75),
    bar("memory.idle_connection", "native", TOKIO, 1.1),
    bar("offload.submit_await_free", "thread-executor", "raw-tokio-spawn-blocking", 0.6),
    bar("offload.submit_await_free", "thread-executor-spin", "raw-tokio-spawn-blocking", 0.15),
    bar("offload.submit_await_free", "thread-executor", ASYNCIO, 0.25),
    bar("offload.submit_await_same", "thread-executor", "raw-tokio-spawn-blocking", 0.6),
    bar("offload.submit_await_same", "thread-executor", ASYNCIO, 0.25),
    bar("offload.batch", "thread-executor", "raw-crossbeam-oneshot", 1.0),
    bar("offload.batch", "thread-executor", "raw-tokio-spawn-blocking-2", 0.5),
    bar("offload.work_20us", "thread-executor", "raw-tokio-spawn-blocking-2", 1.03),
    bar("offload.work_20us", "thread-executor", "raw-rayon-oneshot", 1.03),
    bar("offload.work_20us", "thread-executor", "raw-threadpool-oneshot", 1.03),
    bar("offload.work_20us", "thread-executor", "raw-crossbeam-oneshot", 1.03),
    bar("offload.mixed_p99", "thread-executor", "raw-tokio-spawn-blocking", 0.5),
    bar("offload.mixed_p99", "thread-executor", "raw-tokio-spawn-blocking-2", 0.5),
    bar("offload.mixed_p99", "thread-executor", "raw-smol-unblock", 0.5),
    bar("offload.mixed_p99", "thread-executor", "raw-rayon-oneshot", 0.5),
    bar("offload.mixed_p99", "thread-executor", "raw-threadpool-oneshot", 0.5),
    bar("offload.mixed_p99", "thread-executor", "raw-crossbeam-oneshot", 0.5),
    bar("offload.submit", "thread-executor", ONE_UNIT, 100.0),
    bar("offload.queued_memory", "thread-executor", "raw-tokio-spawn-blocking-2", 1.0),
    bar("sync.lock", OURS, ASYNC_LOCK, 1.0),
    bar("sync.lock", LOCAL, "raw-futures", 1.0),
    bar("sync.semaphore", OURS, ASYNC_LOCK, 1.0),
    bar("sync.semaphore", LOCAL, ASYNC_LOCK, 0.6),
    bar("sync.lock_100", OURS, TOKIO_SYNC, 0.75),
    bar("sync.semaphore_100", OURS, TOKIO_SYNC, 0.75),
    bar("sync.event_1000", OURS, "raw-tokio-notify", 1.0),
    bar("sync.event_1000", LOCAL, "raw-tokio-notify", 0.7),
    bar("sync.queue_1p1c", OURS, KANAL, 1.1),
    bar("sync.queue_1p1c", LOCAL, KANAL, 0.85),
    bar("sync.queue_4p4c", OURS, KANAL, 1.1),
    bar("sync.queue_4p4c", LOCAL, KANAL, 0.85),
    bar("sync.queue_threads", OURS, "raw-async-channel", 1.1),
    bar("sync.queue_threads", OURS, "raw-flume", 1.1),
    bar("sync.queue_threads", OURS, KANAL, 1.1),
    bar("sync.priority", OURS, "raw-mutex-heap", 1.1),
    bar("sync.priority_later", OURS, "raw-mutex-heap", 1.1),
    bar("process.call_free", "process-executor", "raw-socketpair", 1.25),
    bar("process.call_free", "process-executor", PROCSPAWN, 0.5),
    bar("process.call_free", "process-executor", PROCESS_POOL, 0.25),
    bar("process.call_same", "process-executor", "raw-socketpair", 1.25),
    bar("process.call_same", "process-executor", PROCSPAWN, 0.5),
    bar("process.call_same", "process-executor", PROCESS_POOL, 0.25),
    bar("process.bulk", "process-executor", PROCSPAWN, 0.03),
    bar("process.bulk_in_place", "process-executor", "raw-local-read", 1.15),
    bar("process.bulk_copied", "process-executor", "raw-local-copy-and-read", 1.25),
    bar("process.bulk_vec", "process-executor", "raw-vm-readv", 1.2),
    bar("process.bulk_vec", "process-executor", PROCSPAWN, 0.1),
    bar("process.bulk_vec", "process-executor", PROCESS_POOL, 0.1),
    bar("process.ready", "process-executor", "raw-reexec", 1.15),
    bar("process.restart", "process-executor-512MiB", "process-executor", 1.1),
    bar("interpreter.call_free", "interpreter-executor-fresh", "raw-allowed", 1.0),
    bar("interpreter.call_same", "interpreter-executor-fresh", "raw-allowed", 1.0),
    bar("interpreter.call_free", "interpreter-executor-pinned", "raw-thread-pool", 1.1),
    bar("interpreter.call_same", "interpreter-executor-pinned", "raw-thread-pool", 1.1),
    bar("interpreter.here", "interpreter-executor-fresh", "raw-wasmi", 1.15),
    bar("interpreter.start", "interpreter-executor-fresh", "raw-reexec", 0.1),
    bar("interpreter.start", "interpreter-executor-pinned", "raw-reexec", 0.1),
    bar("interpreter.overrun_p99", "interpreter-executor", "raw-2ms", 1.0),
];

impl Bar {
    fn ratio(&self, race: &Race) -> Option<f64> {
        match self.peer {
            BEST => race.ratio(self.ours, race.best_peer()?),
            ONE_UNIT => race.median(self.ours),
            peer => race.ratio(self.ours, peer),
        }
    }
}

/// How a bar came out.
pub(super) struct Outcome {
    bar: &'static Bar,
    /// To the peer, or in the unit of the bench; `None` where one of the two has no numbers.
    ratio: Option<f64>,
}

/// The bars of the benches that were run.
pub(super) fn outcomes(races: &[Race]) -> Vec<Outcome> {
    let outcome = |bar: &'static Bar| {
        let race = races.iter().find(|race| race.bench == bar.bench)?;
        Some(Outcome { bar, ratio: bar.ratio(race) })
    };
    BARS.iter().filter_map(outcome).collect()
}

/// Bars that nobody could ever clear or miss: their bench or one of their two is not in the program's list. What names a
/// runtime of `unbuilt` is only not there today.
pub(super) fn strangers(listed: &[Race], unbuilt: &[&str]) -> Vec<String> {
    let here = |race: &Race, name: &str| {
        name == ONE_UNIT
            || name == BEST && race.lanes.iter().any(Lane::is_peer)
            || race.lanes.iter().any(|lane| lane.contender == name)
            || unbuilt.iter().any(|runtime| name.ends_with(runtime))
    };
    let known = |bar: &&Bar| {
        listed.iter().any(|race| race.bench == bar.bench && here(race, bar.ours) && here(race, bar.peer))
    };
    let name = |bar: &Bar| format!("{}: {} or {} is no contender", bar.bench, bar.ours, bar.peer);
    BARS.iter().filter(|bar| !known(bar)).map(name).collect()
}

impl Outcome {
    fn holds(&self) -> Option<bool> {
        self.ratio.map(|ratio| ratio <= self.bar.factor)
    }

    /// Bench, whether it holds, who, the ratio that was measured, the factor that is allowed, and whom.
    pub(super) fn cells(&self) -> Vec<String> {
        let word = match self.holds() {
            Some(true) => "holds",
            Some(false) => "missed",
            None => "not measured",
        };
        let ratio = self.ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default();
        let Bar { bench, ours, peer, factor } = self.bar;
        vec![(*bench).into(), word.into(), (*ours).into(), ratio, factor.to_string(), (*peer).into()]
    }

    pub(super) fn json(&self) -> Value {
        let Bar { bench, ours, peer, factor } = self.bar;
        json!({ "bench": bench, "ours": ours, "peer": peer, "factor": factor, "ratio": self.ratio, "holds": self.holds() })
    }
}

#[cfg(test)]
mod tests {
    use super::{BARS, BEST, outcomes, strangers};
    use crate::bench::race::{Lane, Race};

    fn race(tokio: &[f64], raw: &[f64]) -> Race {
        let lane = |contender: &str, values: &[f64]| Lane {
            contender: contender.to_owned(),
            values: values.to_owned(),
            missing: None,
        };
        Race {
            bench: "loop.yield".to_owned(),
            lanes: vec![lane("tokio", tokio), lane("raw-tokio-localset", raw)],
            ..Race::default()
        }
    }

    fn words(race: Race) -> Vec<String> {
        outcomes(&[race]).iter().map(|outcome| outcome.cells()[1].clone()).collect()
    }

    #[test]
    fn a_bar_is_judged_by_the_median_of_the_ratios_round_by_round() {
        // The medians alone, 10 to 10, would miss it.
        assert_eq!(words(race(&[1.0, 10.0, 20.0], &[10.0, 20.0, 4.0]))[0], "holds");
        assert_eq!(words(race(&[8.0, 8.0, 8.0], &[10.0, 10.0, 10.0]))[0], "missed");
    }

    #[test]
    fn a_bar_with_somebody_missing_is_not_measured() {
        assert_eq!(words(race(&[1.0], &[2.0]))[1..], ["not measured"; 3]);
    }

    #[test]
    fn a_bar_of_somebody_who_is_not_there_is_found_unless_his_runtime_is_not_built() {
        let races: Vec<Race> =
            BARS.iter().map(|bar| Race { bench: bar.bench.to_owned(), ..race(&[], &[]) }).collect();
        let of_yield = |unbuilt: &[&str]| {
            strangers(&races, unbuilt).into_iter().filter(|bar| bar.starts_with("loop.yield:")).count()
        };
        assert_eq!((of_yield(&[]), of_yield(&["glommio"])), (3, 3));
        assert_eq!(of_yield(&["glommio", "native", "smol", "smol-local"]), 0);
    }

    #[test]
    fn a_bar_of_the_best_peer_is_judged_by_who_is_best_in_that_run() {
        let lane = |contender: &str, value| Lane {
            contender: contender.to_owned(),
            values: vec![value],
            missing: None,
        };
        let spawned = |tokio, smol| Race {
            bench: "loop.spawn_join_10k".to_owned(),
            lanes: vec![
                lane("native", 12.0),
                lane("raw-tokio-localset", tokio),
                lane("raw-smol-local", smol),
            ],
            ..Race::default()
        };
        let word = |race| {
            let outcomes = outcomes(&[race]);
            outcomes
                .into_iter()
                .map(|outcome| outcome.cells())
                .find(|cells| cells[5] == BEST && cells[2] == "native")
        };
        let judged = [word(spawned(11.0, 90.0)), word(spawned(90.0, 11.0)), word(spawned(90.0, 10.0))];
        assert_eq!(
            judged.map(|cells| cells.map(|cells| cells[1].clone()).unwrap_or_default()),
            ["holds", "holds", "missed"]
        );
    }

    #[test]
    fn a_bar_of_no_peer_counts_units() {
        let tasks = |bytes| Race {
            bench: "memory.pending_task".to_owned(),
            lanes: vec![Lane { contender: "native".to_owned(), values: vec![bytes], missing: None }],
            ..Race::default()
        };
        assert_eq!(
            (words(tasks(112.0)), words(tasks(113.0))),
            (vec!["holds".to_owned()], vec!["missed".to_owned()])
        );
        assert!(!strangers(&[tasks(1.0)], &[]).iter().any(|bar| bar.starts_with("memory.pending_task")));
    }

    #[test]
    fn no_bar_stands_twice() {
        for (at, bar) in BARS.iter().enumerate() {
            let again =
                |other: &super::Bar| (other.bench, other.ours, other.peer) == (bar.bench, bar.ours, bar.peer);
            assert!(!BARS[at + 1..].iter().any(again), "{} of {}", bar.bench, bar.ours);
        }
    }
}
