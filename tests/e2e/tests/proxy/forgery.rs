//! Access tokens that this server never signed, or not like this (rows 1 to 3, 6 to 8, 15 to 17).

use aws_lc_rs::hmac;
use e2e::keys::{Key, encode};
use e2e::scripted_idp::{JWKS, ScriptedIdp};
use e2e::site::Site;
use e2e::token::{sign_bytes, signing_input, with_signature};
use serde_json::{Value, json};

use super::verdict;

/// A site with a user, and her token taken apart.
struct Taken {
    site: Site,
    token: String,
    header: Value,
    claims: Value,
}

impl Taken {
    async fn new() -> Self {
        let site = Site::start().await;
        let (_, tokens) = site.signed_in("alice").await;
        let part = |index: usize| decode(tokens.access.split('.').nth(index).unwrap());
        Self {
            header: part(0),
            claims: part(1),
            token: tokens.access,
            site,
        }
    }

    async fn refuses(&self, row: &str, token: &str) {
        let reply = self.site.caller(token).list_tools().await;
        assert_eq!(verdict(&reply), (401, "invalid_token".into()), "{row}");
        let challenge = reply.challenge();
        assert_eq!(challenge.get("error"), Some("invalid_token"), "{row}");
    }

    /// The header with a member replaced.
    fn header(&self, name: &str, value: Value) -> String {
        let mut header = self.header.clone();
        header[name] = value;
        header.to_string()
    }

    /// The signature that belongs to the token.
    fn signature(&self) -> &str {
        self.token.rsplit_once('.').unwrap().1
    }
}

fn decode(part: &str) -> Value {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(part)
        .unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn rows_1_to_3_no_other_algorithm_and_no_other_key_signs() {
    let taken = Taken::new().await;
    assert_eq!(
        (&taken.header["alg"], &taken.header["typ"]),
        (&json!("HS256"), &json!("at+jwt"))
    );
    let payload = taken.claims.to_string();
    for algorithm in ["none", "None", "NONE", "nOnE", "", "HS512", "RS256"] {
        let input = signing_input(taken.header("alg", json!(algorithm)), &payload);
        taken
            .refuses(&format!("1 {algorithm} unsigned"), &format!("{input}."))
            .await;
        taken
            .refuses(
                &format!("1 {algorithm} signed"),
                &format!("{input}.{}", taken.signature()),
            )
            .await;
    }
    let input = signing_input(taken.header.to_string(), &payload);
    let client_secret = taken.site.client["client_secret"].as_str().unwrap();
    for (row, secret) in [
        ("nothing", ""),
        ("the client secret", client_secret),
        (
            "the configured text of the key",
            taken.site.signing_key.as_str(),
        ),
        ("the key id", taken.header["kid"].as_str().unwrap()),
    ] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = hmac::sign(&key, input.as_bytes());
        taken
            .refuses(
                &format!("2 signed with {row}"),
                &with_signature(&input, tag.as_ref()),
            )
            .await;
    }
    for algorithm in ["RS256", "ES256", "EdDSA"] {
        let key = Key::generate("own", algorithm);
        let token = sign_bytes(&key, taken.header("alg", json!(algorithm)), &payload);
        taken.refuses(&format!("3 {algorithm}"), &token).await;
    }
    assert_eq!(taken.site.statuses(&taken.token).await, [200]);
}

#[tokio::test]
async fn rows_6_to_8_a_token_brings_no_key_and_no_extension() {
    let taken = Taken::new().await;
    let own = Key::generate("attacker", "RS256");
    let attacker = ScriptedIdp::start(&[&own]).await;
    let url = format!("{}{JWKS}", attacker.issuer());
    let payload = taken.claims.to_string();
    for (name, value) in [
        ("jwk", own.jwk()),
        ("jku", json!(url)),
        ("x5u", json!(url)),
        ("crit", json!(["b64"])),
        ("crit", json!([])),
        ("zip", json!("DEF")),
        ("kid", json!("../../dev/null")),
        ("kid", json!("' OR '1'='1")),
        ("kid", json!("k".repeat(4_000))),
        ("kid", json!(null)),
        ("kid", json!(7)),
        ("kid", json!(["x"])),
        ("typ", json!("JWT")),
        ("typ", json!("logout+jwt")),
    ] {
        let input = signing_input(taken.header(name, value.clone()), &payload);
        taken
            .refuses(
                &format!("6 to 8 {name} {value:.30}"),
                &format!("{input}.{}", taken.signature()),
            )
            .await;
    }
    assert_eq!(attacker.all_requests(), 0, "6: the attacker was asked");
}

#[tokio::test]
async fn rows_15_to_17_a_token_has_one_spelling() {
    let taken = Taken::new().await;
    let parts: Vec<&str> = taken.token.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        panic!("three parts")
    };
    let claims = taken.claims.to_string();
    let twice = format!("{{\"aud\":\"x\",{}", &claims[1..]);
    let deep = format!(
        "{{\"x\":{}{},{}",
        "[".repeat(2_000),
        "]".repeat(2_000),
        &claims[1..]
    );
    let with_claims = |text: &str| format!("{header}.{}.{signature}", encode(text));
    for (row, token) in [
        ("15 aud twice", with_claims(&twice)),
        ("15 deep", with_claims(&deep)),
        (
            "15 byte order mark",
            with_claims(&format!("\u{feff}{claims}")),
        ),
        ("16 padded", format!("{}=", taken.token)),
        ("16 trailing bits", with_trailing_bits(&taken.token)),
        ("16 two parts", format!("{header}.{payload}")),
        ("16 four parts", format!("{}.{signature}", taken.token)),
        ("16 six parts", format!("{0}.{0}", taken.token)),
        ("16 empty payload", format!("{header}..{signature}")),
        ("16 dots", "..".to_owned()),
        (
            "17 jwe",
            format!("{header}.{payload}.{payload}.{payload}.{signature}"),
        ),
        ("truncated", taken.token[..taken.token.len() - 4].to_owned()),
    ] {
        taken.refuses(row, &token).await;
    }
    let long = with_claims(&format!("{{\"x\":\"{}\"}}", "x".repeat(8 << 10)));
    let status = taken.site.caller(&long).list_tools().await.status;
    assert!([401, 431].contains(&status), "15 long: {status}");
    assert_eq!(taken.site.statuses(&taken.token).await, [200]);
}

/// The last character of a 32-byte signature carries two bits that must be zero.
fn with_trailing_bits(token: &str) -> String {
    let (rest, last) = token.split_at(token.len() - 1);
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let index = alphabet.find(last).unwrap();
    format!("{rest}{}", &alphabet[index | 1..=index | 1])
}
