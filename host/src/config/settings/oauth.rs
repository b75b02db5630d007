//! Settings of the OAuth server that `oidc-proxy` puts in front of the provider.

use super::{Credential, Kind, Setting, settings};

const fn proxy(kind: Kind) -> Setting {
    Setting::policy(Credential::OidcProxy, kind)
}

settings! {
    /// What the OAuth server of `oidc-proxy` is, and what it issues.
    OAUTH {
        OIDC_CLIENT_ID: proxy(Kind::Line),
            "The client that this server is at the provider. With `AUTH_MODE=remote`, the client with which it asks the provider about opaque tokens (introspection).";
        OIDC_CLIENT_SECRET: proxy(Kind::Line).secret(),
            "The secret of that client. With `AUTH_MODE=remote`, no component ever reads it.";
        OIDC_JWT_SIGNING_KEY: proxy(Kind::KeyRing).secret(),
            "Keys that seal and sign what the server issues, separated by commas: the first seals, all open. Each at least 128 bits, for example from `openssl rand -hex 32`. Replicas share them. Without it, a key is made in `DATA_DIR`.";
        OIDC_VERIFY_ACCESS_TOKEN: proxy(Kind::Switch).or("false"),
            "Judge the provider's access token at sign-in, besides its ID token.";
        OIDC_CLIENTS_FILE: proxy(Kind::Path),
            "A TOML file with clients that are registered beforehand. It may hold secrets.";
        OIDC_DYNAMIC_REGISTRATION: proxy(Kind::Switch).or("true"),
            "Let clients register themselves (RFC 7591).";
        OIDC_CLIENT_ID_METADATA_DOCUMENTS: proxy(Kind::Switch).or("true"),
            "Let clients identify themselves by the URL of a document about them, which the server fetches.";
        OIDC_REGISTRATIONS_PER_MINUTE: proxy(Kind::Number { min: 0, max: 100_000 }).or("30"),
            "How many registrations one address may make in a minute; `0`: no limit.";
        OIDC_ALLOWED_REDIRECT_HOSTS: proxy(Kind::HostNames).or_derived("any host, named on the consent page"),
            "Hosts to which `https` redirect URIs of clients may lead. Loopback addresses and editors are not restricted by it.";
        OIDC_ACCESS_TOKEN_TTL_S: proxy(Kind::Seconds { min: 60, max: 86_400 }).or("3600"),
            "How long an access token of this server holds.";
        OIDC_REFRESH_TOKEN_TTL_S: proxy(Kind::Seconds { min: 60, max: 31_536_000 }).or("2592000"),
            "How long a refresh token of this server holds without being used.";
        OIDC_SESSION_MAX_S: proxy(Kind::Seconds { min: 60, max: 315_360_000 }).or_derived("as long as the provider's refresh tokens work"),
            "How long after signing in a user has to sign in again, however often tokens are refreshed.";
        OIDC_CONSENT_MEMORY: proxy(Kind::Choice(&["cookie", "store", "off"])).or("cookie"),
            "Where a user's consent to a client is remembered, if at all.";
        OIDC_PROVIDER_SCOPES: proxy(Kind::Scopes).or_derived("what signing in and staying signed in need, as far as the provider has it"),
            "Scopes to ask the provider for.";
        OIDC_PROVIDER_PROMPT: proxy(Kind::Scopes).or_derived("`consent` together with `offline_access`"),
            "The value of `prompt` in requests to the provider.";
        OIDC_PROVIDER_RESOURCE: proxy(Kind::Line),
            "The value of `resource` in requests to the provider; without it none is sent.";
    }
}
