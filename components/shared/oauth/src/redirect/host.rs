//! Hosts: which are this machine, which are spelled in only one way, and which are allowed.

use std::net::{Ipv4Addr, Ipv6Addr};

use policy::settings::Reader;

use super::{Kind, RedirectUri};

const OIDC_ALLOWED_REDIRECT_HOSTS: &str = "OIDC_ALLOWED_REDIRECT_HOSTS";

/// Which `https` hosts a client may send its users to. Loopback and applications are not on the
/// network and need no permission.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedHosts(Vec<String>);

impl AllowedHosts {
    /// Reads `OIDC_ALLOWED_REDIRECT_HOSTS`: host names, or `*.` and a domain for the hosts below it.
    /// Not set, every host is allowed, and a person is shown which one it is.
    pub fn read(reader: &mut Reader<'_>) -> Self {
        let hosts: Vec<String> = reader
            .words(OIDC_ALLOWED_REDIRECT_HOSTS)
            .iter()
            .map(|host| host.to_ascii_lowercase())
            .collect();
        let is_pattern = |host: &String| is_host(host.strip_prefix("*.").unwrap_or(host));
        if !hosts.iter().all(is_pattern) {
            reader.fault(
                OIDC_ALLOWED_REDIRECT_HOSTS,
                "has something that is neither a host name nor `*.` and a domain",
            );
        }
        Self(hosts)
    }

    /// Whether a client may use this URI.
    #[must_use]
    pub fn permit(&self, uri: &RedirectUri) -> bool {
        if self.0.is_empty() || uri.kind() != Kind::Web {
            return true;
        }
        let authority = uri.display_host();
        let host = host_of_authority(&authority);
        self.0
            .iter()
            .any(|allowed| match allowed.strip_prefix('*') {
                Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
                None => host == allowed,
            })
    }
}

/// The host of `host:port`.
pub(crate) fn host_of_authority(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, _)) if !authority.ends_with(']') => host,
        _ => authority,
    }
}

pub(super) fn port_of_authority(authority: &str) -> Option<&str> {
    authority
        .strip_prefix(host_of_authority(authority))?
        .strip_prefix(':')
}

/// `127.0.0.0/8`, `[::1]` or `localhost`, spelled plainly.
pub(crate) fn is_loopback_host(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host == "[::1]"
        || host.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
}

/// A host name of letters, digits and hyphens, or an address in its canonical spelling. A name whose
/// last label is a number would be read as an address by browsers (`0x7f.1`, `2130706433`).
pub(super) fn is_host(host: &str) -> bool {
    if let Some(literal) = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        return literal
            .parse::<Ipv6Addr>()
            .is_ok_and(|ip| ip.to_ipv4_mapped().is_none() && ip.to_string() == literal);
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    if looks_numeric(last) {
        return host.parse::<Ipv4Addr>().is_ok();
    }
    host.len() <= 253 && host.split('.').all(is_label)
}

fn looks_numeric(label: &str) -> bool {
    let hexadecimal = label
        .strip_prefix("0x")
        .or_else(|| label.strip_prefix("0X"));
    match hexadecimal {
        Some(digits) => digits.bytes().all(|b| b.is_ascii_hexdigit()),
        None => !label.is_empty() && label.bytes().all(|b| b.is_ascii_digit()),
    }
}
