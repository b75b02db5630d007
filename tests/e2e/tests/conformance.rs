//! The official conformance suite against the fixture component, which is built on the same
//! protocol crate as the tools, on the real host.
//!
//! The suite cannot send a credential, so the fixture runs without authentication.

use std::collections::BTreeSet;
use std::process::Command;

use e2e::artifacts;
use e2e::settings::Settings;
use tempfile::TempDir;

/// All that may ever be expected to fail: legacy requests from server to client, whose answers
/// arrive in other requests, and a warning about sessions, which this server does not have.
const MAY_FAIL: [&str; 5] = [
    "tools-call-sampling",
    "tools-call-elicitation",
    "elicitation-sep1034-defaults",
    "elicitation-sep1330-enums",
    "server-sse-multiple-streams",
];

#[tokio::test]
async fn the_suite_of_2025_11_25_passes() {
    passes("2025-11-25").await;
}

#[tokio::test]
async fn the_suite_of_2026_07_28_passes() {
    passes("2026-07-28").await;
}

async fn passes(revision: &'static str) {
    let server = Settings::default()
        .with_path(
            "TOOLS_COMPONENT",
            &artifacts::fixture("conformance-fixture"),
        )
        .start()
        .await;
    let url = server.url();
    let (status, output) = tokio::task::spawn_blocking(move || run(&url, revision))
        .await
        .unwrap();
    assert!(status.success(), "{output}");

    let summary = output
        .split("=== SUMMARY ===")
        .nth(1)
        .unwrap_or_else(|| panic!("no summary:\n{output}"));
    let scored = scored(revision);
    assert!(
        scored.len() >= 30,
        "{revision} has only {} scored scenarios",
        scored.len()
    );
    for scenario in &scored {
        let passed = summary.contains(&format!("✓ {scenario}:"));
        assert!(
            passed || MAY_FAIL.contains(&scenario.as_str()),
            "{scenario} did not pass:\n{output}"
        );
    }
}

fn run(url: &str, revision: &str) -> (std::process::ExitStatus, String) {
    let results = TempDir::new().unwrap();
    let mut suite = Command::new(artifacts::node());
    suite.arg(artifacts::script(
        "node_modules/@modelcontextprotocol/conformance/dist/index.js",
    ));
    suite.args([
        "server",
        "--url",
        url,
        "--requirements",
        revision,
        "--expected-failures",
    ]);
    suite
        .arg(artifacts::package_root().join("conformance-baseline.yml"))
        .arg("-o")
        .arg(results.path());
    let output = suite.env("NO_COLOR", "1").output().unwrap();
    let text = [output.stdout, output.stderr]
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .concat();
    (output.status, text)
}

/// What the suite says a revision requires: the list `server` of its requirements.
fn scored(revision: &str) -> BTreeSet<String> {
    let path = artifacts::script(&format!(
        "node_modules/@modelcontextprotocol/conformance/requirements/{revision}.yaml"
    ));
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().skip_while(|line| *line != "server:").skip(1);
    let entries = lines.take_while(|line| line.is_empty() || line.starts_with([' ', '#']));
    entries
        .filter_map(|line| line.trim().strip_prefix("- "))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_baseline_excuses_nothing_else() {
    let text = std::fs::read_to_string(artifacts::package_root().join("conformance-baseline.yml"))
        .unwrap();
    for entry in text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- "))
    {
        let scenario = entry.split([':', ' ', '#']).next().unwrap();
        assert!(MAY_FAIL.contains(&scenario), "{entry} is excused");
    }
}
