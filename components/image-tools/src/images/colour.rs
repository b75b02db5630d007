//! Colours as users write them: `#rgb`, `#rrggbb`, `#rrggbbaa` and the usual names.

use image::Rgba;

/// A colour that nobody can read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a colour: `{0}`\nhint: write `#rrggbb`, `#rrggbbaa`, `transparent`, or one of {names}", names = names())]
pub struct ColourError(String);

/// White, and nothing shows through.
pub const WHITE: Rgba<u8> = Rgba([255, 255, 255, 255]);

/// Nothing but what is below.
pub const TRANSPARENT: Rgba<u8> = Rgba([0, 0, 0, 0]);

const NAMES: [(&str, [u8; 4]); 12] = [
    ("black", [0, 0, 0, 255]),
    ("blue", [0, 0, 255, 255]),
    ("gray", [128, 128, 128, 255]),
    ("green", [0, 128, 0, 255]),
    ("navy", [0, 0, 128, 255]),
    ("orange", [255, 165, 0, 255]),
    ("pink", [255, 192, 203, 255]),
    ("purple", [128, 0, 128, 255]),
    ("red", [255, 0, 0, 255]),
    ("teal", [0, 128, 128, 255]),
    ("white", [255, 255, 255, 255]),
    ("yellow", [255, 255, 0, 255]),
];

/// Reads a colour, in any case.
///
/// # Errors
/// When it is none; the text says what is.
pub fn parse(text: &str) -> Result<Rgba<u8>, ColourError> {
    let wanted = text.trim().to_ascii_lowercase();
    if wanted == "transparent" {
        return Ok(TRANSPARENT);
    }
    let named = NAMES.iter().find(|(name, _)| *name == wanted);
    let colour = match (named, wanted.strip_prefix('#')) {
        (Some((_, colour)), _) => Some(*colour),
        (None, Some(digits)) => hex(digits),
        (None, None) => None,
    };
    colour.map(Rgba).ok_or_else(|| ColourError(shortened(text)))
}

/// As `#rrggbb`, or `#rrggbbaa` when something shows through.
pub fn written(colour: Rgba<u8>) -> String {
    let [red, green, blue, alpha] = colour.0;
    match alpha {
        u8::MAX => format!("#{red:02x}{green:02x}{blue:02x}"),
        _ => format!("#{red:02x}{green:02x}{blue:02x}{alpha:02x}"),
    }
}

fn hex(digits: &str) -> Option<[u8; 4]> {
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let doubled: String = match digits.len() {
        3 => digits.chars().flat_map(|digit| [digit, digit]).collect(),
        _ => digits.to_owned(),
    };
    let value = u32::from_str_radix(&doubled, 16).ok()?;
    match doubled.len() {
        6 => Some((value << 8 | 0xff).to_be_bytes()),
        8 => Some(value.to_be_bytes()),
        _ => None,
    }
}

fn names() -> String {
    NAMES.map(|(name, _)| name).join(", ")
}

/// The beginning of what a client sent, fit for an error message.
fn shortened(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_control())
        .take(24)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_in_every_spelling() {
        let cases = [
            ("#f00", [255, 0, 0, 255]),
            ("#01020304", [1, 2, 3, 4]),
            (" #ABCDEF ", [0xab, 0xcd, 0xef, 255]),
            ("White", [255, 255, 255, 255]),
            ("transparent", [0, 0, 0, 0]),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), Ok(Rgba(expected)), "{text}");
        }
        for text in [
            "",
            "#",
            "#ff",
            "#12345",
            "#ggg",
            "mauve-ish",
            "#+1+1+1",
            "rgb(1,2,3)",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for colour in [Rgba([1, 2, 3, 255]), Rgba([1, 2, 3, 4])] {
            assert_eq!(parse(&written(colour)), Ok(colour));
        }
    }
}
