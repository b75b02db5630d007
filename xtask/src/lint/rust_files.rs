//! House rules for Rust files and manifests: each file says what it is, is short, and is not called
//! `mod.rs`; each crate takes part in the lints of the workspace.

use anyhow::Result;

use crate::lint::sources::{self, Source};
use crate::workspace::Workspace;

/// Lines of one file without its tests. A file that comes near has a second thing in it.
const MAX_LINES: usize = 500;

pub fn faults(workspace: &Workspace) -> Result<Vec<String>> {
    Ok(sources::texts(workspace)?
        .iter()
        .flat_map(file_faults)
        .collect())
}

fn file_faults(source: &Source) -> Vec<String> {
    let path = &source.path;
    let mut faults = Vec::new();
    if path.ends_with("/Cargo.toml") && !source.text.contains("\n[lints") {
        faults.push(format!(
            "{path}: no `[lints]`: add `[lints]` with `workspace = true`"
        ));
    }
    if !path.ends_with(".rs") {
        return faults;
    }
    if !source.text.starts_with("//!") {
        faults.push(format!(
            "{path}:1: does not open with `//!`, what the file is and what it is not"
        ));
    }
    if path.ends_with("/mod.rs") {
        faults.push(format!(
            "{path}: a `mod.rs`: name the file after its module"
        ));
    }
    let lines = lines_without_tests(&source.text);
    if lines > MAX_LINES && !is_test_code(path) {
        faults.push(format!(
            "{path}: {lines} lines without tests, and {MAX_LINES} are allowed"
        ));
    }
    faults
}

/// Whether the whole file is test code: its length is not limited.
fn is_test_code(path: &str) -> bool {
    let folders_of_tests = ["/tests/", "/benches/", "/fuzz/"];
    path.starts_with("tests/e2e/")
        || path.ends_with("/tests.rs")
        || folders_of_tests.iter().any(|folder| path.contains(folder))
}

/// Lines before the test module, which is the last item of a file.
fn lines_without_tests(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let opens_tests = |window: &[&str]| match window {
        [attribute, rest @ ..] if *attribute == "#[cfg(test)]" => rest
            .iter()
            .find(|line| !line.starts_with("#["))
            .is_some_and(|line| line.starts_with("mod ")),
        _ => false,
    };
    (0..lines.len())
        .find(|&at| lines.get(at..).is_some_and(opens_tests))
        .unwrap_or(lines.len())
}

#[cfg(test)]
mod tests {
    use super::{MAX_LINES, Source, file_faults, lines_without_tests};

    fn faults(path: &str, text: &str) -> Vec<String> {
        file_faults(&Source {
            path: path.to_owned(),
            text: text.to_owned(),
        })
    }

    #[test]
    fn a_file_in_order_has_no_faults() {
        assert_eq!(
            faults("host/src/a.rs", "//! What.\nfn a() {}\n"),
            Vec::<String>::new()
        );
        assert_eq!(
            faults(
                "host/Cargo.toml",
                "[package]\n\n[lints]\nworkspace = true\n"
            ),
            Vec::<String>::new()
        );
        assert_eq!(faults("Cargo.toml", "[workspace]\n"), Vec::<String>::new());
    }

    #[test]
    fn each_rule_is_enforced() {
        let long = format!("//! What.\n{}", "fn a() {}\n".repeat(MAX_LINES));
        let cases = [
            ("host/src/a.rs", "fn a() {}\n", "does not open with `//!`"),
            ("host/src/a/mod.rs", "//! What.\n", "`mod.rs`"),
            ("host/src/a.rs", long.as_str(), "501 lines without tests"),
            ("host/Cargo.toml", "[package]\n", "no `[lints]`"),
        ];
        for (path, text, expected) in cases {
            let found = faults(path, text);
            assert!(
                found.len() == 1 && found[0].contains(expected),
                "{path}: {found:?}"
            );
        }
    }

    #[test]
    fn tests_do_not_count() {
        let text =
            "//! What.\n#[cfg(test)]\nuse a::b;\n\n#[cfg(test)]\n#[allow(x)]\nmod tests {\n}\n";
        assert_eq!(lines_without_tests(text), 4);
        let long = format!("//! What.\n{}", "fn a() {}\n".repeat(MAX_LINES));
        assert_eq!(faults("host/tests/a.rs", &long), Vec::<String>::new());
        assert_eq!(faults("tests/e2e/src/a.rs", &long), Vec::<String>::new());
        assert_eq!(faults("tests/bench/src/a.rs", &long).len(), 1);
    }
}
