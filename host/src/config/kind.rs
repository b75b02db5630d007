//! Which values a setting can have: checks one value and gives it its canonical text.
//!
//! Rules that need a second setting are not here; each concern has its own.

pub(super) mod text;
pub(super) mod urls;

use super::allowed::{AllowedHost, AllowedHosts, AllowedOrigins};
use super::fault::{Problem, quoted};
use super::proxies;
use super::storage::StateStore;

/// The values of a setting. After [`Kind::check`], readers can rely on the canonical text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One line of text.
    Line,
    /// Text of any number of lines.
    Prose,
    /// Yes or no; canonical `true` or `false`.
    Switch,
    /// A whole number.
    Number {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// A size in bytes.
    Bytes {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// An amount of US dollars.
    Dollars,
    /// A time in whole seconds.
    Seconds {
        /// The shortest.
        min: u64,
        /// The longest.
        max: u64,
    },
    /// One of these words, in any case; canonical as written here.
    Choice(&'static [&'static str]),
    /// Some of these words, separated by commas or spaces; canonical by commas.
    Subset(&'static [&'static str]),
    /// The importance of log messages, in Rust's words or Python's.
    LogLevel,
    /// Names separated by commas or spaces; canonical by commas.
    Names,
    /// Texts that commas alone separate: they may hold spaces; canonical by commas.
    Phrases,
    /// Secrets that seal something, each hard to guess; canonical by commas.
    KeyRing,
    /// Hosts with or without a port; canonical by commas.
    HostsAndPorts,
    /// IP addresses and networks, separated by commas or spaces; canonical by commas.
    Networks,
    /// Where state is kept; see [`StateStore`].
    StoreUrl,
    /// OAuth scopes separated by commas or spaces (RFC 6749, section 3.3); canonical by spaces.
    Scopes,
    /// Host names without ports, separated by commas or spaces; canonical by commas.
    HostNames,
    /// What [`AllowedHosts`] reads.
    Hosts,
    /// What [`AllowedOrigins`] reads.
    Origins,
    /// A path in the file system; `~/` at the start is the home directory.
    Path,
    /// A path of a URL; canonical with a slash at the start and none at the end.
    HttpPath,
    /// An IP address, or `localhost`.
    Address,
    /// A URL of this server; canonical without a slash at the end.
    PublicUrl,
    /// A URL of an OpenID provider.
    ProviderUrl,
    /// A URL of a service that the operator names, also of the local network; canonical without a
    /// slash at the end.
    ServiceUrl,
    /// A bearer token that is hard to guess (RFC 6750, section 2.1).
    Token,
    /// The name of somebody, as in the claim `sub` of a token.
    Subject,
}

impl Kind {
    /// The canonical text of a trimmed value that is not empty.
    pub(super) fn check(self, value: &str) -> Result<String, Problem> {
        match self {
            Self::Line | Self::Path => text::line(value),
            Self::Prose => text::prose(value),
            Self::Switch => switch(value).map(|on| on.to_string()),
            Self::Number { min, max } | Self::Bytes { min, max } | Self::Seconds { min, max } => {
                self.number(value, min, max)
            }
            Self::Dollars => dollars(value),
            Self::Choice(words) => choice(value, words),
            Self::LogLevel => log_level(value),
            Self::Subset(words) => text::each(value, |item| choice(item, words)),
            Self::Names => text::each(value, text::line),
            Self::Phrases => text::phrases(value),
            Self::KeyRing => text::key_ring(value),
            Self::HostsAndPorts => text::each(value, |item| {
                AllowedHost::parse(item).map(|host| host.to_string())
            }),
            Self::Networks => text::each(value, |item| {
                proxies::network(item).map(|network| network.to_string())
            }),
            Self::StoreUrl => StateStore::parse(value).map(|_| value.to_owned()),
            Self::Scopes => text::scopes(value),
            Self::HostNames => text::each(value, urls::host_name),
            Self::Hosts => AllowedHosts::parse(value).map(|hosts| hosts.to_string()),
            Self::Origins => AllowedOrigins::parse(value).map(|origins| origins.to_string()),
            Self::HttpPath => urls::http_path(value),
            Self::Address => urls::address(value).map(|address| address.to_string()),
            Self::PublicUrl => urls::public(value),
            Self::ProviderUrl => urls::provider(value),
            Self::ServiceUrl => urls::service(value),
            Self::Token => text::token(value),
            Self::Subject => text::subject(value),
        }
    }

