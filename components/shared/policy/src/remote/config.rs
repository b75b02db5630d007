//! The configuration of `auth-remote`, read once and checked as a whole.

use super::audience::Audience;
use super::lifetime::Lifetime;
use super::metadata::Documents;
use crate::allow::AllowLists;
use crate::dpop::Dpop;
use crate::keys::ALGORITHMS;
use crate::location::Location;
use crate::refusal::Advice;
use crate::scopes::Scopes;
use crate::settings::{Faults, Reader, Settings};
use crate::static_tokens::StaticTokens;

const DEFAULT_LEEWAY_S: u64 = 30;
const MAX_LEEWAY_S: u64 = 120;
/// A year: beyond it a greatest age is a typing error.
const MAX_TOKEN_AGE_S: u64 = 31_536_000;
/// What an operator has to write to accept tokens that were issued for others.
const UNBOUND: &str = "i-understand";

/// A configuration without faults.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which discovery document describes the provider.
    pub config_url: String,
    /// The URL of the MCP endpoint.
    pub resource: String,
    /// Signature algorithms of tokens.
    pub algorithms: Vec<String>,
    /// For whom tokens must have been issued.
    pub audience: Audience,
    /// For how long tokens are good.
    pub lifetime: Lifetime,
    /// Whether `typ` must be `at+jwt` (RFC 9068, section 4).
    pub require_at_jwt: bool,
    /// Whether tokens may or must be bound to a key.
    pub dpop: Dpop,
    /// Whether the host can ask the provider about tokens that are not JWTs.
    pub introspection: bool,
    /// Which users may call.
    pub allowed: AllowLists,
    /// Which operation needs which scopes.
    pub scopes: Scopes,
    /// Tokens that the provider knows nothing of.
    pub static_tokens: StaticTokens,
    /// What every challenge says.
    pub advice: Advice,
    /// The metadata documents.
    pub documents: Documents,
}

impl Config {
    /// Reads the settings; also what an operator should know about them.
    pub fn read(settings: &impl Settings) -> Result<(Self, Vec<String>), Faults> {
        let mut reader = Reader::new(settings);
        let location = Location::read(&mut reader);
        let scopes = Scopes::read(&mut reader);
        let dpop = Dpop::read(&mut reader);
        let config = Self {
            config_url: reader.required("OIDC_CONFIG_URL"),
            resource: location
                .as_ref()
                .map(Location::resource)
                .unwrap_or_default(),
            algorithms: algorithms(&mut reader),
            audience: audience(&mut reader, location.as_ref()),
            lifetime: Lifetime {
                leeway: reader
                    .integer("OIDC_CLOCK_LEEWAY_S", 0..=MAX_LEEWAY_S)
                    .unwrap_or(DEFAULT_LEEWAY_S),
                max_age: reader.integer("OIDC_MAX_TOKEN_AGE_S", 1..=MAX_TOKEN_AGE_S),
            },
            require_at_jwt: reader.flag("OIDC_REQUIRE_AT_JWT"),
            dpop,
            introspection: reader.flag("OIDC_INTROSPECTION"),
            allowed: AllowLists::read(&mut reader),
            static_tokens: StaticTokens::read(&mut reader),
            advice: Advice {
                realm: String::new(),
                scope: scopes.advertised().join(" "),
                resource_metadata: location
                    .as_ref()
                    .map(Location::metadata_url)
                    .unwrap_or_default(),
                dpop_algorithms: dpop.algorithms(),
                dpop_used: false,
            },
            documents: Documents::new(location.as_ref(), &scopes, dpop),
            scopes,
        };
        reader.finish(config)
    }
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

fn audience(reader: &mut Reader<'_>, location: Option<&Location>) -> Audience {
    if reader
        .text("OIDC_ALLOW_UNBOUND_AUDIENCE")
        .is_some_and(|text| text == UNBOUND)
    {
        reader.note("`OIDC_ALLOW_UNBOUND_AUDIENCE`: tokens that were issued for other services are accepted");
        return Audience::Unbound;
    }
    let mut accepted: Vec<String> = location.map(Location::resource).into_iter().collect();
    accepted.extend(reader.words("OIDC_AUDIENCE"));
    Audience::OneOf(accepted)
}
