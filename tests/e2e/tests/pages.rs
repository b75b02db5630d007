//! The pages that people see, in a real browser.
//!
//! `IMAGE_GENERATION_MCP_TEST_SCREENSHOTS` names a folder for pictures of them, for the documents.

use e2e::chromium;
use e2e::front::{Front, Rule};
use e2e::idp::Idp;
use e2e::oauth_client::{OAuthClient, Pkce, Tokens};
use e2e::site::{Plan, Site};
use serde_json::{Value, json};
use url::Url;

/// A site that a browser can reach, and a client with two requests.
struct Stage {
    site: Site,
    client: OAuthClient,
    pkces: [Pkce; 2],
    _front: Front,
}

impl Stage {
    async fn new() -> Self {
        let front = Front::start().await;
        let plan = Plan::default()
            .at(front.origin())
            .with("OIDC_READ_SCOPES", "image:read")
            .with("OIDC_WRITE_SCOPES", "image:write");
        let site = plan.start(Idp::shared().await).await;
        front.add(Rule {
            prefixes: vec!["/".into()],
            origin: site.server().origin().into(),
            stripped: String::new(),
        });
        let mut client = site.stranger().await;
        client.scope = "image:read image:write offline_access".into();
        let client = client.registered("Painter for everybody").await;
        Self {
            site,
            client,
            pkces: [Pkce::default(), Pkce::default()],
            _front: front,
        }
    }

    /// Runs a script of `browser/`; `None` without a browser.
    async fn plays(&self, script: &str, mut options: Value) -> Option<Value> {
        self.site.logs.keep_secret("alice@example.com");
        options["start"] = json!(self.client.authorization(&self.pkces[0], &[]));
        options["again"] = json!(self.client.authorization(&self.pkces[1], &[]));
        chromium::run(script, options).await
    }

    /// The tokens for a callback of a script, for the request of that number.
    async fn redeem(&self, callback: &Value, request: usize) -> Tokens {
        let callback = Url::parse(callback.as_str().unwrap()).unwrap();
        self.site.network.learn_url(&callback);
        let mut client = self.client.clone();
        client.redirect_uri = callback[..url::Position::AfterPath].to_owned();
        let code = e2e::browser::parameter(&callback, "code")
            .unwrap_or_else(|| panic!("no code: {callback}"));
        Tokens::of(&client.redeem(&code, &self.pkces[request]).await)
    }
}

#[tokio::test]
async fn a_person_reads_agrees_and_is_not_asked_twice() {
    let stage = Stage::new().await;
    let Some(report) = stage.plays("sign_in", json!({})).await else {
        return;
    };
    let text = report["text"].as_str().unwrap();
    for expected in [
        "Painter for everybody",
        "127.0.0.1",
        "image:read",
        "image:write",
    ] {
        assert!(text.contains(expected), "no {expected}: {text}");
    }
    assert_eq!(report["language"], "en");
    assert_eq!(
        (&report["scripts"], &report["landmarks"]),
        (&json!(0), &json!(1))
    );
    assert!(
        report["headings"].as_u64() >= Some(1) && !report["title"].as_str().unwrap().is_empty()
    );
    assert_eq!(report["buttons"].as_array().unwrap().len(), 2);
    assert_eq!(report["complaints"], json!([]), "the browser complains");
    assert_eq!(report["asked_again"], false);
    let tokens = stage.redeem(&report["callbacks"][0], 0).await;
    assert_eq!(stage.site.statuses(&tokens.access).await, [200]);
}

#[tokio::test]
async fn a_person_without_scripts_signs_in() {
    let stage = Stage::new().await;
    let Some(report) = stage.plays("sign_in", json!({"scripts": false})).await else {
        return;
    };
    stage.redeem(&report["callbacks"][0], 0).await;
}

