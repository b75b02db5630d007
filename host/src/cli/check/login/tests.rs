//! Signing in at a scripted provider that is right, or wrong in one way at a time.

mod idp;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tokio::net::TcpListener;
use url::Url;

use self::idp::{CLIENT, Idp, Quirks, SECRET, answer, now, value};
use super::plan::Plan;
use super::report::Report;
use super::story::Login;
use crate::config::{AuthMode, Secret};
use crate::keys::{Clock, Keys, KeysConfig, ProviderGrant};

/// What the check says of a provider, when a browser follows the URL that it prints.
async fn check(quirks: Quirks, change: impl FnOnce(&mut Plan)) -> (bool, String) {
    let idp = Idp::start(quirks).await;
    let config_url = format!("{}/.well-known/openid-configuration", idp.issuer);
    let grant = ProviderGrant {
        config_url: config_url.clone(),
        extra_jwks_hosts: Vec::new(),
    };
    let http = crate::keys::http_client().unwrap();
    let keys = Keys::new(
        vec![grant],
        KeysConfig::default(),
        http.clone(),
        Clock::system(),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut plan = Plan {
        config_url,
        client_id: CLIENT.to_owned(),
        client_secret: Secret::new(SECRET),
        redirect_uri: format!("http://127.0.0.1:{port}/auth/callback"),
        redirect_uri_of_server: Some("https://h.example/auth/callback".to_owned()),
        scopes: None,
        required_scopes: None,
        prompt: None,
        resource: None,
        endpoint_url: "https://h.example/mcp".to_owned(),
        mode: AuthMode::OidcProxy,
        allowed_by: Vec::new(),
    };
    change(&mut plan);
    let login = Login {
        plan,
        keys: Arc::new(keys.ok().unwrap()),
        http,
        policy: None,
        wait: Duration::from_secs(5),
    };
    let lines = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&lines);
    let mut report = Report::new(move |line| {
        if let Some(url) = line.strip_prefix("sign in at ") {
            let browser = reqwest::Client::builder().no_proxy().build().unwrap();
            let page = browser.get(url.to_owned()).send();
            tokio::spawn(async move { drop(page.await) });
        }
        let mut kept = kept.lock().unwrap();
        kept.push_str(line);
        kept.push('\n');
    });
    login.run(listener, &mut report).await;
    let works = report.conclude();
    let lines = lines.lock().unwrap().clone();
    assert!(!lines.contains("5ecre7"), "a secret is shown:\n{lines}");
    (works, lines)
}

#[tokio::test]
async fn a_provider_that_does_everything_right() {
    let (works, lines) = check(Quirks::default(), |plan| {
        plan.allowed_by = vec![("OIDC_ALLOWED_EMAILS", "email")];
    })
    .await;
    assert!(works, "{lines}");
    for expected in [
        "ok: discovery: issuer http://127.0.0.1:",
        "ok: the provider lets users sign in and sends them to https://h.example/auth/callback",
        "ok: the code was exchanged for tokens",
        "ok: the ID token is in order; it tells aud, exp, iat, iss, nonce, sub",
        "note: the access token is opaque",
        "ok: userinfo answers",
        "ok: refreshing works, and the refresh token stays the same",
        "signing in works",
    ] {
        assert!(lines.contains(expected), "{expected}\n{lines}");
    }
    assert!(!lines.contains("problem"), "{lines}");
}

