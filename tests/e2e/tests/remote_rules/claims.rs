//! Tokens that the provider did sign, and that are not good here (rows 9 to 13, 15, and scopes).

use e2e::server::Server;
use e2e::settings::{AUDIENCE, Settings};
use e2e::token::{Token, now, sign_bytes};
use serde_json::{Value, json};

use super::{Setting, attempt, judge_refusal};

#[tokio::test]
async fn lifetimes() {
    let mut setting = Setting::new().await;
    setting
        .refuses("9 no exp", &setting.signed(|token| token.without("exp")))
        .await;
    let later = now() + 300;
    for exp in [
        json!(later.to_string()),
        json!(later as f64 + 0.5),
        json!(-1),
        json!(null),
        json!([later]),
        json!(true),
        json!(u64::MAX),
    ] {
        setting
            .refuses(
                &format!("9 exp {exp}"),
                &setting.signed(|token| token.claim("exp", exp.clone())),
            )
            .await;
    }
    for number in ["9223372036854775808", "1e400", "1e3", "1795416311.0"] {
        let payload = setting
            .token()
            .claim("exp", json!("@"))
            .payload()
            .replace("\"@\"", number);
        setting
            .refuses(
                &format!("9 exp {number}"),
                &signed_payload(&setting, payload),
            )
            .await;
    }
    // 20 seconds from the boundary on either side, so that a slow machine changes nothing.
    for (name, seconds, accepted) in [
        ("exp", -10, true),
        ("exp", -50, false),
        ("exp", -86_400, false),
        ("nbf", 10, true),
        ("nbf", 50, false),
        ("nbf", -50, true),
        ("iat", 10, true),
        ("iat", 50, false),
        ("iat", 86_400, false),
    ] {
        let token = setting.signed(|token| token.claim(name, json!(now() + seconds)));
        let row = format!("10 {name} {seconds:+} s");
        if accepted {
            setting.accepts(&row, &token).await
        } else {
            setting.refuses(&row, &token).await
        }
    }
    setting.finish();
}

#[tokio::test]
async fn issuer_and_audience() {
    let mut setting = Setting::new().await;
    let issuer = setting.idp.issuer().to_owned();
    for wrong in [
        json!("https://evil.example"),
        json!(format!("{issuer}/")),
        json!(issuer.to_uppercase()),
        json!(issuer.replace("127.0.0.1", "localhost")),
        json!(issuer.replace('1', "\u{661}")),
        json!([issuer]),
        json!(null),
        json!(""),
        json!(format!(" {issuer}")),
    ] {
        setting
            .refuses(
                &format!("11 iss {wrong}"),
                &setting.signed(|token| token.claim("iss", wrong.clone())),
            )
            .await;
    }
    setting
        .refuses("11 no iss", &setting.signed(|token| token.without("iss")))
        .await;
    for (audience, accepted) in [
        (json!("https://other.example/mcp"), false),
        (json!(format!("{AUDIENCE}-evil")), false),
        (json!(format!("{AUDIENCE}/")), false),
        (json!(format!("{AUDIENCE} https://other.example")), false),
        (json!("https://images.example.com"), false),
        (json!(AUDIENCE.to_uppercase()), false),
        (json!([[AUDIENCE]]), false),
        (json!([]), false),
        (json!(""), false),
        (json!(null), false),
        (json!({"0": AUDIENCE}), false),
        (json!([AUDIENCE, 5]), false),
        (json!(["https://other.example"]), false),
        (json!([AUDIENCE]), true),
        (json!(["https://other.example", AUDIENCE]), true),
        (json!(AUDIENCE), true),
    ] {
        let token = setting.signed(|token| token.claim("aud", audience.clone()));
        let row = format!("12 aud {audience}");
        if accepted {
            setting.accepts(&row, &token).await
        } else {
            setting.refuses(&row, &token).await
        }
    }
    setting
        .refuses("12 no aud", &setting.signed(|token| token.without("aud")))
        .await;
    for subject in [json!(""), json!(null), json!(5), json!("s".repeat(256))] {
        setting
            .refuses(
                &format!("sub {:.20}", subject.to_string()),
                &setting.signed(|token| token.claim("sub", subject.clone())),
            )
            .await;
    }
    setting
        .refuses("no sub", &setting.signed(|token| token.without("sub")))
        .await;
    setting.finish();
}

#[tokio::test]
async fn other_kinds_of_token() {
    let mut setting = Setting::new().await;
    for typ in [
        "logout+jwt",
        "dpop+jwt",
        "secevent+jwt",
        "oauth-id-jag+jwt",
        "token-introspection+jwt",
        "JOSE",
        "",
    ] {
        setting
            .refuses(
                &format!("13 typ {typ}"),
                &setting.signed(|token| token.header("typ", json!(typ))),
            )
            .await;
    }
    for (marker, value) in [
        ("nonce", json!("n")),
        ("at_hash", json!("h")),
        ("c_hash", json!("h")),
    ] {
        let id_token = |token: Token| {
            token
                .header("typ", json!("JWT"))
                .claim(marker, value.clone())
        };
        setting
            .refuses(
                &format!("13 id token with {marker}"),
                &setting.signed(id_token),
            )
            .await;
    }
    let events = json!({"http://schemas.openid.net/event/backchannel-logout": {}});
    setting
        .refuses(
            "13 logout token",
            &setting.signed(|token| token.header("typ", json!("JWT")).claim("events", events)),
        )
        .await;
    setting
        .refuses(
            "13 dpop proof",
            &setting.signed(|token| {
                token
                    .claim("htm", json!("POST"))
                    .claim("htu", json!(AUDIENCE))
            }),
        )
        .await;
    setting
        .refuses(
            "13 bound token",
            &setting.signed(|token| token.claim("cnf", json!({"jkt": "x"}))),
        )
        .await;
    for typ in ["at+jwt", "application/at+jwt", "AT+JWT", "JWT"] {
        setting
            .accepts(
                &format!("13 typ {typ}"),
                &setting.signed(|token| token.header("typ", json!(typ))),
            )
            .await;
    }
    setting
        .accepts("13 no typ", &setting.signed(|token| token.without("typ")))
        .await;
    for opaque in ["3q2-7w", "eyJhbGciOiJub25lIn0"] {
        setting.refuses("13 opaque token", opaque).await;
    }
    setting.finish();
}