/// As it is deployed: `https` at a name, where the cookies are of the kind that no neighbour plants.
#[tokio::test]
async fn a_person_signs_in_over_tls() {
    let front = Front::start_tls("images.example.com").await;
    let site = Site::start().await;
    front.add(Rule {
        prefixes: vec!["/".into()],
        origin: site.server().origin().into(),
        stripped: String::new(),
    });
    let names = json!({"names": {"images.example.com": front.address()}});
    let stage = Stage {
        client: site.registered().await,
        site,
        pkces: [Pkce::default(), Pkce::default()],
        _front: front,
    };
    let Some(report) = stage.plays("sign_in", names).await else {
        return;
    };
    let cookies = report["cookies"].as_array().unwrap();
    assert!(!cookies.is_empty());
    for cookie in cookies {
        assert!(
            cookie["name"].as_str().unwrap().starts_with("__Host-"),
            "{cookie}"
        );
        assert_eq!(
            (&cookie["secure"], &cookie["httpOnly"], &cookie["sameSite"]),
            (&json!(true), &json!(true), &json!("Lax"))
        );
    }
    assert_eq!(
        (&report["complaints"], &report["asked_again"]),
        (&json!([]), &json!(false))
    );
    stage.redeem(&report["callbacks"][0], 0).await;
}

#[tokio::test]
async fn a_person_refuses_and_may_change_her_mind() {
    let stage = Stage::new().await;
    let Some(report) = stage.plays("refusal", json!({})).await else {
        return;
    };
    let callback = Url::parse(report["callbacks"][0].as_str().unwrap()).unwrap();
    let parameter = |name| e2e::browser::parameter(&callback, name);
    assert_eq!(parameter("error").as_deref(), Some("access_denied"));
    assert_eq!(
        parameter("iss").as_deref(),
        Some(stage.site.base_url.as_str())
    );
    assert_eq!(report["asked_again"], true);
}

#[tokio::test]
async fn two_tabs_do_not_get_into_each_others_way() {
    let stage = Stage::new().await;
    let Some(report) = stage.plays("two_tabs", json!({})).await else {
        return;
    };
    stage.redeem(&report["callbacks"][0], 1).await;
    stage.redeem(&report["callbacks"][1], 0).await;
}

#[tokio::test]
async fn the_back_button_breaks_nothing() {
    let stage = Stage::new().await;
    let Some(report) = stage.plays("back_button", json!({})).await else {
        return;
    };
    assert_eq!(report["finished"], 1);
    stage.redeem(&report["callbacks"][0], 0).await;
    let statuses = report["statuses"].as_array().unwrap();
    assert!(
        statuses.iter().all(|status| status.as_u64() < Some(500)),
        "{statuses:?}"
    );
}

#[tokio::test]
async fn the_page_fits_a_phone_and_weak_eyes_by_day_and_by_night() {
    let stage = Stage::new().await;
    let mut options = json!({});
    if let Some(folder) = std::env::var_os("IMAGE_GENERATION_MCP_TEST_SCREENSHOTS") {
        options["screenshot"] = json!(std::path::Path::new(&folder).join("consent.png"));
        options["page"] = json!(page_for_documents().await);
    }
    let Some(report) = stage.plays("phone", options).await else {
        return;
    };
    let number = |view: &str, name: &str| {
        report[view][name]
            .as_f64()
            .unwrap_or_else(|| panic!("{view}: no {name}: {report}"))
    };
    for view in ["light_320", "dark_320", "light_1024", "dark_1024"] {
        assert!(number(view, "overflow") <= 0.0, "{view} scrolls sideways");
        assert!(
            number(view, "contrast") >= 4.5,
            "{view}: contrast {}",
            number(view, "contrast")
        );
        assert!(
            number(view, "font") >= 13.0,
            "{view}: {} px",
            number(view, "font")
        );
        assert!(
            number(view, "targets") >= 40.0,
            "{view}: buttons of {} px",
            number(view, "targets")
        );
    }
    assert!(number("dark_320", "background") < 0.2, "it is not dark");
    assert!(number("light_320", "background") > 0.8, "it is not light");
}

/// The page of a site with a name, so that the picture is the same each time.
async fn page_for_documents() -> String {
    let plan = Plan::default().with("OIDC_WRITE_SCOPES", "image:write");
    let site = plan.start(Idp::shared().await).await;
    let mut client = site.stranger().await;
    client.scope = "image:write offline_access".into();
    let client = client.registered("Painter").await;
    let start = client.authorization(&Pkce::default(), &[]);
    site.browser().open(&start).await.reply.text()
}

#[tokio::test]
async fn a_keyboard_is_enough() {
    let stage = Stage::new().await;
    let Some(report) = stage.plays("keyboard", json!({})).await else {
        return;
    };
    let order = report["order"].as_array().unwrap();
    let last = order.last().unwrap();
    assert_eq!(last["answer"], "approve", "{order:?}");
    assert_eq!(last["visible"], true, "nobody sees where the focus is");
    stage.redeem(&report["callbacks"][0], 0).await;
}
