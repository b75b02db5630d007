//! The cookies of this server, read and written in one place.
//!
//! Over `https` a cookie is named `__Host-…` (RFC 6265bis, section 4.1.3.2): a browser takes such a
//! one only from this very host, so a neighbouring subdomain cannot plant it. That prefix demands
//! `Path=/`; two servers below one host name would then overwrite each other's cookies, so the name
//! also says which of them it is for.
//!
//! Over `http`, which this server speaks on loopback only, `Secure` and the prefix are left out:
//! Chromium and Firefox would take a `Secure` cookie from `http://127.0.0.1`, Safari and most
//! command-line clients would not, and there is no network to protect it from.

use policy::types::Header;
use sha2::{Digest, Sha256};

use crate::location::Location;

/// Longest value, in bytes. Browsers keep 4096 bytes of name, value and attributes.
pub const MAX_VALUE_BYTES: usize = 3800;
/// Longest `cookie` fields together, in bytes: more is not ours, and is not searched.
const MAX_FIELD_BYTES: usize = 32 * 1024;

/// A cookie of this server, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    name: String,
    is_secure: bool,
}

/// The value does not fit into a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a cookie of {0} bytes, or with characters that a cookie cannot have; at most {MAX_VALUE_BYTES} are possible"
)]
pub struct CookieError(usize);

impl Cookie {
    /// A cookie of a server. `kind` is one word of lower-case letters.
    #[must_use]
    pub fn new(kind: &'static str, location: &Location) -> Self {
        let digest = Sha256::digest(location.issuer());
        let server: String = digest.iter().take(4).map(|b| format!("{b:02x}")).collect();
        let is_secure = location.is_https();
        let prefix = if is_secure { "__Host-" } else { "" };
        Self {
            name: format!("{prefix}igmcp-{kind}-{server}"),
            is_secure,
        }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value that the browser sends. One that is there twice with different values has no
    /// meaning, and counts as absent.
    #[must_use]
    pub fn value<'a>(&self, headers: &'a [Header]) -> Option<&'a str> {
        let fields = || {
            headers
                .iter()
                .filter(|(name, _)| name.eq_ignore_ascii_case("cookie"))
                .map(|(_, value)| value.as_str())
        };
        if fields().map(str::len).sum::<usize>() > MAX_FIELD_BYTES {
            return None;
        }
        let mut values = fields()
            .flat_map(|field| field.split(';'))
            .filter_map(|pair| pair.trim_matches([' ', '\t']).split_once('='))
            .filter(|(name, _)| *name == self.name)
            .map(|(_, value)| value);
        let first = values.next()?;
        (values.all(|other| other == first) && is_value(first)).then_some(first)
    }

    /// A `set-cookie` field that keeps a value for so many seconds.
    ///
    /// # Errors
    /// When the value is too long or has characters that a cookie cannot have.
    pub fn set(&self, value: &str, max_age_seconds: u64) -> Result<Header, CookieError> {
        if !is_value(value) {
            return Err(CookieError(value.len()));
        }
        Ok(self.field(value, max_age_seconds))
    }

    /// A `set-cookie` field that removes the cookie.
    #[must_use]
    pub fn remove(&self) -> Header {
        self.field("", 0)
    }

    fn field(&self, value: &str, max_age_seconds: u64) -> Header {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let name = &self.name;
        (
            "set-cookie".to_owned(),
            format!(
                "{name}={value}; Max-Age={max_age_seconds}; Path=/{secure}; HttpOnly; SameSite=Lax"
            ),
        )
    }
}

/// Not empty, not too long, `cookie-octet` only (RFC 6265, section 4.1.1).
fn is_value(text: &str) -> bool {
    let cookie_octet =
        |b: u8| matches!(b, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e);
    !text.is_empty() && text.len() <= MAX_VALUE_BYTES && text.bytes().all(cookie_octet)
}
