//! The two EXIF tags that matter here (EXIF 2.32): the orientation and the user comment.

const ORIENTATION: u16 = 0x0112;
const EXIF_IFD: u16 = 0x8769;
const USER_COMMENT: u16 = 0x9286;

/// What the user comment begins with when it is UTF-16.
const UNICODE: &[u8] = b"UNICODE\0";

/// Entries of a directory that are looked at.
const MAX_TAGS: u16 = 200;

/// What is kept of an EXIF block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exif {
    /// 1 to 8.
    pub orientation: Option<u8>,
    /// The user comment.
    pub comment: Option<String>,
}

impl Exif {
    /// Reads a TIFF block. What cannot be read is absent.
    pub fn read(tiff: &[u8]) -> Self {
        let mut exif = Self::default();
        let Some(reader) = Reader::new(tiff) else {
            return exif;
        };
        let mut comments_at = None;
        for (tag, at) in reader.tags(reader.long(4)) {
            match tag {
                ORIENTATION => {
                    let value = reader
                        .short(at.saturating_add(8))
                        .and_then(|value| u8::try_from(value).ok());
                    exif.orientation = value.filter(|value| (1..=8).contains(value));
                }
                EXIF_IFD => comments_at = reader.long(at.saturating_add(8)),
                _ => {}
            }
        }
        for (tag, at) in reader.tags(comments_at) {
            if tag == USER_COMMENT {
                exif.comment = reader.comment(at);
            }
        }
        exif
    }

    /// A TIFF block of what there is, big-endian, as the tools of SD WebUI write and expect it.
    pub fn written(&self) -> Vec<u8> {
        let mut tags = Vec::new();
        if let Some(orientation) = self.orientation {
            // Type 3, a short, at the left of its four bytes.
            tags.push((ORIENTATION, 3_u16, 1_u32, u32::from(orientation) << 16));
        }
        let count = tags.len() + usize::from(self.comment.is_some());
        let after = 8 + 2 + 12 * u32::try_from(count).unwrap_or(0) + 4;
        if self.comment.is_some() {
            tags.push((EXIF_IFD, 4, 1, after));
        }
        let mut block = b"MM\0\x2a\0\0\0\x08".to_vec();
        directory(&mut block, &tags);
        if let Some(comment) = &self.comment {
            let mut text = UNICODE.to_vec();
            text.extend(comment.encode_utf16().flat_map(u16::to_be_bytes));
            let length = u32::try_from(text.len()).unwrap_or(0);
            directory(&mut block, &[(USER_COMMENT, 7, length, after + 2 + 12 + 4)]);
            block.extend(text);
        }
        block
    }
}

fn directory(block: &mut Vec<u8>, tags: &[(u16, u16, u32, u32)]) {
    let count = u16::try_from(tags.len()).unwrap_or(0);
    block.extend(count.to_be_bytes());
    for (tag, kind, count, value) in tags {
        block.extend(tag.to_be_bytes());
        block.extend(kind.to_be_bytes());
        block.extend(count.to_be_bytes());
        block.extend(value.to_be_bytes());
    }
    block.extend([0; 4]);
}

struct Reader<'a> {
    tiff: &'a [u8],
    is_little: bool,
}

impl<'a> Reader<'a> {
    fn new(tiff: &'a [u8]) -> Option<Self> {
        let is_little = match tiff.get(..4)? {
            b"II\x2a\0" => true,
            b"MM\0\x2a" => false,
            _ => return None,
        };
        Some(Self { tiff, is_little })
    }

    fn short(&self, at: usize) -> Option<u16> {
        let bytes = self.tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if self.is_little {
            u16::from_le_bytes(bytes)
        } else {
            u16::from_be_bytes(bytes)
        })
    }

    fn long(&self, at: usize) -> Option<usize> {
        let bytes = self.tiff.get(at..at.checked_add(4)?)?.try_into().ok()?;
        let value = if self.is_little {
            u32::from_le_bytes(bytes)
        } else {
            u32::from_be_bytes(bytes)
        };
        usize::try_from(value).ok()
    }

    /// The tags of a directory, with the place of each.
    fn tags(&self, directory: Option<usize>) -> Vec<(u16, usize)> {
        let Some((directory, count)) =
            directory.and_then(|directory| Some((directory, self.short(directory)?)))
        else {
            return Vec::new();
        };
        (0..count.min(MAX_TAGS))
            .map_while(|index| {
                let at = directory.checked_add(2 + 12 * usize::from(index))?;
                Some((self.short(at)?, at))
            })
            .collect()
    }

    fn comment(&self, tag_at: usize) -> Option<String> {
        let length = self.long(tag_at.checked_add(4)?)?;
        let at = self.long(tag_at.checked_add(8)?)?;
        let bytes = self.tiff.get(at..at.checked_add(length)?)?;
        if let Some(text) = bytes.strip_prefix(UNICODE) {
            let units: Vec<u16> = text
                .chunks_exact(2)
                .filter_map(|pair| pair.try_into().ok())
                .map(u16::from_be_bytes)
                .collect();
            return String::from_utf16(&units).ok();
        }
        let text = bytes.strip_prefix(b"ASCII\0\0\0")?;
        String::from_utf8(text.to_vec()).ok()
    }
}
