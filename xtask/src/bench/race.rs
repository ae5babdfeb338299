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

/// How often a peer is measured that hangs. glommio 0.9 may sleep through a wake, which is not ours to mend: it costs that peer
/// its number, and says nothing about us.
const PEER_TRIES: usize = 3;

/// How the program ends when a contender cannot run on this machine.
const CANNOT_RUN_HERE: &str = "exit status: 3";

/// A bench and what was measured.
#[derive(Clone, Default)]
pub(super) struct Race {
    pub(super) bench: String,
    /// What one operation is, in a phrase.
    pub(super) about: String,
    pub(super) unit: String,
    pub(super) lanes: Vec<Lane>,
}

/// One contender.
#[derive(Clone)]
pub(super) struct Lane {
    pub(super) contender: String,
    /// One a round.
    pub(super) values: Vec<f64>,
    pub(super) missing: Option<Missing>,
}

/// Why a contender has no number.
#[derive(Clone)]
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
    /// To the best peer, round by round. `None` without a peer.
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
            about: json::text(listed, "about")?.to_owned(),
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
            let measure = || processes::run(&mut command, Keep::Both, MEASUREMENT);
            match outcome(lane.is_peer(), measure) {
                Ok(value) => lane.values.push(value),
                Err(missing) => lane.missing = Some(missing),
            }
        }
    }

    /// Those who have a number for every round.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row> {
        let best = self.best();
        self.whole().map(move |lane| Row {
            bench: self.bench.clone(),
            contender: lane.contender.clone(),
            unit: self.unit.clone(),
            median: median(&lane.values),
            min: lane.values.iter().copied().fold(f64::INFINITY, f64::min),
            max: lane.values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            rounds: lane.values.len(),
            ratio: best.map(|best| lane.ratio(best)),
        })
    }

    fn best(&self) -> Option<&Lane> {
        let peers = self.whole().filter(|lane| lane.is_peer());
        peers.min_by(|one, other| median(&one.values).total_cmp(&median(&other.values)))
    }

    /// The peer with the least median.
    pub(super) fn best_peer(&self) -> Option<&str> {
        Some(&self.best()?.contender)
    }

    /// What one contender took, if it has numbers.
    pub(super) fn median(&self, contender: &str) -> Option<f64> {
        Some(median(&self.whole().find(|lane| lane.contender == contender)?.values))
    }

    /// One contender to another, if both have numbers.
    pub(super) fn ratio(&self, ours: &str, peer: &str) -> Option<f64> {
        let lane = |name: &str| self.whole().find(|lane| lane.contender == name);
        Some(lane(ours)?.ratio(lane(peer)?))
    }

    /// Contenders without a number, as `bench of contender`.
    pub(super) fn missing(&self) -> impl Iterator<Item = (String, &Missing)> {
        self.lanes.iter().filter_map(|lane| {
            Some((format!("{} of {}", self.bench, lane.contender), lane.missing.as_ref()?))
        })
    }

    /// Whether somebody failed for another reason than this machine.
    pub(super) fn is_broken(&self) -> bool {
        self.lanes.iter().any(|lane| matches!(lane.missing, Some(Missing::Broken(_))))
    }

    fn whole(&self) -> impl Iterator<Item = &Lane> {
        self.lanes.iter().filter(|lane| lane.missing.is_none() && !lane.values.is_empty())
    }
}

impl Lane {
    /// Whether it is measured for comparison, and not ours.
    pub(super) fn is_peer(&self) -> bool {
        self.contender.starts_with("raw-")
    }

    /// The median of the ratios round by round, because a slow phase of the machine hits neighbours in a round alike.
    fn ratio(&self, other: &Self) -> f64 {
        let pairs = self.values.iter().zip(&other.values);
        median(&pairs.map(|(one, other)| one / other).collect::<Vec<_>>())
    }
}

/// What came of measuring a contender; a peer that hangs is measured again.
fn outcome(
    is_peer: bool,
    mut measure: impl FnMut() -> Result<Finished>,
) -> std::result::Result<f64, Missing> {
    let mut hung = 0;
    loop {
        let ended = measure().map_err(|error| Missing::Broken(error.to_string()))?;
        if !(is_peer && ended.was_killed) {
            return read(&ended);
        }
        hung += 1;
        if hung == PEER_TRIES {
            return Err(Missing::CannotRunHere(format!("it hung {hung} times: {}", ended.how)));
        }
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
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { f64::midpoint(sorted[middle - 1], sorted[middle]) }
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
    use super::{Missing, PEER_TRIES, median, outcome, read};
    use crate::processes::Finished;

    fn ended(how: &str, stdout: &str) -> Finished {
        let success = how == "exit status: 0";
        let was_killed = how.starts_with("killed");
        Finished { success, was_killed, how: how.into(), stdout: stdout.into(), stderr: "words\n".into() }
    }

    /// What came of it, and how often it was measured, where all but the last hang.
    fn after_hangs(hangs: usize, is_peer: bool) -> (std::result::Result<f64, Missing>, usize) {
        let mut measured = 0;
        let outcome = outcome(is_peer, || {
            measured += 1;
            let (how, stdout) =
                if measured <= hangs { ("killed after 60.0 s", "") } else { ("exit status: 0", "7") };
            Ok(ended(how, stdout))
        });
        (outcome, measured)
    }

    #[test]
    fn a_peer_that_hangs_is_measured_again_and_at_last_has_no_number() {
        assert!(matches!(after_hangs(PEER_TRIES - 1, true), (Ok(7.0), PEER_TRIES)));
        let (outcome, measured) = after_hangs(PEER_TRIES, true);
        assert!(matches!(outcome, Err(Missing::CannotRunHere(why)) if why.contains("hung 3 times")));
        assert_eq!(measured, PEER_TRIES);
    }

    #[test]
    fn one_of_ours_that_hangs_once_is_broken() {
        assert!(matches!(after_hangs(1, false), (Err(Missing::Broken(_)), 1)));
    }

    #[test]
    fn the_median_of_an_even_number_lies_between_its_two_middles() {
        assert_eq!(median(&[4.0, 1.0, 2.0, 90.0]), 3.0);
        assert_eq!(median(&[4.0, 1.0, 90.0]), 4.0);
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
