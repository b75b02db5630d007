//! The release host: where its binary is and how the bench starts it.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};
use serde::Serialize;

use crate::{
    child::{Place, Server},
    idp::{CLIENT_ID, DISCOVERY_PATH, Provider, TokenProvider},
    proc::Cores,
};

/// Names the binary under test; `cargo xtask bench` sets it.
const BINARY_VARIABLE: &str = "IMAGE_GENERATION_MCP_TEST_BIN";
const BINARY_NAME: &str = "image-generation-mcp";
/// A key that seals nothing outside a run.
const SIGNING_KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// When the host makes a new sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Isolation {
    /// For every request: the default.
    Request,
    /// For every subject.
    Subject,
}

impl Isolation {
    /// Every value.
    pub const ALL: [Self; 2] = [Self::Request, Self::Subject];

    /// The value of the setting.
    pub fn setting(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Subject => "subject",
        }
    }
}

/// The binary under test.
#[derive(Debug)]
pub struct Binary {
    path: PathBuf,
}

/// One way to start it.
pub struct Launch<'a> {
    /// The only directory that it writes images and state to.
    pub data_dir: &'a Path,
    /// Where it keeps compiled components.
    pub cache_dir: &'a Path,
    /// When it makes a new sandbox.
    pub isolation: Isolation,
    /// The socket, and the OIDC provider whose tokens it asks for; without a provider it asks for none.
    pub listen: SocketAddr,
    /// See `listen`.
    pub provider: Option<&'a Provider>,
    /// The provider at which the host signs users in itself, as an OAuth server.
    pub signs_in_at: Option<&'a TokenProvider>,
    /// The cores that it gets.
    pub place: Place,
}

impl Binary {
    /// Finds the binary: the one named by the environment, else the one next to this.
    pub fn find() -> anyhow::Result<Self> {
        let path = match std::env::var_os(BINARY_VARIABLE) {
            Some(path) => PathBuf::from(path),
            None => std::env::current_exe()?.with_file_name(BINARY_NAME),
        };
        if !path.is_file() {
            bail!(
                "no host binary: {}\nhint: run `cargo xtask bench`, which builds it, or set `{BINARY_VARIABLE}`",
                path.display()
            );
        }
        Ok(Self { path })
    }

    /// Starts the host and waits until it listens.
    pub fn start(&self, launch: &Launch<'_>, cores: &Cores) -> anyhow::Result<Server> {
        let mut command = Command::new(&self.path);
        // Nothing of the caller's environment may change the figures, least of all `RUST_BACKTRACE`
        // and `RUST_LOG`.
        command
            .env_clear()
            .args(["serve", "--transport", "http", "--host", "127.0.0.1"]);
        command.arg("--port").arg(launch.listen.port().to_string());
        command
            .env("HOME", launch.data_dir)
            .env("XDG_CACHE_HOME", launch.cache_dir);
        for (name, value) in settings(launch) {
            command.env(format!("IMAGE_GENERATION_MCP_{name}"), value);
        }
        Server::start(&mut command, launch.place, cores)
    }
}

/// The audience of tokens for a server at this socket: its public URL with the path of the endpoint.
pub fn audience(listen: SocketAddr) -> String {
    format!("{}/mcp", base_url(listen))
}

/// A loopback socket that was free a moment ago. The public URL has to be known before the start.
pub fn free_socket() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("find a free port")?;
    Ok(listener.local_addr()?)
}

/// Makes a directory for one server.
pub fn directory(parent: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let path = parent.join(name);
    fs::create_dir_all(&path).with_context(|| format!("create {}", path.display()))?;
    Ok(path)
}

fn base_url(listen: SocketAddr) -> String {
    format!("http://{listen}")
}

fn settings(launch: &Launch<'_>) -> Vec<(&'static str, String)> {
    let data_dir = launch.data_dir.display().to_string();
    let mut settings = vec![
        ("READ_ONLY", "false".to_owned()),
        ("LOG_LEVEL", "warn".to_owned()),
        ("ISOLATION", launch.isolation.setting().to_owned()),
        ("SCRATCH_DIR", format!("{data_dir}/images")),
        ("DATA_DIR", data_dir),
    ];
    if let Some(provider) = launch.provider {
        settings.push(("BASE_URL", base_url(launch.listen)));
        settings.push((
            "OIDC_CONFIG_URL",
            format!("{}{DISCOVERY_PATH}", provider.issuer()),
        ));
    }
    if let Some(provider) = launch.signs_in_at {
        settings.extend([
            ("BASE_URL", base_url(launch.listen)),
            ("OIDC_CONFIG_URL", provider.config_url()),
            ("OIDC_CLIENT_ID", CLIENT_ID.to_owned()),
            ("OIDC_CLIENT_SECRET", "a secret of the bench".to_owned()),
            ("OIDC_JWT_SIGNING_KEY", SIGNING_KEY.to_owned()),
            // What is measured is what a registration leaves behind, not that many are refused.
            ("OIDC_REGISTRATIONS_PER_MINUTE", "0".to_owned()),
        ]);
    }
    settings
}
