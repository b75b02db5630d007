//! Reverse proxies whose word about the address of a client is taken.

use std::net::IpAddr;

use http::HeaderMap;
use ipnet::IpNet;

use super::fault::{Problem, quoted};
use super::settings;
use super::values::Values;

/// The field in which each proxy appends the address of its own peer.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// Addresses that trusted proxies have. Empty: nobody's word is taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    pub(super) fn resolve(values: &Values) -> Self {
        let items = values.list(&settings::TRUSTED_PROXIES);
        Self(items.iter().filter_map(|item| network(item).ok()).collect())
    }

    /// The address of the client: the peer, or, when that is a trusted proxy, the last entry of
    /// `X-Forwarded-For` that is not one.
    ///
    /// Entries to the left of that one are whatever the client liked to write. An entry that is no
    /// address ends the search: what the trusted proxies have said so far is all that is known.
    #[must_use]
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        if !self.trusts(client) {
            return client;
        }
        let fields: Vec<_> = headers.get_all(FORWARDED_FOR).iter().collect();
        for field in fields.iter().rev() {
            let Ok(text) = field.to_str() else {
                return client;
            };
            for entry in text.rsplit(',') {
                let Some(address) = address(entry.trim()) else {
                    return client;
                };
                client = address;
                if !self.trusts(client) {
                    return client;
                }
            }
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// An address with or without a port; proxies write both.
fn address(entry: &str) -> Option<IpAddr> {
    let bare = entry
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(entry);
    let with_port = || entry.parse::<std::net::SocketAddr>().ok();
    let parsed = bare.parse().ok();
    parsed
        .or_else(|| with_port().map(|address| address.ip()))
        .map(|address: IpAddr| address.to_canonical())
}

/// One address or network.
pub(super) fn network(item: &str) -> Result<IpNet, Problem> {
    let problem = || Problem::new(format!("not an IP address or network: {}", quoted(item)));
    let network = match item.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address.to_canonical()),
        Err(_) => item.parse::<IpNet>().map_err(|_| problem())?,
    };
    if network.prefix_len() == 0 {
        return Err(Problem::new(
            "every address would be a trusted proxy, and anybody could claim any address",
        )
        .hint("name the addresses of your proxies"));
    }
    Ok(network.trunc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies() -> TrustedProxies {
        let items = ["10.0.0.0/8", "2001:db8::1"];
        TrustedProxies(items.iter().map(|item| network(item).unwrap()).collect())
    }

    #[test]
    fn the_last_untrusted_address_is_the_client() {
        for (peer, fields, client) in [
            ("203.0.113.9", &["198.51.100.1"] as &[_], "203.0.113.9"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("::ffff:10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("2001:db8::1", &["198.51.100.1"], "198.51.100.1"),
            ("2001:db8::2", &["198.51.100.1"], "2001:db8::2"),
            // What the client wrote itself stands to the left of what the proxy added.
            ("10.0.0.1", &["127.0.0.1, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["10.9.9.9, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["1.2.3.4", "198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["198.51.100.1, 10.0.0.2"], "198.51.100.1"),
            (
                "10.0.0.1",
                &["198.51.100.1", "10.0.0.2,10.0.0.3"],
                "198.51.100.1",
            ),
            ("10.0.0.1", &["198.51.100.1:4711"], "198.51.100.1"),
            ("10.0.0.1", &["[2001:db8::7]:4711"], "2001:db8::7"),
            ("10.0.0.1", &["2001:db8::7"], "2001:db8::7"),
            ("10.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["198.51.100.1, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1, unknown, 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", &["198.51.100.1,"], "10.0.0.1"),
            ("10.0.0.1", &["10.0.0.2, 10.0.0.3"], "10.0.0.2"),
        ] {
            let mut headers = HeaderMap::new();
            for field in fields {
                headers.append(FORWARDED_FOR, field.parse().unwrap());
            }
            let found = proxies().client(peer.parse().unwrap(), &headers);
            assert_eq!(found.to_string(), client, "{peer} {fields:?}");
        }
    }

    #[test]
    fn nobody_is_believed_by_default() {
        let mut headers = HeaderMap::new();
        headers.append(FORWARDED_FOR, "198.51.100.1".parse().unwrap());
        let found = TrustedProxies::default().client("127.0.0.1".parse().unwrap(), &headers);
        assert_eq!(found.to_string(), "127.0.0.1");
    }

    #[test]
    fn networks() {
        for (item, canonical) in [
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("127.0.0.1", "127.0.0.1/32"),
            ("::1", "::1/128"),
            ("fd00::/8", "fd00::/8"),
        ] {
            assert_eq!(network(item).unwrap().to_string(), canonical);
        }
        for item in [
            "",
            "localhost",
            "10.0.0.0/33",
            "10.0.0",
            "0.0.0.0/0",
            "::/0",
        ] {
            assert!(network(item).is_err(), "{item}");
        }
    }
}
