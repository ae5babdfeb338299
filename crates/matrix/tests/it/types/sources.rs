//! The public types of a crate, found in its sources: what `lib.rs` and its public modules name or declare.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn crates() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The folders of the crates that users build upon.
pub(super) fn libraries() -> BTreeSet<String> {
    let folders = fs::read_dir(crates()).expect("there are crates").map(|entry| entry.unwrap().file_name());
    let names = folders.filter_map(|name| name.into_string().ok());
    let is_library = |name: &String| {
        ["conformance", "contract", "sync-primitives"].contains(&&**name)
            || name.ends_with("-executor")
            || name.starts_with("loop-")
            || name.ends_with("-loop")
    };
    names.filter(is_library).collect()
}

/// Their paths below the crate. Traits are none, and neither is what belongs to another crate.
pub(super) fn public_types(folder: &str) -> BTreeSet<String> {
    let source = crates().join(folder).join("src");
    let found = module(&source, "lib", &declared(&source));
    assert!(!found.is_empty(), "{folder}: no public type was found");
    found
}

/// What each name is declared as, anywhere in the crate.
fn declared(folder: &Path) -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut all: BTreeMap<String, BTreeSet<&'static str>> = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("it has sources") {
        let path = entry.expect("it can be listed").path();
        if path.is_dir() {
            for (name, kinds) in declared(&path) {
                all.entry(name).or_default().extend(kinds);
            }
            continue;
        }
        let text = fs::read_to_string(&path).expect("sources are text");
        for (kind, name) in text.lines().filter_map(declaration) {
            all.entry(name.to_owned()).or_default().insert(kind);
        }
    }
    all
}

/// The kind and the name that a line declares publicly.
fn declaration(line: &str) -> Option<(&'static str, &str)> {
    let rest = line.trim_start().strip_prefix("pub ")?;
    let rest = rest.strip_prefix("unsafe ").unwrap_or(rest);
    let kinds = ["struct", "enum", "union", "type", "trait"];
    let kind =
        kinds.into_iter().find(|kind| rest.strip_prefix(kind).is_some_and(|rest| rest.starts_with(' ')))?;
    let name =
        rest[kind.len() + 1..].split(|letter: char| !letter.is_alphanumeric() && letter != '_').next()?;
    Some((kind, name))
}

/// What a module and those below it name, by their paths below it.
fn module(
    source: &Path,
    file: &str,
    declared: &BTreeMap<String, BTreeSet<&'static str>>,
) -> BTreeSet<String> {
    let text = fs::read_to_string(source.join(format!("{file}.rs"))).expect("the module has its file");
    let mut found = BTreeSet::new();
    let reexports: BTreeSet<_> = text.split(';').flat_map(reexports).collect();
    for (path, name) in &reexports {
        // Functions and constants are no types; what another crate declares has its row there.
        let is_type = name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase);
        if !is_type || path.starts_with("contract") {
            continue;
        }
        let kinds = declared.get(name).unwrap_or_else(|| panic!("{file}.rs: where is {name} declared?"));
        if *kinds != BTreeSet::from(["trait"]) {
            found.insert(name.clone());
        }
    }
    let here = text.lines().filter(|line| !line.starts_with(' ')).filter_map(declaration);
    found.extend(here.filter(|(kind, _)| *kind != "trait").map(|(_, name)| name.to_owned()));
    for inner in text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')) {
        let file = if file == "lib" { inner.to_owned() } else { format!("{file}/{inner}") };
        // What is named here as well has its row under the shorter name.
        let is_named = |name: &String| reexports.contains(&(inner.to_owned(), name.clone()));
        let within = module(source, &file, declared).into_iter().filter(|name| !is_named(name));
        found.extend(within.map(|name| format!("{inner}::{name}")));
    }
    found
}

/// The names of a statement `pub use path::{…}`, each with the path before it.
fn reexports(statement: &str) -> Vec<(String, String)> {
    let Some((_, used)) = statement.split_once("\npub use ") else { return Vec::new() };
    let used: String = used.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(!used.contains('*') && !used.contains(" as "), "this test cannot follow `pub use {used}`");
    let (path, names) = match used.split_once('{') {
        Some((path, names)) => (path.trim_end_matches("::"), names.trim_end_matches('}')),
        None => used.rsplit_once("::").unwrap_or(("", &used)),
    };
    assert!(!names.contains('{'), "this test cannot follow `pub use {used}`");
    let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
    names.map(|name| (path.to_owned(), name.to_owned())).collect()
}

#[test]
fn what_is_public_is_found_however_it_is_written() {
    assert_eq!(declaration("pub struct Job<T> {"), Some(("struct", "Job")));
    assert_eq!(declaration("    pub unsafe trait Driver {"), Some(("trait", "Driver")));
    assert_eq!(declaration("pub(crate) struct Cell;"), None);
    assert_eq!(declaration("pub fn structure() {"), None);
    let names = |text| reexports(text).into_iter().map(|(_, name)| name).collect::<Vec<_>>();
    assert_eq!(names("\npub use job::{\n    Job, Watch,\n    run,\n}"), ["Job", "Watch", "run"]);
    assert_eq!(names("\npub use task::Task"), ["Task"]);
    assert_eq!(names("\nuse task::Task"), Vec::<String>::new());
}
