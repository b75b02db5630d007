//! What the binary is started with: settings, arguments, and a home directory of its own, with
//! nothing of the environment of whoever runs the tests.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;
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
    environment: Vec<(String, String)>,
    arguments: Vec<String>,
    home: TempDir,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            variables: Vec::new(),
            environment: Vec::new(),
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

    /// A server that signs users in at a provider, as this client, and issues tokens of its own.
    pub fn oidc_proxy(base_url: &str, config_url: &str, client: &Value) -> Self {
        let text = |name: &str| client[name].as_str().unwrap_or_default();
        Self::default()
            .with("BASE_URL", base_url)
            .with("OIDC_CONFIG_URL", config_url)
            .with("OIDC_CLIENT_ID", text("client_id"))
            .with("OIDC_CLIENT_SECRET", text("client_secret"))
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

    /// Sets a variable of the environment, under its own name.
    #[must_use]
    pub fn with_environment(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.environment.push((name.into(), value.as_ref().into()));
        self
    }

    /// The binary with these settings, before its arguments.
    pub fn command(&self) -> Command {
        static COMPILED: OnceLock<()> = OnceLock::new();
        COMPILED.get_or_init(compile);
        self.cold_command()
    }

    fn cold_command(&self) -> Command {
        let mut command = Command::new(artifacts::binary());
        command
            .env_clear()
            .current_dir(self.home())
            .env("HOME", self.home());
        command.env("XDG_DATA_HOME", self.home().join("data"));
        // Compiling a component takes a second: once for all tests, not for each of them.
        command.env("XDG_CACHE_HOME", artifacts::shared_directory("cache"));
        command.env("IMAGE_GENERATION_MCP_SCRATCH_DIR", self.images());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.envs(
            self.variables
                .iter()
                .map(|(name, value)| (format!("IMAGE_GENERATION_MCP_{name}"), value)),
        );
        command
    }

    /// Starts the server and waits until it listens.
    pub async fn start(self) -> Server {
        self.start_with_logs(Logs::default()).await
    }

    /// [`Self::start`] for a server that shares its log with others of one deployment.
    pub async fn start_with_logs(self, logs: Logs) -> Server {
        for (_, secrets) in self.variables.iter().filter(|(name, _)| is_secret(name)) {
            secrets
                .split(',')
                .for_each(|secret| logs.keep_secret(secret));
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

/// Compiles the components into the cache that all tests share: many servers that do so at once, on
/// two cores, would take longer than a test waits for any of them.
fn compile() {
    let settings = Settings::default();
    let output = settings.cold_command().arg("check").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "`check` fails without settings:\n{said}"
    );
}

/// Whether the value of a setting must never be logged.
fn is_secret(name: &str) -> bool {
    name == "BEARER_TOKEN" || name.ends_with("SECRET") || name.ends_with("SIGNING_KEY")
}

/// A port that was free a moment ago: for a public URL that clients have to reach.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}
