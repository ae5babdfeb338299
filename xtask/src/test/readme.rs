//! What a reader copies from a README: the lines of the dependencies and the first example.

/// The two things that make an empty project.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// The lines of the `[dependencies]` block, or of the `[dev-dependencies]`, its head included.
    pub(crate) dependencies: String,
    /// It is for tests: the block is that of the `[dev-dependencies]`.
    pub(crate) for_tests: bool,
    /// A whole `main.rs`.
    pub(crate) main: String,
    /// Whether the example is to be run, and not only built.
    pub(crate) runs: bool,
}

/// Takes both out of a README; the error says which one is missing.
pub(crate) fn take(readme: &str) -> Result<Taken, &'static str> {
    let fences = fences(readme);
    let dependencies = fences
        .iter()
        .find(|fence| begins(fence, "[dependencies]") || begins(fence, "[dev-dependencies]"))
        .ok_or("its README has no ```toml block that begins with [dependencies] or [dev-dependencies]")?;
    let example =
        fences.iter().find(|fence| is_example(fence.info)).ok_or("its README has no ```rust example")?;
    Ok(Taken {
        dependencies: dependencies.text.trim().to_owned(),
        for_tests: begins(dependencies, "[dev-dependencies]"),
        main: program(&example.text),
        runs: !example.info.contains("no_run"),
    })
}

/// The dependency lines with their relative paths made to start at `root`.
pub(crate) fn rooted(dependencies: &str, root: &std::path::Path) -> String {
    dependencies.replace("path = \"", &format!("path = \"{}/", root.display()))
}

struct Fence<'a> {
    info: &'a str,
    text: String,
}

fn fences(markdown: &str) -> Vec<Fence<'_>> {
    let mut found: Vec<Fence<'_>> = Vec::new();
    let mut open = false;
    for line in markdown.lines() {
        match (line.strip_prefix("```"), open) {
            (Some(info), false) => {
                found.push(Fence { info: info.trim(), text: String::new() });
                open = true;
            }
            (Some(_), true) => open = false,
            (None, true) => {
                let text = &mut found.last_mut().expect("a fence is open").text;
                text.push_str(line);
                text.push('\n');
            }
            (None, false) => {}
        }
    }
    found
}

fn begins(fence: &Fence<'_>, head: &str) -> bool {
    fence.info.starts_with("toml") && fence.text.trim_start().starts_with(head)
}

fn is_example(info: &str) -> bool {
    let mut words = info.split(',').map(str::trim);
    words.next() == Some("rust") && !words.any(|word| word == "ignore" || word == "compile_fail")
}

/// An example as rustdoc sees it: hidden lines shown, and a `main` around it if it has none.
fn program(example: &str) -> String {
    let shown = |line: &str| match line {
        "#" => String::new(),
        _ => line.strip_prefix("# ").unwrap_or(line).to_owned(),
    };
    let lines: Vec<String> = example.lines().map(shown).collect();
    if lines.iter().any(|line| line.contains("fn main(")) {
        return lines.join("\n") + "\n";
    }
    let (attributes, body): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| line.starts_with("#!["));
    let (attributes, body) = (attributes.join("\n"), body.join("\n"));
    if body.trim_end().ends_with("(())") {
        return format!(
            "{attributes}\nfn main() {{\n    fn example() -> Result<(), impl core::fmt::Debug> {{\n{body}\n    }}\n    \
             example().unwrap();\n}}\n"
        );
    }
    format!("{attributes}\nfn main() {{\n{body}\n}}\n")
}

#[cfg(test)]
mod tests {
    use super::{program, rooted, take};
    use std::path::Path;

    const README: &str = "One sentence.\n\n```toml\n[dependencies]\na = { path = \"crates/a\" }   # 0 third-party crates\n```\n\n\
                          ```rust,ignore\nnot this\n```\n\n```rust\nlet x = 1;\n```\n\n```rust\nnor this\n```\n";

    #[test]
    fn the_first_example_that_compiles_is_taken() {
        let taken = take(README).unwrap();
        assert_eq!(taken.main, "\nfn main() {\nlet x = 1;\n}\n");
        assert!(taken.runs && !taken.for_tests);
        assert!(taken.dependencies.starts_with("[dependencies]\na ="));
    }

    #[test]
    fn what_is_for_tests_says_so() {
        let taken = take(&README.replace("[dependencies]", "[dev-dependencies]")).unwrap();
        assert!(taken.for_tests && taken.dependencies.starts_with("[dev-dependencies]\na ="));
    }

    #[test]
    fn a_relative_path_starts_at_the_root() {
        let line = rooted("a = { path = \"crates/a\" }", Path::new("/x"));
        assert_eq!(line, "a = { path = \"/x/crates/a\" }");
    }

    #[test]
    fn a_readme_without_an_example_says_so() {
        assert!(take("```toml\n[dependencies]\n```\n").unwrap_err().contains("```rust"));
        assert!(take("# x\n").unwrap_err().contains("[dependencies]"));
    }

    #[test]
    fn a_main_of_its_own_is_kept_and_hidden_lines_are_shown() {
        assert_eq!(program("# use a::b;\nfn main() {\n#\n}\n"), "use a::b;\nfn main() {\n\n}\n");
    }

    #[test]
    fn an_example_that_ends_in_a_result_may_use_the_question_mark() {
        let main = program("let n: u8 = \"7\".parse()?;\nOk::<(), std::num::ParseIntError>(())\n");
        assert!(main.contains("-> Result<(), impl core::fmt::Debug>"), "{main}");
    }
}
