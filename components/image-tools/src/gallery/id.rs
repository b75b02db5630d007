//! The name of an image: 12 lower-case hex digits, and the names and URIs made of it.

use std::fmt;

use guest::random::Random;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::images::query;

/// A well-formed image id. Whether there is such an image is another question.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageId(String);

/// Digits of an id.
const LENGTH: usize = 12;

/// The collection that holds images and their sidecars.
pub const COLLECTION: &str = "images";

impl ImageId {
    /// The id that this text is, or `None`.
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == LENGTH && text.bytes().all(is_digit)).then(|| Self(text.to_owned()))
    }

    /// A new id.
    pub fn random(random: &dyn Random) -> Self {
        Self::from_bits(random.random_u64() >> 16)
    }

    /// The id of an imported or edited image: the same bytes are the same image.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let digest: [u8; 32] = Sha256::digest(bytes).into();
        let [a, b, c, d, e, f, ..] = digest;
        Self::from_bits(u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
    }

    /// The id whose digits are the lower 48 bits of a number.
    pub fn from_bits(bits: u64) -> Self {
        Self(format!("{:012x}", bits & 0xffff_ffff_ffff))
    }

    /// The digits as a number.
    pub fn bits(&self) -> u64 {
        u64::from_str_radix(&self.0, 16).unwrap_or_default()
    }

    /// The file of the sidecar.
    pub fn sidecar_file(&self) -> String {
        format!("{self}.json")
    }

    /// The file of the thumbnail.
    pub fn thumbnail_file(&self) -> String {
        format!("{self}-thumbnail")
    }

    /// The URI of the image.
    pub fn view_uri(&self) -> String {
        format!("image://{self}/view")
    }

    /// The URI of the sidecar.
    pub fn metadata_uri(&self) -> String {
        format!("image://{self}/metadata")
    }

    /// The URI template of the image with every transform (RFC 6570).
    pub fn resource_template(&self) -> String {
        format!("image://{self}/view{{?{}}}", query::NAMES.join(","))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ImageId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ImageId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("not an image id"))
    }
}

impl Serialize for ImageId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Fixed(u64);

    impl Random for Fixed {
        fn random_u64(&self) -> u64 {
            self.0
        }
    }

    #[test]
    fn only_twelve_lower_case_digits_are_an_id() {
        assert!(ImageId::parse("0123456789ab").is_some());
        for text in [
            "",
            "0123456789a",
            "0123456789abc",
            "0123456789AB",
            "../../../etc",
            "0123456789é",
            "0123456789g0",
        ] {
            assert_eq!(ImageId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn uris_are_those_that_users_know() {
        let id = ImageId::parse("0123456789ab").unwrap();
        assert_eq!(
            id.resource_template(),
            "image://0123456789ab/view{?format,width,height,quality,crop_x,crop_y,crop_w,crop_h,rotate,flip}"
        );
    }

    proptest! {
        #[test]
        fn random_ids_are_ids(bits in any::<u64>()) {
            let id = ImageId::random(&Fixed(bits));
            prop_assert_eq!(ImageId::parse(id.as_str()), Some(id.clone()));
            prop_assert_eq!(ImageId::from_bits(id.bits()), id);
        }
    }
}
