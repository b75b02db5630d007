//! How clients reach the server.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::kind::urls;
use super::settings;
use super::values::Values;

/// How messages travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Streamable HTTP.
    Http,
    /// Standard input and output of this process; authentication has no effect.
    Stdio,
}

/// The socket, and what a connection may cost before there is a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// How messages travel; the rest of this struct is for HTTP.
    pub transport: Transport,
    /// Where to listen; port 0 takes any free one.
    pub address: SocketAddr,
    /// Most connections at a time.
    pub max_connections: usize,
    /// How long a client may take to send the head of a request.
    pub header_timeout: Duration,
    /// Largest head of a request.
    pub max_header_bytes: usize,
    /// Most header fields of a request.
    pub max_headers: usize,
    /// How long requests in progress may take to end after SIGTERM.
    pub shutdown_grace: Duration,
}

impl Listener {
    pub(super) fn resolve(values: &Values) -> Self {
        let host = values
            .text(&settings::HOST)
            .and_then(|host| urls::address(host).ok());
        let port = u16::try_from(values.number(&settings::PORT)).unwrap_or_default();
        let transport = match values.text(&settings::TRANSPORT) {
            Some("stdio") => Transport::Stdio,
            _ => Transport::Http,
        };
        Self {
            transport,
            address: SocketAddr::new(host.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)), port),
            max_connections: values.count(&settings::MAX_CONNECTIONS),
            header_timeout: values.seconds(&settings::HEADER_TIMEOUT_S),
            max_header_bytes: values.count(&settings::MAX_HEADER_BYTES),
            max_headers: values.count(&settings::MAX_HEADERS),
            shutdown_grace: values.seconds(&settings::SHUTDOWN_GRACE_S),
        }
    }

    /// Whether only this machine can connect.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.address.ip().to_canonical().is_loopback()
    }
}
