//! Whether the page for those who come from Python maps every public name of asyncio that it should.

use crate::error::{self, Error, Result};
use crate::processes::{self, BOUND, Keep};
use crate::python;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Prints the names.
const SCRIPT: &str = "docs/python/public_names.py";

/// What it printed when it was recorded.
const NAMES: &str = "docs/python/public_names.txt";

const PAGE: &str = "docs/src/from-python.md";

/// The version whose names they are.
const MINOR: u32 = 13;

/// How many names are recorded, and the problems of those that the page lacks.
pub(crate) fn check(root: &Path) -> Result<(usize, Vec<String>)> {
    let recorded = error::read(&root.join(NAMES))?;
    let names = names(&recorded);
    if names.is_empty() {
        return Err(Error::new(format!("{NAMES} has no names; cure: cargo xtask docs --record")));
    }
    let page = error::read(&root.join(PAGE))?;
    let mapped = mapped(&page);
    let lacking = names.iter().filter(|name| !mapped.contains(**name));
    let problem =
        |name: &&str| format!("{PAGE}: no left column of a table has `{name}` of CPython's asyncio");
    Ok((names.len(), lacking.map(problem).collect()))
}

/// Asks the Python of this machine, and writes down what it says.
pub(crate) fn record(root: &Path) -> Result<()> {
    let python =
        python::at_least(MINOR, python::all()).map_err(|obstacle| Error::new(obstacle.to_string()))?;
    let ended = processes::run(Command::new(&python.program).arg(root.join(SCRIPT)), Keep::Both, BOUND)?;
    if !ended.success {
        return Err(Error::new(format!("{python} cannot run {SCRIPT}: {}", ended.stderr.trim())));
    }
    error::write(&root.join(NAMES), &ended.stdout)?;
    println!("{NAMES}: {} names, by {python}", names(&ended.stdout).len());
    Ok(())
}

fn names(recorded: &str) -> Vec<&str> {
    recorded.lines().filter(|line| !line.starts_with(['#', ' ']) && !line.contains(' ')).collect()
}

/// Every name in backquotes in the left column of a table.
fn mapped(page: &str) -> BTreeSet<&str> {
    let left = page.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let code = left.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '.';
    let words = code.flat_map(|code| code.split(move |letter| !is_part(letter)));
    words.map(|word| word.strip_prefix("asyncio.").unwrap_or(word)).collect()
}

#[cfg(test)]
mod tests {
    use super::{check, mapped, names};
    use crate::error::write;

    #[test]
    fn a_name_counts_where_it_is_mapped_and_not_where_it_is_mentioned() {
        let page = "`run`\n\n| Python | here |\n| --- | --- |\n| `asyncio.wait(aws)`, `loop.stop` | `Loop::time` |\n";
        let mapped = mapped(page);
        assert!(mapped.contains("wait") && mapped.contains("loop.stop"), "{mapped:?}");
        assert!(
            !mapped.contains("run") && !mapped.contains("stop") && !mapped.contains("time"),
            "{mapped:?}"
        );
    }

    #[test]
    fn the_head_of_a_recording_is_no_name() {
        assert_eq!(names("# Written.\nCPython 3.13.0\nTask\nTask.cancel\n"), ["Task", "Task.cancel"]);
    }

    #[test]
    fn a_name_that_the_page_lacks_is_a_problem_and_an_empty_list_an_error() {
        let root = std::env::temp_dir().join(format!("xtask-docs-python-{}", std::process::id()));
        write(&root.join(super::NAMES), "CPython 3.13.0\nTask\nTask.cancel\n").unwrap();
        write(&root.join(super::PAGE), "| `Task` | `Task` |\n").unwrap();
        let (count, problems) = check(&root).unwrap();
        assert_eq!((count, problems.len()), (2, 1));
        assert!(problems[0].contains("`Task.cancel`"), "{problems:?}");
        write(&root.join(super::NAMES), "CPython 3.13.0\n").unwrap();
        assert!(check(&root).is_err());
        std::fs::remove_dir_all(root).unwrap();
    }
}
