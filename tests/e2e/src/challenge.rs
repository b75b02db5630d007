//! `WWW-Authenticate` read by the grammar (RFC 9110, section 11.6.1; RFC 6750, section 3), with
//! what MCP clients ask for on top: one challenge, one line, quoted values.

use std::collections::BTreeMap;

/// The parameters of one `Bearer` challenge.
#[derive(Debug, PartialEq, Eq)]
pub struct Challenge(BTreeMap<String, String>);

impl Challenge {
    /// Reads `Bearer name="value", ...`, and refuses everything else.
    pub fn parse(value: &str) -> Result<Self, String> {
        let mut rest = value
            .strip_prefix("Bearer ")
            .ok_or("not a Bearer challenge with parameters")?;
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
                return Ok(Self(parameters));
            }
            rest = after
                .strip_prefix(", ")
                .ok_or("parameters are not separated by `, `")?;
        }
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
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
        for wrong in [
            "Bearer",
            "bearer a=\"b\"",
            "Bearer a=b",
            "Bearer a=\"b\",c=\"d\"",
            "Bearer a=\"b\", a=\"c\"",
            "Bearer a=\"\u{e9}\"",
            "Basic a=\"b\"",
        ] {
            assert!(Challenge::parse(wrong).is_err(), "{wrong}");
        }
    }
}
