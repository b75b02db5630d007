//! Every rule across settings, and that one load tells all faults.

use super::*;

#[test]
fn one_fault_each() {
    for (settings, fault) in [
        (
            vec![("TRANSPORT", "sse")],
            "_TRANSPORT (environment): not `http` or `stdio`: `sse`",
        ),
        (
            vec![("HOST", "example.com")],
            "_HOST (environment): not an IP address or `localhost`: `example.com`",
        ),
        (
            vec![("PORT", "eighty")],
            "_PORT (environment): not a whole number from 0 to 65535: `eighty`",
        ),
        (
            vec![("PORT", "65536")],
            "_PORT (environment): not a whole number from 0 to 65535: `65536`",
        ),
        (
            vec![("HTTP_PATH", "/token")],
            "_HTTP_PATH (environment): the server answers `/token` itself: `/token`",
        ),
        (
            vec![("BASE_URL", "http://h.example")],
            "_BASE_URL (environment): `http` is for loopback hosts only: anybody on the way could read tokens",
        ),
        (
            vec![("BASE_URL", "ftp://h.example")],
            "_BASE_URL (environment): not `https`: `ftp`",
        ),
        (
            vec![("READ_ONLY", "ture")],
            "_READ_ONLY (environment): not a boolean: `ture`",
        ),
        (
            vec![("ALLOWED_HOSTS", ",")],
            "_ALLOWED_HOSTS (environment): a list without a value",
        ),
        (
            vec![("ALLOWED_ORIGINS", "evil")],
            "_ALLOWED_ORIGINS (environment): not an origin: `evil`",
        ),
        (
            vec![("MAX_HEADER_BYTES", "8192")],
            "_MAX_HEADER_BYTES (environment): not bytes, from 16384 to 1048576: `8192`",
        ),
        (
            vec![("INSTANCE_MEMORY_BYTES", "256M")],
            "_INSTANCE_MEMORY_BYTES (environment): not bytes, from 4194304 to 4294967296: `256M`",
        ),
        (
            vec![("REQUEST_TIMEOUT_S", "0")],
            "_REQUEST_TIMEOUT_S (environment): not whole seconds, from 1 to 3600: `0`",
        ),
        (
            vec![("REQUEST_TIMEOUT_S", "900")],
            "_BACKGROUND_TIMEOUT_S (not set): less than `REQUEST_TIMEOUT_S`: 600 is less than 900",
        ),
        (
            vec![("BACKGROUND_TIMEOUT_S", "9")],
            "_BACKGROUND_TIMEOUT_S (environment): less than `REQUEST_TIMEOUT_S`: 9 is less than 60",
        ),
        (
            vec![("ISOLATION", "none")],
            "_ISOLATION (environment): not `request` or `subject`: `none`",
        ),
        (
            vec![("ISOLATION", "subject"), ("SUBJECT_INSTANCES_MAX", "65")],
            "_SUBJECT_INSTANCES_MAX (environment): more than `MAX_INSTANCES`: 65 is more than 64",
        ),
        (
            vec![("LOG_LEVEL", "loud")],
            "_LOG_LEVEL (environment): not `error`, `warn`, `info`, `debug` or `trace`: `loud`",
        ),
        (
            vec![("LOG_FORMAT", "xml")],
            "_LOG_FORMAT (environment): not `text` or `json`: `xml`",
        ),
        (
            vec![("SERVER_NAME", "a\u{7}b")],
            "_SERVER_NAME (environment): contains a control character",
        ),
        (
            vec![
                ("OIDC_CLOCK_LEEWAY_S", "121"),
                ("BASE_URL", "https://h.example"),
                ("OIDC_CONFIG_URL", PROVIDER),
            ],
            "_OIDC_CLOCK_LEEWAY_S (environment): not whole seconds, from 0 to 120: `121`",
        ),
        (
            vec![
                ("OIDC_ALLOW_UNBOUND_AUDIENCE", "true"),
                ("BASE_URL", "https://h.example"),
                ("OIDC_CONFIG_URL", PROVIDER),
            ],
            "_OIDC_ALLOW_UNBOUND_AUDIENCE (environment): not `i-understand`: `true`",
        ),
        (
            vec![
                ("OIDC_ALGORITHMS", "HS256"),
                ("BASE_URL", "https://h.example"),
                ("OIDC_CONFIG_URL", PROVIDER),
            ],
            "_OIDC_ALGORITHMS (environment): not `RS256`, `RS384`, `RS512`, `PS256`, `PS384`, `PS512`, `ES256`, `ES384`, `ES512` or `EdDSA`: `HS256`",
        ),
    ] {
        assert_eq!(machine(&settings).fault(), fault);
    }
}

