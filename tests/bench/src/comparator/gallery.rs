//! The comparator's `placeholder` provider and gallery: a real PNG, a real preview, two files on the disk.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::Context;
use image::{ExtendedColorType, ImageEncoder, ImageFormat, codecs::png::PngEncoder};
use jpeg_encoder::{ColorType, Encoder};
use rmcp::model::ErrorData;
use serde_json::json;
use sha2::{Digest, Sha256};

/// The size of a square placeholder image.
const SIDE_PX: u16 = 256;
const PALETTE: [[u8; 3]; 6] = [
    [88, 101, 130],
    [130, 88, 101],
    [101, 130, 88],
    [130, 118, 88],
    [88, 130, 125],
    [118, 88, 130],
];

/// A stored image.
#[derive(Debug)]
pub struct Image {
    /// Twelve hexadecimal digits.
    pub id: String,
    /// What the answer shows.
    pub preview_jpeg: Vec<u8>,
}

/// Where images are kept.
#[derive(Debug, Clone)]
pub struct Gallery {
    directory: PathBuf,
}

impl Gallery {
    /// Opens the directory, making it where it does not exist.
    pub fn create(directory: PathBuf) -> anyhow::Result<Self> {
        fs::create_dir_all(&directory)
            .with_context(|| format!("create {}", directory.display()))?;
        Ok(Self { directory })
    }

    /// Makes and stores one image.
    pub async fn generate(&self, prompt: String) -> Result<Image, ErrorData> {
        let directory = self.directory.clone();
        tokio::task::spawn_blocking(move || generate(&directory, &prompt))
            .await
            .map_err(anyhow::Error::from)
            .and_then(|image| image)
            .map_err(|error| ErrorData::internal_error(error.to_string(), None))
    }
}

fn generate(directory: &Path, prompt: &str) -> anyhow::Result<Image> {
    let pixels = colour(prompt).repeat(usize::from(SIDE_PX).pow(2));
    let png = encode_png(&pixels)?;
    let preview_jpeg = preview(&png)?;
    let id = new_id()?;
    let sidecar = json!({
        "id": id, "prompt": prompt, "negative_prompt": null, "provider": "placeholder",
        "aspect_ratio": "1:1", "quality": "standard", "background": "opaque", "content_type": "image/png",
        "original_filename": format!("{id}-original.png"), "original_size_bytes": png.len(),
        "original_dimensions": [SIDE_PX, SIDE_PX],
        "provider_metadata": {"quality": "placeholder", "size": format!("{SIDE_PX}x{SIDE_PX}")},
        "created_at": "2026-01-01T00:00:00Z", "source_image_ids": [], "origin": "generated", "origin_source": null,
    });
    store(directory, &format!("{id}-original.png"), &png)?;
    store(
        directory,
        &format!("{id}.json"),
        format!("{sidecar:#}").as_bytes(),
    )?;
    Ok(Image { id, preview_jpeg })
}

/// As durably as the host: written aside, synced, moved into place, and the directory synced.
fn store(directory: &Path, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
    let path = directory.join(name);
    let aside = path.with_extension("partial");
    let mut file = File::create(&aside).with_context(|| format!("create {}", aside.display()))?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .with_context(|| format!("write {}", aside.display()))?;
    fs::rename(&aside, &path).with_context(|| format!("rename to {}", path.display()))?;
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .with_context(|| format!("sync {}", directory.display()))
}

fn colour(prompt: &str) -> [u8; 3] {
    // The digest as one big-endian integer, modulo the number of colours.
    let index = Sha256::digest(prompt).iter().fold(0, |rest, byte| {
        (rest * 256 + usize::from(*byte)) % PALETTE.len()
    });
    PALETTE.get(index).copied().unwrap_or_default()
}

/// With the encoder and the settings of the tools component, so that the files are the same.
fn encode_png(pixels: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes).write_image(
        pixels,
        SIDE_PX.into(),
        SIDE_PX.into(),
        ExtendedColorType::Rgb8,
    )?;
    Ok(bytes)
}

/// From the file, as a server with several providers has to: it gets bytes, not pixels.
fn preview(png: &[u8]) -> anyhow::Result<Vec<u8>> {
    let pixels = image::load_from_memory_with_format(png, ImageFormat::Png)?.into_rgb8();
    let mut bytes = Vec::new();
    Encoder::new(&mut bytes, 80).encode(pixels.as_raw(), SIDE_PX, SIDE_PX, ColorType::Rgb)?;
    Ok(bytes)
}

fn new_id() -> anyhow::Result<String> {
    let mut bytes = [0; 6];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| anyhow::anyhow!("no random bytes"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::{PALETTE, colour};

    #[test]
    fn the_colour_is_the_digest_modulo_six() {
        // sha256("a") = ca978112...48bb, which is 1 modulo 6 (checked with a big-integer calculator).
        assert_eq!(colour("a"), PALETTE[1]);
    }
}
