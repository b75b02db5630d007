//! What an image may cost: limits on what is decoded, made and sent. Numbers only.

/// Longest side of an image that is decoded, in pixels.
pub const MAX_SOURCE_SIDE: u32 = 16_384;

/// Pixels of an image that is decoded. 4096 x 4096 is the largest that a provider delivers today;
/// as RGBA it takes 64 MiB, and a transform holds two such buffers at a time.
pub const MAX_SOURCE_PIXELS: u64 = 4096 * 4096;

/// Bytes of the pixels of an image that is decoded, as it stores them: at 16 bits a channel fewer
/// pixels fit. A transform needs about three times this, of the 256 MiB that an instance has by
/// default.
pub const MAX_DECODED_BYTES: u64 = 64 * 1024 * 1024;

/// Bytes of an image file that a resource delivers. It travels as base64 inside JSON, so the
/// instance holds about four times as much.
pub const MAX_DELIVERED_BYTES: usize = 40 * 1024 * 1024;

/// Longest side of a transformed image, in pixels.
pub const MAX_OUTPUT_SIDE: u32 = 8192;

/// Pixels of a transformed image.
pub const MAX_OUTPUT_PIXELS: u64 = 4096 * 4096;

/// Longest side of the preview in a tool result, in pixels.
pub const PREVIEW_SIDE: u32 = 512;

/// Size of the preview in a tool result after base64, in bytes. Clients cut or refuse a result of
/// more than 1 MiB; base64 text of this size leaves room for everything else.
pub const PREVIEW_BASE64_BYTES: usize = 256 * 1024;

/// The same before base64.
pub const PREVIEW_BYTES: usize = PREVIEW_BASE64_BYTES / 4 * 3;

/// Longest side of an image that is put into a tool result at all, in pixels: vision models
/// scale anything larger down, and beyond 8000 pixels a conversation that holds it is lost.
pub const MAX_INLINE_SIDE: u32 = 1568;

/// Whether so many bytes fit into the preview budget after base64.
pub fn fits_preview(bytes: usize) -> bool {
    bytes.div_ceil(3).saturating_mul(4) <= PREVIEW_BASE64_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preview_budget_counts_base64() {
        assert!(fits_preview(192 * 1024));
        assert!(!fits_preview(192 * 1024 + 1));
        assert!(!fits_preview(usize::MAX));
    }
}
