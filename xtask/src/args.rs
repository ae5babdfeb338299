//! The argument table: commands, their flags, and the help that is printed from both.

use crate::error::{Error, Result};
use crate::report::Verdict;

/// One command of `cargo xtask`.
pub(crate) struct Command {
    pub(crate) name: &'static str,
    /// What it does, in one line.
    pub(crate) about: &'static str,
    pub(crate) flags: &'static [Flag],
    pub(crate) run: fn(&Args) -> Result<Verdict>,
}

/// One flag of a command.
pub(crate) struct Flag {
    /// As it is typed: `--runtime`.
    pub(crate) name: &'static str,
    /// What its value stands for, if it takes one.
    pub(crate) value: Option<&'static str>,
    pub(crate) about: &'static str,
}

/// A flag that is there or not.
pub(crate) const fn switch(name: &'static str, about: &'static str) -> Flag {
    Flag { name, value: None, about }
}

/// A flag with a value.
pub(crate) const fn valued(name: &'static str, value: &'static str, about: &'static str) -> Flag {
    Flag { name, value: Some(value), about }
}

/// What was typed after the command.
#[derive(Debug, Default)]
pub(crate) struct Args(Vec<(&'static str, String)>);

impl Args {
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(flag, _)| *flag == name)
    }

    /// The value of a flag; the last one wins.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(flag, _)| *flag == name).map(|(_, value)| value.as_str())
    }
}

/// Finds the command, reads its flags and runs it.
pub(crate) fn dispatch(commands: &[Command], words: &[String]) -> Result<Verdict> {
    let Some((name, rest)) = words.split_first() else {
        print!("{}", overview(commands));
        return Ok(Verdict::Green);
    };
    if matches!(name.as_str(), "help" | "-h" | "--help") {
        match rest.first() {
            None => print!("{}", overview(commands)),
            Some(name) => print!("{}", help(find(commands, name)?)),
        }
        return Ok(Verdict::Green);
    }
    let command = find(commands, name)?;
    if rest.iter().any(|word| word == "-h" || word == "--help") {
        print!("{}", help(command));
        return Ok(Verdict::Green);
    }
    (command.run)(&parse(command, rest)?)
}

fn find<'a>(commands: &'a [Command], name: &str) -> Result<&'a Command> {
    commands.iter().find(|command| command.name == name).ok_or_else(|| {
        let names: Vec<&str> = commands.iter().map(|command| command.name).collect();
        Error::new(format!("there is no command `{name}`{}", did_you_mean(name, &names)))
    })
}

fn parse(command: &Command, words: &[String]) -> Result<Args> {
    let mut args = Args::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let (name, attached) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (word.as_str(), None),
        };
        let Some(flag) = command.flags.iter().find(|flag| flag.name == name) else {
            let names: Vec<&str> = command.flags.iter().map(|flag| flag.name).collect();
            let near = did_you_mean(name, &names);
            return Err(Error::new(format!("`{}` takes no `{name}`{near}; see --help", command.name)));
        };
        let value = match (flag.value, attached) {
            (None, None) => String::new(),
            (None, Some(_)) => return Err(Error::new(format!("`{name}` takes no value"))),
            (Some(_), Some(value)) => value,
            (Some(what), None) => match words.next() {
                Some(value) => value.clone(),
                None => return Err(Error::new(format!("`{name}` needs a value: {name} {what}"))),
            },
        };
        args.0.push((flag.name, value));
    }
    Ok(args)
}

fn overview(commands: &[Command]) -> String {
    let mut text = String::from("cargo xtask COMMAND [--help]\n\n");
    for command in commands {
        text += &format!("  {:<12} {}\n", command.name, command.about);
    }
    text
}

fn help(command: &Command) -> String {
    let mut text = format!("cargo xtask {}\n{}\n\n", command.name, command.about);
    for flag in command.flags {
        let typed = [flag.name, flag.value.unwrap_or_default()].join(" ");
        text += &format!("  {typed:<14} {}\n", flag.about);
    }
    text += "  --help         this text\n";
    text
}

/// `; did you mean …?` when something known is near, else the list of what is known.
pub(crate) fn did_you_mean(typed: &str, known: &[&str]) -> String {
    let near = known.iter().map(|known| (distance(typed, known), known)).min();
    match near {
        Some((steps, known)) if steps <= 1 + typed.len() / 4 => format!("; did you mean `{known}`?"),
        Some(_) => format!("; known: {}", known.join(", ")),
        None => String::new(),
    }
}

/// How many letters must be added, dropped or changed to turn one word into the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (done, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = done + 1;
        for (at, other) in to.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[at + 1];
            row[at + 1] = changed.min(row[at] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::{Args, Command, did_you_mean, dispatch, distance, parse, switch, valued};
    use crate::report::Verdict;

    const COMMAND: Command = Command {
        name: "test",
        about: "tests",
        flags: &[switch("--strict", ""), valued("--runtime", "R", "")],
        run: |_| Ok(Verdict::Green),
    };

    fn typed(words: &str) -> crate::error::Result<Args> {
        parse(&COMMAND, &words.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn a_value_may_be_attached_or_follow_and_the_last_wins() {
        let args = typed("--runtime=smol --strict --runtime tokio").unwrap();
        assert!(args.has("--strict"));
        assert_eq!(args.value("--runtime"), Some("tokio"));
    }

    #[test]
    fn an_unknown_flag_names_the_nearest() {
        let error = typed("--runtim tokio").unwrap_err().to_string();
        assert!(error.contains("did you mean `--runtime`?"), "{error}");
    }

    #[test]
    fn help_on_a_command_that_does_not_exist_is_no_success() {
        let help =
            |words: &[&str]| dispatch(&[COMMAND], &words.iter().map(ToString::to_string).collect::<Vec<_>>());
        let error = help(&["help", "tests"]).unwrap_err().to_string();
        assert_eq!(error, "there is no command `tests`; did you mean `test`?");
        assert!(help(&["help", "test"]).is_ok() && help(&["help"]).is_ok());
    }

    #[test]
    fn a_missing_value_is_named() {
        assert_eq!(typed("--runtime").unwrap_err().to_string(), "`--runtime` needs a value: --runtime R");
    }

    #[test]
    fn far_words_get_the_whole_list() {
        assert_eq!(did_you_mean("async-std", &["tokio", "smol"]), "; known: tokio, smol");
        assert_eq!(distance("toki", "tokio"), 1);
    }
}
