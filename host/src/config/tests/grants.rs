//! What components can read, and what they cannot.

use super::*;

fn read(granted: &BTreeMap<String, Secret>) -> Vec<String> {
    let pairs = granted.iter();
    pairs
        .map(|(name, value)| format!("{name}={}", value.expose()))
        .collect()
}

#[test]
fn tools() {
    let defaults = [
        "BUDGET_PERIOD=month",
        "CONFIRM_COST=ask",
        "DEFAULT_PROVIDER=auto",
        "EMBED_METADATA=true",
        "FETCH_TIMEOUT_S=30",
        "GALLERY=subject",
        "HTTP_PATH=/mcp",
        "MAX_INPUT_IMAGE_BYTES=20971520",
        "PAID_PROVIDERS=openai,gemini,bfl,replicate",
        "PLACEHOLDER_DELAY_MS=0",
        "READ_ONLY=true",
        "SERVER_NAME=image-generation-mcp",
        "TRANSFER_GRACE_TTL_S=60",
        "TRANSFER_LEASE_S=60",
        "TRANSFER_MAX_UPLOAD_BYTES=104857600",
        "TRANSFER_TTL_DEFAULT_S=3600",
        "TRANSFER_TTL_MAX_S=86400",
    ];
    assert_eq!(
        read(&machine(&[]).config().tenant().tools_settings),
        defaults
    );
    let config = machine(&[
        ("READ_ONLY", "No"),
        ("INSTRUCTIONS", "first\nsecond"),
        ("BASE_URL", "https://h.example/"),
        ("OIDC_CONFIG_URL", PROVIDER),
        ("BEARER_TOKEN", TOKEN),
        ("DEBUG_PORT", "not in this version"),
        ("DATA_DIR", "/data"),
    ])
    .config();
    assert_eq!(
        read(&config.tenant().tools_settings),
        [
            "BASE_URL=https://h.example",
            "BUDGET_PERIOD=month",
            "CONFIRM_COST=ask",
            "DEFAULT_PROVIDER=auto",
            "EMBED_METADATA=true",
            "FETCH_TIMEOUT_S=30",
            "GALLERY=subject",
            "HTTP_PATH=/mcp",
            "INSTRUCTIONS=first\nsecond",
            "MAX_INPUT_IMAGE_BYTES=20971520",
            "PAID_PROVIDERS=openai,gemini,bfl,replicate",
            "PLACEHOLDER_DELAY_MS=0",
            "READ_ONLY=false",
            "SERVER_NAME=image-generation-mcp",
            "TRANSFER_GRACE_TTL_S=60",
            "TRANSFER_LEASE_S=60",
            "TRANSFER_MAX_UPLOAD_BYTES=104857600",
            "TRANSFER_TTL_DEFAULT_S=3600",
            "TRANSFER_TTL_MAX_S=86400",
        ]
    );
}

#[test]
fn policies() {
    let none = machine(&[]).config();
    assert_eq!(read(&none.tenant().policy_settings), ["HTTP_PATH=/mcp"]);

    let bearer = machine(&[("BEARER_TOKEN", TOKEN)]).config();
    assert_eq!(
        read(&bearer.tenant().policy_settings),
        [
            "BEARER_DEFAULT_SUBJECT=bearer-anon".to_owned(),
            format!("BEARER_TOKEN={TOKEN}"),
            "HTTP_PATH=/mcp".to_owned()
        ]
    );

    let remote = machine(&[
        ("AUTH_MODE", "remote"),
        ("BASE_URL", "https://h.example"),
        ("OIDC_CONFIG_URL", PROVIDER),
        ("OIDC_CLIENT_ID", "for the host only"),
        ("OIDC_CLIENT_SECRET", "for the host only"),
        ("OIDC_JWT_SIGNING_KEY", TOKEN),
        ("OIDC_REQUIRED_SCOPES", "a,b"),
        ("OIDC_JWKS_HOSTS", "host.only"),
        ("OIDC_ALLOWED_GROUPS", "Domain Users , admins"),
    ])
    .config();
    assert_eq!(
        read(&remote.tenant().policy_settings),
        [
            "BASE_URL=https://h.example".to_owned(),
            "BEARER_DEFAULT_SUBJECT=bearer-anon".to_owned(),
            "HTTP_PATH=/mcp".to_owned(),
            "OIDC_ALLOWED_GROUPS=Domain Users,admins".to_owned(),
            "OIDC_CLOCK_LEEWAY_S=30".to_owned(),
            format!("OIDC_CONFIG_URL={PROVIDER}"),
            "OIDC_DPOP=accept".to_owned(),
            // The policy learns that there is a client, and neither its name nor its secret.
            "OIDC_INTROSPECTION=true".to_owned(),
            "OIDC_REQUIRED_SCOPES=a b".to_owned(),
            "OIDC_REQUIRE_AT_JWT=false".to_owned(),
        ]
    );
}

