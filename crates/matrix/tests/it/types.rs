//! The book's table of what may cross threads: made from the types, and of all that are public.

#[macro_use]
mod rows;

mod executors;
mod list;
mod probe;
mod sources;

use probe::Row;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

/// Set, the page is written and not compared.
const WRITE: &str = "UPDATE_TABLE";

/// A crate, and its public types.
struct Section {
    /// The crate's folder.
    folder: &'static str,
    rows: Vec<Row>,
}

impl Section {
    fn begin(&self) -> String {
        format!("## {}\n\n", self.folder)
    }

    fn table(&self) -> String {
        let rows: String = self.rows.iter().map(Row::line).collect();
        format!(
            "| type | `Send` | `Sync` | `Unpin` | `UnwindSafe` |\n| --- | --- | --- | --- | --- |\n{rows}"
        )
    }
}

fn page() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/types.md"))
}

#[test]
fn the_book_says_of_every_type_what_the_compiler_says() {
    let mut text = fs::read_to_string(page()).expect("the book has the page");
    for section in list::sections() {
        let begin = section.begin();
        let Some(at) = text.find(&begin).map(|at| at + begin.len()) else {
            panic!("docs/src/types.md has no section {}", section.folder)
        };
        let end = text[at..].find("\n\n").map_or(text.len(), |length| at + length + 1);
        if std::env::var_os(WRITE).is_some() {
            text.replace_range(at..end, &section.table());
            fs::write(page(), &text).expect("the page can be written");
            continue;
        }
        assert_eq!(
            &text[at..end],
            section.table(),
            "docs/src/types.md, {}: if the change is meant, run this test with {WRITE}=1 and look at the difference",
            section.folder
        );
    }
}

#[test]
fn no_public_type_of_any_crate_is_left_out_and_none_is_made_up() {
    for section in list::sections() {
        let listed: BTreeSet<String> = section.rows.iter().map(Row::path).collect();
        assert_eq!(listed.len(), section.rows.len(), "{}: one row each", section.folder);
        let public = sources::public_types(section.folder);
        let left_out: Vec<_> = public.difference(&listed).collect();
        assert!(
            left_out.is_empty(),
            "{}: public types without a row in crates/matrix/tests/it/types/list.rs: {left_out:?}",
            section.folder
        );
        let made_up: Vec<_> = listed.difference(&public).collect();
        assert!(made_up.is_empty(), "{}: rows of what is not public: {made_up:?}", section.folder);
    }
}

#[test]
fn no_library_is_left_out() {
    let mut listed: BTreeSet<_> = list::sections().iter().map(|section| section.folder.to_owned()).collect();
    if !cfg!(feature = "glommio") {
        conformance::skipped("the table of loop-glommio's types", &"it was left out of this build");
        listed.insert("loop-glommio".to_owned());
    }
    assert_eq!(listed, sources::libraries(), "each has a section in crates/matrix/tests/it/types/list.rs");
}
