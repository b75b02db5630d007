//! The parts of an absolute URL that a request needs. Not a parser for people's URLs: what is not
//! plainly `http` or `https` with a host is refused.

use super::HttpError;

/// An absolute URL without user information and fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// Whether it is `https`.
    pub is_https: bool,
    /// Host and port, as written.
    pub authority: String,
    /// Path and query; begins with a slash.
    pub path_with_query: String,
}

impl Url {
    /// Reads an absolute URL.
    ///
    /// # Errors
    /// [`HttpError::Refused`] for anything out of the ordinary.
    pub fn parse(text: &str) -> Result<Self, HttpError> {
        let refused = |why: &str| Err(HttpError::Refused(why.to_owned()));
        if text
            .bytes()
            .any(|byte| byte <= b' ' || byte >= 0x7f || byte == b'\\')
        {
            return refused("the URL has characters that no URL has");
        }
        let (is_https, rest) = if let Some(rest) = text.strip_prefix("https://") {
            (true, rest)
        } else if let Some(rest) = text.strip_prefix("http://") {
            (false, rest)
        } else {
            return refused("the URL is not absolute");
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.is_empty() || authority.contains('@') {
            return refused("the URL has no host, or user information");
        }
        let slash = if path.starts_with('/') { "" } else { "/" };
        Ok(Self {
            is_https,
            authority: authority.to_owned(),
            path_with_query: format!("{slash}{path}"),
        })
    }

    /// The URL of something below this one: `path` begins with a slash.
    #[must_use]
    pub fn join(&self, path: &str) -> Self {
        let base = self.path_with_query.split('?').next().unwrap_or_default();
        Self {
            path_with_query: format!("{}{path}", base.trim_end_matches('/')),
            ..self.clone()
        }
    }

    /// Whether both are served by the same server.
    pub fn is_same_origin(&self, other: &Self) -> bool {
        self.is_https == other.is_https && self.authority.eq_ignore_ascii_case(&other.authority)
    }

    /// Host without port, in lower case.
    pub fn host(&self) -> String {
        let host = match self.authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => &self.authority,
        };
        host.to_ascii_lowercase()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn plain_urls_are_taken_apart() {
        let cases = [
            ("https://a.example/v1", (true, "a.example", "/v1")),
            ("http://127.0.0.1:7860", (false, "127.0.0.1:7860", "/")),
            ("http://[::1]:80/a?b=c#d", (false, "[::1]:80", "/a?b=c")),
            ("https://a.example?x=1", (true, "a.example", "/?x=1")),
        ];
        for (text, (is_https, authority, path)) in cases {
            let url = Url::parse(text).unwrap();
            assert_eq!(
                (url.is_https, &*url.authority, &*url.path_with_query),
                (is_https, authority, path),
                "{text}"
            );
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "a.example",
            "ftp://a.example/",
            "HTTPS://a.example/",
            "https://",
            "https:///path",
            "https://user:secret@a.example/",
            "https://a.example\\@b.example/",
            "https://a.example/ b",
            "https://a.example/\r\nx: y",
            "https://\u{e4}.example/",
        ] {
            let refused = Url::parse(text);
            assert!(matches!(refused, Err(HttpError::Refused(_))), "{text}");
        }
    }

    #[test]
    fn joining_keeps_the_base_path() {
        let joined = |base: &str| {
            Url::parse(base)
                .unwrap()
                .join("/models?x=1")
                .path_with_query
        };
        assert_eq!(joined("https://a.example/v1/"), "/v1/models?x=1");
        assert_eq!(joined("https://a.example"), "/models?x=1");
        let url = Url::parse("https://A.example:8443/x").unwrap();
        assert_eq!(url.host(), "a.example");
        assert!(url.is_same_origin(&Url::parse("https://a.EXAMPLE:8443").unwrap()));
        assert!(!url.is_same_origin(&Url::parse("https://a.example").unwrap()));
    }
}
