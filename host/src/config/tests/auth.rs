//! The auth matrix: what is set decides the mode, and nothing incomplete starts.

use super::*;

const BASE: (&str, &str) = ("BASE_URL", "https://h.example");
const CONFIG: (&str, &str) = ("OIDC_CONFIG_URL", PROVIDER);
const ID: (&str, &str) = ("OIDC_CLIENT_ID", "client");
const SECRET: (&str, &str) = ("OIDC_CLIENT_SECRET", "s");
const BEARER: (&str, &str) = ("BEARER_TOKEN", TOKEN);
const SUBJECT: (&str, &str) = ("BEARER_DEFAULT_SUBJECT", "ci");
const AUDIENCE: (&str, &str) = ("OIDC_AUDIENCE", "images");
const KEY: (&str, &str) = ("OIDC_JWT_SIGNING_KEY", "8c1d5e7f3a2b4c6d9e0f1a2b3c4d5e6f");

fn with_mode(mode: &'static str, rest: &[(&'static str, &'static str)]) -> Machine {
    let mut settings = vec![("AUTH_MODE", mode)];
    settings.extend_from_slice(rest);
    machine(&settings)
}

#[test]
fn modes() {
    for (settings, mode, component, tokens) in [
        (&[] as &[_], AuthMode::None, "auth-none", 0),
        (&[BASE], AuthMode::None, "auth-none", 0),
        (&[BEARER], AuthMode::Bearer, "auth-bearer", 1),
        (&[BEARER, SUBJECT, BASE], AuthMode::Bearer, "auth-bearer", 1),
        (&[BASE, CONFIG], AuthMode::Remote, "auth-remote", 0),
        (
            &[BASE, CONFIG, AUDIENCE],
            AuthMode::Remote,
            "auth-remote",
            0,
        ),
        (
            &[BASE, CONFIG, BEARER, SUBJECT],
            AuthMode::Remote,
            "auth-remote",
            1,
        ),
        (
            &[BASE, CONFIG, ("OIDC_VERIFY_ACCESS_TOKEN", "no")],
            AuthMode::Remote,
            "auth-remote",
            0,
        ),
        (
            &[BASE, CONFIG, ID, SECRET],
            AuthMode::OidcProxy,
            "auth-oidc-proxy",
            0,
        ),
        (
            &[BASE, CONFIG, ID, SECRET, KEY, BEARER],
            AuthMode::OidcProxy,
            "auth-oidc-proxy",
            1,
        ),
    ] {
        let config = machine(settings).config();
        let tenant = config.tenant();
        assert_eq!(
            (tenant.auth.mode, tenant.auth.static_tokens),
            (mode, tokens),
            "{settings:?}"
        );
        assert!(tenant.auth.detected);
        assert_eq!(tenant.policy, ComponentSource::Embedded(component));
        let has_provider = matches!(mode, AuthMode::Remote | AuthMode::OidcProxy);
        assert_eq!(tenant.oidc.is_some(), has_provider);
    }
    for (mode, settings, expected) in [
        ("none", &[] as &[_], AuthMode::None),
        ("None", &[BASE], AuthMode::None),
        ("BEARER", &[BEARER], AuthMode::Bearer),
        ("remote", &[BASE, CONFIG], AuthMode::Remote),
        ("Remote", &[BASE, CONFIG, BEARER], AuthMode::Remote),
        ("remote", &[BASE, CONFIG, ID, SECRET, KEY], AuthMode::Remote),
        (
            "OIDC-Proxy",
            &[BASE, CONFIG, ID, SECRET],
            AuthMode::OidcProxy,
        ),
    ] {
        let config = with_mode(mode, settings).config();
        assert_eq!(config.tenant().auth.mode, expected, "{mode} {settings:?}");
        assert!(!config.tenant().auth.detected);
    }
}

