//! Entries go in and come out, and the pixels stay.

use image::{Rgb, RgbImage, Rgba, RgbaImage};
use proptest::prelude::*;

use super::super::decode::decode;
use super::super::encode::{Encoding, encode};
use super::super::picture::Picture;
use super::*;

fn file(format: Format, is_translucent: bool) -> Vec<u8> {
    let picture = if is_translucent {
        Picture::Rgba(RgbaImage::from_fn(21, 13, |x, y| {
            Rgba([x as u8, y as u8, 9, 100])
        }))
    } else {
        Picture::Rgb(RgbImage::from_fn(21, 13, |x, y| {
            Rgb([x as u8 * 9, y as u8 * 9, 9])
        }))
    };
    encode(
        &picture,
        Encoding {
            format,
            quality: 90,
        },
    )
    .unwrap()
}

fn example() -> Metadata {
    Metadata::default()
        .with(
            PARAMETERS,
            "a fox, <b>größer</b> & \"more\"\nSteps: 20, Seed: 7",
        )
        .with("provider", "placeholder")
}

#[test]
fn what_is_written_is_read_and_the_pixels_stay() {
    for format in Format::ALL {
        for is_translucent in [false, true] {
            let plain = file(format, is_translucent);
            let written = embed(&plain, format, &example()).unwrap();
            assert_eq!(read(&written, format), example(), "{format:?}");
            assert_eq!(
                decode(&written).unwrap(),
                decode(&plain).unwrap(),
                "{format:?}"
            );
        }
    }
}

#[test]
fn the_same_keyword_is_replaced() {
    let newer = Metadata::default()
        .with(PARAMETERS, "another")
        .with("provider", "x");
    for format in Format::ALL {
        let once = embed(&file(format, false), format, &example()).unwrap();
        let twice = embed(&once, format, &newer).unwrap();
        assert_eq!(read(&twice, format), newer, "{format:?}");
    }
}

#[test]
fn stripping_leaves_the_pixels_and_the_orientation() {
    for format in Format::ALL {
        let plain = file(format, false);
        let bare = strip(&embed(&plain, format, &example()).unwrap(), format).unwrap();
        assert_eq!(read(&bare, format), Metadata::default(), "{format:?}");
        assert_eq!(
            decode(&bare).unwrap(),
            decode(&plain).unwrap(),
            "{format:?}"
        );
        assert!(!bare.windows(3).any(|bytes| bytes == b"fox"), "{format:?}");
    }
    let turned = jpeg::with_orientation(&file(Format::Jpeg, false), 6).unwrap();
    let written = embed(&turned, Format::Jpeg, &example()).unwrap();
    let bare = strip(&written, Format::Jpeg).unwrap();
    for file in [turned, written, bare] {
        assert_eq!(decode(&file).unwrap().size().width, 13);
    }
}

#[test]
fn keywords_and_sizes_are_checked() {
    let png = file(Format::Png, false);
    for keyword in ["", " a", "a\0b", "ä", &"x".repeat(80)] {
        let bad = Metadata::default().with(keyword, "x");
        assert!(matches!(
            embed(&png, Format::Png, &bad),
            Err(MetadataError::Keyword(_))
        ));
    }
    let long = Metadata::default().with("a", "x".repeat(MAX_BYTES));
    assert_eq!(
        embed(&png, Format::Png, &long),
        Err(MetadataError::TooLarge)
    );
}

#[test]
fn the_comment_is_where_other_tools_look() {
    let written = embed(&file(Format::Jpeg, false), Format::Jpeg, &example()).unwrap();
    let at = written
        .windows(8)
        .position(|bytes| bytes == b"UNICODE\0")
        .unwrap();
    assert_eq!(written[at + 8..at + 12], [0, b'a', 0, b' ']);
    let png = embed(
        &file(Format::Png, false),
        Format::Png,
        &Metadata::default().with(PARAMETERS, "a fox"),
    )
    .unwrap();
    assert!(
        png.windows(20)
            .any(|bytes| bytes == b"tEXtparameters\0a fox")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn damaged_files_never_panic(
        format in 0..3_usize, at in 0..400_usize, byte: u8, cut in 0..600_usize,
    ) {
        let format = Format::ALL[format];
        let mut bytes = embed(&file(format, true), format, &example()).unwrap();
        let length = bytes.len();
        bytes[at % length] = byte;
        bytes.truncate(length - cut.min(length));
        let _ = read(&bytes, format);
        let _ = strip(&bytes, format);
        let _ = embed(&bytes, format, &example());
    }

    #[test]
    fn any_text_survives(text in "\\PC{0,60}") {
        for format in Format::ALL {
            let metadata = Metadata::default().with(PARAMETERS, text.clone());
            let written = embed(&file(format, false), format, &metadata).unwrap();
            let found = read(&written, format);
            let found = found.text(PARAMETERS).unwrap_or_default();
            prop_assert_eq!(found, text.as_str());
        }
    }
}
