//! Degraded backends: listed with the reason, and passed over by `auto`.

use image_tools::providers::discovery::discover;
use image_tools::providers::request::GenerateRequest;
use image_tools::providers::select;

use crate::session::Session;

fn session(google_key: &str) -> Session {
    Session::new(&[
        ("GOOGLE_API_KEY", google_key),
        ("GEMINI_BASE_URL", "/gemini/v1beta"),
        ("OPENAI_API_KEY", "sk-test"),
        ("OPENAI_BASE_URL", "/openai/v1"),
        ("OPENAI_DIALECT", "openai"),
    ])
}

#[test]
fn a_backend_is_asked_once_and_again_when_told_to() {
    let session = session("AIza-test");
    let provider = session.provider("gemini");
    for refresh in [false, false, true] {
        let found = discover(session.capabilities(), &*provider, (1, refresh));
        assert_eq!((found.models.len(), found.degraded), (4, None));
    }
    assert_eq!(session.fake.ledger().requests().len(), 2);
}

#[test]
fn a_bad_key_is_degraded_and_passed_over() {
    let session = session("bad-key");
    let request = GenerateRequest::new("a cat");
    let chosen = || {
        let selected = select(session.capabilities(), "auto", &request).unwrap();
        selected.provider.name()
    };
    assert_eq!(chosen(), "gemini");
    let error = session.generate("gemini", &request).unwrap_err();
    assert_eq!(error.code.as_str(), "auth");
    assert_eq!(chosen(), "openai");
    let found = discover(
        session.capabilities(),
        &*session.provider("gemini"),
        (1, false),
    );
    let trouble = found.degraded.unwrap();
    assert_eq!(trouble.code, "auth");
    assert_eq!(
        trouble.message,
        "gemini: the provider refused the credential of this server"
    );
}