#[test]
fn what_is_missing_or_contradicts() {
    let needs = |name: &str, by: &str| format!("_{name} (not set): needed by `{by}`");
    let contradicts =
        |mode: &str, names: &str| format!("_AUTH_MODE (environment): `{mode}` contradicts {names}");
    for (machine, faults) in [
        (
            machine(&[CONFIG]),
            vec![needs("BASE_URL", "OIDC_CONFIG_URL")],
        ),
        (
            machine(&[BASE, AUDIENCE]),
            vec![needs("OIDC_CONFIG_URL", "OIDC_AUDIENCE")],
        ),
        (
            machine(&[("OIDC_JWKS_HOSTS", "a"), BEARER]),
            vec![
                needs("BASE_URL", "OIDC_JWKS_HOSTS"),
                needs("OIDC_CONFIG_URL", "OIDC_JWKS_HOSTS"),
            ],
        ),
        (
            machine(&[("OIDC_CLAIM_ROOT", "1"), BASE]),
            vec![needs("OIDC_CONFIG_URL", "OIDC_CLAIM_ROOT")],
        ),
        (
            machine(&[SUBJECT]),
            vec![needs("BEARER_TOKEN", "BEARER_DEFAULT_SUBJECT")],
        ),
        (
            machine(&[SUBJECT, BASE, CONFIG]),
            vec![needs("BEARER_TOKEN", "BEARER_DEFAULT_SUBJECT")],
        ),
        (
            with_mode("remote", &[BASE, CONFIG, ID]),
            vec![needs("OIDC_CLIENT_SECRET", "OIDC_CLIENT_ID")],
        ),
        (
            with_mode("remote", &[BASE, CONFIG, SECRET]),
            vec![needs("OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")],
        ),
        (
            machine(&[BASE, CONFIG, ID, SECRET, SUBJECT]),
            vec![needs("BEARER_TOKEN", "BEARER_DEFAULT_SUBJECT")],
        ),
        (
            machine(&[BASE, CONFIG, ID]),
            vec![needs("OIDC_CLIENT_SECRET", "OIDC_CLIENT_ID")],
        ),
        (
            machine(&[BASE, CONFIG, SECRET]),
            vec![needs("OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")],
        ),
        (
            machine(&[ID, SECRET]),
            vec![
                needs("BASE_URL", "OIDC_CLIENT_ID"),
                needs("OIDC_CONFIG_URL", "OIDC_CLIENT_ID"),
            ],
        ),
        (
            machine(&[BASE, CONFIG, KEY]),
            vec![
                needs("OIDC_CLIENT_ID", "OIDC_JWT_SIGNING_KEY"),
                needs("OIDC_CLIENT_SECRET", "OIDC_JWT_SIGNING_KEY"),
            ],
        ),
        (
            with_mode("oidc-proxy", &[BASE, CONFIG, ID]),
            vec![needs("OIDC_CLIENT_SECRET", "AUTH_MODE=oidc-proxy")],
        ),
        (
            with_mode("remote", &[]),
            vec![
                needs("BASE_URL", "AUTH_MODE=remote"),
                needs("OIDC_CONFIG_URL", "AUTH_MODE=remote"),
            ],
        ),
        (
            with_mode("remote", &[BEARER]),
            vec![
                needs("BASE_URL", "AUTH_MODE=remote"),
                needs("OIDC_CONFIG_URL", "AUTH_MODE=remote"),
            ],
        ),
        (
            with_mode("bearer", &[]),
            vec![needs("BEARER_TOKEN", "AUTH_MODE=bearer")],
        ),
        (
            with_mode("bearer", &[BEARER, BASE, CONFIG]),
            vec![contradicts("bearer", "`OIDC_CONFIG_URL`")],
        ),
        (
            with_mode("none", &[BEARER]),
            vec![contradicts("none", "`BEARER_TOKEN`")],
        ),
        (
            with_mode("none", &[BASE, CONFIG, ID]),
            vec![contradicts("none", "`OIDC_CONFIG_URL`, `OIDC_CLIENT_ID`")],
        ),
        (
            with_mode("multi", &[BASE, CONFIG]),
            vec![
                "_AUTH_MODE (environment): not `none`, `bearer`, `remote` or `oidc-proxy`: `multi`"
                    .to_owned(),
            ],
        ),
        (
            with_mode("oidc", &[("HOST", "0.0.0.0")]),
            vec![
                "_AUTH_MODE (environment): not `none`, `bearer`, `remote` or `oidc-proxy`: `oidc`"
                    .to_owned(),
            ],
        ),
    ] {
        let found = machine.faults();
        let found: Vec<&str> = found
            .iter()
            .map(|fault| fault.lines().next().unwrap())
            .collect();
        assert_eq!(found, faults);
    }
}

