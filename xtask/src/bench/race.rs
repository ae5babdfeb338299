//! One bench, run by all its contenders in turn.

use crate::error::Result;
use crate::json;
use crate::processes::{self, Finished, Keep};
use serde_json::{Value, json};
use std::fmt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// A measurement takes a second or two; one that takes longer than this hangs.
pub(super) const MEASUREMENT: Duration = Duration::from_secs(60);

/// How the program ends when a contender cannot run on this machine.
const CANNOT_RUN_HERE: &str = "exit status: 3";

/// A bench and what was measured.
pub(super) struct Race {
    pub(super) bench: String,
    pub(super) unit: String,
    pub(super) lanes: Vec<Lane>,
}

/// One contender.
pub(super) struct Lane {
    pub(super) contender: String,
    /// One a round.
    pub(super) values: Vec<f64>,
    pub(super) missing: Option<Missing>,
}

/// Why a contender has no number.
pub(super) enum Missing {
    CannotRunHere(String),
    Broken(String),
}

/// A contender's numbers, summed up.
pub(super) struct Row {
    pub(super) bench: String,
    pub(super) contender: String,
    pub(super) unit: String,
    pub(super) median: f64,
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) rounds: usize,
    /// To the best peer: the median of the ratios round by round, because a slow phase of the machine hits neighbours in
    /// a round alike. `None` without a peer.
    pub(super) ratio: Option<f64>,
}

impl Race {
    /// From the program's own list.
    pub(super) fn read(listed: &Value) -> Result<Self> {
        let lane = |name: &Value| Lane {
            contender: name.as_str().unwrap_or_default().to_owned(),
            values: Vec::new(),
            missing: None,
        };
        Ok(Self {
            bench: json::text(listed, "bench")?.to_owned(),
            unit: json::text(listed, "unit")?.to_owned(),
            lanes: json::list(listed, "contenders")?.iter().map(lane).collect(),
        })
    }

    /// Every contender once a round, and each round begun by another one.
    pub(super) fn run(&mut self, program: &Path, rounds: usize, smoke: bool) {
        let count = self.lanes.len();
        for turn in 0..rounds * count {
            let lane = &mut self.lanes[(turn + turn / count) % count];
            if lane.missing.is_some() {
                continue;
            }
            let mut command = Command::new(program);
            command.args(["measure", &self.bench, &lane.contender]);
            command.args(smoke.then_some("--smoke"));
            match processes::run(&mut command, Keep::Both, MEASUREMENT) {
                Ok(ended) => match read(&ended) {
                    Ok(value) => lane.values.push(value),
                    Err(missing) => lane.missing = Some(missing),
                },
                Err(error) => lane.missing = Some(Missing::Broken(error.to_string())),
            }
        }
    }

    /// Those who have a number for every round.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row> {
        let whole = || self.lanes.iter().filter(|lane| lane.missing.is_none() && !lane.values.is_empty());
        let peers = whole().filter(|lane| lane.contender.starts_with("raw-"));
        let best = peers.min_by(|one, other| median(&one.values).total_cmp(&median(&other.values)));
        whole().map(move |lane| {
            let ratios = best.map(|best| {
                lane.values.iter().zip(&best.values).map(|(ours, theirs)| ours / theirs).collect::<Vec<_>>()
            });
            Row {
                bench: self.bench.clone(),
                contender: lane.contender.clone(),
                unit: self.unit.clone(),
                median: median(&lane.values),
                min: lane.values.iter().copied().fold(f64::INFINITY, f64::min),
                max: lane.values.iter().copied().fold(0.0, f64::max),
                rounds: lane.values.len(),
                ratio: ratios.as_deref().map(median),
            }
        })
    }
}

/// What one process measured.
fn read(ended: &Finished) -> std::result::Result<f64, Missing> {
    let words = ended.stdout.trim();
    if ended.how == CANNOT_RUN_HERE {
        return Err(Missing::CannotRunHere(words.to_owned()));
    }
    match words.parse() {
        Ok(value) if ended.success => Ok(value),
        _ => Err(Missing::Broken(format!("{}\n{}", ended.how, ended.transcript()))),
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

impl Row {
    pub(super) fn json(&self) -> Value {
        json!({
            "bench": self.bench,
            "contender": self.contender,
            "unit": self.unit,
            "median": self.median,
            "min": self.min,
            "max": self.max,
            "rounds": self.rounds,
            "ratio": self.ratio,
        })
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CannotRunHere(why) | Self::Broken(why) => f.write_str(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Missing, read};
    use crate::processes::Finished;

    fn ended(how: &str, stdout: &str) -> Finished {
        let success = how == "exit status: 0";
        Finished { success, how: how.into(), stdout: stdout.into(), stderr: "words\n".into() }
    }

    #[test]
    fn a_process_ends_with_a_number_or_with_the_reason_that_it_has_none() {
        assert!(matches!(read(&ended("exit status: 0", "41.5\n")), Ok(41.5)));
        assert!(
            matches!(read(&ended("exit status: 3", "no\n")), Err(Missing::CannotRunHere(why)) if why == "no")
        );
        for broken in [ended("killed after 60.0 s", ""), ended("exit status: 0", "no number")] {
            assert!(matches!(read(&broken), Err(Missing::Broken(why)) if why.contains("words")));
        }
    }
}
