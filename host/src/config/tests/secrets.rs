//! No output of any kind shows a secret.

use super::*;

/// Every secret setting and every place a secret can hide in, each with its own text.
const SECRETS: &[&str] = &[
    "5ecre7a0b1c2d3e4f5061728394a5b6c",
    "5ecre7a1b1c2d3e4f5061728394a5b6c",
    "5ecre7a2-client",
    "5ecre7a3b1c2d3e4f5061728394a5b6c",
    "5ecre7a4-url-password",
    "5ecre7a5-openai",
    "5ecre7a6-replicate",
    "5ecre7a7-instructions",
];

fn assert_hidden(output: &str) {
    assert!(!output.contains("5ecre7"), "{output}");
}

#[test]
fn nothing_printed_by_a_good_configuration() {
    let mut machine = machine(&[
        ("AUTH_MODE", "remote"),
        ("BASE_URL", "https://h.example"),
        ("OIDC_CONFIG_URL", PROVIDER),
        ("BEARER_TOKEN", SECRETS[0]),
        ("OIDC_CLIENT_ID", "client"),
        ("OIDC_CLIENT_SECRET", SECRETS[2]),
        ("OIDC_JWT_SIGNING_KEY", SECRETS[3]),
        ("OPENAI_API_KEY", SECRETS[5]),
        ("REPLICATE_API_TOKEN", SECRETS[6]),
        ("INSTRUCTIONS", SECRETS[7]),
    ]);
    machine.set_file(
        "BEARER_TOKENS_FILE",
        &format!("[tokens]\n{} = 'alice'\n", SECRETS[1]),
    );
    let config = machine.config();
    assert!(
        config.tenant().policy_settings["BEARER_TOKENS"]
            .expose()
            .contains(SECRETS[1])
    );
    assert_hidden(&format!("{config:?} {config:#?}"));
    assert_hidden(&config.summary());
    assert_hidden(&config.warnings.join("\n"));
}

#[test]
fn nothing_printed_by_faults() {
    let secret_settings = settings::all().filter(|setting| setting.secret);
    let control: Vec<(&str, String)> = secret_settings
        .map(|setting| (setting.name, format!("{}\u{1}", SECRETS[0])))
        .collect();
    let control: Vec<(&str, &str)> = control
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    assert!(control.len() >= 8, "{control:?}");
    let broken = machine(&control).load().unwrap_err();
    assert_hidden(&format!("{broken} {broken:?}"));

    let url = format!("https://user:{}@h.example", SECRETS[4]);
    let pasted = machine(&[
        ("BEARER_TOKEN", "5ecre7"),
        ("BASE_URL", &url),
        ("OIDC_CONFIG_URL", &url),
        ("5ECRE7", "5ecre7-value-of-an-unknown-name"),
        ("SERVER_NAME", "5ecre7\u{7}"),
        ("KV_STORE_URL", "redis://user:5ecre7@h.example"),
        ("OIDC_JWT_SIGNING_KEY", "5ecre7"),
        ("BEARER_DEFAULT_SUBJECT", "5ecre7\u{7}"),
    ])
    .load()
    .unwrap_err();
    assert_eq!(pasted.as_slice().len(), 10);
    assert_hidden(&format!("{pasted} {pasted:?}"));
}

#[test]
fn a_secret_prints_as_redacted_and_still_works() {
    let secret = Secret::new(SECRETS[0]);
    assert_eq!(
        format!("{secret:?} {:?}", Some(&secret)),
        "[redacted] Some([redacted])"
    );
    assert_eq!(secret.clone().expose(), SECRETS[0]);
    assert_ne!(secret, Secret::new(SECRETS[1]));
}

#[test]
fn the_summary_is_plain_words() {
    let mut machine = machine(&[
        ("BASE_URL", "https://h.example/vault"),
        ("OIDC_CONFIG_URL", PROVIDER),
        ("BEARER_TOKEN", TOKEN),
        ("DATA_DIR", "/data"),
        ("COMPILE_CACHE", "false"),
        ("OPENAI_API_KEY", "x"),
        ("DEBUG_PORT", "5678"),
    ]);
    assert_eq!(
        machine.config().summary(),
        "transport: http on 127.0.0.1:8000\n\
         instances: at most 64 of 256 MiB, a fresh one for every request\n\
         files: state in /data, compiled components are not kept\n\
         tenant `default`: https://h.example/vault/mcp\n\
         tenant `default`: authentication: remote, detected from what is set, provider https://idp.example/.well-known/openid-configuration, one static token\n\
         tenant `default`: policy `auth-remote` (built in), tools `image-tools` (built in)\n\
         tenant `default`: images in /data/images, styles in /data/styles\n\
         tenant `default`: hosts localhost,127.0.0.1,[::1],h.example, origins loopback,https://h.example\n\
         warning: IMAGE_GENERATION_MCP_DEBUG_PORT (environment): no effect in this version"
    );
    machine.cli.transport = Some("stdio".into());
    assert!(
        machine
            .config()
            .summary()
            .starts_with("transport: standard input and output\n")
    );
}
