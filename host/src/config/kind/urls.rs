//! Values that are URLs or parts of one.

use std::net::{IpAddr, Ipv4Addr};

use url::{Host, Url};

use crate::config::fault::{Problem, quoted};

/// Paths at the root that the host or a policy answers itself.
const RESERVED: &[&str] = &[
    "/.well-known",
    "/auth",
    "/authorize",
    "/consent",
    "/healthz",
    "/jwks",
    "/metrics",
    "/readyz",
    "/register",
    "/revoke",
    "/token",
    "/transfer",
];

/// A URL of this server: no query, no fragment, no slash at the end.
pub(super) fn public(value: &str) -> Result<String, Problem> {
    let url = secure(value)?;
    if url.query().is_some() {
        return Err(Problem::new("a public URL has no query"));
    }
    if url.path().contains("//") {
        return Err(Problem::new("a public URL has no empty path segment"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// The URL of a discovery document.
pub(super) fn provider(value: &str) -> Result<String, Problem> {
    secure(value).map(String::from)
}

/// The URL of a service. Where it is, is the operator's to say; credentials have their own settings.
pub(super) fn service(value: &str) -> Result<String, Problem> {
    if value.contains('@') {
        return Err(Problem::new("a URL here has no user name or password")
            .hint("keys and passwords have settings of their own, such as `SD_WEBUI_AUTH`"));
    }
    let url = absolute(value)?;
    if url.query().is_some() {
        return Err(Problem::new("a URL here has no query"));
    }
    match url.scheme() {
        "https" | "http" => Ok(url.as_str().trim_end_matches('/').to_owned()),
        other => Err(Problem::new(format!(
            "not `https` or `http`: {}",
            quoted(other)
        ))),
    }
}

/// An absolute URL that keeps what is sent to it secret.
fn secure(value: &str) -> Result<Url, Problem> {
    let url = absolute(value)?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => Err(Problem::new(
            "`http` is for loopback hosts only: anybody on the way could read tokens",
        )
        .hint("use `https`")),
        other => Err(Problem::new(format!("not `https`: {}", quoted(other)))),
    }
}

/// An absolute URL without user information and fragment. The problem does not quote it: a URL can
/// carry a password.
fn absolute(value: &str) -> Result<Url, Problem> {
    let unusable = || Problem::new("not an absolute URL").hint("write it as `https://host/path`");
    // The URL standard repairs what has these faults; a configuration should not have them.
    let (_, rest) = value.split_once("://").ok_or_else(unusable)?;
    if rest.starts_with('/')
        || value.contains(|c: char| c == '\\' || c.is_whitespace() || c.is_control())
    {
        return Err(unusable());
    }
    let url = Url::parse(value).map_err(|_| unusable())?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Problem::new("a URL here has no user name or password"));
    }
    if url.fragment().is_some() {
        return Err(Problem::new("a URL here has no fragment (`#`)"));
    }
    Ok(url)
}

/// Whether a URL names this machine: `localhost` or a loopback address.
pub(in crate::config) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).to_canonical().is_loopback(),
        None => false,
    }
}

/// A host without a port, lower-case; an IPv6 address in brackets.
pub(in crate::config) fn host_name(value: &str) -> Result<String, Problem> {
    let problem = || Problem::new(format!("not a host: {}", quoted(value)));
    let host = match value.parse::<std::net::Ipv6Addr>() {
        Ok(address) => Host::Ipv6(address),
        Err(_) => Host::parse(value).map_err(|_| problem())?,
    };
    match &host {
        Host::Domain(name) if name.contains('*') => Err(problem()),
        host => Ok(host.to_string()),
    }
}

/// The address to listen on.
pub(in crate::config) fn address(value: &str) -> Result<IpAddr, Problem> {
    if value.eq_ignore_ascii_case("localhost") {
        return Ok(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    let bare = value
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    bare.unwrap_or(value).parse().map_err(|_| {
        Problem::new(format!(
            "not an IP address or `localhost`: {}",
            quoted(value)
        ))
        .hint("`0.0.0.0` or `::` listens on every address of this machine")
    })
}

/// The path of the MCP endpoint.
pub(super) fn http_path(value: &str) -> Result<String, Problem> {
    let path = format!("/{}", value.trim_matches('/'));
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let dots = path
        .split('/')
        .any(|segment| segment == "." || segment == "..");
    if !path.bytes().all(allowed) || path.contains("//") || dots {
        return Err(Problem::new(format!(
            "not a path of letters, digits and `-._~`: {}",
            quoted(value)
        )));
    }
    let taken = |reserved: &&&str| {
        let rest = path.strip_prefix(**reserved);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    match RESERVED.iter().find(taken) {
        Some(reserved) => Err(Problem::new(format!(
            "the server answers `{reserved}` itself: {}",
            quoted(value)
        ))),
        None => Ok(path),
    }
}
