//! What must hold for any bytes from outside, whatever they mean: no panic, and no acceptance that the
//! same bytes do not explain. The fuzz targets run these; the test here replays their seeds.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth::access_token::{AccessToken, Parties};
use oauth::client::{Occasion, is_document_url};
use oauth::client_authentication::authenticate;
use oauth::cookie::Cookie;
use oauth::display::cleaned;
use oauth::form::Parameters;
use oauth::id_token::{Expected, judge};
use oauth::redirect::{Kind, RedirectUri};
use oauth::seal::Purpose;
use oauth::secret::Secret;
use policy::http::Response;
use policy::keys::VerifiedJws;
use policy::types::{HttpRequest, RequestHead};
use serde_json::Value;

use crate::support::{Dice, KEY, NOW, OTHER_KEY, keys};
use crate::world::{World, clients, fields, location, post};

const DOCUMENT: &str = "https://client.example/metadata.json";
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("content-type", "application/json");

/// Nothing opens but what was sealed, and that opens as what it was.
pub fn seal(data: &[u8]) {
    let ring = keys(&format!("{KEY},{OTHER_KEY}"));
    let text = String::from_utf8_lossy(data);
    for purpose in Purpose::ALL {
        let seal = ring.seal(purpose, &["context", &text]);
        assert!(seal.open(&text).is_err());
        assert_eq!(
            seal.open(&seal.seal(data, &Dice::new(1))).as_deref(),
            Ok(data)
        );
    }
    let signer = ring.signer(Purpose::AccessToken);
    assert!(signer.verify(&text, data, data).is_err());
    assert!(signer.verify(&signer.key_id(), data, data).is_err());
    if let Ok(ring) = oauth::seal::KeyRing::parse(&text) {
        assert!(!format!("{ring:?}").contains(text.split(',').next().unwrap().trim()));
    }
}

/// What is accepted has a plain host, and an answer to it goes there.
pub fn redirect(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(uri) = RedirectUri::parse(&text) else {
        return;
    };
    assert!(uri.matches(&uri) && uri.as_str() == text);
    assert!(text.is_ascii() && !text.contains(['#', '\\', '*', ' ', '<', '>', '"']));
    let shown = uri.display_host();
    assert!(!shown.is_empty() && !shown.contains(['@', '/', '%']));
    if uri.kind() == Kind::Web {
        assert!(
            text.to_ascii_lowercase()
                .starts_with(&format!("https://{shown}"))
        );
    }
    let answer = uri.with_parameters(&[("state", &text)]);
    assert!(answer.starts_with(&*text));
    assert_eq!(
        RedirectUri::parse(&answer)
            .map(|uri| uri.display_host())
            .unwrap_or(shown.clone()),
        shown
    );
    if is_document_url(&text) {
        assert_eq!(uri.kind(), Kind::Web);
    }
}

/// A form has one value for each name; a cookie has one or none.
pub fn form(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let _ = Parameters::of_query(&text);
    if let Ok(parameters) = Parameters::parse(data) {
        let value = parameters.value("a").unwrap_or_default();
        let again = Parameters::parse(oauth::form::encode(&[("a", value)]).as_bytes());
        assert_eq!(again.unwrap().value("a").unwrap_or_default(), value);
    }
    let cookie = Cookie::new("browser", &location());
    let field = text.replace("{name}", cookie.name());
    if let Some(value) = cookie.value(&fields(&[("cookie", &field)])) {
        assert!(cookie.set(value, 1).is_ok(), "what is read can be written");
    }
    let head = RequestHead {
        path_with_query: text.to_string(),
        headers: fields(&[("x-forwarded-prefix", &text)]),
        ..RequestHead::default()
    };
    if let Some(endpoint) = location().endpoint(&head) {
        assert!(text.contains(endpoint.path()));
    }
    if let Some(shown) = cleaned(&text, 80) {
        assert!(shown.chars().count() <= 82 && !shown.chars().any(char::is_control));
        assert_eq!(
            cleaned(&shown, 81).as_ref(),
            Some(&shown),
            "what is clean stays as it is"
        );
    }
}

/// A client that registers is one that is known afterwards, and nothing is fetched or stored.
pub fn registration(data: &[u8]) {
    let world = World::new();
    let clients = clients(&[]);
    let mut request = post(&[JSON], "");
    request.body = data.to_vec();
    let registered = clients.register(&request, &world.services());
    assert!(world.fetches() == 0 && world.stored.borrow().is_empty());
    match registered {
        Err(error) => assert!((400..500).contains(&error.response().status)),
        Ok(response) => {
            let information: Value = serde_json::from_slice(&response.body).unwrap();
            let id = information["client_id"].as_str().unwrap();
            let client = clients
                .resolve(id, Occasion::Token, &world.services())
                .unwrap();
            let uris: Vec<&str> = client
                .redirect_uris
                .iter()
                .map(RedirectUri::as_str)
                .collect();
            assert_eq!(information["redirect_uris"], serde_json::json!(uris));
        }
    }
}

/// A document describes only the client whose id is its URL, and is understood again when cached.
pub fn document(data: &[u8]) {
    let world = World::new();
    let response = Response {
        status: 200,
        headers: fields(&[JSON]),
        body: data.to_vec(),
    };
    world.answer(DOCUMENT, Ok(response));
    let resolve = || clients(&[]).resolve(DOCUMENT, Occasion::Authorization, &world.services());
    let first = resolve();
    assert_eq!(first, resolve());
    assert_eq!(world.fetches(), 1);
    if first.is_ok() {
        let document: Value = serde_json::from_slice(data).unwrap();
        assert_eq!(document["client_id"], DOCUMENT);
        assert!(document.get("client_secret").is_none());
    }
}

