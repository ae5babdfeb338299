//! What the metrics say is consistent, on every runtime.

use crate::program::run;
use examples::runtime::Runtime;
use std::process::Command;

/// The value of a line.
#[track_caller]
fn value(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in:\n{text}")).parse().unwrap()
}

/// The counts of a histogram's buckets.
fn buckets(text: &str, name: &str) -> Vec<f64> {
    let bucket = format!("{name}_bucket");
    let lines = text.lines().filter(|line| line.starts_with(&bucket));
    lines.map(|line| line.split_whitespace().next_back().unwrap().parse().unwrap()).collect()
}

#[test]
fn the_metrics_add_up_on_every_runtime() {
    for runtime in Runtime::ALL {
        let mut program = Command::new(env!("CARGO_BIN_EXE_metrics"));
        let ended = run(program.args(["--runtime", runtime.name()]));
        if let Some(why) = ended.stderr.strip_prefix("Error: ").filter(|why| why.contains("cannot run here"))
        {
            conformance::cannot_run(&format!("metrics on {runtime}"), &why.trim());
            continue;
        }
        assert!(ended.status.success(), "{runtime}: {}", ended.stderr);
        let text = ended.stdout;
        assert_eq!(value(&text, "loop_tasks_spawned_total"), 100.0, "{runtime}");
        assert_eq!(value(&text, "loop_tasks_finished_total"), 100.0, "{runtime}");
        // A machine that is busy may leave it no time to park.
        assert!(value(&text, "loop_parked_seconds_total") >= 0.0, "{runtime}");
        for name in ["loop_step_seconds", "loop_queue_steps", "loop_lag_seconds"] {
            let buckets = buckets(&text, name);
            assert!(buckets.is_sorted(), "{runtime}: {name}");
            let count = value(&text, &format!("{name}_count"));
            assert!(count > 0.0 && buckets.last() == Some(&count), "{runtime}: {name}");
        }
        // A first step each, and one more for those that slept.
        assert!(value(&text, "loop_step_seconds_count") >= 190.0, "{runtime}");
    }
}
