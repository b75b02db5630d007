//! Which providers may be asked, and which issuer a configuration URL can speak for.

use url::{Host, Url};

/// A provider that the configuration grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderGrant {
    /// The URL of the discovery document.
    pub config_url: String,
    /// Hosts besides the issuer's own from which its key set may come, without port.
    pub extra_jwks_hosts: Vec<String>,
}

/// A configuration URL that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("configuration URL `{url}`: {reason}")]
pub struct ConfigFault {
    /// The URL as configured.
    pub url: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// A grant whose URL has been checked.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    /// As configured: what a component has to say, byte for byte.
    pub(super) config_url: String,
    pub(super) url: Url,
    /// The issuers that this URL can speak for.
    issuers: Vec<String>,
    jwks_hosts: Vec<String>,
}

const OPENID: &str = "/.well-known/openid-configuration";
const OAUTH: &str = "/.well-known/oauth-authorization-server";

impl Grant {
    pub(super) fn check(grant: ProviderGrant) -> Result<Self, ConfigFault> {
        let ProviderGrant {
            config_url,
            extra_jwks_hosts,
        } = grant;
        let fault = |reason| ConfigFault {
            url: config_url.clone(),
            reason,
        };
        let url = Url::parse(&config_url).map_err(|_| fault("not a URL"))?;
        let Some(host) = url.host_str() else {
            return Err(fault("it has no host"));
        };
        if !(url.scheme() == "https" || url.scheme() == "http" && is_loopback(&url)) {
            return Err(fault("must be https (http only on loopback)"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(fault("must not hold credentials"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(fault("must have no query and no fragment"));
        }
        let issuers = issuers(&config_url).ok_or_else(|| {
            fault(
                "must hold `/.well-known/openid-configuration` or \
                 `/.well-known/oauth-authorization-server`",
            )
        })?;
        let mut jwks_hosts = vec![host.to_owned()];
        jwks_hosts.extend(
            extra_jwks_hosts
                .iter()
                .map(|host| host.to_ascii_lowercase()),
        );
        Ok(Self {
            config_url,
            url,
            issuers,
            jwks_hosts,
        })
    }

    /// Takes over what a second grant of the same URL allows.
    pub(super) fn merge(&mut self, other: Self) {
        self.jwks_hosts.extend(other.jwks_hosts);
    }

    /// Whether a document at this URL may call itself that.
    pub(super) fn may_be(&self, issuer: &str) -> bool {
        self.issuers.iter().any(|candidate| candidate == issuer)
    }

    /// The issuer that is expected most, for messages.
    pub(super) fn expected_issuer(&self) -> &str {
        self.issuers.first().map_or("", String::as_str)
    }

    /// Whether keys may be fetched from there. Plain http only from this machine, and only when
    /// the configuration itself is on this machine.
    pub(super) fn admits_jwks(&self, jwks: &Url) -> Result<(), &'static str> {
        let loopback = is_loopback(&self.url) && is_loopback(jwks);
        if !(jwks.scheme() == "https" || jwks.scheme() == "http" && loopback) {
            return Err("must be https");
        }
        if !jwks.username().is_empty() || jwks.password().is_some() {
            return Err("must not hold credentials");
        }
        let host = jwks.host_str().unwrap_or_default();
        if self.jwks_hosts.iter().any(|allowed| allowed == host) {
            Ok(())
        } else {
            Err("its host is neither the issuer's nor allowed by the configuration")
        }
    }
}

/// The issuers whose configuration is at `url`, compared as text: RFC 8414, section 3.3 and OpenID
/// Connect Discovery, section 4.3 want the issuer identical, not equivalent.
///
/// OpenID Connect appends the well-known part to the issuer; RFC 8414, section 3.1 inserts it
/// between host and path. Both drop a final slash of the issuer first, so from the URL alone
/// one cannot tell whether there was one: two issuers come into question.
fn issuers(url: &str) -> Option<Vec<String>> {
    let base = [OPENID, OAUTH].into_iter().find_map(|well_known| {
        if let Some(issuer) = url.strip_suffix(well_known) {
            return Some(issuer.to_owned());
        }
        let (origin, path) = url.split_once(well_known)?;
        path.starts_with('/').then(|| format!("{origin}{path}"))
    })?;
    let base = base.trim_end_matches('/');
    // What is left must be an origin with a path, not a piece of the scheme.
    Url::parse(base).ok()?.host()?;
    Some(vec![base.to_owned(), format!("{base}/")])
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(url: &str) -> Result<Grant, ConfigFault> {
        Grant::check(ProviderGrant {
            config_url: url.to_owned(),
            extra_jwks_hosts: vec!["Keys.Example.com".to_owned()],
        })
    }

    #[test]
    fn derives_the_issuer_both_ways() {
        for (url, issuer) in [
            (
                "https://idp.example/.well-known/openid-configuration",
                "https://idp.example",
            ),
            (
                "https://idp.example/.well-known/openid-configuration",
                "https://idp.example/",
            ),
            (
                "https://idp.example/a/b/.well-known/openid-configuration",
                "https://idp.example/a/b",
            ),
            (
                "https://idp.example/a/.well-known/openid-configuration",
                "https://idp.example/a/",
            ),
            (
                "https://idp.example/.well-known/openid-configuration/a",
                "https://idp.example/a",
            ),
            (
                "https://idp.example/.well-known/oauth-authorization-server",
                "https://idp.example",
            ),
            (
                "https://idp.example/.well-known/oauth-authorization-server/a/b",
                "https://idp.example/a/b",
            ),
            (
                "http://127.0.0.1:99/.well-known/openid-configuration",
                "http://127.0.0.1:99",
            ),
        ] {
            assert!(grant(url).unwrap().may_be(issuer), "{url} {issuer}");
        }
        let one = grant("https://idp.example/a/.well-known/openid-configuration").unwrap();
        for other in [
            "https://idp.example",
            "https://IDP.example/a",
            "https://idp.example:443/a",
            "https://idp.example/a//",
            "https://idp.example/A",
            "http://idp.example/a",
            "",
        ] {
            assert!(!one.may_be(other), "{other}");
        }
    }

    #[test]
    fn refuses_other_urls() {
        for url in [
            "",
            "idp.example",
            "file:///.well-known/openid-configuration",
            "http://idp.example/.well-known/openid-configuration",
            "http://127.0.0.1.evil.example/.well-known/openid-configuration",
            "http://localhost.evil.example/.well-known/openid-configuration",
            "https://u:p@idp.example/.well-known/openid-configuration",
            "https://idp.example/.well-known/openid-configuration?x=1",
            "https://idp.example/.well-known/openid-configuration#x",
            "https://idp.example/.well-known/openid-configurations",
            "https://idp.example/",
        ] {
            assert!(grant(url).is_err(), "{url}");
        }
    }

    #[test]
    fn keys_come_from_the_same_host_or_an_allowed_one() {
        let remote = grant("https://idp.example/.well-known/openid-configuration").unwrap();
        let local = grant("http://localhost:1/.well-known/openid-configuration").unwrap();
        let admits =
            |grant: &Grant, url: &str| grant.admits_jwks(&Url::parse(url).unwrap()).is_ok();
        assert!(admits(&remote, "https://idp.example/jwks"));
        assert!(admits(&remote, "https://IDP.example:8443/jwks"));
        assert!(admits(&remote, "https://keys.example.com/x"));
        assert!(admits(&local, "http://localhost:2/jwks"));
        assert!(admits(&local, "https://keys.example.com/x"));
        for url in [
            "http://idp.example/jwks",
            "https://evil.example/jwks",
            "https://idp.example.evil.example/jwks",
            "https://sub.idp.example/jwks",
            "https://u@idp.example/jwks",
            "http://127.0.0.1/jwks",
            "file:///etc/passwd",
        ] {
            assert!(!admits(&remote, url), "{url}");
        }
        assert!(!admits(&local, "http://keys.example.com/x"));
        assert!(!admits(&local, "http://127.0.0.1/jwks"));
    }
}
