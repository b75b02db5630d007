//! The ten query parameters of `image://{id}/view`, and only these. A number of 0 and an empty
//! text mean that the parameter was not given, as clients fill in every variable of a template.

use super::format::Format;
use super::limits::MAX_OUTPUT_SIDE;
use super::shape::{CropBox, Fit, Flip, Rotation, Shape, Size};
use super::transform::Transform;

/// The names, in the order of the template.
pub const NAMES: [&str; 10] = [
    "format", "width", "height", "quality", "crop_x", "crop_y", "crop_w", "crop_h", "rotate",
    "flip",
];

/// Names of the flips and rotations, for completion.
pub const ROTATIONS: [&str; 3] = ["90", "180", "270"];

/// What is wrong with a query. Always the client's fault.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// A parameter that does not exist.
    #[error("unknown parameter: `{0}`\nhint: one of {names}", names = NAMES.join(", "))]
    Unknown(String),
    /// The same parameter twice.
    #[error("parameter given twice: `{0}`")]
    Repeated(&'static str),
    /// `%` not followed by two hex digits, or text that is not UTF-8.
    #[error("`{0}` is not percent-encoded correctly")]
    Encoding(String),
    /// A value outside what the parameter takes.
    #[error("`{name}` must be {expected}: `{value}`")]
    Value {
        /// The parameter.
        name: &'static str,
        /// What it takes.
        expected: &'static str,
        /// What was given, shortened.
        value: String,
    },
    /// A crop box with one side.
    #[error("`crop_w` and `crop_h` must be given together")]
    HalfCrop,
}

/// Reads a query, without its `?`.
///
/// # Errors
/// See [`QueryError`]; the text names the parameter.
pub fn parse(query: &str) -> Result<Transform, QueryError> {
    let values = Values::split(query)?;
    let crop = values.crop()?;
    let rotate = values.choice("rotate", "90, 180 or 270", |value| match value {
        "0" => Some(None),
        "90" => Some(Some(Rotation::Clockwise90)),
        "180" => Some(Some(Rotation::Half180)),
        "270" => Some(Some(Rotation::Clockwise270)),
        _ => None,
    })?;
    let flip = values.choice("flip", "horizontal or vertical", |value| {
        [Flip::Horizontal, Flip::Vertical]
            .into_iter()
            .find(|flip| value.eq_ignore_ascii_case(flip.name()))
    })?;
    let fit = match (values.side("width")?, values.side("height")?) {
        (0, 0) => Fit::Keep,
        (width, 0) => Fit::Width(width),
        (0, height) => Fit::Height(height),
        (width, height) => Fit::Cover(Size { width, height }),
    };
    Ok(Transform {
        shape: Shape {
            crop,
            rotate: rotate.flatten(),
            flip,
            fit,
        },
        format: values.choice("format", "png, webp or jpeg", Format::from_name)?,
        quality: values.choice("quality", "a whole number from 1 to 100", clamped_quality)?,
    })
}

/// The values by the position of their name in [`NAMES`].
struct Values([Option<String>; NAMES.len()]);

impl Values {
    fn split(query: &str) -> Result<Self, QueryError> {
        let mut values = [const { None }; NAMES.len()];
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = percent_decoded(name)?;
            let known = NAMES
                .iter()
                .zip(&mut values)
                .find(|(known, _)| **known == name);
            let (&known, slot) = known.ok_or_else(|| QueryError::Unknown(shortened(&name)))?;
            if slot.replace(percent_decoded(value)?).is_some() {
                return Err(QueryError::Repeated(known));
            }
        }
        Ok(Self(values))
    }

    fn crop(&self) -> Result<Option<CropBox>, QueryError> {
        let number = |name| self.number(name, u32::MAX, "a whole number of pixels");
        let (x, y) = (number("crop_x")?, number("crop_y")?);
        match (number("crop_w")?, number("crop_h")?) {
            (0, 0) => Ok(None),
            (0, _) | (_, 0) => Err(QueryError::HalfCrop),
            (width, height) => Ok(Some(CropBox {
                x,
                y,
                size: Size { width, height },
            })),
        }
    }

    fn side(&self, name: &'static str) -> Result<u32, QueryError> {
        self.number(
            name,
            MAX_OUTPUT_SIDE,
            "a whole number of pixels, at most 8192",
        )
    }

    fn number(
        &self,
        name: &'static str,
        max: u32,
        expected: &'static str,
    ) -> Result<u32, QueryError> {
        let parsed = self.choice(name, expected, |value| {
            whole_number(value).filter(|number| *number <= max)
        })?;
        Ok(parsed.unwrap_or(0))
    }

    /// The value of a parameter as `parse` understands it; `None` when it is absent or empty.
    fn choice<T>(
        &self,
        name: &'static str,
        expected: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, QueryError> {
        let value = NAMES
            .iter()
            .zip(&self.0)
            .find(|(known, _)| **known == name)
            .and_then(|(_, value)| value.as_deref());
        let Some(value) = value.map(str::trim).filter(|value| !value.is_empty()) else {
            return Ok(None);
        };
        match parse(value) {
            Some(parsed) => Ok(Some(parsed)),
            None => Err(QueryError::Value {
                name,
                expected,
                value: shortened(value),
            }),
        }
    }
}

