//! Cookies (RFC 6265), as far as these tests need them: host-only ones with a path, and the rules
//! of `Secure` and `__Host-`.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use url::Url;

use crate::caller::Reply;

/// The cookies of one browser; copies share them.
#[derive(Clone, Default)]
pub struct Jar(Arc<Mutex<Vec<Cookie>>>);

/// A cookie with its attributes.
#[derive(Clone, Debug)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Everything after the first `;`, lower case.
    pub attributes: String,
    host: String,
    path: String,
    expires: Option<Instant>,
}

impl Jar {
    /// Keeps what an answer sets, by the rules of browsers.
    pub fn keep(&self, url: &Url, reply: &Reply) {
        for line in reply.headers.get_all("set-cookie") {
            let cookie = Cookie::parse(url, line.to_str().unwrap());
            let mut cookies = self.0.lock().unwrap();
            cookies.retain(|known| !known.is_same(&cookie));
            if !cookie.is_over() {
                cookies.push(cookie);
            }
        }
    }

    /// `Cookie` for a request.
    pub fn field(&self, url: &Url) -> Option<String> {
        let cookies = self.0.lock().unwrap();
        let pairs: Vec<String> = cookies
            .iter()
            .filter(|cookie| cookie.is_for(url) && !cookie.is_over())
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// The cookies of a host.
    pub fn of(&self, url: &Url) -> Vec<Cookie> {
        let host = url.host_str().unwrap_or_default();
        let cookies = self.0.lock().unwrap();
        cookies
            .iter()
            .filter(|cookie| cookie.host == host)
            .cloned()
            .collect()
    }

    /// Puts cookies into the jar: those of another browser, or somebody's inventions.
    pub fn put(&self, cookies: impl IntoIterator<Item = Cookie>) {
        self.0.lock().unwrap().extend(cookies);
    }

    /// Forgets the cookies of a host.
    pub fn forget(&self, url: &Url) {
        let host = url.host_str().unwrap_or_default();
        self.0.lock().unwrap().retain(|cookie| cookie.host != host);
    }
}

impl Cookie {
    /// `name=value; attributes` from an address. A breach of the rules that browsers keep is a
    /// fault of the server.
    pub fn parse(url: &Url, line: &str) -> Self {
        let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let attribute = |name: &str| {
            let parts = attributes.split(';').map(str::trim);
            let mut pairs = parts.filter_map(|part| part.split_once('='));
            pairs.find(|(known, _)| known.eq_ignore_ascii_case(name))
        };
        let default_path = url
            .path()
            .rsplit_once('/')
            .map_or("/", |(before, _)| before);
        let age = attribute("max-age").and_then(|(_, age)| age.parse::<i64>().ok());
        let epoch = attribute("expires").is_some_and(|(_, date)| date.contains("1970"));
        let path = attribute("path").map_or(default_path, |(_, path)| path);
        let cookie = Self {
            name: name.trim().to_owned(),
            value: value.to_owned(),
            host: url.host_str().unwrap_or_default().to_owned(),
            path: if path.is_empty() {
                "/".into()
            } else {
                path.to_owned()
            },
            expires: match (age, epoch) {
                (Some(..=0), _) | (None, true) => Some(Instant::now()),
                (Some(age), _) => Some(Instant::now() + Duration::from_secs(age.unsigned_abs())),
                (None, false) => None,
            },
            attributes: attributes.to_lowercase(),
        };
        if cookie.name.starts_with("__Host-") {
            let kept =
                cookie.has("secure") && cookie.path == "/" && !cookie.attributes.contains("domain");
            assert!(
                kept && url.scheme() == "https",
                "no browser keeps this: {line}"
            );
        }
        cookie
    }

    /// Whether it has an attribute, for example `httponly` or `samesite=lax`.
    pub fn has(&self, attribute: &str) -> bool {
        self.attributes
            .split(';')
            .any(|part| part.trim() == attribute)
    }

    fn is_same(&self, other: &Self) -> bool {
        (&self.name, &self.host, &self.path) == (&other.name, &other.host, &other.path)
    }

    fn is_over(&self) -> bool {
        self.expires.is_some_and(|moment| moment <= Instant::now())
    }

    fn is_for(&self, url: &Url) -> bool {
        let below = url.path() == self.path
            || url
                .path()
                .strip_prefix(self.path.as_str())
                .is_some_and(|rest| self.path.ends_with('/') || rest.starts_with('/'));
        let loopback = matches!(url.host_str(), Some("127.0.0.1" | "localhost"));
        let secure = !self.has("secure") || url.scheme() == "https" || loopback;
        url.host_str() == Some(self.host.as_str()) && below && secure
    }
}
