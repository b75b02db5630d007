//! Text chunks of PNG (PNG specification, third edition, 11.3.3).

use super::{Metadata, MetadataError};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Chunks that say something about the image beyond its pixels.
const TELLING: [&[u8; 4]; 4] = [b"tEXt", b"iTXt", b"zTXt", b"tIME"];

struct Chunk<'a> {
    kind: &'a [u8],
    data: &'a [u8],
    /// With length and checksum.
    whole: &'a [u8],
}

pub(super) fn embed(bytes: &[u8], metadata: &Metadata) -> Result<Vec<u8>, MetadataError> {
    let replaced = |chunk: &Chunk<'_>| {
        entry(chunk).is_some_and(|(keyword, _)| metadata.text(&keyword).is_some())
    };
    let mut file = SIGNATURE.to_vec();
    let mut is_first = true;
    for chunk in chunks(bytes)?.iter().filter(|chunk| !replaced(chunk)) {
        file.extend(chunk.whole);
        // Right after the header, where readers that stop at the pixels find it.
        if std::mem::take(&mut is_first) {
            for (keyword, text) in &metadata.entries {
                write(&mut file, keyword, text);
            }
        }
    }
    Ok(file)
}

pub(super) fn read(bytes: &[u8]) -> Metadata {
    let chunks = chunks(bytes).unwrap_or_default();
    Metadata {
        entries: chunks.iter().filter_map(entry).collect(),
    }
}

pub(super) fn strip(bytes: &[u8]) -> Result<Vec<u8>, MetadataError> {
    let mut file = SIGNATURE.to_vec();
    for chunk in chunks(bytes)? {
        if chunk.kind == b"eXIf" {
            let orientation = super::exif::Exif::read(chunk.data).orientation;
            if orientation.is_some_and(|orientation| orientation > 1) {
                let kept = super::exif::Exif {
                    orientation,
                    comment: None,
                };
                push(&mut file, b"eXIf", &kept.written());
            }
        } else if !TELLING.iter().any(|kind| *kind == chunk.kind) {
            file.extend(chunk.whole);
        }
    }
    Ok(file)
}

/// All chunks up to the end of the image; what follows is no part of it.
fn chunks(bytes: &[u8]) -> Result<Vec<Chunk<'_>>, MetadataError> {
    let mut rest = bytes
        .strip_prefix(SIGNATURE)
        .ok_or(MetadataError::Damaged)?;
    let mut chunks = Vec::new();
    while let Some((length, _)) = rest.split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let whole = length
            .checked_add(12)
            .and_then(|end| rest.split_at_checked(end));
        let (whole, after) = whole.ok_or(MetadataError::Damaged)?;
        let kind = whole.get(4..8).ok_or(MetadataError::Damaged)?;
        let data = whole.get(8..8 + length).ok_or(MetadataError::Damaged)?;
        chunks.push(Chunk { kind, data, whole });
        if kind == b"IEND" {
            return Ok(chunks);
        }
        rest = after;
    }
    Err(MetadataError::Damaged)
}

/// Keyword and text of a chunk that is not compressed.
fn entry(chunk: &Chunk<'_>) -> Option<(String, String)> {
    let end = chunk.data.iter().position(|byte| *byte == 0)?;
    let (keyword, rest) = chunk.data.split_at_checked(end)?;
    let rest = rest.get(1..)?;
    let text = match chunk.kind {
        b"tEXt" => latin1(rest),
        b"iTXt" => {
            // Not compressed, then language and translated keyword, each with a final zero.
            let rest = rest.strip_prefix(&[0, 0])?;
            let mut parts = rest.splitn(3, |byte| *byte == 0).skip(2);
            String::from_utf8(parts.next()?.to_vec()).ok()?
        }
        _ => return None,
    };
    Some((latin1(keyword), text))
}

fn write(file: &mut Vec<u8>, keyword: &str, text: &str) {
    let mut data = keyword.as_bytes().to_vec();
    data.push(0);
    if text.is_ascii() {
        data.extend(text.bytes().filter(|byte| *byte != 0));
        push(file, b"tEXt", &data);
    } else {
        data.extend([0; 4]);
        data.extend(text.bytes().filter(|byte| *byte != 0));
        push(file, b"iTXt", &data);
    }
}

fn push(file: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    file.extend(u32::try_from(data.len()).unwrap_or(0).to_be_bytes());
    let sum = crc(kind.iter().chain(data));
    file.extend(kind);
    file.extend(data);
    file.extend(sum.to_be_bytes());
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// CRC-32 (ISO 3309), bit by bit: texts are short.
fn crc<'a>(bytes: impl Iterator<Item = &'a u8>) -> u32 {
    !bytes.fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}
