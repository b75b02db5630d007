//! Chromium, driven by the scripts in `browser/`.

use std::env;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::artifacts;

/// Where distributions put it.
const PLACES: [&str; 4] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/snap/bin/chromium",
];

/// Runs a script of `browser/` with options, and gives its report. `None`, and a loud line, when
/// there is no browser; a failure where the variable `CI` is `true`.
pub async fn run(script: &str, options: Value) -> Option<Value> {
    let Some(browser) = browser() else {
        let missing = "no Chromium\nhint: install the package `chromium`, or set `IMAGE_GENERATION_MCP_TEST_CHROMIUM`";
        assert!(env::var("CI").as_deref() != Ok("true"), "{missing}");
        // Not by a macro, whose output the test harness would keep to itself.
        let _ = writeln!(std::io::stderr(), "SKIPPED: {script}: {missing}");
        return None;
    };
    let mut options = options;
    options["chromium"] = json!(browser);
    let mut command = Command::new(artifacts::node());
    command
        .arg(artifacts::script(&format!("browser/{script}.mjs")))
        .arg(options.to_string())
        .stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap();
    let (stdout, stderr) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        output.status.success(),
        "{script} failed:\n{stdout}\n{stderr}"
    );
    Some(
        serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{script}: {error}: {stdout}")),
    )
}

fn browser() -> Option<PathBuf> {
    let named = env::var_os("IMAGE_GENERATION_MCP_TEST_CHROMIUM").map(PathBuf::from);
    named.or_else(|| {
        PLACES
            .map(PathBuf::from)
            .into_iter()
            .find(|path| path.exists())
    })
}
