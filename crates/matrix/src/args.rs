//! The command line.

use crate::columns::{COLUMNS, Entry};

pub(crate) const USAGE: &str = "\
The conformance matrix as JSON: every behaviour on every driver and executor.

usage: conformance-matrix [--runtime NAME]... [--raw] [--list]
       conformance-matrix stress [--runtime NAME]... [--ops N] [--seed S]

  --runtime NAME  only this column; may be repeated
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
            match (word.as_str(), word.strip_prefix("--runtime=")) {
                ("--list", _) => args.list = true,
                ("--raw", _) => args.raw = true,
                ("observe", _) => {
                    let names = words.next().zip(words.next());
                    args.observe = Some(names.ok_or("observe wants a raw runtime and a difference")?);
                }
                ("stress", _) => args.stress = true,
                ("--ops", _) => args.operations = Some(number("--ops", words.next())?),
                ("--seed", _) => args.seed = Some(number("--seed", words.next())?),
                ("--help" | "-h", _) => args.help = true,
                (_, Some(name)) => args.add(name)?,
                ("--runtime", _) => {
                    let name = words.next().ok_or_else(|| format!("--runtime wants a name: {}", known()))?;
                    args.add(&name)?;
                }
                _ => return Err(format!("unknown argument `{word}`\n\n{USAGE}")),
            }
        }
        if !args.stress && (args.operations.is_some() || args.seed.is_some()) {
            return Err("--ops and --seed go with stress".to_owned());
        }
        if args.columns.is_empty() {
            args.columns = COLUMNS.iter().collect();
        }
        Ok(args)
    }

    fn add(&mut self, name: &str) -> Result<(), String> {
        let Some(entry) = COLUMNS.iter().find(|entry| entry.name == name) else {
            return Err(format!("there is no runtime `{name}`; known are {}", known()));
        };
        if !self.columns.iter().any(|have| have.name == name) {
            self.columns.push(entry);
        }
        Ok(())
    }
}

fn number(flag: &str, value: Option<String>) -> Result<u64, String> {
    let value = value.ok_or_else(|| format!("{flag} wants a number"))?;
    value.parse().map_err(|_| format!("{flag} wants a number, not `{value}`"))
}

fn known() -> String {
    COLUMNS.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ")
}
