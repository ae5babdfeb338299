//! The little of Markdown that a link checker needs: prose apart from code, links, headings, includes.

/// One line of a page.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    /// Counted from one.
    pub(crate) number: usize,
    pub(crate) text: &'a str,
    /// The language of the fence that it stands in.
    pub(crate) fence: Option<&'a str>,
}

/// The lines of a page without the fences' own.
pub(crate) fn lines(markdown: &str) -> Vec<Line<'_>> {
    let mut fence = None;
    let mut found = Vec::new();
    for (at, text) in markdown.lines().enumerate() {
        match (text.trim_start().strip_prefix("```"), fence) {
            (Some(info), None) => fence = Some(info.trim()),
            (Some(_), Some(_)) => fence = None,
            (None, _) => found.push(Line { number: at + 1, text, fence }),
        }
    }
    found
}

/// The targets of `[text](target)` in a line of prose; what stands in backquotes is no link.
pub(crate) fn links(prose: &str) -> Vec<String> {
    let prose = without_code(prose);
    let mut found = Vec::new();
    let mut rest = prose.as_str();
    while let Some(at) = rest.find("](") {
        rest = &rest[at + 2..];
        let Some(end) = rest.find(')') else { break };
        // A title may follow the address.
        found.push(rest[..end].split_whitespace().next().unwrap_or_default().to_owned());
        rest = &rest[end..];
    }
    found
}

/// Files of ours that a line of prose names in backquotes: `crates/contract/src/job.rs`.
pub(crate) fn named_files(prose: &str) -> Vec<&str> {
    let spans = prose.split('`').skip(1).step_by(2);
    let is_ours = |span: &&str| ["crates/", "xtask/", "docs/"].iter().any(|folder| span.starts_with(folder));
    spans.filter(is_ours).filter(|span| !span.contains([' ', '<', '*', '{'])).collect()
}

/// Backquoted stretches are blanked; an address behind them stays.
fn without_code(prose: &str) -> String {
    let mut code = false;
    prose
        .chars()
        .map(|letter| {
            if letter == '`' {
                code = !code;
                return ' ';
            }
            if code { ' ' } else { letter }
        })
        .collect()
}

/// The anchors of a page's headings, as mdBook makes them.
pub(crate) fn anchors(markdown: &str) -> Vec<String> {
    let prose = lines(markdown).into_iter().filter(|line| line.fence.is_none());
    let headings =
        prose.filter(|line| line.text.starts_with('#')).map(|line| line.text.trim_start_matches('#').trim());
    let mut found: Vec<String> = Vec::new();
    for heading in headings {
        let anchor = anchor(heading);
        let twins = found.iter().filter(|other| **other == anchor).count();
        found.push(if twins == 0 { anchor } else { format!("{anchor}-{twins}") });
    }
    found
}

fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter_map(|letter| match letter {
        ' ' => Some('-'),
        '-' | '_' => Some(letter),
        _ if letter.is_alphanumeric() => Some(letter.to_ascii_lowercase()),
        _ => None,
    });
    kept.collect()
}

/// The arguments of `{{#include …}}` and `{{#rustdoc_include …}}` in a line.
pub(crate) fn includes(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for opening in ["{{#include ", "{{#rustdoc_include "] {
        let parts = line.split(opening).skip(1);
        found.extend(parts.filter_map(|part| part.split("}}").next()).map(str::trim));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{anchors, includes, lines, links, named_files};

    #[test]
    fn links_in_code_are_no_links() {
        assert_eq!(links("see [a](b.md) and `[c](d.md)` and [`e`](f.md \"title\")"), ["b.md", "f.md"]);
        let page = "```rust\n[x](y.md)\n```\n[a](b.md)\n";
        let prose: Vec<_> = lines(page).into_iter().filter(|line| line.fence.is_none()).collect();
        assert_eq!(prose.len(), 1);
        assert_eq!(prose[0].number, 4);
    }

    #[test]
    fn a_heading_becomes_the_anchor_that_mdbook_makes() {
        assert_eq!(
            anchors("# Start reading here: `a_b`\n## Why\n## Why\n"),
            ["start-reading-here-a_b", "why", "why-1"]
        );
    }

    #[test]
    fn a_file_of_ours_in_backquotes_is_seen_and_a_pattern_is_not() {
        assert_eq!(named_files("see `crates/a/b.rs`, `cargo`, `crates/<folder>`"), ["crates/a/b.rs"]);
    }

    #[test]
    fn both_kinds_of_include_are_found() {
        assert_eq!(includes("{{#include ../a.rs:main}}"), ["../a.rs:main"]);
        assert_eq!(includes("{{#rustdoc_include ../a.rs}}"), ["../a.rs"]);
        assert!(includes("{{ include }}").is_empty());
    }
}