#[tokio::test]
async fn json_has_one_reading() {
    let mut setting = Setting::new().await;
    let payload = setting.token().payload();
    let inside = payload.strip_prefix('{').unwrap();
    let utf16: Vec<u8> = payload.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let mut not_utf8 = payload.replace("alice", "al\u{1}ce").into_bytes();
    not_utf8
        .iter_mut()
        .filter(|byte| **byte == 1)
        .for_each(|byte| *byte = 0xff);
    for (name, bytes) in [
        (
            "aud twice, the right one last",
            format!("{{\"aud\":\"x\",{inside}").into_bytes(),
        ),
        (
            "aud twice, the right one first",
            payload
                .replace("\"sub\"", "\"aud\":\"x\",\"sub\"")
                .into_bytes(),
        ),
        (
            "aud twice, once escaped",
            format!("{{\"\\u0061ud\":\"x\",{inside}").into_bytes(),
        ),
        (
            "nested names twice",
            format!("{{\"x\":{{\"a\":1,\"a\":2}},{inside}").into_bytes(),
        ),
        ("utf-16", utf16),
        (
            "byte order mark",
            [&b"\xef\xbb\xbf"[..], payload.as_bytes()].concat(),
        ),
        ("not utf-8", not_utf8),
        (
            "deep nesting",
            format!(
                "{{\"x\":{}{},{inside}",
                "[".repeat(2_000),
                "]".repeat(2_000)
            )
            .into_bytes(),
        ),
        ("trailing text", format!("{payload}x").into_bytes()),
        ("two objects", format!("{payload}{payload}").into_bytes()),
        ("an array", format!("[{payload}]").into_bytes()),
        ("a string", json!(payload).to_string().into_bytes()),
        ("nothing", Vec::new()),
        (
            "lone surrogate",
            payload.replace("alice", "\\ud800").into_bytes(),
        ),
    ] {
        setting
            .refuses(&format!("15 {name}"), &signed_payload(&setting, bytes))
            .await;
    }
    let many: Vec<String> = (0..10_000)
        .map(|number| format!("\"c{number}\":{number}"))
        .collect();
    let long = signed_payload(&setting, format!("{{{},{inside}", many.join(",")));
    let caller = setting.server.as_bearer(&long);
    assert_eq!(
        attempt(&caller).await.status,
        431,
        "15: 10 000 claims do not fit into a header"
    );
    for header in [
        "{\"alg\":\"none\",\"alg\":\"RS256\",\"kid\":\"rs\",\"typ\":\"at+jwt\"}",
        "[\"RS256\"]",
        "RS256",
        "{\"alg\":\"RS256\",\"kid\":\"rs\"",
        "",
    ] {
        setting
            .refuses(
                &format!("15 header {header}"),
                &sign_bytes(&setting.key, header, &payload),
            )
            .await;
    }
    setting.finish();
}

fn signed_payload(setting: &Setting, payload: impl AsRef<[u8]>) -> String {
    sign_bytes(
        &setting.key,
        json!({"alg": "RS256", "kid": "rs", "typ": "at+jwt"}).to_string(),
        payload,
    )
}

#[tokio::test]
async fn scopes_decide_per_operation() {
    let setting = Setting::new().await;
    let server = scoped(&setting).await;
    let with = |scope: Value| setting.signed(|token| token.claim("scope", scope.clone()));

    // What everything needs is missing: refused at the door.
    for scope in [
        json!(""),
        json!("email"),
        json!("image:readx"),
        json!("IMAGE:READ"),
    ] {
        let reply = server.as_bearer(&with(scope)).list_tools().await;
        judge_refusal(&reply, (403, "insufficient_scope")).unwrap();
        assert_eq!(reply.challenge().scopes(), ["image:read"]);
    }
    // Reading is allowed, writing is not: refused before the tool runs, with all that it needs.
    let reader = server.as_bearer(&with(json!("image:read")));
    assert_eq!(reader.list_tools().await.status, 200);
    let reply = attempt(&reader).await;
    judge_refusal(&reply, (403, "insufficient_scope")).unwrap();
    assert_eq!(reply.challenge().scopes(), ["image:read", "image:write"]);
    assert_eq!(server.gallery().images(), 0);

    for (name, value) in [
        ("scope", json!("image:write image:read")),
        ("scope", json!(["image:read", "image:write"])),
        ("scp", json!("image:read image:write")),
    ] {
        let token = setting.signed(|token| token.without("scope").claim(name, value));
        server
            .as_bearer(&token)
            .generate("a boat that may be painted")
            .await;
    }
    for scope in [
        json!(5),
        json!({"image:read": true}),
        json!([["image:read"]]),
    ] {
        let reply = server.as_bearer(&with(scope)).list_tools().await;
        judge_refusal(&reply, (401, "invalid_token")).unwrap();
    }
}

async fn scoped(setting: &Setting) -> Server {
    let settings = Settings::remote(&setting.idp.config_url());
    let server = settings
        .with("OIDC_REQUIRED_SCOPES", "image:read")
        .with("OIDC_WRITE_SCOPES", "image:write")
        .start()
        .await;
    server.ready().await;
    server
}
