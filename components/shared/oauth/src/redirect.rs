//! Where an answer may be sent: redirect URIs, read strictly and compared as texts.
//!
//! Three kinds are possible: `https` anywhere, `http` on the loopback interface (RFC 8252, section
//! 7.3), and the private schemes of applications (section 7.1). What two readers could take for two
//! different places is refused, so what is shown to a person is where a browser goes.

mod host;
mod syntax;

pub use host::AllowedHosts;
pub(crate) use host::{host_of_authority, is_loopback_host};

pub(crate) use syntax::document_host;

use syntax::Parts;

/// Longest redirect URI, in bytes.
pub const MAX_URI_BYTES: usize = 2048;
/// Most redirect URIs of one client.
pub const MAX_URIS: usize = 10;

/// A redirect URI of a shape that can be redirected to. Whether it may be is another question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectUri {
    text: String,
    kind: Kind,
}

/// Who is at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `https`: whoever owns the host name.
    Web,
    /// `http` on this machine: any program that listens there.
    Loopback,
    /// A private scheme: whichever application has registered it.
    Application,
}

/// Why a text is not a redirect URI. It is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedirectError {
    /// Empty, or longer than [`MAX_URI_BYTES`].
    #[error("has no characters or more than {MAX_URI_BYTES}")]
    Length,
    /// A control, a space, a backslash, something outside ASCII, or a wrong percent-encoding.
    #[error("has a character that a URI cannot have")]
    Character,
    /// `*`, which no comparison here would honour.
    #[error("has a wildcard")]
    Wildcard,
    /// RFC 6749, section 3.1.2.
    #[error("has a fragment")]
    Fragment,
    /// `user@`: the host is not where it seems.
    #[error("has user information")]
    UserInformation,
    /// `.` or `..`, in any encoding.
    #[error("has a dot segment")]
    DotSegment,
    /// No scheme, or nothing after it.
    #[error("is not an absolute URI with a path or a host")]
    NotAbsolute,
    /// A scheme that runs code, reads files or is not an application's.
    #[error("has a scheme that is not possible here")]
    Scheme,
    /// A host or port that readers could take for different ones.
    #[error("has no plain host and port")]
    Host,
    /// The network can be listened to.
    #[error("is `http` on a host that is not this machine")]
    PlainHttp,
    /// None, or more than [`MAX_URIS`].
    #[error("are not 1 to {MAX_URIS}")]
    Count,
}

impl RedirectUri {
    /// Reads a redirect URI.
    ///
    /// # Errors
    /// See [`RedirectError`].
    pub fn parse(unverified: &str) -> Result<Self, RedirectError> {
        let parts = Parts::split(unverified)?;
        let kind = match parts.scheme.to_ascii_lowercase().as_str() {
            "https" => {
                parts.web_host()?;
                Kind::Web
            }
            "http" if is_loopback_host(parts.web_host()?) => Kind::Loopback,
            "http" => return Err(RedirectError::PlainHttp),
            scheme => {
                parts.private_use(scheme)?;
                Kind::Application
            }
        };
        Ok(Self {
            text: unverified.to_owned(),
            kind,
        })
    }

    /// Reads all redirect URIs of a client.
    ///
    /// # Errors
    /// That of the first one which is not possible, or [`RedirectError::Count`].
    pub fn parse_all<'a>(
        unverified: impl IntoIterator<Item = &'a str>,
    ) -> Result<Vec<Self>, RedirectError> {
        let uris: Vec<Self> = unverified
            .into_iter()
            .take(MAX_URIS + 1)
            .map(Self::parse)
            .collect::<Result<_, _>>()?;
        if uris.is_empty() || uris.len() > MAX_URIS {
            return Err(RedirectError::Count);
        }
        Ok(uris)
    }

    /// The text as the client wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Who is at the other end.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether `requested` may be used by a client that has registered `self`: the same text, or the
    /// same one but for the port on the loopback interface (RFC 8252, section 7.3).
    #[must_use]
    pub fn matches(&self, requested: &Self) -> bool {
        if self.text == requested.text {
            return true;
        }
        let both_loopback = self.kind == Kind::Loopback && requested.kind == Kind::Loopback;
        both_loopback && self.without_port() == requested.without_port()
    }

    /// What to show to a person: the host, with its port where there is one, in ASCII; the scheme of
    /// an application.
    #[must_use]
    pub fn display_host(&self) -> String {
        let Some((scheme, rest)) = self.text.split_once(':') else {
            return String::new();
        };
        match self.kind {
            Kind::Application => format!("{}:", scheme.to_ascii_lowercase()),
            Kind::Web | Kind::Loopback => syntax::authority(rest)
                .unwrap_or_default()
                .to_ascii_lowercase(),
        }
    }

    /// The URI with parameters added to its query, which it may have already (RFC 6749, 4.1.2).
    #[must_use]
    pub fn with_parameters(&self, parameters: &[(&str, &str)]) -> String {
        let separator = match self.text.split_once('?') {
            None => "?",
            Some((_, "")) => "",
            Some((_, query)) if query.ends_with('&') => "",
            Some(_) => "&",
        };
        format!(
            "{}{separator}{}",
            self.text,
            crate::form::encode(parameters)
        )
    }

    fn without_port(&self) -> Option<(&str, &str, &str)> {
        let (scheme, rest) = self.text.split_once(':')?;
        let authority = syntax::authority(rest)?;
        let path = rest.strip_prefix("//")?.strip_prefix(authority)?;
        Some((scheme, host_of_authority(authority), path))
    }
}

/// Whether every answer to this client goes to whatever listens on the machine of the user.
#[must_use]
pub fn is_loopback_only(uris: &[RedirectUri]) -> bool {
    uris.iter().all(|uri| uri.kind == Kind::Loopback)
}
