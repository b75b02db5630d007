//! Component files that cannot be used: refused at start, with exit code 64 and a reason.

use e2e::artifacts;
use e2e::components::from_text;
use e2e::settings::Settings;

#[test]
fn a_file_that_is_no_component() {
    let settings = Settings::default();
    for (name, bytes) in [
        ("empty", Vec::new()),
        ("text", b"not wasm".to_vec()),
        ("magic-only", b"\0asm".to_vec()),
        ("cut", b"\0asm\x0d\0\x01\0\x05".to_vec()),
        (
            "noise",
            (0..4_096_u32)
                .map(|number| (number.wrapping_mul(2_654_435_761) >> 24).to_le_bytes()[0])
                .collect(),
        ),
    ] {
        let path = settings.home().join(format!("{name}.wasm"));
        std::fs::write(&path, bytes).unwrap();
        for variable in ["TOOLS_COMPONENT", "AUTH_COMPONENT"] {
            let text = Settings::default().with_path(variable, &path).refused();
            assert!(
                text.contains(name),
                "{variable}: the file is not named:\n{text}"
            );
        }
    }
    let module = from_text(settings.home(), "module.wasm", "(module)");
    assert!(
        Settings::default()
            .with_path("TOOLS_COMPONENT", &module)
            .refused()
            .contains("module")
    );
    let missing = settings.home().join("missing.wasm");
    assert!(
        Settings::default()
            .with_path("AUTH_COMPONENT", &missing)
            .refused()
            .contains("missing.wasm")
    );
}

#[test]
fn an_import_beyond_the_world_is_named() {
    let settings = Settings::default();
    for (variable, import) in [
        ("TOOLS_COMPONENT", "wasi:sockets/tcp@0.2.12"),
        ("TOOLS_COMPONENT", "imagegen:keys/verifier@0.1.0"),
        ("TOOLS_COMPONENT", "somebody:else/thing@1.0.0"),
        ("AUTH_COMPONENT", "wasi:http/outgoing-handler@0.2.12"),
        ("AUTH_COMPONENT", "wasi:sockets/udp@0.2.12"),
        ("AUTH_COMPONENT", "imagegen:store/blobs@0.1.0"),
    ] {
        let component = from_text(
            settings.home(),
            "greedy.wasm",
            &format!("(component (import \"{import}\" (instance)))"),
        );
        let text = Settings::default()
            .with_path(variable, &component)
            .refused();
        assert!(
            text.contains(import.split('@').next().unwrap()),
            "{variable}: {import} is not named:\n{text}"
        );
    }
}

#[test]
fn a_component_of_another_world() {
    let text = Settings::default()
        .with_path("TOOLS_COMPONENT", &artifacts::component("auth-none"))
        .refused();
    assert!(text.contains("wasi:http/incoming-handler"), "{text}");
    let text = Settings::default()
        .with_path("AUTH_COMPONENT", &artifacts::component("image-tools"))
        .refused();
    assert!(text.contains("imagegen:"), "{text}");
    let settings = Settings::default();
    let nothing = from_text(settings.home(), "nothing.wasm", "(component)");
    let text = Settings::default()
        .with_path("AUTH_COMPONENT", &nothing)
        .refused();
    assert!(text.contains("imagegen:auth/authorizer"), "{text}");
}
