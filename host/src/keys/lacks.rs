//! What the discovery document of a provider lacks for signing users in, in plain words.

use serde_json::Value;

/// One sentence for each thing that is missing, for the operator. A list that the document does not
/// have says nothing, unless its absence has a meaning.
#[must_use]
pub fn lacks(document: &Value) -> Vec<&'static str> {
    let list = |name: &str| document.get(name).and_then(Value::as_array);
    let has =
        |name: &str, value: &str| list(name).map(|list| list.iter().any(|item| item == value));
    let url = |name: &str| document.get(name).is_some_and(Value::is_string);
    let mut lacking = Vec::new();
    if !url("authorization_endpoint") || !url("token_endpoint") {
        lacking.push("it names no authorization endpoint or no token endpoint: nobody can sign in");
    }
    if has("response_types_supported", "code") == Some(false) {
        lacking.push("it does not list the response type `code`: nobody can sign in");
    }
    if has("scopes_supported", "offline_access") == Some(false) {
        lacking.push("it does not list the scope `offline_access`: without refresh tokens, users have to sign in again whenever an access token of this server ends");
    }
    if has("grant_types_supported", "refresh_token") == Some(false) {
        lacking.push("it does not list the grant `refresh_token`: users have to sign in again whenever an access token of this server ends");
    }
    // Without the list there is no PKCE (RFC 8414, section 2).
    if has("code_challenge_methods_supported", "S256") != Some(true) {
        lacking.push("it does not list the PKCE method `S256`: a stolen authorization code is protected by the client secret only");
    }
    if document.get("authorization_response_iss_parameter_supported") != Some(&Value::Bool(true)) {
        lacking.push("it does not say `iss` in its answers (RFC 9207): this server cannot tell them from those of another provider; harmless as long as there is one");
    }
    lacking
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_missing_is_told() {
        let complete = json!({
            "authorization_endpoint": "https://idp.example/auth",
            "token_endpoint": "https://idp.example/token",
            "response_types_supported": ["code"],
            "scopes_supported": ["openid", "offline_access"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "code_challenge_methods_supported": ["plain", "S256"],
            "authorization_response_iss_parameter_supported": true,
        });
        assert_eq!(lacks(&complete), [""; 0]);
        for (name, value, word) in [
            ("token_endpoint", json!(null), "token endpoint"),
            ("response_types_supported", json!(["id_token"]), "`code`"),
            ("scopes_supported", json!(["openid"]), "`offline_access`"),
            (
                "grant_types_supported",
                json!(["implicit"]),
                "`refresh_token`",
            ),
            (
                "code_challenge_methods_supported",
                json!(["plain"]),
                "`S256`",
            ),
            ("code_challenge_methods_supported", json!(null), "`S256`"),
            (
                "authorization_response_iss_parameter_supported",
                json!("true"),
                "RFC 9207",
            ),
        ] {
            let mut document = complete.clone();
            document[name] = value;
            let lacking = lacks(&document);
            assert_eq!(lacking.len(), 1, "{name}: {lacking:?}");
            assert!(lacking[0].contains(word), "{name}: {lacking:?}");
        }
        for unsaid in [
            "scopes_supported",
            "grant_types_supported",
            "response_types_supported",
        ] {
            let mut document = complete.clone();
            document.as_object_mut().unwrap().remove(unsaid);
            assert_eq!(lacks(&document), [""; 0], "{unsaid}");
        }
    }
}