#[test]
fn the_proxy_reads_its_clients_as_text() {
    let settings = [
        ("BASE_URL", "https://h.example"),
        ("OIDC_CONFIG_URL", PROVIDER),
        ("OIDC_CLIENT_ID", "client"),
        ("OIDC_CLIENT_SECRET", "s"),
    ];
    let mut proxy = machine(&settings);
    let text = "[clients.one]\nsecret = 'x'\n";
    proxy.set_file("OIDC_CLIENTS_FILE", text);
    let config = proxy.config();
    let granted = &config.tenant().policy_settings;
    assert_eq!(granted["OIDC_CLIENTS"].expose(), text);
    assert_eq!(granted["OIDC_CLIENT_SECRET"].expose(), "s");
    assert_eq!(granted["OIDC_ACCESS_TOKEN_TTL_S"].expose(), "3600");
    assert!(!granted.contains_key("OIDC_CLIENTS_FILE"));
    for (text, fault) in [
        ("", "the file has no client"),
        ("[a]\n5ecre7 = \n", "not valid TOML, in line 2"),
        ("[a]\nb = 1\nb = 2\n", "the same entry twice, in line 3"),
    ] {
        let mut broken = machine(&settings);
        broken.set_file("OIDC_CLIENTS_FILE", text);
        let expected = format!("_OIDC_CLIENTS_FILE (environment): {fault}");
        assert_eq!(broken.fault(), expected);
    }
}

#[test]
fn the_token_file_is_granted_as_its_text() {
    let text = format!("[tokens]\n\"{TOKEN}\" = \"alice\"\n");
    let mut machine = machine(&[("BEARER_TOKEN", "1f1e2d3c4b5a69788796a5b4c3d2e1f0")]);
    machine.set_file("BEARER_TOKENS_FILE", &text);
    let config = machine.config();
    assert_eq!(
        read(&config.tenant().policy_settings),
        [
            "BEARER_DEFAULT_SUBJECT=bearer-anon".to_owned(),
            format!("BEARER_TOKENS={text}"),
            "HTTP_PATH=/mcp".to_owned()
        ]
    );
    assert_eq!(config.tenant().auth.static_tokens, 1);
    assert_eq!(
        machine.warnings(),
        ["_BEARER_TOKEN (environment): no effect next to `BEARER_TOKENS_FILE`"]
    );
}

#[test]
fn a_component_of_its_own_reads_what_is_set() {
    let mut machine = machine(&[
        ("OIDC_CLIENT_SECRET", "s"),
        ("OIDC_AUDIENCE", "a"),
        ("READ_ONLY", "true"),
    ]);
    machine.set_file("AUTH_COMPONENT", "");
    assert_eq!(
        read(&machine.config().tenant().policy_settings),
        ["HTTP_PATH=/mcp", "OIDC_AUDIENCE=a", "OIDC_CLIENT_SECRET=s"]
    );

    machine.set("IMAGE_GENERATION_MCP_AUTH_MODE", "none");
    assert_eq!(
        machine.faults().len(),
        1,
        "the mode contradicts what is set"
    );
    machine.variables.retain(|name, _| !name.contains("OIDC"));
    let config = machine.config();
    assert_eq!(config.tenant().auth.mode, AuthMode::None);
    assert_eq!(
        read(&config.tenant().policy_settings),
        ["HTTP_PATH=/mcp"],
        "the mode decides grants"
    );
}
