//! The EXIF and XMP chunks of WebP (RFC 9649, 2.7). A simple file becomes an extended one.

use super::exif::Exif;
use super::{Metadata, MetadataError, PARAMETERS, xmp};

const HAS_ALPHA: u8 = 0x10;
const HAS_EXIF: u8 = 0x08;
const HAS_XMP: u8 = 0x04;

struct Chunk<'a> {
    kind: [u8; 4],
    data: &'a [u8],
}

pub(super) fn embed(bytes: &[u8], metadata: &Metadata) -> Result<Vec<u8>, MetadataError> {
    let chunks = chunks(bytes)?;
    let orientation = chunks
        .iter()
        .find(|chunk| &chunk.kind == b"EXIF")
        .and_then(|chunk| Exif::read(tiff(chunk.data)).orientation);
    let exif = Exif {
        orientation,
        comment: metadata.text(PARAMETERS).map(str::to_owned),
    };
    let mut header = extended(&chunks)?;
    if let Some(flags) = header.first_mut() {
        *flags |= HAS_EXIF | HAS_XMP;
    }
    let mut body = Vec::new();
    push(&mut body, *b"VP8X", &header);
    for chunk in &chunks {
        if !matches!(&chunk.kind, b"VP8X" | b"EXIF" | b"XMP ") {
            push(&mut body, chunk.kind, chunk.data);
        }
    }
    push(&mut body, *b"EXIF", &exif.written());
    push(&mut body, *b"XMP ", xmp::written(metadata).as_bytes());
    file(&body)
}

pub(super) fn read(bytes: &[u8]) -> Metadata {
    let mut metadata = Metadata::default();
    let mut comment = None;
    for chunk in chunks(bytes).unwrap_or_default() {
        match &chunk.kind {
            b"EXIF" => comment = Exif::read(tiff(chunk.data)).comment,
            b"XMP " => metadata = xmp::read(&String::from_utf8_lossy(chunk.data)),
            _ => {}
        }
    }
    if let Some(comment) = comment
        && metadata.text(PARAMETERS).is_none()
    {
        metadata = metadata.with(PARAMETERS, comment);
    }
    metadata
}

pub(super) fn strip(bytes: &[u8]) -> Result<Vec<u8>, MetadataError> {
    let mut body = Vec::new();
    for chunk in chunks(bytes)? {
        match &chunk.kind {
            b"VP8X" => {
                let mut header = chunk.data.to_vec();
                if let Some(flags) = header.first_mut() {
                    *flags &= !(HAS_EXIF | HAS_XMP);
                }
                push(&mut body, chunk.kind, &header);
            }
            b"EXIF" | b"XMP " => {}
            _ => push(&mut body, chunk.kind, chunk.data),
        }
    }
    file(&body)
}

fn chunks(bytes: &[u8]) -> Result<Vec<Chunk<'_>>, MetadataError> {
    let (head, mut rest) = bytes.split_at_checked(12).ok_or(MetadataError::Damaged)?;
    if !head.starts_with(b"RIFF") || !head.ends_with(b"WEBP") {
        return Err(MetadataError::Damaged);
    }
    let mut chunks = Vec::new();
    while let Some((head, after)) = rest.split_first_chunk::<8>() {
        let [a, b, c, d, length @ ..] = *head;
        let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
        let (data, after) = after
            .split_at_checked(length)
            .ok_or(MetadataError::Damaged)?;
        chunks.push(Chunk {
            kind: [a, b, c, d],
            data,
        });
        // Chunks are padded to even lengths; some writers forget the last byte.
        rest = after.get(length % 2..).unwrap_or_default();
    }
    Ok(chunks)
}

/// The header of an extended file: the one that is there, or one for this simple file.
fn extended(chunks: &[Chunk<'_>]) -> Result<Vec<u8>, MetadataError> {
    let of = |kind: &[u8; 4]| chunks.iter().find(|chunk| chunk.kind == *kind);
    if let Some(header) = of(b"VP8X") {
        return Ok(header.data.to_vec());
    }
    let (width, height, has_alpha) = match (of(b"VP8L"), of(b"VP8 ")) {
        (Some(lossless), _) => lossless_size(lossless.data),
        (None, Some(lossy)) => lossy_size(lossy.data),
        (None, None) => None,
    }
    .ok_or(MetadataError::Damaged)?;
    let mut header = vec![if has_alpha { HAS_ALPHA } else { 0 }, 0, 0, 0];
    for side in [width, height] {
        header.extend(side.saturating_sub(1).to_le_bytes().iter().take(3));
    }
    Ok(header)
}

/// RFC 9649, 3.4: 14 bits each for the sides less one, and a bit for alpha.
fn lossless_size(data: &[u8]) -> Option<(u32, u32, bool)> {
    let [0x2f, a, b, c, d, ..] = *data else {
        return None;
    };
    let bits = u32::from_le_bytes([a, b, c, d]);
    Some((
        (bits & 0x3fff) + 1,
        ((bits >> 14) & 0x3fff) + 1,
        bits >> 28 & 1 == 1,
    ))
}

/// RFC 6386, 9.1: the sides follow the start code of a key frame.
fn lossy_size(data: &[u8]) -> Option<(u32, u32, bool)> {
    let [_, _, _, 0x9d, 0x01, 0x2a, a, b, c, d, ..] = *data else {
        return None;
    };
    let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
    Some((side(a, b), side(c, d), false))
}

/// Some writers put the prefix of JPEG before the block.
fn tiff(data: &[u8]) -> &[u8] {
    data.strip_prefix(b"Exif\0\0").unwrap_or(data)
}

fn push(body: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    body.extend(kind);
    body.extend(u32::try_from(data.len()).unwrap_or(0).to_le_bytes());
    body.extend(data);
    if data.len() % 2 == 1 {
        body.push(0);
    }
}

fn file(body: &[u8]) -> Result<Vec<u8>, MetadataError> {
    let length = u32::try_from(body.len() + 4).map_err(|_| MetadataError::TooLarge)?;
    let mut file = b"RIFF".to_vec();
    file.extend(length.to_le_bytes());
    file.extend(b"WEBP");
    file.extend(body);
    Ok(file)
}
