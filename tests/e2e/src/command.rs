//! The binary run to its end: `check`, `components`, refused configurations.

use std::process::Stdio;

use crate::logs::Logs;
use crate::process::Process;
use crate::settings::Settings;

/// How a run ended.
pub struct Outcome {
    /// The exit code.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Settings {
    /// Runs the binary with arguments and waits for its end.
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        let mut command = self.command();
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Outcome::of(Process::spawn(&mut command))
    }

    /// Runs `serve`, which must refuse these settings with exit code 64 before a port is bound.
    pub fn refused(&self) -> String {
        let outcome = self.run(&["serve", "--port", "0"]);
        assert_eq!(
            outcome.code,
            Some(64),
            "not refused as a configuration fault:\n{}",
            outcome.stderr
        );
        assert!(
            !outcome.stderr.contains("listening on"),
            "a port was bound:\n{}",
            outcome.stderr
        );
        outcome.stderr
    }
}

impl Outcome {
    fn of(mut process: Process) -> Self {
        let (stdout, stderr) = (Logs::default(), Logs::default());
        let readers = [
            stdout.follow(process.stdout.take().unwrap()),
            stderr.follow(process.stderr.take().unwrap()),
        ];
        let status = process.end();
        for reader in readers {
            reader.join().unwrap();
        }
        Self {
            code: status.code(),
            stdout: stdout.text(),
            stderr: stderr.text(),
        }
    }
}
