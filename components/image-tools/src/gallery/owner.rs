//! Whose images: the gallery that all share, or that of one subject. An owner is part of every
//! name and key, so what belongs to somebody else cannot even be said.

use std::fmt;

use sha2::{Digest, Sha256};

/// A caller whom the policy knows: what stands for issuer and subject in names and keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject([u8; 12]);

/// Whose gallery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Owner {
    /// Everybody's: that of a server without authentication, and of the Python server.
    #[default]
    Shared,
    /// One subject's own.
    Own(Subject),
}

impl Subject {
    /// The subject behind the principal of a request: equal only for equal principals. A hash,
    /// since a principal can hold anything, and directory listings need not name people.
    pub fn of(principal: &str) -> Self {
        let digest: [u8; 32] = Sha256::digest(principal.as_bytes()).into();
        let mut short = [0; 12];
        short
            .iter_mut()
            .zip(digest)
            .for_each(|(to, from)| *to = from);
        Self(short)
    }
}

/// `s` and 24 hex digits. No image id begins with an `s`.
impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("s")?;
        self.0
            .iter()
            .try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl Owner {
    /// What the names of this gallery's files begin with.
    pub fn prefix(self) -> String {
        match self {
            Self::Shared => String::new(),
            Self::Own(subject) => format!("{subject}."),
        }
    }

    /// What stands for this gallery in keys of the state.
    pub fn key(self) -> String {
        match self {
            Self::Shared => "shared".to_owned(),
            Self::Own(subject) => subject.to_string(),
        }
    }

    /// The owner that [`key`](Self::key) stands for.
    pub fn from_key(key: &str) -> Option<Self> {
        if key == "shared" {
            return Some(Self::Shared);
        }
        let digits = key.strip_prefix('s').filter(|digits| digits.len() == 24)?;
        let mut bytes = [0; 12];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(digits.get(at * 2..at * 2 + 2)?, 16).ok()?;
        }
        let owner = Self::Own(Subject(bytes));
        // `+1` and capitals are numbers to Rust.
        (owner.key() == key).then_some(owner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gallery::id::ImageId;

    #[test]
    fn no_owner_can_be_taken_for_another_or_for_an_image() {
        let (one, two) = (Subject::of("https://a\nx"), Subject::of("https://a\ny"));
        assert_ne!(one, two);
        let prefix = Owner::Own(one).prefix();
        assert_eq!(prefix.len(), 26);
        assert!(ImageId::parse(prefix.get(..12).unwrap()).is_none());
        for owner in [Owner::Shared, Owner::Own(one), Owner::Own(two)] {
            assert_eq!(Owner::from_key(&owner.key()), Some(owner));
        }
        for key in [
            "",
            "s",
            "sshared",
            &one.to_string().to_uppercase(),
            &format!("s+{}", "0".repeat(23)),
            "sé",
        ] {
            assert_eq!(Owner::from_key(key), None, "{key}");
        }
    }
}