/// Every combination of the variables that matter, with every mode, against the rules that no
/// combination may break.
#[test]
fn no_combination_fails_open() {
    let variables = [BASE, CONFIG, ID, SECRET, BEARER, SUBJECT, AUDIENCE, KEY];
    let modes = [
        None,
        Some("none"),
        Some("bearer"),
        Some("remote"),
        Some("oidc-proxy"),
        Some("x"),
    ];
    let mut machine = machine(&[]);
    machine.set_file("policy", "");
    let component = machine
        .variables
        .remove("IMAGE_GENERATION_MCP_policy")
        .unwrap();
    let bare = machine.variables.clone();
    let mut started = 0;
    for (bits, mode, custom) in (0..1 << variables.len())
        .flat_map(|bits| modes.map(|mode| (bits, mode)))
        .flat_map(|(bits, mode)| [false, true].map(|custom| (bits, mode, custom)))
    {
        machine.variables = bare.clone();
        let set: Vec<&str> = variables
            .iter()
            .enumerate()
            .filter(|(index, _)| bits & (1 << index) != 0)
            .map(|(_, (name, value))| {
                machine.set(&format!("IMAGE_GENERATION_MCP_{name}"), value);
                *name
            })
            .collect();
        if let Some(mode) = mode {
            machine.set("IMAGE_GENERATION_MCP_AUTH_MODE", mode);
        }
        if custom {
            machine.set("IMAGE_GENERATION_MCP_AUTH_COMPONENT", &component);
        }
        let case = format!("{set:?} {mode:?} custom: {custom}");
        let has = |name: &str| set.contains(&name);
        let oidc = set.iter().any(|name| name.starts_with("OIDC_"));
        let proxy =
            has("OIDC_CLIENT_ID") || has("OIDC_CLIENT_SECRET") || has("OIDC_JWT_SIGNING_KEY");
        let asked = set.iter().any(|name| *name != "BASE_URL");
        let remote_ready = has("BASE_URL") && has("OIDC_CONFIG_URL");
        let subject_ready = has("BEARER_TOKEN") || !has("BEARER_DEFAULT_SUBJECT");
        let proxy_ready =
            remote_ready && subject_ready && has("OIDC_CLIENT_ID") && has("OIDC_CLIENT_SECRET");
        let starts = match mode {
            None if custom => Some(AuthMode::Custom),
            None if proxy => proxy_ready.then_some(AuthMode::OidcProxy),
            None if oidc => (remote_ready && subject_ready).then_some(AuthMode::Remote),
            None if asked => has("BEARER_TOKEN").then_some(AuthMode::Bearer),
            None => Some(AuthMode::None),
            Some("none") => (!asked).then_some(AuthMode::None),
            Some("bearer") => (has("BEARER_TOKEN") && !oidc).then_some(AuthMode::Bearer),
            Some("remote") => {
                let client_ready = has("OIDC_CLIENT_ID") == has("OIDC_CLIENT_SECRET");
                (remote_ready && subject_ready && client_ready).then_some(AuthMode::Remote)
            }
            Some("oidc-proxy") => proxy_ready.then_some(AuthMode::OidcProxy),
            Some(_) => None,
        };
        match (machine.load(), starts) {
            (Ok(config), Some(mode)) => {
                started += 1;
                assert_eq!(config.tenant().auth.mode, mode, "{case}");
                let from_file = matches!(config.tenant().policy, ComponentSource::File(_));
                assert_eq!(from_file, custom, "{case}");
            }
            (Err(_), None) => {}
            (Ok(config), None) => panic!("{case}: started as {:?}", config.tenant().auth.mode),
            (Err(faults), Some(_)) => panic!("{case}: {faults}"),
        }
    }
    assert!(started > 300, "{started}");
}

#[test]
fn without_authentication_only_this_machine_may_connect() {
    let fault = |host: &str| {
        format!("_HOST (environment): not a loopback address, without authentication: `{host}`")
    };
    for host in ["0.0.0.0", "::", "192.168.1.5", "::ffff:10.0.0.1"] {
        assert_eq!(machine(&[("HOST", host)]).fault(), fault(host));
        assert_eq!(
            with_mode("none", &[])
                .set("IMAGE_GENERATION_MCP_HOST", host)
                .fault(),
            fault(host)
        );
        assert_eq!(
            machine(&[("HOST", host), ("DANGER_ALLOW_ANONYMOUS", "false")]).fault(),
            fault(host)
        );
        machine(&[("HOST", host), ("DANGER_ALLOW_ANONYMOUS", "true")]).config();
        machine(&[("HOST", host), BEARER]).config();
        machine(&[("HOST", host), BASE, CONFIG]).config();
        machine(&[("HOST", host), ("TRANSPORT", "stdio")]).config();
    }
    for host in [
        "127.0.0.1",
        "127.9.9.9",
        "::1",
        "localhost",
        "::ffff:127.0.0.1",
    ] {
        machine(&[("HOST", host)]).config();
    }
    let any_host = [("ALLOWED_HOSTS", "*")];
    assert_eq!(
        machine(&any_host).fault(),
        "_ALLOWED_HOSTS (environment): `*` without authentication lets any web page use the server"
    );
    machine(&[("ALLOWED_HOSTS", "*"), BEARER]).config();
    let warnings = machine(&[("ALLOWED_HOSTS", "*"), ("DANGER_ALLOW_ANONYMOUS", "1")]).warnings();
    assert_eq!(
        warnings,
        ["no authentication: anybody who can reach the server can use it"]
    );
}

