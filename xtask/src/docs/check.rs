//! Whether everything that the book points to is there. No network, no mdBook.

use super::markdown::{anchors, includes, lines, links, named_files};
use crate::error::{Error, Result};
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

/// What was looked at, and what is wrong: `page:line: what`.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) pages: usize,
    pub(crate) links: usize,
    pub(crate) includes: usize,
    pub(crate) problems: Vec<String>,
}

/// Checks the book below `root` and the README at `root`.
pub(crate) fn book(root: &Path) -> Result<Found> {
    let source = root.join("docs/src");
    let summary = source.join("SUMMARY.md");
    let pages = pages(&source)?;
    let mut found = Found::default();
    let listed: BTreeSet<PathBuf> =
        local_links(&crate::error::read(&summary)?).map(|target| plain(&source.join(target))).collect();
    for page in &pages {
        if *page != summary && !listed.contains(page) {
            let shown = page.strip_prefix(root).unwrap_or(page).display();
            found.problems.push(format!("{shown}: SUMMARY.md does not list this page"));
        }
    }
    for page in pages.iter().chain([&root.join("README.md")]) {
        found.pages += 1;
        check_page(root, page, &mut found)?;
    }
    Ok(found)
}

fn local_links(markdown: &str) -> impl Iterator<Item = String> {
    let prose = lines(markdown).into_iter().filter(|line| line.fence.is_none());
    prose
        .flat_map(|line| links(line.text))
        .filter(|target| !is_remote(target))
        .collect::<Vec<_>>()
        .into_iter()
}

fn is_remote(target: &str) -> bool {
    ["http://", "https://", "mailto:"].iter().any(|scheme| target.starts_with(scheme))
}

