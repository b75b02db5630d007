//! Names to addresses, all of them public. The connection goes to what comes out of here, so an
//! answer that changes after the check (DNS rebinding) changes nothing.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::is_public;

/// Resolves by the system and refuses a name as a whole when one of its addresses is not public.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PublicOnly;

/// A name that leads, or could lead, somewhere that is not public.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error("the name has an address that is not public")]
    NotPublic,
    #[error("the name has no address")]
    Nowhere,
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let addresses = judge(found.collect())?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

fn judge(addresses: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Refused> {
    if addresses.is_empty() {
        return Err(Refused::Nowhere);
    }
    // Not only the public ones of them: such a name is an attack or a mistake.
    if addresses.iter().all(|address| is_public(address.ip())) {
        Ok(addresses)
    } else {
        Err(Refused::NotPublic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_private_address_spoils_the_name() {
        let addresses = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        assert!(judge(addresses(&["8.8.8.8:0", "[2606:4700::1111]:0"])).is_ok());
        assert!(matches!(
            judge(addresses(&["8.8.8.8:0", "10.0.0.1:0"])),
            Err(Refused::NotPublic)
        ));
        assert!(matches!(judge(Vec::new()), Err(Refused::Nowhere)));
    }
}