#[test]
fn all_faults_at_once() {
    let faults = machine(&[
        ("PROT", "1"),
        ("PORT", "x"),
        ("READ_ONLY", "maybe"),
        ("BEARER_TOKEN", "short"),
        ("OIDC_CONFIG_URL", PROVIDER),
        ("BEARER_TOKENS_FILE", "/nowhere"),
        ("TLS_KEY_FILE", "/nowhere"),
        ("REQUEST_TIMEOUT_S", "601"),
        ("BUDGET_USD_PER_TENANT", "lots"),
    ])
    .faults();
    let places: Vec<&str> = faults
        .iter()
        .map(|fault| fault.split(' ').next().unwrap())
        .collect();
    assert_eq!(
        places,
        [
            "_PROT",
            "_PORT",
            "_BEARER_TOKEN",
            "_READ_ONLY",
            "_BUDGET_USD_PER_TENANT",
            "_TLS_CERT_FILE",
            "_TLS_KEY_FILE",
            "_BACKGROUND_TIMEOUT_S",
            "_BASE_URL",
            "_BEARER_TOKENS_FILE",
        ]
    );
    assert_eq!(
        faults[8],
        "_BASE_URL (not set): needed by `OIDC_CONFIG_URL`"
    );
}

#[test]
fn printed_faults_are_a_line_each_and_their_hints() {
    let faults = machine(&[("PORT", "x"), ("READ_ONLY", "y")])
        .load()
        .unwrap_err();
    assert_eq!(
        faults.to_string(),
        "IMAGE_GENERATION_MCP_PORT (environment): not a whole number from 0 to 65535: `x`\n\
         IMAGE_GENERATION_MCP_READ_ONLY (environment): not a boolean: `y`\n\
         hint: use `true`, `yes`, `on` or `1`, or `false`, `no`, `off` or `0`"
    );
    assert_eq!(EXIT_CODE, 64);
}

#[test]
fn components_are_files() {
    let mut machine = machine(&[("TOOLS_COMPONENT", "~/absent.wasm")]);
    let absent = machine.home().join("absent.wasm");
    let expected = format!(
        "_TOOLS_COMPONENT (environment): cannot read `{}`: ",
        absent.display()
    );
    assert!(
        machine.fault().starts_with(&expected),
        "{}",
        machine.fault()
    );
    machine
        .variables
        .remove("IMAGE_GENERATION_MCP_TOOLS_COMPONENT");
    let home = machine.home().to_str().unwrap().to_owned();
    machine.set("IMAGE_GENERATION_MCP_AUTH_COMPONENT", &home);
    assert!(
        machine
            .fault()
            .starts_with("_AUTH_COMPONENT (environment): a directory, not a file")
    );
}

#[test]
fn folders_are_not_files() {
    for name in ["DATA_DIR", "SCRATCH_DIR", "STYLES_DIR"] {
        let mut machine = machine(&[]);
        machine.set_file(name, "");
        let fault = machine.fault();
        assert!(
            fault.starts_with(&format!("_{name} (environment): a file, not a directory")),
            "{fault}"
        );
    }
}

#[test]
fn settings_without_effect_are_told() {
    let https = ("BASE_URL", "https://h.example/mcp");
    for (settings, warning) in [
        (
            vec![("SUBJECT_INSTANCE_IDLE_S", "9")],
            "_SUBJECT_INSTANCE_IDLE_S (environment): no effect without `ISOLATION=subject`",
        ),
        (
            vec![("TRANSPORT", "stdio"), ("BEARER_TOKEN", TOKEN)],
            "authentication has no effect over `stdio`",
        ),
        (
            vec![("DANGER_ALLOW_ANONYMOUS", "1"), ("BEARER_TOKEN", TOKEN)],
            "_DANGER_ALLOW_ANONYMOUS (environment): no effect with authentication",
        ),
        (
            vec![https, ("BEARER_TOKEN", TOKEN)],
            "`BASE_URL` ends with `HTTP_PATH`: the endpoint's public path is `/mcp/mcp`",
        ),
        (
            vec![("BASE_URL", "https://h.example")],
            "no authentication: anybody who can reach `BASE_URL` can use the server, unless the proxy in front refuses them",
        ),
        (
            vec![("HOST", "::"), ("BEARER_TOKEN", TOKEN)],
            "without `BASE_URL` or `ALLOWED_HOSTS`, only requests to loopback names are answered",
        ),
    ] {
        assert_eq!(machine(&settings).warnings(), [warning]);
    }
}
