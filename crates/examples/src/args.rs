//! The command line of these programs: `--name value`, each at most once.

use crate::runtime::Runtime;
use std::fmt;
use std::process;
use std::str::FromStr;

/// The arguments that nobody has asked for yet.
#[derive(Debug)]
pub struct Args {
    left: Vec<String>,
    /// What was asked for, to say it when there is something else.
    known: Vec<String>,
}

impl Args {
    /// Those of this program.
    #[must_use]
    pub fn from_env() -> Self {
        // An argument that is no UTF-8 is none that is known either.
        Self::new(std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()))
    }

    /// These.
    pub fn new(args: impl IntoIterator<Item = String>) -> Self {
        Self { left: args.into_iter().collect(), known: Vec::new() }
    }

    /// What stands behind `name`, as `--name value` or `--name=value`; `None` if `name` is not there.
    ///
    /// # Errors
    ///
    /// There is no value, or it cannot be read.
    pub fn value<T>(&mut self, name: &str, what: &str) -> Result<Option<T>, Wrong>
    where
        T: FromStr<Err: fmt::Display>,
    {
        self.known.push(format!("{name} {what}"));
        let joined = |arg: &String| arg.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')).is_some();
        let Some(at) = self.left.iter().position(|arg| arg == name || joined(arg)) else { return Ok(None) };
        let arg = self.left.remove(at);
        let text = match arg.split_once('=') {
            Some((_, value)) => value.to_owned(),
            None if at < self.left.len() => self.left.remove(at),
            None => return Err(Wrong(format!("{name} needs a value: {name} {what}"))),
        };
        text.parse().map(Some).map_err(|error| Wrong(format!("{name} {text}: {error}")))
    }

    /// The runtime: `--runtime native|tokio|smol|glommio`, [`Native`](Runtime::Native) if nothing is said.
    ///
    /// # Errors
    ///
    /// As [`value`](Self::value).
    pub fn runtime(&mut self) -> Result<Runtime, Wrong> {
        Ok(self.value("--runtime", "native|tokio|smol|glommio")?.unwrap_or_default())
    }

    /// Nothing else may be there but `--help`, which prints what was asked for and ends the program.
    ///
    /// # Errors
    ///
    /// Something is; the message lists what was asked for.
    pub fn finish(self) -> Result<(), Wrong> {
        match self.left.first() {
            None => Ok(()),
            Some(arg) if arg == "--help" || arg == "-h" => {
                self.known.iter().for_each(|known| println!("{known}"));
                process::exit(0)
            }
            Some(arg) if self.knows(arg) => Err(Wrong(format!("`{arg}` is there twice"))),
            Some(arg) => {
                Err(Wrong(format!("`{arg}` is not known; what is known: {}", self.known.join(", "))))
            }
        }
    }

    /// Whether `arg` begins with a name that was asked for.
    fn knows(&self, arg: &str) -> bool {
        let name = arg.split('=').next();
        self.known.iter().any(|known| known.split(' ').next() == name)
    }
}

/// What is wrong with a command line, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong(String);

impl Wrong {
    /// In these words.
    #[must_use]
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }

    /// Says it, and ends the program with code 2.
    pub fn exit(&self) -> ! {
        eprintln!("{self}");
        process::exit(2)
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Wrong {}

#[cfg(test)]
mod tests {
    use super::Args;
    use crate::runtime::Runtime;

    fn args(line: &str) -> Args {
        Args::new(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn a_value_stands_behind_its_name_or_behind_an_equals_sign() {
        for line in ["--runtime smol --seconds 2", "--seconds=2 --runtime=smol"] {
            let mut args = args(line);
            assert_eq!(args.runtime(), Ok(Runtime::Smol));
            assert_eq!(args.value("--seconds", "NUMBER"), Ok(Some(2)));
            assert_eq!(args.finish(), Ok(()));
        }
        assert_eq!(args("").runtime(), Ok(Runtime::Native));
    }

    #[test]
    fn a_name_that_is_there_twice_is_not_called_unknown() {
        for line in ["--runtime smol --runtime tokio", "--runtime smol --runtime=tokio"] {
            let mut args = args(line);
            assert_eq!(args.runtime(), Ok(Runtime::Smol));
            let wrong = args.finish().unwrap_err().to_string();
            assert!(wrong.starts_with("`--runtime") && wrong.ends_with("` is there twice"), "{wrong}");
        }
    }

    #[test]
    fn a_missing_value_an_unreadable_one_and_an_unknown_name_each_get_a_cure() {
        let missing = args("--runtime").runtime().unwrap_err().to_string();
        assert_eq!(missing, "--runtime needs a value: --runtime native|tokio|smol|glommio");
        let unreadable = args("--seconds soon").value::<f64>("--seconds", "NUMBER").unwrap_err().to_string();
        assert_eq!(unreadable, "--seconds soon: invalid float literal");
        let mut unknown = args("--runtim smol");
        assert_eq!(unknown.runtime(), Ok(Runtime::Native));
        let unknown = unknown.finish().unwrap_err().to_string();
        assert_eq!(unknown, "`--runtim` is not known; what is known: --runtime native|tokio|smol|glommio");
    }
}
