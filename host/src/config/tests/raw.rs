//! Names, aliases, blanks and precedence.

use super::*;

#[test]
fn blank_is_not_set_and_values_are_trimmed() {
    let config = machine(&[("PORT", "  "), ("HOST", ""), ("LOG_LEVEL", "\tdebug \n")]).config();
    assert_eq!(config.listener.address.to_string(), "127.0.0.1:8000");
    assert_eq!(config.logging.level, tracing::Level::DEBUG);
    let blank_everywhere: Vec<_> = settings::all().map(|setting| (setting.name, " ")).collect();
    assert_eq!(machine(&blank_everywhere).warnings(), Vec::<String>::new());
}

#[test]
fn the_command_line_wins() {
    let mut machine = machine(&[
        ("TRANSPORT", "http"),
        ("HOST", "::1"),
        ("PORT", "1"),
        ("HTTP_PATH", "a"),
    ]);
    machine.cli = CliOverrides {
        transport: Some("stdio".into()),
        host: Some("127.0.0.1".into()),
        port: Some(0),
        http_path: Some("b".into()),
    };
    let config = machine.config();
    assert_eq!(config.listener.transport, Transport::Stdio);
    assert_eq!(config.listener.address.to_string(), "127.0.0.1:0");
    assert_eq!(config.tenant().http_path, "/b");
}

#[test]
fn faults_of_the_command_line_name_the_argument() {
    let mut machine = machine(&[]);
    machine.cli = CliOverrides {
        transport: Some("sse".into()),
        host: Some("example.com".into()),
        port: None,
        http_path: Some("/healthz".into()),
    };
    let faults = machine.faults();
    assert_eq!(
        faults[0],
        "--transport (command line): not `http` or `stdio`: `sse`"
    );
    assert!(
        faults[1]
            .starts_with("--host (command line): not an IP address or `localhost`: `example.com`")
    );
    assert_eq!(
        faults[2],
        "--http-path (command line): the server answers `/healthz` itself: `/healthz`"
    );
}

#[test]
fn log_settings_of_the_predecessor() {
    for (level, expected) in [
        ("DEBUG", tracing::Level::DEBUG),
        ("WARNING", tracing::Level::WARN),
        ("critical", tracing::Level::ERROR),
    ] {
        let mut machine = machine(&[]);
        machine.set("FASTMCP_LOG_LEVEL", level);
        assert_eq!(machine.config().logging.level, expected);
    }
    for (rich, format) in [
        ("false", LogFormat::Json),
        ("0", LogFormat::Json),
        ("True", LogFormat::Text),
    ] {
        let mut machine = machine(&[]);
        machine.set("FASTMCP_ENABLE_RICH_LOGGING", rich);
        assert_eq!(machine.config().logging.format, format);
    }
    let mut own_wins = machine(&[("LOG_LEVEL", "error"), ("LOG_FORMAT", "text")]);
    own_wins
        .set("FASTMCP_LOG_LEVEL", "debug")
        .set("FASTMCP_ENABLE_RICH_LOGGING", "false");
    let logging = own_wins.config().logging;
    assert_eq!(
        (logging.level, logging.format),
        (tracing::Level::ERROR, LogFormat::Text)
    );

    let mut wrong = machine(&[]);
    wrong
        .set("FASTMCP_LOG_LEVEL", "loud")
        .set("FASTMCP_ENABLE_RICH_LOGGING", "maybe");
    let faults = wrong.faults();
    assert!(
        faults[0].starts_with("FASTMCP_LOG_LEVEL (environment): not `error`"),
        "{faults:?}"
    );
    assert!(
        faults[1].starts_with("FASTMCP_ENABLE_RICH_LOGGING (environment): not a boolean: `maybe`")
    );
}

#[test]
fn later_settings_are_known_by_every_name() {
    for name in [
        "TRANSFORM_CACHE_SIZE",
        "ALLOW_LOCAL_FILE_INPUT",
        "APP_DOMAIN",
        "DEBUG_PORT",
        "DEBUG_WAIT",
    ] {
        assert_eq!(
            machine(&[(name, "anything")]).warnings(),
            [format!("_{name} (environment): no effect in this version")]
        );
    }
}