#[tokio::test]
async fn each_fault_is_told_with_its_remedy() {
    let page = |_: &Url| {
        let page = "<h1>oops</h1><p>redirect_uri did not match any of the client's</p>";
        answer("400 Bad Request", "content-type: text/html\r\n", page)
    };
    let only_loopback = |url: &Url| {
        let own = value(url, "redirect_uri").unwrap().starts_with("https:");
        if own {
            answer("400 Bad Request", "", "invalid redirect_uri")
        } else {
            String::new()
        }
    };
    let back = |url: &Url| {
        let target = format!(
            "{}?error=invalid_scope",
            value(url, "redirect_uri").unwrap()
        );
        answer("303 See Other", &format!("location: {target}\r\n"), "")
    };
    let default = Quirks::default;
    for (quirks, problem, hint) in [
        (
            Quirks {
                authorization: Some(page),
                ..default()
            },
            "(status 400): oops redirect_uri did not match",
            "register the redirect URI `http://127.0.0.1:",
        ),
        (
            Quirks {
                authorization: Some(only_loopback),
                ..default()
            },
            "error page for https://h.example/auth/callback",
            "register the redirect URI `https://h.example/auth/callback`",
        ),
        (
            Quirks {
                authorization: Some(back),
                ..default()
            },
            "refuses the request: invalid_scope",
            "let the client have the scopes",
        ),
        (
            Quirks {
                error: Some("access_denied"),
                ..default()
            },
            "the provider refused: access_denied",
            "let this user use the client",
        ),
        (
            Quirks {
                iss: Some("https://evil.example"),
                ..default()
            },
            "from another issuer: `https://evil.example`",
            "RFC 9207",
        ),
        (
            Quirks {
                refused: Some(("401 Unauthorized", "invalid_client")),
                ..default()
            },
            "exchanging the code was refused (status 401): invalid_client: because",
            "check `OIDC_CLIENT_SECRET`",
        ),
        (
            Quirks {
                refused: Some(("400 Bad Request", "unauthorized_client")),
                ..default()
            },
            "unauthorized_client",
            "let the client have the grants",
        ),
        (
            Quirks {
                id_token: Some(|claims| claims["nonce"] = json!("x")),
                ..default()
            },
            "`nonce` is not that of the request",
            "repeat `nonce`",
        ),
        (
            Quirks {
                id_token: Some(|claims| claims["aud"] = json!("other")),
                ..default()
            },
            "`aud` does not name this client",
            "`OIDC_CLIENT_ID`",
        ),
        (
            Quirks {
                id_token: Some(|claims| claims["aud"] = json!([CLIENT, "other"])),
                ..default()
            },
            "`azp` does not name",
            "several audiences",
        ),
        (
            Quirks {
                id_token: Some(|claims| claims["iss"] = json!("https://x")),
                ..default()
            },
            "`iss` is not the issuer",
            "byte for byte",
        ),
        (
            Quirks {
                id_token: Some(|claims| claims["iat"] = json!(now() + 100)),
                ..default()
            },
            "s in the future",
            "NTP",
        ),
        (
            Quirks {
                id_token: Some(|claims| claims["exp"] = json!(now() - 100)),
                ..default()
            },
            "it ended 100 s ago",
            "NTP",
        ),
        (
            Quirks {
                id_token: Some(|claims| claims["exp"] = json!("soon")),
                ..default()
            },
            "`exp` is not a whole number",
            "when the token ends",
        ),
        (
            Quirks {
                id_token: Some(|claims| claims["at_hash"] = json!("AAAA")),
                ..default()
            },
            "`at_hash` does not fit the access token",
            "must hash the access token",
        ),
        (
            Quirks {
                id_token: Some(|claims| claims["sub"] = json!("bob")),
                ..default()
            },
            "userinfo is about somebody else",
            "one `sub` for a user",
        ),
        (
            Quirks {
                stranger_signs: true,
                ..default()
            },
            "the ID token: invalid signature",
            "have the provider sign ID tokens",
        ),
        (
            Quirks {
                tokens: Some(|tokens| drop(tokens.as_object_mut().unwrap().remove("id_token"))),
                ..default()
            },
            "no ID token",
            "`openid`",
        ),
        (
            Quirks {
                tokens: Some(|tokens| {
                    drop(tokens.as_object_mut().unwrap().remove("refresh_token"))
                }),
                ..default()
            },
            "gave no refresh token",
            "`offline_access`",
        ),
        (
            Quirks {
                refresh_refused: true,
                ..default()
            },
            "refreshing was refused (status 400): invalid_grant",
            "start the check again",
        ),
        (
            Quirks {
                date: Some("Tue, 01 Jan 2030 00:00:00 GMT"),
                ..default()
            },
            "the clock of the provider differs",
            "NTP",
        ),
        (
            Quirks {
                document: Some(|document| {
                    document["token_endpoint"] = json!("http://idp.example/token")
                }),
                ..default()
            },
            "no usable `token_endpoint`",
            "authorization code flow",
        ),
        (
            Quirks {
                document: Some(|document| document["issuer"] = json!("https://evil.example")),
                ..default()
            },
            "problem: discovery:",
            "`OIDC_CONFIG_URL`",
        ),
    ] {
        let (works, lines) = check(quirks, |_| ()).await;
        assert!(!works, "{problem}\n{lines}");
        assert!(lines.contains(problem), "{problem}\n{lines}");
        assert!(lines.contains(hint), "{hint}\n{lines}");
        // The seconds of a clock go on between two steps.
        let told_twice = hint == "NTP";
        let problems = lines.matches("problem: ").count();
        assert!(problems == 1 || told_twice, "{problem}\n{lines}");
    }
}

#[tokio::test]
async fn lists_of_users_need_claims() {
    for (setting, claim) in [
        ("OIDC_ALLOWED_GROUPS", "groups"),
        ("OIDC_ALLOWED_EMAILS", "phone"),
    ] {
        let (works, lines) = check(Quirks::default(), |plan| {
            plan.allowed_by = vec![(setting, claim)]
        })
        .await;
        assert!(!works, "{lines}");
        let problem = format!("`{setting}` lets nobody in: the provider tells no `{claim}`");
        assert!(lines.contains(&problem), "{lines}");
    }
}

#[tokio::test]
async fn a_resource_that_the_provider_does_not_know() {
    let unknown = |url: &Url| match value(url, "resource") {
        Some(_) => {
            let target = format!(
                "{}?error=invalid_target",
                value(url, "redirect_uri").unwrap()
            );
            answer("303 See Other", &format!("location: {target}\r\n"), "")
        }
        None => String::new(),
    };
    let quirks = Quirks {
        authorization: Some(unknown),
        ..Quirks::default()
    };
    let (works, lines) = check(quirks, |plan| {
        plan.resource = Some("https://h.example/mcp".to_owned());
        plan.redirect_uri_of_server = None;
    })
    .await;
    assert!(!works);
    assert!(
        lines.contains("knows no resource `https://h.example/mcp`"),
        "{lines}"
    );
    assert!(
        lines.contains("ok: refreshing works"),
        "it goes on without:\n{lines}"
    );
}

#[tokio::test]
async fn nobody_comes_back() {
    let idle = Duration::from_millis(50);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    assert!(super::callback::wait(listener, idle).await.is_none());
}