    fn number(self, value: &str, min: u64, max: u64) -> Result<String, Problem> {
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        let number = value.parse::<u64>().ok().filter(|_| digits);
        number
            .filter(|number| (min..=max).contains(number))
            .map(|number| number.to_string())
            .ok_or_else(|| Problem::new(format!("not {}: {}", self.words(), quoted(value))))
    }

    /// The values in words, for messages and documents.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Line | Self::Prose => "text".into(),
            Self::Switch => "`true` or `false`".into(),
            Self::Number { min, max } => format!("a whole number from {min} to {max}"),
            Self::Bytes { min, max } => format!("bytes, from {min} to {max}"),
            Self::Seconds { min, max } => format!("whole seconds, from {min} to {max}"),
            Self::Dollars => "US dollars, for example `2.50`".into(),
            Self::Choice(words) => alternatives(words),
            Self::Subset(words) => {
                format!("some of {}, separated by commas or spaces", listed(words))
            }
            Self::LogLevel => alternatives(LEVELS),
            Self::Names => "names, separated by commas or spaces".into(),
            Self::Phrases => "texts, separated by commas".into(),
            Self::KeyRing => "secrets, separated by commas".into(),
            Self::HostsAndPorts => "hosts, separated by commas or spaces".into(),
            Self::Networks => "IP addresses or networks, separated by commas or spaces".into(),
            Self::StoreUrl => "`redb`, `memory:` or `file:///directory`".into(),
            Self::Scopes => "scopes, separated by commas or spaces".into(),
            Self::HostNames | Self::Hosts => "hosts, separated by commas or spaces".into(),
            Self::Origins => "origins, separated by commas or spaces".into(),
            Self::Path => "a path".into(),
            Self::HttpPath => "a URL path".into(),
            Self::Address => "an IP address or `localhost`".into(),
            Self::PublicUrl | Self::ProviderUrl => "a URL; `https`, or `http` on loopback".into(),
            Self::ServiceUrl => "a URL, `https` or `http`".into(),
            Self::Token => "a token: letters, digits and `-._~+/`, then any `=`".into(),
            Self::Subject => "a name of at most 255 characters".into(),
        }
    }
}

/// A boolean, strictly: a typing error never becomes a `false`.
pub(super) fn switch(value: &str) -> Result<bool, Problem> {
    match value.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "0" | "false" | "no" | "off" => Ok(false),
        _ => Err(Problem::new(format!("not a boolean: {}", quoted(value)))
            .hint("use `true`, `yes`, `on` or `1`, or `false`, `no`, `off` or `0`")),
    }
}

/// An amount, with a point or without: a comma could mean anything.
fn dollars(value: &str) -> Result<String, Problem> {
    let amount = value.strip_prefix('$').unwrap_or(value);
    let is_plain = amount
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    match amount.parse::<f64>() {
        Ok(dollars) if is_plain && dollars.is_finite() => Ok(amount.to_owned()),
        _ => Err(Problem::new(format!(
            "not an amount of US dollars: {}",
            quoted(value)
        ))),
    }
}

fn choice(value: &str, words: &[&str]) -> Result<String, Problem> {
    words
        .iter()
        .find(|word| word.eq_ignore_ascii_case(value))
        .map(|word| (*word).to_owned())
        .ok_or_else(|| Problem::new(format!("not {}: {}", alternatives(words), quoted(value))))
}

const LEVELS: &[&str] = &["error", "warn", "info", "debug", "trace"];

fn log_level(value: &str) -> Result<String, Problem> {
    match value.to_ascii_lowercase().as_str() {
        "critical" => Ok("error".into()),
        "warning" => Ok("warn".into()),
        _ => choice(value, LEVELS),
    }
}

fn listed(words: &[&str]) -> String {
    let ticked: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    ticked.join(", ")
}

fn alternatives(words: &[&str]) -> String {
    match words.split_last() {
        Some((last, [])) => format!("`{last}`"),
        Some((last, rest)) => format!("{} or `{last}`", listed(rest)),
        None => String::new(),
    }
}
