//! Image providers: what their settings let the tools reach, and what they are told of models.

use super::machine;
use crate::outbound::ImageApis;
use http::Method;
use url::Url;

fn reaches(settings: &[(&str, &str)], url: &str) -> bool {
    let config = machine(settings).config();
    let apis = ImageApis::new(config.tenant().image_apis()).unwrap();
    let url = Url::parse(url).unwrap();
    apis.client_for(&url, &Method::GET, false).is_ok()
}

#[test]
fn a_provider_is_reachable_once_it_is_configured() {
    let cases: [(&[(&str, &str)], &str); 11] = [
        (
            &[("OPENAI_API_KEY", "k")],
            "https://api.openai.com/v1/models",
        ),
        (
            &[("OPENAI_BASE_URL", "http://10.0.0.5:8080/v1")],
            "http://10.0.0.5:8080/v1/models",
        ),
        (
            &[("GOOGLE_API_KEY", "k")],
            "https://generativelanguage.googleapis.com/v1beta/models",
        ),
        (
            &[("SD_WEBUI_HOST", "http://10.0.0.5:7860/")],
            "http://10.0.0.5:7860/sdapi/v1/options",
        ),
        (
            &[("A1111_HOST", "http://10.0.0.5:7860/")],
            "http://10.0.0.5:7860/sdapi/v1/options",
        ),
        (
            &[("COMFYUI_HOST", "http://gpu.lan:8188")],
            "http://gpu.lan:8188/queue",
        ),
        (&[("BFL_API_KEY", "k")], "https://api.bfl.ai/v1/credits"),
        (
            &[("BFL_API_KEY", "k")],
            "https://api.eu1.bfl.ai/v1/get_result",
        ),
        (&[("BFL_API_KEY", "k")], "https://delivery-eu1.bfl.ai/a.png"),
        (
            &[("REPLICATE_API_TOKEN", "k")],
            "https://api.replicate.com/v1/account",
        ),
        (
            &[
                ("OPENAI_BASE_URL", "https://relay.example"),
                ("PROVIDER_HOSTS", "files.example"),
            ],
            "https://files.example/a.png",
        ),
    ];
    for (settings, url) in cases {
        assert!(reaches(settings, url), "{settings:?}: {url}");
        assert!(!reaches(&[], url), "{url}");
    }
    // A key alone does not open the address that was replaced.
    let elsewhere = [
        ("OPENAI_API_KEY", "k"),
        ("OPENAI_BASE_URL", "https://relay.example"),
    ];
    assert!(!reaches(&elsewhere, "https://api.openai.com/v1/models"));
}

#[test]
fn addresses_hold_no_credentials() {
    let fault = machine(&[("SD_WEBUI_HOST", "http://artist:secret@10.0.0.5:7860")]).fault();
    assert!(fault.ends_with("no user name or password"), "{fault}");
    for value in ["10.0.0.5:7860", "ftp://a.example", "https://a.example/?x=1"] {
        machine(&[("COMFYUI_HOST", value)]).fault();
    }
}

#[test]
fn the_catalog_is_a_json_file_that_the_tools_can_read() {
    let text = r#"{"openai": {"models": {"new": {"default": true}}}}"#;
    let mut machine = machine(&[]);
    machine.set_file("PROVIDER_CATALOG_FILE", text);
    let config = machine.config();
    let settings = &config.tenant().tools_settings;
    assert_eq!(settings["PROVIDER_CATALOG"].expose(), text);
    assert!(!settings.contains_key("PROVIDER_CATALOG_FILE"));
    for text in ["[]", "{", ""] {
        machine.set_file("PROVIDER_CATALOG_FILE", text);
        let fault = machine.fault();
        assert!(fault.contains("PROVIDER_CATALOG_FILE"), "{fault}");
    }
}
