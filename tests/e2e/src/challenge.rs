//! `WWW-Authenticate` read by the grammar (RFC 9110, section 11.6.1; RFC 6750, section 3), with
//! what MCP clients ask for on top: `Bearer` first, one line, quoted values. Behind it may be what
//! clients with keys look for: a challenge of the scheme `DPoP` (RFC 9449, section 7.1).

use std::collections::BTreeMap;

/// The parameters of a `Bearer` challenge, and of the `DPoP` challenge behind it.
#[derive(Debug, PartialEq, Eq)]
pub struct Challenge {
    bearer: BTreeMap<String, String>,
    dpop: Option<BTreeMap<String, String>>,
}

impl Challenge {
    /// Reads `Bearer name="value", ...[, DPoP name="value", ...]`, and refuses everything else.
    pub fn parse(value: &str) -> Result<Self, String> {
        // No value of ours has the separator in it.
        let (bearer, dpop) = match value.split_once(", DPoP ") {
            Some((bearer, dpop)) => (bearer, Some(Self::parameters(dpop)?)),
            None => (value, None),
        };
        let bearer = bearer
            .strip_prefix("Bearer ")
            .ok_or("not a Bearer challenge with parameters")?;
        Ok(Self {
            bearer: Self::parameters(bearer)?,
            dpop,
        })
    }

    fn parameters(mut rest: &str) -> Result<BTreeMap<String, String>, String> {
        let mut parameters = BTreeMap::new();
        loop {
            let (name, after) = rest
                .split_once("=\"")
                .ok_or("a parameter is not `name=\"value\"`")?;
            if name.is_empty()
                || !name
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            {
                return Err(format!("not a parameter name: `{name}`"));
            }
            let (text, after) = after.split_once('"').ok_or("a value does not end")?;
            if !text.bytes().all(is_allowed) {
                return Err(format!(
                    "a value has a character outside RFC 6750, section 3: `{text}`"
                ));
            }
            if parameters
                .insert(name.to_owned(), text.to_owned())
                .is_some()
            {
                return Err(format!("`{name}` is there twice"));
            }
            if after.is_empty() {
                return Ok(parameters);
            }
            rest = after
                .strip_prefix(", ")
                .ok_or("parameters are not separated by `, `")?;
        }
    }

    /// The value of a parameter of the challenge `DPoP`.
    pub fn dpop(&self, name: &str) -> Option<&str> {
        self.dpop.as_ref()?.get(name).map(String::as_str)
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.bearer.get(name).map(String::as_str)
    }

    /// The scopes that would do, in order.
    pub fn scopes(&self) -> Vec<&str> {
        self.get("scope")
            .unwrap_or_default()
            .split(' ')
            .filter(|scope| !scope.is_empty())
            .collect()
    }
}

/// `%x20-21 / %x23-5B / %x5D-7E`: what `error_description` may hold, and the others less.
fn is_allowed(byte: u8) -> bool {
    matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_clients_read_and_nothing_else() {
        let challenge = Challenge::parse(r#"Bearer error="invalid_token", scope="a b""#).unwrap();
        assert_eq!(challenge.get("error"), Some("invalid_token"));
        assert_eq!(challenge.scopes(), ["a", "b"]);
        let challenge = Challenge::parse(r#"Bearer scope="a", DPoP error="x", algs="b""#).unwrap();
        assert_eq!(challenge.get("error"), None);
        assert_eq!(challenge.dpop("error"), Some("x"));
        for wrong in [
            "Bearer",
            "bearer a=\"b\"",
            "Bearer a=b",
            "Bearer a=\"b\",c=\"d\"",
            "Bearer a=\"b\", a=\"c\"",
            "Bearer a=\"\u{e9}\"",
            "Basic a=\"b\"",
            "DPoP a=\"b\"",
            "Bearer a=\"b\", DPoP ",
            "Bearer a=\"b\", Basic c=\"d\"",
        ] {
            assert!(Challenge::parse(wrong).is_err(), "{wrong}");
        }
    }
}
