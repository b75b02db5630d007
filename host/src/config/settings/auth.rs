//! Settings of authentication: which policy, and what each kind of credential needs.

use super::{Credential, Kind, Setting, settings};

settings! {
    /// Which policy decides, and what each kind of credential needs.
    AUTHENTICATION {
        AUTH_MODE: Setting::host(Kind::Choice(&["none", "bearer", "remote", "oidc-proxy"])).or_derived("detected from what is set"),
            "Which built-in policy decides.";
        AUTH_COMPONENT: Setting::host(Kind::Path).or_derived("the built-in policy of the mode"),
            "A component file to serve as the policy. Without `AUTH_MODE` it may read every setting of this group that is set.";
        DANGER_ALLOW_ANONYMOUS: Setting::host(Kind::Switch).or("false"),
            "Let anybody who can reach the server use it: allows listening beyond loopback, and `ALLOWED_HOSTS=*`, without authentication.";
        BEARER_TOKEN: Setting::policy(Credential::Static, Kind::Token).secret(),
            "A bearer token that clients may present; at least 128 bits, for example from `openssl rand -hex 32`.";
        BEARER_TOKENS_FILE: Setting::policy(Credential::Static, Kind::Path),
            "A TOML file whose table `[tokens]` maps bearer tokens to subjects. Wins over `BEARER_TOKEN`.";
        BEARER_DEFAULT_SUBJECT: Setting::policy(Credential::Static, Kind::Subject).or("bearer-anon"),
            "Who presents `BEARER_TOKEN`.";
        OIDC_CONFIG_URL: Setting::policy(Credential::Oidc, Kind::ProviderUrl),
            "The discovery document of the OpenID provider, for example `https://idp.example/.well-known/openid-configuration`.";
        OIDC_JWKS_HOSTS: Setting::host(Kind::HostNames).or_derived("the host of `OIDC_CONFIG_URL`"),
            "Further hosts from which the provider may serve its keys (`jwks_uri`) and answer questions about tokens.";
        OIDC_AUDIENCE: Setting::policy(Credential::Oidc, Kind::Names).or_derived("the URL of the MCP endpoint"),
            "Audiences of which a token must name one (`aud`), besides the URL of the MCP endpoint.";
        OIDC_REQUIRED_SCOPES: Setting::policy(Credential::Oidc, Kind::Scopes),
            "Scopes that every request needs.";
        OIDC_READ_SCOPES: Setting::policy(Credential::Oidc, Kind::Scopes),
            "Further scopes that reading operations need.";
        OIDC_WRITE_SCOPES: Setting::policy(Credential::Oidc, Kind::Scopes),
            "Further scopes that writing operations need.";
        OIDC_SCOPE_CLAIMS: Setting::policy(Credential::Oidc, Kind::Names),
            "Further claims of a token whose values count as scopes, for example `roles`.";
        OIDC_SCOPE_IMPLICATIONS: Setting::policy(Credential::Oidc, Kind::Line),
            "Scopes that grant others, for example `image:admin > image:write; image:write > image:read`.";
        OIDC_ALGORITHMS: Setting::policy(Credential::Oidc, Kind::Subset(ALGORITHMS)).or_derived("all of them"),
            "Signature algorithms that a token may use.";
        OIDC_CLOCK_LEEWAY_S: Setting::policy(Credential::Oidc, Kind::Seconds { min: 0, max: 120 }).or("30"),
            "How far the clocks of the provider and of this machine may differ.";
        OIDC_MAX_TOKEN_AGE_S: Setting::policy(Credential::Oidc, Kind::Seconds { min: 1, max: 31_536_000 }).or_derived("no limit but `exp`"),
            "How long after it was issued (`iat`) a token is accepted.";
        OIDC_REQUIRE_AT_JWT: Setting::policy(Credential::Oidc, Kind::Switch).or("false"),
            "Accept only tokens marked as access tokens (`typ` is `at+jwt`, RFC 9068).";
        OIDC_ALLOW_UNBOUND_AUDIENCE: Setting::policy(Credential::Oidc, Kind::Choice(&["i-understand"])),
            "Accept tokens that were issued for other services. Any of them can then act here with its users' tokens.";
        OIDC_CLAIM_ROOT: Setting::policy(Credential::Oidc, Kind::Switch).or_derived("`true` when `BASE_URL` has no path"),
            "Answer OAuth documents at the root of the host name too, not only below the path of `BASE_URL`. Say `false` when another service owns the root.";
        OIDC_ADVERTISED_SCOPES: Setting::policy(Credential::Oidc, Kind::Scopes).or_derived("`OIDC_REQUIRED_SCOPES`"),
            "Scopes that clients are told to ask for.";
        OIDC_ALLOWED_EMAILS: Setting::policy(Credential::Oidc, Kind::Names),
            "Users who may call, by e-mail address; only an address that the provider has verified counts. With several of the `OIDC_ALLOWED_` settings, a user needs to match one.";
        OIDC_ALLOWED_DOMAINS: Setting::policy(Credential::Oidc, Kind::HostNames),
            "Users who may call, by the domain of their verified e-mail address.";
        OIDC_ALLOWED_GROUPS: Setting::policy(Credential::Oidc, Kind::Phrases),
            "Users who may call, by group (the claim `groups`).";
        OIDC_ALLOWED_SUBJECTS: Setting::policy(Credential::Oidc, Kind::Phrases),
            "Users who may call, by subject (the claim `sub`).";
        OIDC_DPOP: Setting::policy(Credential::Oidc, Kind::Choice(&["accept", "require", "off"])).or("accept"),
            "Tokens that are bound to a key of the client (DPoP, RFC 9449): `accept` them with a proof next to plain ones, `require` them, or refuse them (`off`).";
    }
}

/// What `imagegen:keys` verifies (RFC 7518, section 3.1; RFC 8037).
const ALGORITHMS: &[&str] = &[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
];
