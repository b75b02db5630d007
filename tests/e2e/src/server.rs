//! The shipped binary, running, on a port that the system chose.

use std::process::{ExitStatus, Stdio};
use std::thread::JoinHandle;

use rustix::process::Signal;

use crate::caller::Caller;
use crate::gallery::Gallery;
use crate::logs::Logs;
use crate::process::Process;
use crate::settings::Settings;
use crate::wait::until;

/// A server that runs, or has run: dropping it ends the process and looks through its logs.
pub struct Server {
    settings: Settings,
    logs: Logs,
    process: Option<Process>,
    readers: Vec<JoinHandle<()>>,
    origin: String,
}

impl Server {
    /// A server that needs no credential.
    pub async fn anonymous() -> Self {
        Settings::default().start().await
    }

    /// A server that has never run.
    pub(crate) fn new(settings: Settings, logs: Logs) -> Self {
        Self {
            settings,
            logs,
            process: None,
            readers: Vec::new(),
            origin: String::new(),
        }
    }

    /// Starts the process again, with the same settings and data, on a port that may be another.
    pub async fn start_again(&mut self) {
        self.kill();
        let offset = self.logs.text().len();
        let mut command = self.settings.command();
        command.arg("serve").args(self.settings.arguments());
        let mut process = Process::spawn(
            command
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped()),
        );
        self.readers
            .push(self.logs.follow(process.stdout.take().unwrap()));
        self.readers
            .push(self.logs.follow(process.stderr.take().unwrap()));
        let logs = self.logs.clone();
        let (process, url) = tokio::task::spawn_blocking(move || {
            let url = logs.line_after(offset, "listening on ", || process.has_ended());
            (process, url)
        })
        .await
        .unwrap_or_else(|_| panic!("the server does not listen:\n{}", self.logs.since(offset)));
        let url = url.unwrap_or_else(|| {
            panic!(
                "the server ended before it listened:\n{}",
                self.logs.since(offset)
            )
        });
        self.origin = url::Url::parse(&url)
            .unwrap()
            .origin()
            .ascii_serialization();
        self.process = Some(process);
    }

    /// `SIGKILL`, and waits for the end. Nothing happens when it does not run.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// `SIGTERM`, without waiting.
    pub fn terminate(&self) {
        self.running().signal(Signal::TERM);
    }

    /// Waits for the end of the process.
    pub async fn exit_status(&mut self) -> ExitStatus {
        let mut process = self.process.take().expect("the server runs");
        tokio::task::spawn_blocking(move || process.end())
            .await
            .unwrap()
    }

    /// Scheme, host and port where it listens.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// `host:port`, for raw connections.
    pub fn address(&self) -> &str {
        self.origin.strip_prefix("http://").unwrap()
    }

    /// Where the MCP clients connect.
    pub fn url(&self) -> String {
        format!("{}/mcp", self.origin)
    }

    /// What it logged, over all its starts.
    pub fn logs(&self) -> &Logs {
        &self.logs
    }

    /// The images that it stores, seen from outside.
    pub fn gallery(&self) -> Gallery {
        Gallery::new(self.settings.images())
    }

    /// What it was started with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A caller without a credential.
    pub fn as_anonymous(&self) -> Caller {
        Caller::new(&self.origin, &self.logs)
    }

    /// A caller with a bearer token, which the server must never log.
    pub fn as_bearer(&self, token: &str) -> Caller {
        self.as_anonymous().with_token(token)
    }

    /// Waits until `/readyz` says yes.
    pub async fn ready(&self) {
        self.readiness(200).await;
    }

    /// Waits until `/readyz` has this status.
    pub async fn readiness(&self, status: u16) {
        until(&format!("/readyz says {status}"), async || {
            (self.as_anonymous().get("/readyz").await.status == status).then_some(())
        })
        .await;
    }

    /// Resident memory of the process, in bytes.
    pub fn resident_bytes(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.running().id())).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    fn running(&self) -> &Process {
        self.process.as_ref().expect("the server runs")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        // Its pipes have ended with it.
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
        if std::thread::panicking() {
            eprintln!("--- log of the server\n{}---", self.logs.text());
        } else {
            self.logs.assert_no_secret();
        }
    }
}