/// Digits only: no sign, no fraction.
fn whole_number(text: &str) -> Option<u32> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().ok()
    } else {
        None
    }
}

/// Quality is a wish: what lies outside 1 to 100 becomes the nearest bound.
fn clamped_quality(text: &str) -> Option<u8> {
    let quality = text.parse::<i64>().ok()?;
    u8::try_from(quality.clamp(1, 100)).ok()
}

pub(crate) fn percent_decoded(text: &str) -> Result<String, QueryError> {
    let fail = || QueryError::Encoding(shortened(text));
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || {
            rest.next()
                .and_then(|byte| char::from(byte).to_digit(16))
                .ok_or_else(fail)
        };
        let value = digit()? * 16 + digit()?;
        bytes.push(u8::try_from(value).map_err(|_| fail())?);
    }
    String::from_utf8(bytes).map_err(|_| fail())
}

/// The beginning of what a client sent, fit for an error message.
fn shortened(text: &str) -> String {
    text.chars()
        .map(|character| {
            if character.is_control() {
                '?'
            } else {
                character
            }
        })
        .take(40)
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shape(query: &str) -> Shape {
        parse(query).unwrap().shape
    }

    #[test]
    fn every_parameter_is_read() {
        let all = parse(
            "format=JPEG&width=100&height=50&quality=80&crop_x=1&crop_y=2&crop_w=30&crop_h=40&rotate=270&flip=Vertical",
        );
        let crop = CropBox {
            x: 1,
            y: 2,
            size: Size {
                width: 30,
                height: 40,
            },
        };
        let expected = Transform {
            shape: Shape {
                crop: Some(crop),
                rotate: Some(Rotation::Clockwise270),
                flip: Some(Flip::Vertical),
                fit: Fit::Cover(Size {
                    width: 100,
                    height: 50,
                }),
            },
            format: Some(Format::Jpeg),
            quality: Some(80),
        };
        assert_eq!(all, Ok(expected));
    }

    #[test]
    fn zero_and_empty_mean_absent() {
        let filled =
            "format=&width=0&height=0&quality=&crop_x=0&crop_y=0&crop_w=0&crop_h=0&rotate=0&flip=";
        assert_eq!(parse(filled), Ok(Transform::default()));
        assert_eq!(parse(""), Ok(Transform::default()));
        assert_eq!(shape("crop_x=5&crop_y=5"), Shape::default());
        assert_eq!(shape("width=7&height=0").fit, Fit::Width(7));
    }

    #[test]
    fn quality_is_clamped() {
        let quality = |text| parse(&format!("quality={text}")).unwrap().quality;
        assert_eq!(
            [quality("0"), quality("-5"), quality("101"), quality("42")],
            [Some(1), Some(1), Some(100), Some(42)]
        );
    }

    #[test]
    fn mistakes_are_named() {
        let cases = [
            (
                "width=abc",
                "`width` must be a whole number of pixels, at most 8192: `abc`",
            ),
            (
                "width=-1",
                "`width` must be a whole number of pixels, at most 8192: `-1`",
            ),
            (
                "height=1.5",
                "`height` must be a whole number of pixels, at most 8192: `1.5`",
            ),
            (
                "height=8193",
                "`height` must be a whole number of pixels, at most 8192: `8193`",
            ),
            ("crop_w=10", "`crop_w` and `crop_h` must be given together"),
            (
                "crop_x=99999999999",
                "`crop_x` must be a whole number of pixels: `99999999999`",
            ),
            ("rotate=45", "`rotate` must be 90, 180 or 270: `45`"),
            ("flip=up", "`flip` must be horizontal or vertical: `up`"),
            ("format=gif", "`format` must be png, webp or jpeg: `gif`"),
            (
                "quality=high",
                "`quality` must be a whole number from 1 to 100: `high`",
            ),
            ("width=1&width=2", "parameter given twice: `width`"),
            ("%zz=1", "`%zz` is not percent-encoded correctly"),
            ("flip=%ff", "`%ff` is not percent-encoded correctly"),
        ];
        for (query, message) in cases {
            assert_eq!(parse(query).unwrap_err().to_string(), message, "{query}");
        }
        assert!(
            parse("size=1")
                .unwrap_err()
                .to_string()
                .starts_with("unknown parameter: `size`")
        );
    }

    proptest! {
        #[test]
        fn no_query_panics(query in "\\PC{0,80}") {
            let _ = parse(&query);
        }

        #[test]
        fn queries_made_of_our_words_never_panic(
            pairs in proptest::collection::vec((0..NAMES.len(), "(-?[0-9]{0,12}|png|%[0-9a-f]{0,2}|vertical)"), 0..5)
        ) {
            let query: Vec<String> = pairs.iter().map(|(name, value)| format!("{}={value}", NAMES[*name])).collect();
            if let Ok(transform) = parse(&query.join("&")) {
                prop_assert!(transform.quality.is_none_or(|quality| (1..=100).contains(&quality)));
            }
        }
    }
}
