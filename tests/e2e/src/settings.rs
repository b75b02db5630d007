//! What the binary is started with: settings, arguments, and a home directory of its own, with
//! nothing of the environment of whoever runs the tests.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::artifacts;
use crate::logs::Logs;
use crate::server::Server;

/// The public URL of servers that check tokens; nobody resolves it.
pub const BASE_URL: &str = "https://images.example.com";

/// What their tokens must be meant for (`aud`).
pub const AUDIENCE: &str = "https://images.example.com/mcp";

/// What to start. Settings are given without their prefix: `("BASE_URL", ...)`.
pub struct Settings {
    variables: Vec<(String, String)>,
    arguments: Vec<String>,
    home: TempDir,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            variables: Vec::new(),
            arguments: vec!["--port".into(), "0".into()],
            home: TempDir::new().unwrap(),
        }
        // Nearly every test generates an image.
        .with("READ_ONLY", "false")
    }
}

impl Settings {
    /// A server that wants access tokens of a provider.
    pub fn remote(config_url: &str) -> Self {
        Self::default()
            .with("BASE_URL", BASE_URL)
            .with("OIDC_CONFIG_URL", config_url)
    }

    /// Sets a setting; an empty value is the same as none.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.into(), value.as_ref().into()));
        self
    }

    /// Sets a setting to a path.
    #[must_use]
    pub fn with_path(self, name: &str, path: &Path) -> Self {
        self.with(name, path.to_str().unwrap())
    }

    /// Listens on a port of the test's choice: for a public URL that has to be reachable.
    #[must_use]
    pub fn on_port(mut self, port: u16) -> Self {
        self.arguments = vec!["--port".into(), port.to_string()];
        self
    }

    /// Where files of the test may be put, for as long as the settings live.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The binary with these settings, before its arguments.
    pub fn command(&self) -> Command {
        let mut command = Command::new(artifacts::binary());
        command
            .env_clear()
            .current_dir(self.home())
            .env("HOME", self.home());
        command.env("XDG_DATA_HOME", self.home().join("data"));
        // Compiling a component takes a second: once for all tests, not for each of them.
        command.env("XDG_CACHE_HOME", artifacts::shared_directory("cache"));
        command.env("IMAGE_GENERATION_MCP_SCRATCH_DIR", self.images());
        command.envs(
            self.variables
                .iter()
                .map(|(name, value)| (format!("IMAGE_GENERATION_MCP_{name}"), value)),
        );
        command
    }

    /// Starts the server and waits until it listens.
    pub async fn start(self) -> Server {
        let logs = Logs::default();
        for (_, secret) in self
            .variables
            .iter()
            .filter(|(name, _)| name == "BEARER_TOKEN" || name.ends_with("SECRET"))
        {
            logs.keep_secret(secret);
        }
        let mut server = Server::new(self, logs);
        server.start_again().await;
        server
    }

    /// Arguments after `serve`.
    pub(crate) fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// Where images are kept.
    pub fn images(&self) -> PathBuf {
        let set = self
            .variables
            .iter()
            .find(|(name, _)| name == "SCRATCH_DIR");
        set.map_or_else(|| self.home().join("images"), |(_, path)| path.into())
    }
}

/// A port that was free a moment ago: for a public URL that clients have to reach.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}
