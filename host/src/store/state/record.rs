//! How keys and values are laid out in the database.

use std::ops::Bound;

/// The beginning of all keys of one component of one tenant.
///
/// Each part is preceded by its length, so that no choice of names makes the keys of one pair look
/// like those of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Namespace(Vec<u8>);

/// A range of keys.
pub(super) type KeyRange = (Bound<Vec<u8>>, Bound<Vec<u8>>);

/// A value with its version and its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) version: u64,
    /// `None` for never.
    pub(super) expires_at_ms: Option<u64>,
    pub(super) value: Vec<u8>,
}

impl Namespace {
    pub(super) fn new(tenant: &str, component: &str) -> Self {
        let mut bytes = Vec::with_capacity(16 + tenant.len() + component.len());
        for part in [tenant, component] {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        Self(bytes)
    }

    /// The key as it is stored.
    pub(super) fn key(&self, key: &str) -> Vec<u8> {
        [self.0.as_slice(), key.as_bytes()].concat()
    }

    /// The key as the component knows it.
    pub(super) fn strip(&self, stored: &[u8]) -> Option<String> {
        String::from_utf8(stored.strip_prefix(self.0.as_slice())?.to_vec()).ok()
    }

    /// The keys that begin with `prefix` and come after `after`. Keys are ASCII, so the byte 0xff
    /// comes after every one of them.
    pub(super) fn range(&self, prefix: &str, after: Option<&str>) -> KeyRange {
        let first = self.key(prefix);
        let end = [first.as_slice(), &[0xff]].concat();
        let start = match after.map(|after| self.key(after)) {
            Some(after) if after >= first => Bound::Excluded(after.min(end.clone())),
            _ => Bound::Included(first),
        };
        (start, Bound::Included(end))
    }
}

/// The namespace at the beginning of a key as it is stored; all of it when there is none.
pub(super) fn namespace_of(stored: &[u8]) -> &[u8] {
    let part = |from: usize| -> Option<usize> {
        let (length, _) = stored.get(from..)?.split_first_chunk::<8>()?;
        let length = usize::try_from(u64::from_be_bytes(*length)).ok()?;
        from.checked_add(8)?.checked_add(length)
    };
    let end = part(0).and_then(part);
    end.and_then(|end| stored.get(..end)).unwrap_or(stored)
}

impl Record {
    /// Version and end, each 8 bytes, big-endian, then the value. An end of 0 stands for never.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(16 + self.value.len());
        bytes.extend_from_slice(&self.version.to_be_bytes());
        bytes.extend_from_slice(&self.expires_at_ms.unwrap_or(0).to_be_bytes());
        bytes.extend_from_slice(&self.value);
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (version, rest) = bytes.split_first_chunk()?;
        let (end, value) = rest.split_first_chunk()?;
        let end = u64::from_be_bytes(*end);
        Some(Self {
            version: u64::from_be_bytes(*version),
            expires_at_ms: (end != 0).then_some(end),
            value: value.to_vec(),
        })
    }

    pub(super) fn is_live(&self, now_ms: u64) -> bool {
        self.expires_at_ms.is_none_or(|end| now_ms < end)
    }
}

#[cfg(test)]
mod tests {
    use std::ops::RangeBounds;

    use super::*;

    #[test]
    fn records_come_back() {
        for expires_at_ms in [None, Some(1), Some(u64::MAX)] {
            for value in [vec![], vec![0; 3]] {
                let record = Record {
                    version: 7,
                    expires_at_ms,
                    value,
                };
                assert_eq!(Record::decode(&record.encode()), Some(record));
            }
        }
        for short in 0..16 {
            assert_eq!(Record::decode(&vec![1; short]), None);
        }
    }

    #[test]
    fn namespaces_do_not_overlap() {
        let pairs = [
            ("a", "bc"),
            ("ab", "c"),
            ("a", "b"),
            ("", "abc"),
            ("abc", ""),
            ("a", "b/c"),
        ];
        for (index, one) in pairs.iter().enumerate() {
            for two in pairs.iter().skip(index + 1) {
                let (one, two) = (Namespace::new(one.0, one.1), Namespace::new(two.0, two.1));
                assert_eq!(two.strip(&one.key("c/x")), None);
                assert!(!two.range("", None).contains(&one.key("c/x")));
            }
        }
    }

    #[test]
    fn the_namespace_of_a_key_is_found_again() {
        for (tenant, component) in [("t", "c"), ("", ""), ("a/b", "x"), ("", "abc")] {
            let space = Namespace::new(tenant, component);
            for key in ["k", "", "\0\0\0\0\0\0\0\u{1}x"] {
                assert_eq!(namespace_of(&space.key(key)), space.0);
            }
        }
        for foreign in [&b""[..], b"x", &[0xff; 40]] {
            assert_eq!(namespace_of(foreign), foreign);
        }
    }

    #[test]
    fn ranges_hold_what_comes_after() {
        let space = Namespace::new("t", "c");
        let holds = |prefix, after, key| space.range(prefix, after).contains(&space.key(key));
        assert!(holds("", None, "a"));
        assert!(holds("job/", None, "job/1"));
        assert!(!holds("job/", None, "job"));
        assert!(!holds("job/", None, "jobs"));
        assert!(holds("job/", Some("job/1"), "job/2"));
        assert!(!holds("job/", Some("job/1"), "job/1"));
        assert!(holds("job/", Some("a"), "job/1"));
        assert!(!holds("job/", Some("z"), "job/1"));
        assert!(!holds("job/", Some("z"), "zz"));
    }
}
