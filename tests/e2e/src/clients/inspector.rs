//! The command line of the MCP Inspector, which waits for its callback on a port of its own.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::login::{Identity, sign_in};
use crate::artifacts;
use crate::browser::Browser;
use crate::logs::Logs;
use crate::process::Process;

/// `tools/list` with nothing but a URL, while somebody signs in with a browser. What it remembers
/// goes below `home`, where a second call finds it.
pub async fn inspect(url: &str, who: &Identity, browser: &Browser, home: &Path) -> Value {
    let mut command = Command::new(artifacts::node());
    command
        .arg(artifacts::script(
            "node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js",
        ))
        .args(["--cli", "--server-url", url, "--transport", "http"])
        .args(["--method", "tools/list", "--format", "json"])
        .args(["--callback-url", "http://127.0.0.1:0/oauth/callback"])
        .env("HOME", home)
        .env("MCP_STORAGE_DIR", home)
        // Without a terminal it only asks somebody when it believes that a browser opens.
        .env("MCP_AUTO_OPEN_ENABLED", "true")
        // Where it finds no program to open one with.
        .env("PATH", "")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    match who {
        Identity::Stranger => {}
        Identity::Document(address) => _ = command.args(["--client-metadata-url", address]),
        Identity::Known(id) => _ = command.args(["--client-id", id]),
    }
    let mut process = Process::spawn(&mut command);
    let errors = BufReader::new(process.stderr.take().unwrap());
    let (start, said) = tokio::task::spawn_blocking(move || authorization_url(errors))
        .await
        .unwrap();
    if let Some(start) = start {
        let callback = sign_in(browser, &start).await;
        // It is the browser that calls back.
        reqwest::get(callback).await.unwrap();
    }
    let mut output = process.stdout.take().unwrap();
    tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        output.read_to_string(&mut text).unwrap();
        serde_json::from_str(&text).unwrap_or_else(|error| {
            panic!("the inspector says: {error}: {text}\n{}", said.text());
        })
    })
    .await
    .unwrap()
}

/// The address that a person is asked to open, none when it has what it needs; and all that it says.
fn authorization_url(mut errors: impl BufRead + Send + 'static) -> (Option<String>, Logs) {
    let said = Logs::default();
    let mut line = String::new();
    while errors.read_line(&mut line).unwrap_or_default() > 0 {
        let mut words = line.split_whitespace();
        if let Some(address) = words.find(|word| word.contains("code_challenge=")) {
            let address = address.to_owned();
            // It also talks later, and would not survive that nobody listens.
            said.follow(errors);
            return (Some(address), said);
        }
        said.write(&line);
        line.clear();
    }
    (None, said)
}
