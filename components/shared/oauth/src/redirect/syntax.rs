//! The grammar: RFC 3986 without what two readers could read differently.

use super::host::{host_of_authority, is_host, port_of_authority};
use super::{MAX_URI_BYTES, RedirectError};

/// Schemes that run code, read files, or lead to something other than an application of the user.
const REFUSED_SCHEMES: &[&str] = &[
    "about",
    "blob",
    "chrome",
    "chrome-extension",
    "content",
    "data",
    "file",
    "filesystem",
    "ftp",
    "ftps",
    "intent",
    "jar",
    "javascript",
    "livescript",
    "mailto",
    "mhtml",
    "mocha",
    "ms-its",
    "resource",
    "sms",
    "tel",
    "urn",
    "vbscript",
    "view-source",
    "ws",
    "wss",
];

/// A URI, split where RFC 3986 splits it.
pub(super) struct Parts<'a> {
    pub(super) scheme: &'a str,
    authority: Option<&'a str>,
    path: &'a str,
}

impl<'a> Parts<'a> {
    /// Splits, and refuses whatever no kind of redirect URI may have.
    pub(super) fn split(text: &'a str) -> Result<Self, RedirectError> {
        if text.is_empty() || text.len() > MAX_URI_BYTES {
            return Err(RedirectError::Length);
        }
        if text.contains('#') {
            return Err(RedirectError::Fragment);
        }
        if text.contains('*') {
            return Err(RedirectError::Wildcard);
        }
        if !is_encoded(text) {
            return Err(RedirectError::Character);
        }
        let (scheme, rest) = text.split_once(':').ok_or(RedirectError::NotAbsolute)?;
        if !is_scheme(scheme) {
            return Err(RedirectError::NotAbsolute);
        }
        let authority = authority(rest);
        if authority.is_some_and(|authority| authority.contains('@')) {
            return Err(RedirectError::UserInformation);
        }
        let after_authority = match authority {
            Some(authority) => rest.get(authority.len() + 2..).unwrap_or_default(),
            None => rest,
        };
        let path = after_authority.split('?').next().unwrap_or_default();
        if path.split('/').any(is_dot_segment) {
            return Err(RedirectError::DotSegment);
        }
        Ok(Self {
            scheme,
            authority,
            path,
        })
    }

    /// The host of an `http` or `https` URI, whose authority has to be plain.
    pub(super) fn web_host(&self) -> Result<&'a str, RedirectError> {
        let authority = self.authority.ok_or(RedirectError::NotAbsolute)?;
        let host = host_of_authority(authority);
        let has_port = port_of_authority(authority).is_none_or(is_port);
        (has_port && is_host(host))
            .then_some(host)
            .ok_or(RedirectError::Host)
    }

    /// Whether this can be the URI of an application, whose scheme is given in lower case.
    pub(super) fn private_use(&self, scheme: &str) -> Result<(), RedirectError> {
        // One letter is a drive of Windows.
        if scheme.len() < 2 || REFUSED_SCHEMES.contains(&scheme) {
            return Err(RedirectError::Scheme);
        }
        let Some(authority) = self.authority.filter(|authority| !authority.is_empty()) else {
            let is_absolute = self.path.starts_with('/');
            return is_absolute.then_some(()).ok_or(RedirectError::NotAbsolute);
        };
        let host = host_of_authority(authority);
        let in_host = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
        let is_plain = !host.is_empty()
            && host.bytes().all(in_host)
            && port_of_authority(authority).is_none_or(is_port);
        is_plain.then_some(()).ok_or(RedirectError::Host)
    }
}

/// The host of the URL of a document that a stranger names: `https`, a name that is not an address,
/// and a path; nothing else.
pub(crate) fn document_host(url: &str) -> Option<&str> {
    let parts = Parts::split(url).ok()?;
    let host = parts.web_host().ok()?;
    let is_plain = parts.scheme == "https" && parts.authority == Some(host) && !url.contains('?');
    let is_name = !host.starts_with('[') && host.parse::<std::net::Ipv4Addr>().is_err();
    (is_plain && is_name && parts.path.len() > 1).then_some(host)
}

/// What is between `//` and the path or the query.
pub(super) fn authority(after_scheme: &str) -> Option<&str> {
    after_scheme.strip_prefix("//")?.split(['/', '?']).next()
}

/// `scheme` of RFC 3986, section 3.1.
fn is_scheme(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic())
        && bytes.all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

fn is_port(text: &str) -> bool {
    !text.starts_with('0')
        && text.bytes().all(|b| b.is_ascii_digit())
        && text.parse::<u16>().is_ok()
}

fn is_dot_segment(segment: &str) -> bool {
    let decoded = segment.replace("%2e", ".").replace("%2E", ".");
    // A path parameter does not hide it (`..;x`).
    matches!(decoded.split(';').next(), Some("." | ".."))
}

/// Whether every character is one that RFC 3986 allows, and every `%` begins an encoded one that is
/// not a control.
fn is_encoded(text: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let is_allowed = match byte {
            b'%' => {
                let digits = (bytes.next(), bytes.next());
                let (Some(high), Some(low)) = digits else {
                    return false;
                };
                high.is_ascii_hexdigit() && low.is_ascii_hexdigit() && !matches!(high, b'0' | b'1')
            }
            _ => byte.is_ascii_alphanumeric() || b"-._~:/?[]@!$&'()+,;=".contains(&byte),
        };
        if !is_allowed {
            return false;
        }
    }
    true
}
