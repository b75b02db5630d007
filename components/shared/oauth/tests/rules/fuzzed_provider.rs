//! What must hold whatever the provider says of itself and answers. The fuzz target runs this; the test
//! here replays its seeds.

use oauth::provider::{Credentials, Provider};
use oauth::secret::Secret;
use policy::http::{Client, Destination, Error, Request, Response};
use policy::keys::{Failure, ProviderMetadata, VerifiedJws, Verifier};
use serde_json::Value;

const ISSUER: &str = "https://idp.example";
/// A discovery document on the first line, and behind it what the provider answers to anything.
pub fn provider(data: &[u8]) {
    let Some((document, answer)) = std::str::from_utf8(data)
        .ok()
        .and_then(|text| text.split_once('\n'))
    else {
        return;
    };
    for status in [200, 400, 503] {
        let world = Saying {
            document,
            response: Response {
                status,
                headers: vec![("retry-after".to_owned(), answer.to_owned())],
                body: answer.as_bytes().to_vec(),
            },
        };
        let provider = match Provider::discover("https://idp.example/config", &world) {
            Ok(provider) => provider,
            Err(error) => return assert_loggable(&error),
        };
        assert_plain_url(provider.authorization_endpoint());
        let credentials = Credentials {
            client_id: "us".to_owned(),
            client_secret: Secret::new("secret"),
        };
        match provider.tokens(&credentials, &[("grant_type", "x")], &world) {
            Ok(tokens) => {
                let answer: Value = serde_json::from_str(answer).unwrap();
                assert_eq!(status, 200);
                assert_eq!(answer["access_token"], tokens.access_token.expose());
            }
            Err(error) => assert_loggable(&error),
        }
        let token = Secret::new("token");
        if let Err(error) = provider.userinfo(&token, &world) {
            assert_loggable(&error);
        }
        if let Err(error) = provider.revoke(&credentials, &token, &world) {
            assert_loggable(&error);
        }
    }
}

fn assert_loggable(error: &impl ToString) {
    let text = error.to_string();
    assert!(!text.chars().any(char::is_control), "{text:?}");
    assert!(text.len() < 2000, "{} bytes for the log", text.len());
}

fn assert_plain_url(url: &str) {
    assert!(
        url.starts_with("https://") || url.starts_with("http://"),
        "{url}"
    );
    assert!(url.bytes().all(|byte| byte.is_ascii_graphic()), "{url}");
}

/// A provider that has one document and one answer.
struct Saying<'a> {
    document: &'a str,
    response: Response,
}

impl Verifier for Saying<'_> {
    fn provider(&self, _: &str) -> Result<ProviderMetadata, Failure> {
        Ok(ProviderMetadata {
            issuer: ISSUER.to_owned(),
            document: self.document.to_owned(),
        })
    }

    fn verify(&self, _: &str, _: &str, _: &[String]) -> Result<VerifiedJws, Failure> {
        panic!("no token is verified here")
    }

    fn verify_with(&self, _: &str, _: &str, _: &[String]) -> Result<VerifiedJws, Failure> {
        panic!("no token is verified here")
    }
}

impl Client for Saying<'_> {
    fn send(&self, to: Destination, request: &Request) -> Result<Response, Error> {
        assert_eq!(to, Destination::Provider);
        assert_plain_url(&request.url);
        for (name, value) in &request.headers {
            assert!(!format!("{name}{value}").contains(['\r', '\n', '\0']));
        }
        Ok(self.response.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;

    fn folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/provider")
    }

    #[test]
    fn the_seeds_of_the_fuzz_target_hold() {
        let seeds: Vec<_> = std::fs::read_dir(folder()).unwrap().collect();
        assert!(seeds.len() >= 5, "the target has lost its seeds");
        for seed in seeds {
            provider(&std::fs::read(seed.unwrap().path()).unwrap());
        }
    }

    /// A seed that is refused early exercises little.
    #[test]
    fn the_good_seed_is_accepted() {
        let seed = std::fs::read_to_string(folder().join("good")).unwrap();
        let (document, answer) = seed.split_once('\n').unwrap();
        let world = Saying {
            document,
            response: Response {
                status: 200,
                headers: Vec::new(),
                body: answer.as_bytes().to_vec(),
            },
        };
        let provider = Provider::discover("https://idp.example/config", &world).unwrap();
        let credentials = Credentials {
            client_id: "us".to_owned(),
            client_secret: Secret::new("secret"),
        };
        let tokens = provider.tokens(&credentials, &[], &world).unwrap();
        assert!(tokens.unverified_id_token.is_some() && tokens.refresh_token.is_some());
    }
}
