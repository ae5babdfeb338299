//! Rules for one file at a time: sources and pages.

use crate::error::Result;
use crate::processes::{self, Keep};
use std::path::Path;
use std::process::Command;

/// Longer than this, a file holds two nouns.
const LINES_MAX: usize = 500;

/// Checks every file that git knows or would add: what is built or ignored is not ours.
pub(crate) fn problems(root: &Path) -> Result<Vec<String>> {
    let mut git = Command::new("git");
    git.current_dir(root).args(["ls-files", "--cached", "--others", "--exclude-standard"]);
    let listed = processes::run(&mut git, Keep::Both, processes::BOUND)?;
    if !listed.success {
        return Err(crate::error::Error::new(format!("git cannot list the files: {}", listed.stderr.trim())));
    }
    let mut found = Vec::new();
    for file in listed.stdout.lines().filter(|file| root.join(file).is_file()) {
        // Pictures and recorded bytes are not text; nothing here speaks of them.
        let Ok(text) = std::fs::read_to_string(root.join(file)) else { continue };
        found.extend(any(file, &text));
        if file.ends_with(".rs") {
            found.extend(source(file, &text));
        }
    }
    Ok(found)
}

/// Rules for text of every kind.
fn any(file: &str, text: &str) -> Vec<String> {
    // Split, so that this file does not find itself. The lock file names the registry by its own format.
    let elsewhere: [(&str, &str); 6] = [
        (concat!("/ho", "me/"), "a path of one machine"),
        (concat!("/ro", "ot/"), "a path of one machine"),
        (concat!("/wo", "rk/"), "a path of one machine"),
        (concat!("/Us", "ers/"), "a path of one machine"),
        (concat!("index.", "crates.io"), "the host of a registry"),
        (concat!("arti", "factory"), "the host of a registry"),
    ];
    let lines = text.lines().enumerate();
    let found = lines.flat_map(|(at, line)| {
        let named = elsewhere.iter().filter(move |(word, _)| line.contains(word));
        named.map(move |(_, what)| format!("{file}:{}: {what}", at + 1))
    });
    found.collect()
}

/// Rules for Rust.
fn source(file: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let first = text.lines().next().unwrap_or_default();
    // A crate root may have its README as its documentation. A letter or two are a placeholder.
    let says = first.strip_prefix("//! ").is_some_and(|words| words.trim().len() > 3);
    if !says && first != "#![doc = include_str!(\"../README.md\")]" {
        found.push(format!("{file}:1: the first line says what the file is: //! …"));
    }
    let length = text.lines().count();
    if length > LINES_MAX {
        found.push(format!("{file}: {length} lines, more than {LINES_MAX}: it holds two nouns"));
    }
    if file.ends_with("/mod.rs") {
        found.push(format!("{file}: foo.rs beside foo/, never foo/mod.rs"));
    }
    for (at, line) in text.lines().enumerate() {
        found.extend(code(line, at + 1).map(|what| format!("{file}:{}: {what}", at + 1)));
    }
    found
}

/// What is wrong with one line of code.
fn code(line: &str, number: usize) -> Option<&'static str> {
    // Split, so that this file does not find itself.
    let never = [
        concat!("to", "do!("),
        concat!("unimple", "mented!("),
        concat!("db", "g!("),
        concat!("#[ign", "ore"),
        concat!("#[should_", "panic"),
    ];
    let line = line.trim_start();
    if line.starts_with("//") {
        return None;
    }
    if never.iter().any(|word| line.contains(word)) {
        return Some("no to-do, no debug print, no ignored test, no test that expects just any panic");
    }
    if line.starts_with(concat!("#![expect(un", "safe_code")) {
        if number != 2 {
            return Some("a file that needs unsafe code says so on line two");
        }
        if !line.contains("reason = \"") {
            return Some("a file that needs unsafe code says why: reason = \"…\"");
        }
    }
    if line.contains(concat!("allow(un", "safe_code")) {
        return Some("unsafe code is expected for a whole file, on its line two, never allowed elsewhere");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{any, source};

    /// Joined here, so that the rules do not find this file.
    fn joined(parts: &[&str]) -> String {
        parts.concat()
    }

    #[test]
    fn a_file_that_does_not_say_what_it_is_is_found() {
        assert_eq!(source("a.rs", "use std::fmt;\n").len(), 1);
        assert_eq!(source("a.rs", "//! x\n").len(), 1);
        assert!(source("a.rs", "//! Some words.\n").is_empty());
        assert!(source("lib.rs", "#![doc = include_str!(\"../README.md\")]\n").is_empty());
    }

    #[test]
    fn a_long_file_and_a_mod_file_are_found() {
        let long = joined(&["//! Some words.\n", &"\n".repeat(500)]);
        assert_eq!(source("a.rs", &long).len(), 1);
        assert_eq!(source("a/mod.rs", "//! Some words.\n").len(), 1);
    }

    #[test]
    fn unfinished_code_and_ignored_tests_are_found() {
        for word in [joined(&["to", "do!()"]), joined(&["#[ign", "ore]"]), joined(&["db", "g!(x)"])] {
            assert_eq!(source("a.rs", &joined(&["//! Some words.\n", &word, "\n"])).len(), 1, "{word}");
        }
    }

    #[test]
    fn unsafe_code_is_announced_on_line_two_with_a_reason() {
        let expect = joined(&["#![expect(un", "safe_code, reason = \"why\")]"]);
        assert!(source("a.rs", &format!("//! Some words.\n{expect}\n")).is_empty());
        assert_eq!(source("a.rs", &format!("//! Some words.\n\n{expect}\n")).len(), 1);
        let silent = joined(&["#![expect(un", "safe_code)]"]);
        assert_eq!(source("a.rs", &format!("//! Some words.\n{silent}\n")).len(), 1);
    }

    #[test]
    fn a_path_of_one_machine_is_found_with_its_line() {
        let text = joined(&["one\n", "/ho", "me/me\n"]);
        assert_eq!(any("README.md", &text), ["README.md:2: a path of one machine"]);
    }
}
