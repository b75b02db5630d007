//! The ID token: who signed in, for whom, when; and the clock of the provider.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::report::Report;
use super::story::{Login, Provider};
use super::tokens::Tokens;
use crate::keys::Algorithm;

/// How far clocks may differ, in seconds: the default of `OIDC_CLOCK_LEEWAY_S`.
const LEEWAY: u64 = 30;

const CLOCKS: &str = "set the clocks of both machines by NTP";

/// Judges the ID token of an answer. `nonce` is that of the request; a refreshed token has none.
pub(super) async fn id_token(
    login: &Login,
    provider: &Provider,
    (tokens, nonce): (&Tokens, Option<&str>),
    report: &mut Report,
) -> Option<Map<String, Value>> {
    let Some(token) = tokens.text("id_token") else {
        report.problem(
            "the provider gave no ID token",
            "let the client have the scope `openid`",
        );
        return None;
    };
    let algorithms: Vec<&str> = Algorithm::ALL.into_iter().map(Algorithm::name).collect();
    let verified = login.keys.verify(&provider.issuer, token, &algorithms);
    let verified = match verified.await {
        Ok(verified) => verified,
        Err(failure) => {
            report.problem(
                format!("the ID token: {failure}"),
                "have the provider sign ID tokens of this client with an asymmetric algorithm (RS256, ES256, EdDSA) and a key of its published key set",
            );
            return None;
        }
    };
    let claims: Map<String, Value> = serde_json::from_str(&verified.payload).unwrap_or_default();
    let faults = faults(&claims, (&login.plan.client_id, &provider.issuer, nonce));
    let clock = clock(&claims);
    let at_hash = at_hash(&claims, &verified.header, tokens);
    for (what, remedy) in faults.iter().chain(&clock).chain(&at_hash) {
        report.problem(format!("the ID token: {what}"), remedy);
    }
    if faults.is_empty() && clock.is_none() && at_hash.is_none() {
        let names: Vec<&str> = claims.keys().map(String::as_str).collect();
        report.fine(format!(
            "the ID token is in order; it tells {}",
            names.join(", ")
        ));
    }
    Some(claims)
}

/// The clock of the provider by the date of its answer.
pub(super) fn clock_of(tokens: &Tokens, report: &mut Report) {
    let Some(date) = tokens
        .date
        .and_then(|date| date.duration_since(UNIX_EPOCH).ok())
    else {
        return;
    };
    let apart = now().abs_diff(date.as_secs());
    if apart > LEEWAY {
        report.problem(
            format!("the clock of the provider differs from that of this machine by {apart} s"),
            CLOCKS,
        );
    }
}

type Found = (String, &'static str);

fn faults(
    claims: &Map<String, Value>,
    (client_id, issuer, nonce): (&str, &str, Option<&str>),
) -> Vec<Found> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let mut found = Vec::new();
    if text("iss") != Some(issuer) {
        found.push((
            "`iss` is not the issuer of the discovery document".to_owned(),
            "the provider must use one issuer everywhere, byte for byte",
        ));
    }
    let audiences: Vec<&str> = match claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !audiences.contains(&client_id) {
        found.push((
            "`aud` does not name this client".to_owned(),
            "the provider must issue ID tokens for the client that asked (`OIDC_CLIENT_ID`)",
        ));
    }
    let azp = text("azp");
    if azp.is_some_and(|azp| azp != client_id) || (audiences.len() > 1 && azp.is_none()) {
        found.push((
            "`azp` does not name this client".to_owned(),
            "the provider must say for which of several audiences the token is",
        ));
    }
    if text("sub").is_none_or(str::is_empty) {
        found.push((
            "`sub` is missing".to_owned(),
            "the provider must say who signed in",
        ));
    }
    if nonce.is_some() && text("nonce") != nonce {
        found.push((
            "`nonce` is not that of the request".to_owned(),
            "the provider must repeat `nonce` (OpenID Connect Core, section 3.1.2.1)",
        ));
    }
    found
}

fn clock(claims: &Map<String, Value>) -> Option<Found> {
    let seconds = |name: &str| claims.get(name).and_then(Value::as_u64);
    let now = now();
    let Some(exp) = seconds("exp") else {
        return Some((
            "`exp` is not a whole number of seconds".to_owned(),
            "the provider must say when the token ends",
        ));
    };
    let iat = seconds("iat").unwrap_or(now);
    if iat > now.saturating_add(LEEWAY) {
        return Some((
            format!("it was issued {} s in the future", iat.abs_diff(now)),
            CLOCKS,
        ));
    }
    // It was made a moment ago, so an old one means that a clock is wrong, or its life too short.
    if exp.saturating_add(LEEWAY) <= now {
        return Some((
            format!("it ended {} s ago, although it is new", now.abs_diff(exp)),
            CLOCKS,
        ));
    }
    None
}

/// OpenID Connect Core, section 3.1.3.6; only where the hash is SHA-256.
fn at_hash(claims: &Map<String, Value>, header: &str, tokens: &Tokens) -> Option<Found> {
    let expected = claims.get("at_hash").and_then(Value::as_str)?;
    let header: Value = serde_json::from_str(header).ok()?;
    let is_sha256 = header.get("alg").and_then(Value::as_str)?.ends_with("256");
    let digest = Sha256::digest(tokens.text("access_token")?.as_bytes());
    let half = URL_SAFE_NO_PAD.encode(digest.get(..16)?);
    (is_sha256 && half != expected).then(|| {
        (
            "`at_hash` does not fit the access token".to_owned(),
            "the provider must hash the access token of the same answer",
        )
    })
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
