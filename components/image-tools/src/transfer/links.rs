//! The records of links, and the right to use one.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use guest::Capabilities;
use guest::store::{Expect, NewValue, Outcome, StoreError};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::gallery::id::ImageId;
use crate::gallery::owner::Owner;

/// Bytes of a token.
const TOKEN_BYTES: usize = 32;

/// The links of a tenant.
#[derive(Clone, Copy)]
pub struct Links<'a> {
    capabilities: Capabilities<'a>,
}

/// What a link is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The file of an image.
    Download(ImageId),
    /// An image, with a label.
    Upload(String),
}

/// A link that was made.
pub struct Created {
    /// The secret part of the URL.
    pub token: String,
    /// How long it holds, in seconds.
    pub expires_in_s: u64,
}

/// A link that can be used.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Link {
    /// What it is for.
    pub kind: Kind,
    /// The gallery that it leads to.
    owner: String,
    /// When it ends, seconds since the Unix epoch.
    expires_at: u64,
    /// Until when somebody uses it.
    #[serde(default)]
    busy_until: u64,
}

/// The right to use a link, until it is given back or used up.
pub struct Lease<'a> {
    links: Links<'a>,
    key: String,
    link: Link,
    version: u64,
}

/// Why a link cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// There is none: never was, used up, or over. Nobody learns which.
    #[error("no such link")]
    Unknown,
    /// Somebody else is using it.
    #[error("the link is in use")]
    Busy,
    /// The store failed. The text is for the log.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<'a> Links<'a> {
    /// The links in the state of these capabilities.
    pub fn new(capabilities: Capabilities<'a>) -> Self {
        Self { capabilities }
    }

    /// Makes a link. `ttl_s` beyond the maximum is shortened; without it, the default holds.
    ///
    /// # Errors
    /// When the store fails.
    pub fn create(
        self,
        kind: Kind,
        owner: Owner,
        ttl_s: Option<f64>,
    ) -> Result<Created, StoreError> {
        let max = self.seconds("TRANSFER_TTL_MAX_S", 86_400);
        let default = self.seconds("TRANSFER_TTL_DEFAULT_S", 3600);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a cast of a float saturates, and the result is bounded"
        )]
        let wanted = ttl_s.map_or(default, |seconds| seconds.ceil() as u64);
        let ttl = wanted.clamp(1, max);
        let token = self.token();
        let link = Link {
            kind,
            owner: owner.key(),
            expires_at: self.now().saturating_add(ttl),
            busy_until: 0,
        };
        match self.put(&key(&token), (&link, ttl), Expect::Absent)? {
            Outcome::Done(_) => Ok(Created {
                token,
                expires_in_s: ttl,
            }),
            Outcome::Conflict => Err(StoreError::Other("a token came twice".to_owned())),
        }
    }

    /// Looks at a link without using it.
    ///
    /// # Errors
    /// See [`LinkError`].
    pub fn find(self, unverified_token: &str) -> Result<Link, LinkError> {
        self.load(unverified_token).map(|(_, link, _)| link)
    }

    /// Takes a link for use.
    ///
    /// # Errors
    /// See [`LinkError`].
    pub fn take(self, unverified_token: &str) -> Result<Lease<'a>, LinkError> {
        let (key, mut link, version) = self.load(unverified_token)?;
        let now = self.now();
        if link.busy_until > now {
            return Err(LinkError::Busy);
        }
        link.busy_until = now.saturating_add(self.seconds("TRANSFER_LEASE_S", 60));
        let left = link.expires_at.saturating_sub(now);
        match self.put(&key, (&link, left), Expect::Version(version))? {
            Outcome::Done(version) => Ok(Lease {
                links: self,
                key,
                link,
                version,
            }),
            Outcome::Conflict => Err(LinkError::Busy),
        }
    }

    fn load(self, unverified_token: &str) -> Result<(String, Link, u64), LinkError> {
        if !is_token(unverified_token) {
            return Err(LinkError::Unknown);
        }
        let key = key(unverified_token);
        let stored = self.capabilities.state.get(&key)?;
        let stored = stored.ok_or(LinkError::Unknown)?;
        let link: Link = serde_json::from_slice(&stored.value)
            .map_err(|error| StoreError::Damaged(format!("link: column {}", error.column())))?;
        if link.expires_at <= self.now() {
            return Err(LinkError::Unknown);
        }
        Ok((key, link, stored.version))
    }

    fn put(
        self,
        key: &str,
        (link, ttl): (&Link, u64),
        expected: Expect,
    ) -> Result<Outcome, StoreError> {
        let bytes =
            serde_json::to_vec(link).map_err(|error| StoreError::Other(error.to_string()))?;
        let value = NewValue {
            bytes: &bytes,
            ttl_seconds: Some(u32::try_from(ttl.max(1)).unwrap_or(u32::MAX)),
        };
        self.capabilities.state.put(key, value, expected)
    }

    fn token(self) -> String {
        let mut bytes = [0; TOKEN_BYTES];
        for chunk in bytes.chunks_mut(8) {
            let random = self.capabilities.random.random_u64().to_be_bytes();
            chunk
                .iter_mut()
                .zip(random)
                .for_each(|(to, from)| *to = from);
        }
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    fn seconds(self, name: &str, default: u64) -> u64 {
        let setting = self.capabilities.settings.setting(name);
        setting
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or(default)
    }

    fn now(self) -> u64 {
        self.capabilities.clock.now().as_secs()
    }
}

impl Link {
    /// The gallery that it leads to.
    pub fn owner(&self) -> Option<Owner> {
        Owner::from_key(&self.owner)
    }
}

impl Lease<'_> {
    /// What was taken.
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// The transfer failed: the link can be used again.
    pub fn give_back(mut self) {
        self.link.busy_until = 0;
        let left = self.link.expires_at.saturating_sub(self.links.now());
        let put = self
            .links
            .put(&self.key, (&self.link, left), Expect::Version(self.version));
        self.report(put);
    }

    /// The transfer is done. A download can be repeated for a moment, an upload cannot.
    pub fn use_up(mut self) {
        let grace = match self.link.kind {
            Kind::Download(_) => self.links.seconds("TRANSFER_GRACE_TTL_S", 60),
            Kind::Upload(_) => 0,
        };
        let now = self.links.now();
        let left = self.link.expires_at.saturating_sub(now).min(grace);
        let outcome = if left == 0 {
            let state = self.links.capabilities.state;
            state.delete(&self.key, Expect::Version(self.version))
        } else {
            self.link.busy_until = 0;
            self.link.expires_at = now + left;
            self.links
                .put(&self.key, (&self.link, left), Expect::Version(self.version))
        };
        self.report(outcome);
    }

    /// What fails here leaves the link busy until its lease is over.
    fn report(&self, outcome: Result<Outcome, StoreError>) {
        if let Err(error) = outcome {
            let log = self.links.capabilities.log;
            log.error(&format!("transfer: end not recorded: {error}"));
        }
    }
}

fn is_token(text: &str) -> bool {
    text.len() == (TOKEN_BYTES * 4).div_ceil(3)
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// Whoever can read the state learns no link from it.
fn key(token: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
    let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("transfer/{digits}")
}