#[test]
fn where_state_is_kept() {
    let store = |value: &str| machine(&[("KV_STORE_URL", value)]).config().storage.state;
    assert_eq!(machine(&[]).config().storage.state, StateStore::Database);
    assert_eq!(store("redb"), StateStore::Database);
    assert_eq!(store("memory:"), StateStore::Memory);
    assert_eq!(store("memory://"), StateStore::Memory);
    let directory = StateStore::Directory("/srv/state".into());
    assert_eq!(store("file:///srv/state"), directory);
    let old_name = machine(&[("EVENT_STORE_URL", "file:///srv/state")]).config();
    assert_eq!(old_name.storage.state, directory);
    for (value, fault) in [
        ("file:state", "not a store of this server"),
        (
            "file://host/state",
            "not a directory: write `file:///directory`",
        ),
        ("file:///", "not a directory: write `file:///directory`"),
        ("redis://u:5ecre7@h", "not a store of this server: `redis`"),
        ("5ecre7", "not a store of this server"),
        ("/srv/state", "not a store of this server"),
    ] {
        let expected = format!("_KV_STORE_URL (environment): {fault}");
        assert_eq!(machine(&[("KV_STORE_URL", value)]).fault(), expected);
    }
}

#[test]
fn unknown_names() {
    for (name, hint) in [
        ("PROT", Some("PORT")),
        ("port", Some("PORT")),
        ("OIDC_CONFIG_URI", Some("OIDC_CONFIG_URL")),
        ("OIDC_AUDIENCES", Some("OIDC_AUDIENCE")),
        ("OPENAI_KEY", Some("OPENAI_API_KEY")),
        ("BEARER_TOKENS", Some("BEARER_TOKEN")),
        ("SCRATCH", Some("SCRATCH_DIR")),
        ("XYZZY", None),
        ("", None),
    ] {
        let mut expected = format!("_{name} (environment): no such setting");
        if let Some(hint) = hint {
            expected.push_str(&format!("\nhint: did you mean `_{hint}`?"));
        }
        assert_eq!(machine(&[(name, "1")]).faults(), [expected]);
    }
    assert_eq!(
        machine(&[("PROT", "")]).faults().len(),
        1,
        "a blank typing error is one too"
    );
    let other = machine(&[]).set("IMAGE_GENERATION_PORT", "x").config();
    assert_eq!(other.listener.address.port(), 8000, "not ours");
}

/// What Kubernetes puts into the pods of a namespace that has a service of our name.
#[test]
fn kubernetes_service_links() {
    let faults = machine(&[
        ("PORT", "tcp://10.0.0.7:8000"),
        ("PORT_8000_TCP_ADDR", "10.0.0.7"),
        ("SERVICE_HOST", "10.0.0.7"),
    ])
    .faults();
    assert_eq!(faults.len(), 3);
    for fault in faults {
        assert!(
            fault.contains("hint: in Kubernetes, set `enableServiceLinks: false`"),
            "{fault}"
        );
    }
}

#[cfg(unix)]
#[test]
fn values_that_are_not_unicode() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    let bytes = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
    let variables = vec![
        (OsString::from("HOME"), OsString::from("/nowhere")),
        (bytes(b"IMAGE_GENERATION_MCP_HOST"), bytes(b"\xff")),
        (bytes(b"IMAGE_GENERATION_MCP_\xff\n"), bytes(b"x")),
        (bytes(b"\xfe"), bytes(b"\xfd")),
    ];
    let faults = Config::load(&variables, &CliOverrides::default()).expect_err("faults");
    let lines: Vec<String> = faults.as_slice().iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "IMAGE_GENERATION_MCP_\u{fffd}\u{fffd} (environment): no such setting",
            "IMAGE_GENERATION_MCP_HOST (environment): not valid UTF-8",
        ]
    );
}
