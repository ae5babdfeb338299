//! What no test of behaviour would notice: rules about the source itself.

use std::fs;
use std::path::Path;

/// How a file with unsafe code begins its second line; in two pieces, as this file has none.
const MARK: &str = concat!("#![expect(un", "safe_code");

fn sources(folder: &Path, look: &mut impl FnMut(&Path, &str)) {
    for entry in fs::read_dir(folder).expect("it is there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, look);
        } else {
            look(&path, &fs::read_to_string(&path).expect("text"));
        }
    }
}

#[test]
fn a_worker_is_never_forked() {
    // Any of these makes std fork, which costs in proportion to the memory of the program and breaks beside threads.
    let forbidden = ["pre_exec(", ".uid(", ".gid(", ".groups(", "fork("];
    let mut files = 0;
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut |path, text| {
        files += 1;
        for word in forbidden {
            assert!(!text.contains(word), "`{word}` in {}", path.display());
        }
    });
    assert!(files > 10, "{files} files were looked at");
}

#[test]
fn unsafe_code_is_in_few_files() {
    let mut with = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut |path, text| {
        if text.lines().nth(1).is_some_and(|line| line.starts_with(MARK)) {
            with.push(path.file_name().expect("a name").to_string_lossy().into_owned());
        }
    });
    with.sort();
    assert_eq!(
        with,
        ["entry.rs", "image.rs", "map.rs", "plain.rs", "same_type.rs", "sys.rs", "trampoline.rs"]
    );
}
