//! Which hosts a request may be addressed to, and which web origins may send one.
//!
//! Together they keep a page in somebody's browser from reaching a server on that person's machine
//! or network (DNS rebinding; MCP specification, transports, security).

use std::fmt;
use std::net::IpAddr;

use url::Url;

use super::fault::{Problem, Report, quoted};
use super::kind::{text, urls};
use super::settings;
use super::values::Values;

/// Names under which this machine reaches itself.
const LOOPBACK: &[&str] = &["localhost", "127.0.0.1", "[::1]"];

/// Hosts that a request may name as its authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedHosts {
    /// Every host: no protection against DNS rebinding.
    Any,
    /// These.
    Only(Vec<AllowedHost>),
}

/// A host, on one port or on every port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedHost {
    /// Lower-case; an IPv6 address in brackets.
    pub host: String,
    /// The only port, when there is one.
    pub port: Option<u16>,
}

impl AllowedHosts {
    /// The default: loopback names, and the address to listen on when it is a specific one.
    pub(super) fn local(address: IpAddr) -> Self {
        let names = LOOPBACK.iter().map(|name| AllowedHost::new(*name));
        let mut hosts: Vec<_> = names.collect();
        if !address.is_unspecified() && !address.is_loopback() {
            hosts.push(AllowedHost::new(bracketed(address)));
        }
        Self::Only(hosts)
    }

    /// Reads a list, or `*`.
    pub(super) fn parse(value: &str) -> Result<Self, Problem> {
        list(value, AllowedHost::parse).map(|hosts| hosts.map_or(Self::Any, Self::Only))
    }

    /// Adds the host of the public URL, on every port: a proxy may have changed that.
    pub(super) fn add(&mut self, url: &Url) {
        if let (Self::Only(hosts), Some(host)) = (self, url.host_str()) {
            hosts.push(AllowedHost::new(host));
        }
    }

    /// Whether a request may be addressed to this host and port. An IPv6 address is in brackets,
    /// as in an authority (RFC 3986, section 3.2.2).
    #[must_use]
    pub fn permits(&self, host: &str, port: Option<u16>) -> bool {
        match self {
            Self::Any => true,
            Self::Only(hosts) => hosts.iter().any(|allowed| {
                let on_port = allowed.port.is_none() || allowed.port == port;
                on_port && allowed.host.eq_ignore_ascii_case(host)
            }),
        }
    }
}

impl AllowedHost {
    fn new(host: impl Into<String>) -> Self {
        let host = host.into();
        Self { host, port: None }
    }

    /// Whether this names the host on that port.
    #[must_use]
    pub fn names(&self, host: &str, port: u16) -> bool {
        self.host.eq_ignore_ascii_case(host) && self.port.is_none_or(|only| only == port)
    }

    pub(super) fn parse(item: &str) -> Result<Self, Problem> {
        let problem = || Problem::new(format!("not a host, or host and port: {}", quoted(item)));
        let name_and_port = item.rsplit_once(':').filter(|(name, _)| {
            // An IPv6 address without brackets has colons of its own.
            !name.contains(':') || name.ends_with(']')
        });
        let Some((name, port)) = name_and_port else {
            return urls::host_name(item).map(Self::new).map_err(|_| problem());
        };
        let port = port.parse().map_err(|_| problem())?;
        let host = urls::host_name(name).map_err(|_| problem())?;
        Ok(Self {
            host,
            port: Some(port),
        })
    }
}

/// The hosts of `DANGER_FETCH_HOSTS`.
pub(super) fn fetch_hosts(values: &Values, report: &mut Report) -> Vec<AllowedHost> {
    let setting = &settings::DANGER_FETCH_HOSTS;
    let items = values.list(setting);
    if !items.is_empty() {
        let place = values.place(setting);
        report.warn(format!(
            "{place}: strangers may have the server fetch from {}, whatever its address",
            items.join(", ")
        ));
    }
    let hosts = items.iter().map(|item| AllowedHost::parse(item));
    hosts.filter_map(Result::ok).collect()
}

impl fmt::Display for AllowedHosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let items = match self {
            Self::Any => vec!["*".to_owned()],
            Self::Only(hosts) => hosts.iter().map(ToString::to_string).collect(),
        };
        f.write_str(&items.join(","))
    }
}

impl fmt::Display for AllowedHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.host),
            None => f.write_str(&self.host),
        }
    }
}

/// Web origins that may send requests. A request without `Origin` is not from a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedOrigins {
    /// Every origin.
    Any,
    /// Some.
    Only {
        /// Serialised as browsers do (RFC 6454, section 6.2).
        listed: Vec<String>,
        /// Whether pages of this machine may, on every port.
        loopback: bool,
    },
}

impl AllowedOrigins {
    /// The default: pages of this machine.
    pub(super) fn local() -> Self {
        Self::Only {
            listed: Vec::new(),
            loopback: true,
        }
    }

    /// Reads a list, or `*`.
    pub(super) fn parse(value: &str) -> Result<Self, Problem> {
        let only = |listed| Self::Only {
            listed,
            loopback: false,
        };
        list(value, origin).map(|listed| listed.map_or(Self::Any, only))
    }

    /// Adds the origin of the public URL.
    pub(super) fn add(&mut self, url: &Url) {
        if let Self::Only { listed, .. } = self {
            listed.push(url.origin().ascii_serialization());
        }
    }

    /// Whether a page of this origin may send a request. Takes the value of `Origin`.
    #[must_use]
    pub fn permits(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Only { listed, loopback } => {
                listed
                    .iter()
                    .any(|allowed| allowed.eq_ignore_ascii_case(origin))
                    || (*loopback && is_loopback_origin(origin))
            }
        }
    }
}

impl fmt::Display for AllowedOrigins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Only { listed, loopback } => {
                let local = loopback.then_some("loopback");
                let items: Vec<&str> = local
                    .into_iter()
                    .chain(listed.iter().map(String::as_str))
                    .collect();
                f.write_str(&items.join(","))
            }
        }
    }
}

/// The items of a list, or `None` when it is the one item `*`.
fn list<T>(
    value: &str,
    parse: impl Fn(&str) -> Result<T, Problem>,
) -> Result<Option<Vec<T>>, Problem> {
    let items: Vec<&str> = text::items(value).collect();
    match items.as_slice() {
        [] => Err(Problem::new("a list without a value")),
        ["*"] => Ok(None),
        items => items
            .iter()
            .map(|item| parse(item))
            .collect::<Result<_, _>>()
            .map(Some),
    }
}

fn origin(item: &str) -> Result<String, Problem> {
    let problem = || {
        Problem::new(format!("not an origin: {}", quoted(item)))
            .hint("write `https://host` or `https://host:port`, without a path")
    };
    let url = Url::parse(item).map_err(|_| problem())?;
    let bare =
        url.username().is_empty() && url.password().is_none() && matches!(url.path(), "" | "/");
    let host = url
        .host_str()
        .filter(|host| !host.is_empty() && !host.contains('*'));
    let (true, Some(host), None, None) = (bare, host, url.query(), url.fragment()) else {
        return Err(problem());
    };
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    Ok(format!("{}://{host}{port}", url.scheme()))
}

fn is_loopback_origin(origin: &str) -> bool {
    Url::parse(origin).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.path() == "/" && urls::is_loopback(&url)
    })
}

fn bracketed(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}