/// Nobody is the client with a secret who does not present it: bytes as a body, and as a header.
pub fn client(data: &[u8]) {
    let file =
        format!("[[clients]]\nid = \"a\"\nsecret = \"{KEY}\"\nredirect_uris = [\"https://h/\"]\n");
    let clients = clients(&[("OIDC_CLIENTS", &file)]);
    let world = World::new();
    let text = String::from_utf8_lossy(data);
    let bodies = [(data, "Basic YTo="), (b"client_id=a", &*text)];
    for (body, authorization) in bodies {
        let mut request: HttpRequest = post(&[FORM, ("authorization", authorization)], "");
        request.body = body.to_vec();
        let Ok(parameters) = Parameters::of_body(&request) else {
            continue;
        };
        for request in [&post(&[FORM], ""), &request] {
            if authenticate(&clients, request, &parameters, &world.services()).is_ok() {
                assert!(text.len() > KEY.len(), "{text}");
            }
        }
    }
}

/// What is no token of ours is refused; what our key has signed is read as it is written, or refused.
/// The first line is the header, the rest the payload.
pub fn access_token(data: &[u8]) {
    let ring = keys(KEY);
    let parties = Parties {
        issuer: "https://h.example",
        resource: "https://h.example/mcp",
    };
    let text = String::from_utf8_lossy(data);
    let verify = |token: &str| AccessToken::verify(token, parties, &ring, NOW);
    assert!(verify(&text).is_err());
    let (header, payload) = text.split_once('\n').unwrap_or(("", &text));
    let signer = ring.signer(Purpose::AccessToken);
    let header = header.replace("{kid}", &signer.key_id());
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(&header),
        URL_SAFE_NO_PAD.encode(payload)
    );
    let signature = URL_SAFE_NO_PAD.encode(signer.sign(message.as_bytes()));
    if let Ok(token) = verify(&format!("{message}.{signature}")) {
        assert!(header.contains("at+jwt") && token.expires_at > NOW && !token.subject.is_empty());
        // Without the claims of the user: a fraction need not be spelled twice in the same way.
        let plain = |token: AccessToken| AccessToken {
            claims: String::new(),
            ..token
        };
        let again = verify(&token.mint(parties, &ring));
        assert_eq!(again.map(plain), Ok(plain(token)));
    }
}

/// An ID token signs in only who it names, for us, here and now. The first line is the header.
pub fn id_token(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (header, payload) = text.split_once('\n').unwrap_or(("", &text));
    let jws = VerifiedJws {
        header: header.to_owned(),
        payload: payload.to_owned(),
    };
    let expected = Expected {
        issuer: "https://idp.example",
        client_id: "us",
        algorithms: &["RS256".to_owned(), "EdDSA".to_owned()],
        nonce: Some("n"),
        access_token: &Secret::new("at"),
        now: NOW,
        leeway: 30,
    };
    if let Ok(judged) = judge(&jws, &expected) {
        let claims: Value = serde_json::from_str(payload).unwrap();
        assert_eq!(claims["sub"], judged.subject());
        assert_eq!(
            (&claims["iss"], &claims["nonce"]),
            (&"https://idp.example".into(), &"n".into())
        );
        assert!(claims["exp"].as_u64().unwrap() + 30 > NOW);
        assert!(claims["aud"].to_string().contains("\"us\""));
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;

    type Target = (&'static str, fn(&[u8]));

    const TARGETS: [Target; 8] = [
        ("access_token", access_token),
        ("client", client),
        ("document", document),
        ("form", form),
        ("id_token", id_token),
        ("redirect", redirect),
        ("registration", registration),
        ("seal", seal),
    ];

    fn seeds(target: &str) -> Vec<PathBuf> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fuzz/seeds")
            .join(target);
        let entries = std::fs::read_dir(&folder).unwrap();
        let mut seeds: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        seeds.sort();
        seeds
    }

    #[test]
    fn the_seeds_of_the_fuzz_targets_hold() {
        for (target, holds) in TARGETS {
            let seeds = seeds(target);
            assert!(seeds.len() >= 5, "{target} has lost its seeds");
            for seed in seeds {
                holds(&std::fs::read(seed).unwrap());
            }
        }
    }

    /// A seed that is refused early exercises little.
    #[test]
    fn the_good_seeds_are_accepted() {
        let read = |target: &str, name: &str| {
            let seeds = seeds(target);
            let path = seeds.iter().find(|path| path.ends_with(name)).unwrap();
            std::fs::read(path).unwrap()
        };
        let redirect = String::from_utf8(read("redirect", "good")).unwrap();
        assert!(RedirectUri::parse(&redirect).is_ok());
        assert!(Parameters::parse(&read("form", "good")).is_ok());
        let world = World::new();
        let mut request = post(&[JSON], "");
        request.body = read("registration", "good");
        assert!(clients(&[]).register(&request, &world.services()).is_ok());
        world.serve(
            DOCUMENT,
            &[],
            String::from_utf8(read("document", "good")).unwrap(),
        );
        assert!(
            clients(&[])
                .resolve(DOCUMENT, Occasion::Authorization, &world.services())
                .is_ok()
        );
    }
}
