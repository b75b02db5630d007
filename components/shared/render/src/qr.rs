//! The model `qr`: a QR code (ISO/IEC 18004) of a text or an address.

use qrcodegen::{QrCode, QrCodeEcc, QrSegment, Version};

use crate::model::DrawError;
use crate::prompt::{Grammar, colour, read};
use crate::raster::{Raster, Size};

/// How prompts are written.
pub const GRAMMAR: Grammar = Grammar {
    keys: &["text", "ecc", "color", "background"],
    help: "write what the code shall hold, such as an address; or lines `text: ...`, `ecc: low|medium|quartile|high`, \
           `color: #rrggbb`, `background: #rrggbb`; or the same as a JSON object",
};

/// Modules of white around the code, as scanners want (ISO/IEC 18004, 6.3.8).
const QUIET: u32 = 4;

/// Draws a code, as large as fits, with pixels of one module all of one colour.
///
/// # Errors
/// A text that is too long for a code, a size that is too small for it, or colours that scanners
/// would not tell apart.
pub fn draw(prompt: &str, size: Size, is_transparent: bool) -> Result<Raster, DrawError> {
    let fields = read(prompt, GRAMMAR)?;
    let whole = (fields.value("text").is_none() && fields.value("ecc").is_none())
        .then(|| prompt.trim().to_owned());
    let text = fields
        .text("text")
        .or(whole)
        .unwrap_or_else(|| fields.prose.join("\n"));
    if text.is_empty() {
        return Err(fields.missing("text").into());
    }
    let level = fields.choice("ecc", "low, medium, quartile or high", |word| match word {
        "low" | "L" | "l" => Some(QrCodeEcc::Low),
        "medium" | "M" | "m" => Some(QrCodeEcc::Medium),
        "quartile" | "Q" | "q" => Some(QrCodeEcc::Quartile),
        "high" | "H" | "h" => Some(QrCodeEcc::High),
        _ => None,
    })?;
    let hex = |key| fields.choice(key, "a colour such as `#102030`", colour);
    let dark = hex("color")?.unwrap_or([0; 3]);
    let light = hex("background")?.unwrap_or([255; 3]);
    if lightness(light) < lightness(dark) + 100 {
        return Err(fields
            .wrong(
                "background",
                "much lighter than `color`, as scanners need it",
                &crate::markup::hex(light),
            )
            .into());
    }
    let segments = QrSegment::make_segments(&text);
    // A stronger correction is taken when it costs nothing.
    let code = QrCode::encode_segments_advanced(
        &segments,
        level.unwrap_or(QrCodeEcc::Medium),
        Version::MIN,
        Version::MAX,
        None,
        true,
    )
    .map_err(|_| {
        fields.wrong(
            "text",
            "at most about 2300 bytes, less with more `ecc`",
            &text,
        )
    })?;
    let modules = u32::try_from(code.size()).unwrap_or(0) + 2 * QUIET;
    let scale = size.width.min(size.height) / modules;
    if scale == 0 {
        return Err(DrawError::TooSmall {
            needed: modules,
            found: size,
        });
    }
    let left = (size.width - modules * scale) / 2 + QUIET * scale;
    let top = (size.height - modules * scale) / 2 + QUIET * scale;
    let module = |at: u32, start: u32| {
        let inside = i64::from(at) - i64::from(start);
        i32::try_from(inside.div_euclid(i64::from(scale))).unwrap_or(-1)
    };
    let mut rgba = Vec::new();
    let alpha = if is_transparent { 0 } else { u8::MAX };
    for y in 0..size.height {
        for x in 0..size.width {
            let is_dark = code.get_module(module(x, left), module(y, top));
            let ([red, green, blue], alpha) = if is_dark {
                (dark, u8::MAX)
            } else {
                (light, alpha)
            };
            rgba.extend([red, green, blue, alpha]);
        }
    }
    Ok(Raster { size, rgba })
}

fn lightness([red, green, blue]: [u8; 3]) -> u32 {
    (u32::from(red) * 299 + u32::from(green) * 587 + u32::from(blue) * 114) / 1000
}
