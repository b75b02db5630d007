//! The three image formats: their names, MIME types, file extensions and signatures.

/// A format that images are stored and delivered in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `image/png`
    Png,
    /// `image/jpeg`
    Jpeg,
    /// `image/webp`; written without loss
    Webp,
}

impl Format {
    /// Every format, in the order in which they are listed to users.
    pub const ALL: [Self; 3] = [Self::Png, Self::Webp, Self::Jpeg];

    /// The format that a user names, in any case; `jpg` is `jpeg`.
    pub fn from_name(name: &str) -> Option<Self> {
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        match () {
            () if is("png") => Some(Self::Png),
            () if is("jpeg") || is("jpg") => Some(Self::Jpeg),
            () if is("webp") => Some(Self::Webp),
            () => None,
        }
    }

    /// The format of a MIME type, without parameters.
    pub fn from_mime(mime: &str) -> Option<Self> {
        match mime {
            "image/png" => Some(Self::Png),
            "image/jpeg" | "image/jpg" => Some(Self::Jpeg),
            "image/webp" => Some(Self::Webp),
            _ => None,
        }
    }

    /// The format that the first bytes show.
    pub fn sniff(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            Some(Self::Png)
        } else if bytes.starts_with(b"\xff\xd8\xff") {
            Some(Self::Jpeg)
        } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            Some(Self::Webp)
        } else {
            None
        }
    }

    /// The name that the `format` parameter takes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Webp => "webp",
        }
    }

    /// The MIME type.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
        }
    }

    /// The extension of a stored file, without a dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Webp => "webp",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_mime_types_come_back() {
        for format in Format::ALL {
            assert_eq!(Format::from_name(format.name()), Some(format));
            assert_eq!(
                Format::from_name(&format.name().to_uppercase()),
                Some(format)
            );
            assert_eq!(Format::from_mime(format.mime()), Some(format));
            assert_eq!(Format::from_name(format.extension()), Some(format));
        }
        assert_eq!(Format::from_name("gif"), None);
        assert_eq!(Format::from_mime("image/gif"), None);
    }

    #[test]
    fn other_signatures_are_refused() {
        for bytes in [
            &b""[..],
            b"GIF89a",
            b"BM",
            b"RIFF____WAVE",
            b"\x89PNG",
            b"II*\0",
        ] {
            assert_eq!(Format::sniff(bytes), None, "{bytes:?}");
        }
    }
}
