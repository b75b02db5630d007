//! The configuration of the proxy, read once and checked as a whole.

mod provider_request;

use policy::allow::AllowLists;
use policy::dpop::Dpop;
use policy::keys::ALGORITHMS;
use policy::refusal::Advice;
use policy::scopes::Scopes;
use policy::settings::{Faults, Reader, Settings};
use policy::static_tokens::StaticTokens;

use crate::access_token_rules::AccessTokenRules;
use crate::client::Clients;
use crate::location::{Endpoint, Location};
use crate::metadata::{Advertised, Documents};
use crate::provider::Credentials;
use crate::seal::KeyRing;
use crate::secret::Secret;

pub use provider_request::{ProviderRequest, ProviderResource};

const DEFAULT_LEEWAY_S: u64 = 30;
const MAX_LEEWAY_S: u64 = 120;
const DEFAULT_ACCESS_TOKEN_TTL_S: u64 = 3600;
const MAX_ACCESS_TOKEN_TTL_S: u64 = 86_400;
const DEFAULT_REFRESH_TOKEN_TTL_S: u64 = 30 * 86_400;
/// A year, and ten: beyond them a lifetime is a typing error.
const MAX_REFRESH_TOKEN_TTL_S: u64 = 31_536_000;
const MAX_SESSION_S: u64 = 315_360_000;
const MIN_TTL_S: u64 = 60;

/// A configuration without faults.
#[derive(Debug)]
pub struct Config {
    /// Where this server is.
    pub location: Location,
    /// Issuer identifier.
    pub issuer: String,
    /// Resource identifier.
    pub resource: String,
    /// The keys of this server.
    pub keys: KeyRing,
    /// The clients that there can be.
    pub clients: Clients,
    /// Which discovery document describes the provider.
    pub config_url: String,
    /// The client that we are there.
    pub credentials: Credentials,
    /// How the provider is asked.
    pub request: ProviderRequest,
    /// Signature algorithms of the provider.
    pub algorithms: Vec<String>,
    /// How far clocks may differ, in seconds.
    pub leeway_s: u64,
    /// Lifetimes.
    pub lifetimes: Lifetimes,
    /// Whether tokens may, or must, be bound to a key.
    pub dpop: Dpop,
    /// Where consent is remembered.
    pub consent_memory: ConsentMemory,
    /// Which operation needs which scopes.
    pub scopes: Scopes,
    /// Who may come in.
    pub allow: AllowLists,
    /// What the provider's access token must pass, if it must pass anything.
    pub access_token_rules: Option<AccessTokenRules>,
    /// Tokens that the provider knows nothing of.
    pub static_tokens: StaticTokens,
    /// What every challenge says.
    pub advice: Advice,
    /// The metadata documents.
    pub documents: Documents,
}

/// How long things live, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// Our access tokens.
    pub access_token_s: u64,
    /// A refresh token that nobody uses.
    pub refresh_token_s: u64,
    /// A session in any case, from the sign-in on.
    pub session_s: Option<u64>,
}

/// Where the consent of users is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentMemory {
    /// Nowhere: everybody is always asked.
    Off,
    /// In a sealed cookie.
    Cookie,
    /// In the store; a cookie says only who the user was.
    Store,
}

