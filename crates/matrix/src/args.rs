//! The command line.

use crate::columns::{COLUMNS, Entry};

pub(crate) const USAGE: &str = "\
The conformance matrix as JSON: every behaviour on every driver, executor and set of primitives.

usage: conformance-matrix [--runtime NAME]... [--column NAME]... [--raw] [--list]
       conformance-matrix stress [--runtime NAME]... [--column NAME]... [--ops N] [--seed S]

  --runtime NAME  only the columns that stand on this runtime; may be repeated
  --column NAME   only this column; may be repeated
  --raw           also what the runtimes do without the loop, in words
  --list          the behaviours, one a line, without trying them
  stress          everything at once on each column instead, at random from a seed; what it did, one line a column
  --ops N         so many operations; a million unless said
  --seed S        the seed of the first round; 1 unless said
  --help          this
";

/// What was asked for.
#[derive(Default)]
pub(crate) struct Args {
    pub(crate) columns: Vec<&'static Entry>,
    pub(crate) raw: bool,
    pub(crate) list: bool,
    /// A raw runtime and a difference: this process was started to observe that, and nothing else.
    pub(crate) observe: Option<(String, String)>,
    pub(crate) stress: bool,
    pub(crate) operations: Option<u64>,
    pub(crate) seed: Option<u64>,
    pub(crate) help: bool,
}

impl Args {
    /// Reads the words after the program's name.
    pub(crate) fn parse(words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut args = Self::default();
        let mut words = words;
        while let Some(word) = words.next() {
            // A flag and its value, in one word or in two.
            let (flag, value) = word
                .split_once('=')
                .map_or((word.as_str(), None), |(flag, value)| (flag, Some(value.to_owned())));
            let mut name =
                |of: &str| value.clone().or_else(|| words.next()).ok_or_else(|| format!("{of} wants a name"));
            match flag {
                "--list" => args.list = true,
                "--raw" => args.raw = true,
                "observe" => {
                    let names = words.next().zip(words.next());
                    args.observe = Some(names.ok_or("observe wants a raw runtime and a difference")?);
                }
                "stress" => args.stress = true,
                "--ops" => args.operations = Some(number(flag, &name(flag)?)?),
                "--seed" => args.seed = Some(number(flag, &name(flag)?)?),
                "--help" | "-h" => args.help = true,
                "--runtime" => args.add("runtime", &name(flag)?, |entry| entry.runtime)?,
                "--column" => args.add("column", &name(flag)?, |entry| Some(entry.name))?,
                _ => return Err(format!("unknown argument `{word}`\n\n{USAGE}")),
            }
        }
        if !args.stress && (args.operations.is_some() || args.seed.is_some()) {
            return Err("--ops and --seed go with stress".to_owned());
        }
        if args.columns.is_empty() {
            args.columns = COLUMNS.iter().filter(|entry| entry.shown).collect();
        }
        Ok(args)
    }

    /// Adds the columns whose `key` is `name`.
    fn add(
        &mut self,
        what: &str,
        name: &str,
        key: impl Fn(&Entry) -> Option<&'static str>,
    ) -> Result<(), String> {
        let mut known: Vec<_> = COLUMNS.iter().filter_map(&key).collect();
        known.dedup();
        if !known.contains(&name) {
            return Err(format!("there is no {what} `{name}`; known are {}", known.join(", ")));
        }
        for entry in COLUMNS.iter().filter(|entry| key(entry) == Some(name)) {
            if !self.columns.iter().any(|have| have.name == entry.name) {
                self.columns.push(entry);
            }
        }
        Ok(())
    }
}

fn number(flag: &str, value: &str) -> Result<u64, String> {
    value.parse().map_err(|_| format!("{flag} wants a number, not `{value}`"))
}
