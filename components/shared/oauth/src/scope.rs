//! Which scopes a client gets. Those that this server does not know are dropped, everywhere alike:
//! clients ask for what other servers know, and for what the provider knows.

use policy::scopes::Scopes;

/// The scopes for a request: those that are known, or the first ones to ask for when none is.
#[must_use]
pub fn requested(asked: Option<&str>, scopes: &Scopes) -> Vec<String> {
    let known = known(asked.unwrap_or_default(), scopes);
    if known.is_empty() {
        scopes.advertised()
    } else {
        known
    }
}

/// The scopes of a refresh: all that were granted, or those of them that are asked for. `None` when
/// one is asked for that was not granted (RFC 6749, section 6).
#[must_use]
pub fn narrowed(asked: Option<&str>, granted: &[String], scopes: &Scopes) -> Option<Vec<String>> {
    let known = known(asked.unwrap_or_default(), scopes);
    if known.is_empty() {
        return Some(granted.to_vec());
    }
    known
        .iter()
        .all(|scope| granted.contains(scope))
        .then_some(known)
}

/// The words that are scopes of this server, without duplicates.
fn known(asked: &str, scopes: &Scopes) -> Vec<String> {
    let mut all = scopes.all();
    all.extend(scopes.advertised());
    let mut known: Vec<String> = Vec::new();
    for word in asked.split(' ') {
        if all.iter().any(|scope| scope == word) && !known.iter().any(|scope| scope == word) {
            known.push(word.to_owned());
        }
    }
    known
}
