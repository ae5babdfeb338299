//! What was measured, kept at the root of the repository: a file a machine, every round of every contender, and the page
//! of the book that is made from it.

use super::page;
use super::race::{Lane, Missing, Race};
use crate::error::{self, Error, Result};
use crate::{json, machine};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Where the files are.
const FOLDER: &str = "bench/results";

/// Where the book shows them.
const PAGE: &str = "docs/src/benchmarks.md";

/// Peers whose versions matter to whoever compares two files.
const PEERS: [&str; 11] = [
    "async-executor",
    "async-io",
    "async-lock",
    "blocking",
    "glommio",
    "hyper",
    "procspawn",
    "rayon-core",
    "smol",
    "threadpool",
    "tokio",
];

/// What one machine has measured: the results of its last run of every bench.
pub(super) struct Record {
    path: PathBuf,
    pub(super) machine: Value,
    pub(super) benches: Vec<Measured>,
}

/// A bench that was measured, and of which state of the sources.
pub(super) struct Measured {
    pub(super) commit: String,
    pub(super) race: Race,
}

impl Record {
    /// The file of this machine, without benches that no longer exist. `whole` says that all of it is measured anew.
    ///
    /// # Errors
    ///
    /// Something of it would stay, and was measured under other circumstances.
    pub(super) fn open(root: &Path, whole: bool, known: &[String]) -> Result<Self> {
        let mut machine = machine::describe();
        machine["peers"] = versions(&error::read(&root.join("Cargo.lock"))?);
        let path = root.join(FOLDER).join(format!("{}.json", slug(&machine)));
        let fresh = Self { path: path.clone(), machine, benches: Vec::new() };
        if !path.exists() {
            return Ok(fresh);
        }
        let mut old = Self::read(&path)?;
        if old.machine == fresh.machine {
            old.benches.retain(|measured| known.contains(&measured.race.bench));
            return Ok(old);
        }
        if whole {
            return Ok(fresh);
        }
        Err(Error::new(format!(
            "{}: kernel, compiler or peers have changed since; record the whole table: without --only",
            path.display()
        )))
    }

    /// Puts `race` in place of its last run, in the order of `known`.
    pub(super) fn put(&mut self, commit: &str, race: Race, known: &[String]) {
        self.benches.retain(|measured| measured.race.bench != race.bench);
        self.benches.push(Measured { commit: commit.to_owned(), race });
        self.benches.sort_by_key(|measured| known.iter().position(|name| *name == measured.race.bench));
    }

    pub(super) fn write(&self) -> Result<()> {
        error::write(&self.path, &self.text())
    }

    /// A line a contender: small, and what changed is seen in a diff.
    fn text(&self) -> String {
        let benches: Vec<_> = self.benches.iter().map(Measured::text).collect();
        format!("{{\"machine\": {},\n\"benches\": [\n{}\n]}}\n", self.machine, benches.join(",\n"))
    }

    fn read(path: &Path) -> Result<Self> {
        let document = json::parse(&error::read(path)?, &path.display().to_string())?;
        let benches = json::list(&document, "benches")?.iter().map(Measured::read).collect::<Result<_>>()?;
        Ok(Self { path: path.to_owned(), machine: document["machine"].clone(), benches })
    }
}

impl Measured {
    fn text(&self) -> String {
        let lane = |lane: &Lane| match &lane.missing {
            None => json!({ "contender": lane.contender, "values": rounded(&lane.values) }).to_string(),
            Some(why) => json!({ "contender": lane.contender, "missing": why.to_string() }).to_string(),
        };
        let lanes: Vec<_> = self.race.lanes.iter().map(lane).collect();
        let Race { bench, about, unit, .. } = &self.race;
        let head = json!({ "bench": bench, "unit": unit, "commit": self.commit, "about": about }).to_string();
        format!("{},\"lanes\":[\n{}\n]}}", head.trim_end_matches('}'), lanes.join(",\n"))
    }