#[test]
fn the_provider_of_remote() {
    let config = machine(&[BASE, CONFIG, ("OIDC_JWKS_HOSTS", "Keys.example, 10.0.0.1")]).config();
    let oidc = config.tenant().oidc.as_ref().unwrap();
    assert_eq!(oidc.config_url.as_str(), PROVIDER);
    assert_eq!(oidc.jwks_hosts, ["keys.example", "10.0.0.1"]);
    let issuer = machine(&[BASE, ("OIDC_CONFIG_URL", "https://idp.example/realm")]).warnings();
    assert_eq!(
        issuer,
        [
            "_OIDC_CONFIG_URL (environment): not the usual path of a discovery document, `/.well-known/openid-configuration`"
        ]
    );
    let unbound = machine(&[
        BASE,
        CONFIG,
        ("OIDC_ALLOW_UNBOUND_AUDIENCE", "I-Understand"),
    ])
    .warnings();
    assert_eq!(
        unbound,
        [
            "_OIDC_ALLOW_UNBOUND_AUDIENCE (environment): tokens issued for other services are accepted"
        ]
    );
}

#[test]
fn what_the_host_does_for_a_policy() {
    const DOCUMENTS: &str = "OIDC_CLIENT_ID_METADATA_DOCUMENTS";
    let outbound = |machine: &Machine| {
        let config = machine.config();
        let oidc = config.tenant().oidc.clone();
        let oidc = oidc.map(|oidc| (oidc.outbound, oidc.introspection.is_some()));
        oidc.map(|(outbound, asks)| (outbound.provider, outbound.public, asks))
    };
    for (machine, granted) in [
        (machine(&[]), None),
        (machine(&[BASE, CONFIG]), Some((false, false, false))),
        (
            with_mode("remote", &[BASE, CONFIG, ID, SECRET]),
            Some((false, false, true)),
        ),
        (
            machine(&[BASE, CONFIG, ID, SECRET]),
            Some((true, true, false)),
        ),
        (
            machine(&[BASE, CONFIG, ID, SECRET, (DOCUMENTS, "false")]),
            Some((true, false, false)),
        ),
    ] {
        assert_eq!(outbound(&machine), granted, "{:?}", machine.variables);
    }
    let mut custom = machine(&[CONFIG]);
    custom.set_file("AUTH_COMPONENT", "");
    assert_eq!(outbound(&custom), Some((true, false, false)));
    custom.set(&format!("IMAGE_GENERATION_MCP_{DOCUMENTS}"), "true");
    assert_eq!(outbound(&custom), Some((true, true, false)));
    custom
        .variables
        .remove("IMAGE_GENERATION_MCP_OIDC_CONFIG_URL");
    assert_eq!(outbound(&custom), None);
}

#[test]
fn a_key_file_stands_in_for_the_signing_key() {
    let made = machine(&[BASE, CONFIG, ID, SECRET, ("DATA_DIR", "/data")]).config();
    let file = made.tenant().signing_key.as_ref().unwrap();
    assert_eq!(file.path(), Path::new("/data/oidc-signing-key"));
    for given in [
        machine(&[BASE, CONFIG, ID, SECRET, KEY]),
        machine(&[BASE, CONFIG]),
        machine(&[]),
    ] {
        assert_eq!(given.config().tenant().signing_key, None);
    }
    let weak = machine(&[
        BASE,
        CONFIG,
        ID,
        SECRET,
        ("OIDC_JWT_SIGNING_KEY", "hunter2"),
    ]);
    assert_eq!(
        weak.fault(),
        "_OIDC_JWT_SIGNING_KEY (environment): too easy to guess: about 36 bits, needs 128"
    );
}