impl Config {
    /// Reads the settings; also what an operator should know about them.
    ///
    /// # Errors
    /// All faults.
    pub fn read(settings: &impl Settings) -> Result<(Self, Vec<String>), Faults> {
        let mut reader = Reader::new(settings);
        let place = Location::read(&mut reader).zip(KeyRing::read(&mut reader));
        let clients = place
            .as_ref()
            .map(|(location, keys)| Clients::read(&mut reader, location, keys));
        let config_url = reader.required("OIDC_CONFIG_URL");
        let credentials = Credentials {
            client_id: reader.required("OIDC_CLIENT_ID"),
            client_secret: Secret::new(reader.required("OIDC_CLIENT_SECRET")),
        };
        let scopes = Scopes::read(&mut reader);
        let allow = AllowLists::read(&mut reader);
        let request = ProviderRequest::read(&mut reader);
        let algorithms = algorithms(&mut reader);
        let lifetimes = Lifetimes::read(&mut reader);
        let dpop = Dpop::read(&mut reader);
        let consent_memory = consent_memory(&mut reader);
        let static_tokens = StaticTokens::read(&mut reader);
        let access_token_rules = AccessTokenRules::read(settings, &mut reader);
        let leeway_s = reader
            .integer("OIDC_CLOCK_LEEWAY_S", 0..=MAX_LEEWAY_S)
            .unwrap_or(DEFAULT_LEEWAY_S);
        let Some(((location, keys), clients)) = place.zip(clients) else {
            return Err(reader.into_faults());
        };
        let advice = Advice {
            realm: String::new(),
            scope: scopes.advertised().join(" "),
            resource_metadata: location.resource_metadata_url(),
            dpop_algorithms: dpop.algorithms(),
            dpop_used: false,
        };
        let documents = documents(&location, &clients, (&scopes, dpop));
        reader.finish(Self {
            issuer: location.issuer(),
            resource: location.resource(),
            location,
            keys,
            clients,
            config_url,
            credentials,
            request,
            algorithms,
            leeway_s,
            lifetimes,
            dpop,
            consent_memory,
            scopes,
            allow,
            access_token_rules,
            static_tokens,
            advice,
            documents,
        })
    }

    /// Where the provider sends users back to.
    #[must_use]
    pub fn callback_url(&self) -> String {
        self.location.url(Endpoint::Callback)
    }
}

impl Lifetimes {
    fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            access_token_s: reader
                .integer(
                    "OIDC_ACCESS_TOKEN_TTL_S",
                    MIN_TTL_S..=MAX_ACCESS_TOKEN_TTL_S,
                )
                .unwrap_or(DEFAULT_ACCESS_TOKEN_TTL_S),
            refresh_token_s: reader
                .integer(
                    "OIDC_REFRESH_TOKEN_TTL_S",
                    MIN_TTL_S..=MAX_REFRESH_TOKEN_TTL_S,
                )
                .unwrap_or(DEFAULT_REFRESH_TOKEN_TTL_S),
            session_s: reader.integer("OIDC_SESSION_MAX_S", MIN_TTL_S..=MAX_SESSION_S),
        }
    }

    /// How long any token of a session can live from now on.
    #[must_use]
    pub fn longest_s(&self) -> u64 {
        self.refresh_token_s.max(self.access_token_s)
    }
}

fn documents(location: &Location, clients: &Clients, (scopes, dpop): (&Scopes, Dpop)) -> Documents {
    let advertised = Advertised {
        location,
        clients,
        scopes: &scopes.advertised(),
        dpop_algorithms: match dpop {
            Dpop::Off => &[],
            Dpop::Accept | Dpop::Require => &ALGORITHMS,
        },
    };
    // It has nothing that could not be JSON.
    Documents::new(&advertised).unwrap_or_default()
}

fn algorithms(reader: &mut Reader<'_>) -> Vec<String> {
    const NAME: &str = "OIDC_ALGORITHMS";
    let chosen = reader.words(NAME);
    if chosen.is_empty() {
        return ALGORITHMS.map(str::to_owned).to_vec();
    }
    if !chosen
        .iter()
        .all(|name| ALGORITHMS.contains(&name.as_str()))
    {
        reader.fault(
            NAME,
            format!("has a name that is not one of {}", ALGORITHMS.join(", ")),
        );
    }
    chosen
}

fn consent_memory(reader: &mut Reader<'_>) -> ConsentMemory {
    const NAME: &str = "OIDC_CONSENT_MEMORY";
    match reader.text(NAME).as_deref() {
        None | Some("cookie") => ConsentMemory::Cookie,
        Some("store") => ConsentMemory::Store,
        Some("off") => ConsentMemory::Off,
        Some(_) => {
            reader.fault(NAME, "is not `cookie`, `store` or `off`");
            ConsentMemory::Off
        }
    }
}