fn pages(folder: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = |error| Error::new(format!("cannot read {}: {error}", folder.display()));
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            found.extend(pages(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn check_page(root: &Path, page: &Path, found: &mut Found) -> Result<()> {
    let text = crate::error::read(page)?;
    let folder = page.parent().unwrap_or(root);
    let shown = page.strip_prefix(root).unwrap_or(page).display().to_string();
    let is_book = page.starts_with(root.join("docs"));
    for line in lines(&text) {
        let mut wrong = |what: String| found.problems.push(format!("{shown}:{}: {what}", line.number));
        let included = includes(line.text);
        if is_book && line.fence.is_some_and(|fence| fence.starts_with("rust")) && included.is_empty() {
            wrong("Rust in the book is included from a tested file, never written here".into());
        }
        for target in included {
            found.includes += 1;
            include(folder, target).unwrap_or_else(&mut wrong);
        }
        if line.fence.is_none() {
            for target in links(line.text).iter().filter(|target| !is_remote(target)) {
                found.links += 1;
                link(page, &text, target).unwrap_or_else(&mut wrong);
                if is_book && leaves_the_book(root, folder, target) {
                    wrong(format!("{target} is not part of the book: name the file in backquotes"));
                }
            }
            for file in named_files(line.text).into_iter().filter(|file| !root.join(file).exists()) {
                wrong(format!("there is no {file}"));
            }
        }
    }
    Ok(())
}

/// Such a link works in the repository, but leads nowhere in the built book.
fn leaves_the_book(root: &Path, folder: &Path, target: &str) -> bool {
    let file = target.split('#').next().unwrap_or_default();
    !plain(&folder.join(file)).starts_with(root.join("docs/src"))
}

type Checked = std::result::Result<(), String>;

fn link(page: &Path, text: &str, target: &str) -> Checked {
    let (file, fragment) = target.split_once('#').map_or((target, None), |(file, part)| (file, Some(part)));
    let path = if file.is_empty() { page.to_owned() } else { page.parent().unwrap_or(page).join(file) };
    if !path.exists() {
        return Err(format!("the link to {target} leads nowhere"));
    }
    let Some(fragment) = fragment else { return Ok(()) };
    let there = if file.is_empty() { Ok(text.to_owned()) } else { std::fs::read_to_string(&path) };
    let there = there.map_err(|error| format!("cannot read {file}: {error}"))?;
    if anchors(&there).iter().any(|anchor| anchor == fragment) {
        Ok(())
    } else {
        Err(format!("{file} has no heading #{fragment}"))
    }
}

/// `file`, `file:anchor`, `file:from:to`.
fn include(folder: &Path, target: &str) -> Checked {
    let mut parts = target.split(':');
    let file = parts.next().unwrap_or_default();
    let text = std::fs::read_to_string(folder.join(file))
        .map_err(|error| format!("cannot include {file}: {error}"))?;
    let Some(part) = parts.next().filter(|part| !part.is_empty()) else { return Ok(()) };
    if let Ok(first) = part.parse::<usize>() {
        let last = parts.next().and_then(|last| last.parse().ok()).unwrap_or(first);
        let length = text.lines().count();
        let good = first >= 1 && first <= last && last <= length;
        return if good { Ok(()) } else { Err(format!("{file} has {length} lines, not {first} to {last}")) };
    }
    let marked = |mark: &str| {
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        text.lines().any(|line| words(line).windows(2).any(|pair| pair == [mark, part]))
    };
    if marked("ANCHOR:") && marked("ANCHOR_END:") {
        Ok(())
    } else {
        Err(format!("{file} has no ANCHOR: {part} with its ANCHOR_END"))
    }
}

/// The path without `.` and `..`, which must not be resolved through links.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::book;
    use crate::error::write;
    use std::path::{Path, PathBuf};

    /// A book of one page below a fresh folder.
    fn scene(name: &str, page: &str) -> PathBuf {
        let root = std::env::temp_dir().join(format!("xtask-docs-{}-{name}", std::process::id()));
        write(&root.join("README.md"), "[book](docs/src/page.md)\n").unwrap();
        write(&root.join("docs/src/SUMMARY.md"), "[Page](./page.md)\n").unwrap();
        write(&root.join("docs/src/page.md"), page).unwrap();
        write(&root.join("code.rs"), "// ANCHOR: main\nfn main() {}\n<!-- ANCHOR_END: main -->\n").unwrap();
        root
    }

    fn problems(root: &Path) -> Vec<String> {
        let found = book(root).unwrap().problems;
        std::fs::remove_dir_all(root).unwrap();
        found
    }

    #[test]
    fn a_sound_book_has_no_problem() {
        let page =
            "# One\n[up](#one) [far](https://example.org/x)\n```rust\n{{#include ../../code.rs:main}}\n```\n";
        assert_eq!(problems(&scene("sound", page)), Vec::<String>::new());
    }

    #[test]
    fn a_link_that_leads_nowhere_is_named_with_its_line() {
        let found = problems(&scene("link", "# One\n[a](gone.md) [b](#two)\n"));
        assert_eq!(found[0], "docs/src/page.md:2: the link to gone.md leads nowhere");
        assert!(found[1].ends_with("has no heading #two"), "{found:?}");
    }

    #[test]
    fn a_link_out_of_the_book_and_a_named_file_that_is_gone_are_found() {
        let found = problems(&scene("outside", "# One\n[a](../../code.rs) `crates/gone.rs`\n"));
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found[1], "docs/src/page.md:2: there is no crates/gone.rs");
    }

    #[test]
    fn an_include_without_its_file_anchor_or_lines_is_named() {
        let page =
            "{{#include ../../gone.rs}}\n{{#include ../../code.rs:other}}\n{{#include ../../code.rs:2:9}}\n";
        assert_eq!(problems(&scene("include", page)).len(), 3);
    }

    #[test]
    fn a_page_that_the_summary_does_not_list_is_named() {
        let root = scene("summary", "# One\n");
        write(&root.join("docs/src/lost.md"), "# Lost\n").unwrap();
        assert_eq!(problems(&root), ["docs/src/lost.md: SUMMARY.md does not list this page"]);
    }

    #[test]
    fn code_written_into_a_page_is_refused() {
        assert_eq!(problems(&scene("code", "```rust\nfn main() {}\n```\n")).len(), 1);
    }
}