    fn read(value: &Value) -> Result<Self> {
        let lane = |lane: &Value| -> Result<Lane> {
            let values = lane["values"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
            // Whoever is broken is never recorded.
            let missing = lane["missing"].as_str().map(|why| Missing::CannotRunHere(why.to_owned()));
            Ok(Lane { contender: json::text(lane, "contender")?.to_owned(), values, missing })
        };
        let race = Race {
            bench: json::text(value, "bench")?.to_owned(),
            about: json::text(value, "about")?.to_owned(),
            unit: json::text(value, "unit")?.to_owned(),
            lanes: json::list(value, "lanes")?.iter().map(lane).collect::<Result<_>>()?,
        };
        Ok(Self { commit: json::text(value, "commit")?.to_owned(), race })
    }
}

/// Every machine's record, by the names of the files.
fn all(root: &Path) -> Result<Vec<Record>> {
    let entries = std::fs::read_dir(root.join(FOLDER)).into_iter().flatten().flatten();
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    paths.iter().map(|path| Record::read(path)).collect()
}

/// Writes the page of the book from all that was recorded.
pub(super) fn write_page(root: &Path) -> Result<()> {
    error::write(&root.join(PAGE), &page::book(&all(root)?))?;
    eprintln!("written: {PAGE}");
    Ok(())
}

/// Four digits that mean something: no measurement has more.
fn rounded(values: &[f64]) -> Vec<f64> {
    values.iter().map(|value| format!("{value:.3e}").parse().unwrap_or(*value)).collect()
}

/// The name of a machine's file: its processor, and how many of them.
fn slug(machine: &Value) -> String {
    let words = format!("{} {} cores", machine["cpu"].as_str().unwrap_or_default(), machine["cores"]);
    let words = words.to_lowercase().replace(|letter: char| !letter.is_ascii_alphanumeric(), " ");
    words.split_whitespace().collect::<Vec<_>>().join("-")
}

/// The versions of the peers, as the lock file has them.
fn versions(lock: &str) -> Value {
    let quoted =
        |line: &str, key: &str| Some(line.strip_prefix(key)?.trim_matches([' ', '=', '"']).to_owned());
    let mut found = json!({});
    for package in lock.split("[[package]]") {
        let mut lines = package.trim_start().lines();
        let name = lines.next().and_then(|line| quoted(line, "name"));
        let version = lines.next().and_then(|line| quoted(line, "version"));
        if let (Some(name), Some(version)) = (name, version)
            && PEERS.contains(&name.as_str())
        {
            found[name] = version.into();
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{FOLDER, Lane, Missing, PAGE, Race, Record, all, page, slug, versions};
    use crate::workspace::Workspace;
    use serde_json::json;

    fn race(bench: &str) -> Race {
        let lane = |contender: &str, values: &[f64]| Lane {
            contender: contender.to_owned(),
            values: values.to_owned(),
            missing: None,
        };
        let mut gone = lane("raw-glommio", &[]);
        gone.missing = Some(Missing::CannotRunHere("no \"io_uring\"; cure: another kernel".to_owned()));
        let lanes = vec![lane("native", &[10.123_456, 30.0]), lane("raw-fast", &[20.0, 60.0]), gone];
        Race { bench: bench.to_owned(), about: "something".to_owned(), unit: "ns".to_owned(), lanes }
    }

    fn record() -> Record {
        Record { path: "x.json".into(), machine: json!({ "cores": 2 }), benches: Vec::new() }
    }

    #[test]
    fn what_is_written_is_read_again_with_four_digits() {
        let folder = std::env::temp_dir().join(format!("anyloop-bench-record-{}", std::process::id()));
        let mut record = Record { path: folder.join(FOLDER).join("x.json"), ..record() };
        record.put("abc", race("loop.yield"), &["loop.yield".to_owned()]);
        record.write().unwrap();
        let again = all(&folder).unwrap().remove(0);
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(again.text(), record.text());
        let lanes = &again.benches[0].race.lanes;
        assert_eq!(lanes[0].values, [10.12, 30.0]);
        assert_eq!(lanes[2].missing.as_ref().unwrap().to_string(), "no \"io_uring\"; cure: another kernel");
    }

    #[test]
    fn a_bench_that_is_measured_again_replaces_itself_and_stays_in_order() {
        let known = ["loop.spawn", "loop.yield"].map(str::to_owned);
        let mut record = record();
        for (commit, bench) in [("a", "loop.yield"), ("b", "loop.spawn"), ("c", "loop.yield")] {
            record.put(commit, race(bench), &known);
        }
        let have: Vec<_> =
            record.benches.iter().map(|one| (one.race.bench.as_str(), one.commit.as_str())).collect();
        assert_eq!(have, [("loop.spawn", "b"), ("loop.yield", "c")]);
    }

    #[test]
    fn a_file_is_named_by_its_processor() {
        assert_eq!(slug(&json!({ "cpu": "AMD EPYC (7B13)", "cores": 2 })), "amd-epyc-7b13-2-cores");
    }

    #[test]
    fn versions_are_those_of_the_lock_file() {
        let lock = "[[package]]\nname = \"tokio\"\nversion = \"1.54.1\"\n\n[[package]]\nname = \"nobody\"\nversion = \"1.0.0\"\n";
        assert_eq!(versions(lock), json!({ "tokio": "1.54.1" }));
    }

    #[test]
    fn the_book_shows_what_was_recorded() {
        let root = Workspace::load().unwrap().root;
        let shown = std::fs::read_to_string(root.join(PAGE)).unwrap();
        assert!(shown == page::book(&all(&root).unwrap()), "to write it anew: cargo xtask bench --page");
    }
}
