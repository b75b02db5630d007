//! What holds when nothing is set, and that every setting reaches its struct.

use std::time::Duration;

use super::*;

#[test]
fn every_default_of_the_table_satisfies_its_kind_in_canonical_form() {
    for setting in settings::all() {
        if let settings::Unset::Value(value) = setting.default {
            assert_eq!(
                setting.kind.check(value).as_deref(),
                Ok(value),
                "{}",
                setting.name
            );
        }
    }
}

#[test]
fn names_are_unique() {
    let mut names: Vec<String> = settings::all().map(|setting| setting.variable()).collect();
    let aliases = settings::all().flat_map(|setting| setting.aliases);
    names.extend(aliases.map(|alias| alias.variable.to_owned()));
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn nothing_set() {
    let machine = machine(&[]);
    let config = machine.config();
    assert_eq!(
        config.listener,
        Listener {
            transport: Transport::Http,
            address: "127.0.0.1:8000".parse().unwrap(),
            max_connections: 1000,
            header_timeout: Duration::from_secs(10),
            max_header_bytes: 32 << 10,
            max_headers: 100,
            shutdown_grace: Duration::from_secs(10),
        }
    );
    assert_eq!(
        config.limits,
        Limits {
            max_body_bytes: 4 << 20,
            request_timeout: Duration::from_secs(60),
            background_timeout: Duration::from_secs(600),
            max_instances: 64,
            instance_memory_bytes: 256 << 20,
        }
    );
    assert_eq!(config.isolation, Isolation::Request);
    assert_eq!(
        config.logging,
        Logging {
            level: tracing::Level::INFO,
            format: LogFormat::Text
        }
    );
    assert!(config.tls.is_none());
    assert_eq!(config.warnings, Vec::<String>::new());

    let tenant = config.tenant();
    assert_eq!(tenant.name, "default");
    assert_eq!(
        (tenant.base_url.as_ref(), tenant.http_path.as_str()),
        (None, "/mcp")
    );
    assert_eq!(tenant.endpoint_url(), None);
    assert_eq!(tenant.auth.mode, AuthMode::None);
    assert!(tenant.auth.detected);
    assert_eq!(tenant.policy, ComponentSource::Embedded("auth-none"));
    assert_eq!(tenant.tools, ComponentSource::Embedded("image-tools"));
    assert_eq!(tenant.oidc, None);
}

#[test]
fn everything_set() {
    let mut machine = machine(&[
        ("TRANSPORT", "HTTP"),
        ("HOST", "[::1]"),
        ("PORT", "0"),
        ("HTTP_PATH", "tools/mcp/"),
        ("BASE_URL", "https://Images.example/vault/"),
        ("MAX_BODY_BYTES", "1024"),
        ("MAX_HEADER_BYTES", "16384"),
        ("MAX_HEADERS", "16"),
        ("HEADER_TIMEOUT_S", "1"),
        ("REQUEST_TIMEOUT_S", "2"),
        ("BACKGROUND_TIMEOUT_S", "3"),
        ("MAX_CONNECTIONS", "4"),
        ("MAX_INSTANCES", "5"),
        ("INSTANCE_MEMORY_BYTES", "4194304"),
        ("ISOLATION", "subject"),
        ("SUBJECT_INSTANCES_MAX", "4"),
        ("SUBJECT_INSTANCE_MAX_AGE_S", "6"),
        ("SUBJECT_INSTANCE_IDLE_S", "7"),
        ("SUBJECT_INSTANCE_MAX_REQUESTS", "8"),
        ("SHUTDOWN_GRACE_S", "0"),
        ("LOG_LEVEL", "Debug"),
        ("LOG_FORMAT", "json"),
        ("COMPILE_CACHE", "off"),
        ("DATA_DIR", "~/data"),
        ("SCRATCH_DIR", "/images"),
        ("STYLES_DIR", "~/styles"),
    ]);
    machine
        .set_file("TOOLS_COMPONENT", "tools")
        .set_file("AUTH_COMPONENT", "policy");
    let config = machine.config();
    assert_eq!(
        config.listener,
        Listener {
            transport: Transport::Http,
            address: "[::1]:0".parse().unwrap(),
            max_connections: 4,
            header_timeout: Duration::from_secs(1),
            max_header_bytes: 16 << 10,
            max_headers: 16,
            shutdown_grace: Duration::ZERO,
        }
    );
    assert_eq!(
        config.limits,
        Limits {
            max_body_bytes: 1024,
            request_timeout: Duration::from_secs(2),
            background_timeout: Duration::from_secs(3),
            max_instances: 5,
            instance_memory_bytes: 4 << 20,
        }
    );
    assert_eq!(
        config.isolation,
        Isolation::Subject(SubjectInstances {
            max: 4,
            max_age: Duration::from_secs(6),
            idle: Duration::from_secs(7),
            max_requests: 8,
        })
    );
    assert_eq!(
        config.logging,
        Logging {
            level: tracing::Level::DEBUG,
            format: LogFormat::Json
        }
    );
    assert_eq!(config.storage.data_dir, machine.home().join("data"));
    assert_eq!(config.storage.compile_cache_dir, None);
    let tenant = config.tenant();
    assert_eq!(tenant.http_path, "/tools/mcp");
    assert_eq!(
        tenant.base_url.as_ref().unwrap().as_str(),
        "https://images.example/vault"
    );
    assert_eq!(
        tenant.endpoint_url().unwrap(),
        "https://images.example/vault/tools/mcp"
    );
    assert_eq!(tenant.auth.mode, AuthMode::Custom);
    assert_eq!(
        tenant.policy,
        ComponentSource::File(machine.home().join("AUTH_COMPONENT"))
    );
    assert_eq!(
        tenant.tools,
        ComponentSource::File(machine.home().join("TOOLS_COMPONENT"))
    );
    assert_eq!(tenant.galleries.scratch_dir, Path::new("/images"));
    assert_eq!(tenant.galleries.styles_dir, machine.home().join("styles"));
}

#[test]
fn kept_instances_default_to_all_instances() {
    let config = machine(&[("ISOLATION", "subject"), ("MAX_INSTANCES", "3")]).config();
    let Isolation::Subject(instances) = config.isolation else {
        panic!("{:?}", config.isolation)
    };
    assert_eq!(instances.max, 3);
}

#[test]
fn endpoint_urls() {
    for (base, path, endpoint) in [
        ("https://h.example", "/mcp", "https://h.example/mcp"),
        ("https://h.example/", "/", "https://h.example"),
        ("https://h.example/vault", "/", "https://h.example/vault"),
        (
            "https://h.example:8443/a/b/",
            "c/d",
            "https://h.example:8443/a/b/c/d",
        ),
        ("http://localhost:8000", "/mcp", "http://localhost:8000/mcp"),
    ] {
        let config = machine(&[("BASE_URL", base), ("HTTP_PATH", path)]).config();
        assert_eq!(config.tenant().endpoint_url().unwrap(), endpoint);
    }
}
