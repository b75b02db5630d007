//! APP1 segments of JPEG: EXIF and XMP (ITU T.81 B.1.1; EXIF 2.32, 4.5.2; XMP part 3, 1.1.3).

use super::exif::Exif;
use super::{Metadata, MetadataError, PARAMETERS, xmp};

const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

/// Start of image, and start of scan: after that there are only pixels.
const START: &[u8] = b"\xff\xd8";
const SCAN: u8 = 0xda;

/// Application segments 0 (JFIF), 2 (ICC profile) and 14 (Adobe's colour transform) belong to the
/// pixels; all others, and comments, tell something else.
const NEEDED: [u8; 3] = [0xe0, 0xe2, 0xee];

struct Segment<'a> {
    marker: u8,
    data: &'a [u8],
    /// With marker and length.
    whole: &'a [u8],
}

pub(super) fn embed(bytes: &[u8], metadata: &Metadata) -> Result<Vec<u8>, MetadataError> {
    let (segments, scan) = segments(bytes)?;
    let mut exif = Exif::default();
    let mut rest = Vec::new();
    for segment in segments {
        match segment.app1() {
            Some(App1::Exif(tiff)) => exif.orientation = Exif::read(tiff).orientation,
            Some(App1::Xmp(_)) => {}
            None => rest.push(segment.whole),
        }
    }
    exif.comment = metadata.text(PARAMETERS).map(str::to_owned);
    let mut file = START.to_vec();
    // JFIF comes first, when it is there at all.
    let (jfif, others): (Vec<_>, Vec<_>) = rest
        .into_iter()
        .partition(|whole| whole.get(1) == Some(&0xe0));
    file.extend(jfif.concat());
    push(&mut file, EXIF, &exif.written())?;
    push(&mut file, XMP, xmp::written(metadata).as_bytes())?;
    file.extend(others.concat());
    file.extend(scan);
    Ok(file)
}

pub(super) fn read(bytes: &[u8]) -> Metadata {
    let mut metadata = Metadata::default();
    let mut comment = None;
    let (segments, _) = segments(bytes).unwrap_or_default();
    for segment in segments {
        match segment.app1() {
            Some(App1::Exif(tiff)) => comment = Exif::read(tiff).comment,
            Some(App1::Xmp(packet)) => metadata = xmp::read(&String::from_utf8_lossy(packet)),
            None => {}
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
    let (segments, scan) = segments(bytes)?;
    let mut file = START.to_vec();
    for segment in segments {
        let is_application = (0xe0..=0xef).contains(&segment.marker) || segment.marker == 0xfe;
        if let Some(App1::Exif(tiff)) = segment.app1() {
            let orientation = Exif::read(tiff).orientation;
            if orientation.is_some_and(|orientation| orientation > 1) {
                let kept = Exif {
                    orientation,
                    comment: None,
                };
                push(&mut file, EXIF, &kept.written())?;
            }
        } else if !is_application || NEEDED.contains(&segment.marker) {
            file.extend(segment.whole);
        }
    }
    file.extend(scan);
    Ok(file)
}

/// The file with an EXIF block that says only this orientation: for tests.
#[cfg(test)]
pub(crate) fn with_orientation(bytes: &[u8], orientation: u8) -> Result<Vec<u8>, MetadataError> {
    let rest = bytes.strip_prefix(START).ok_or(MetadataError::Damaged)?;
    let mut file = START.to_vec();
    let exif = Exif {
        orientation: Some(orientation),
        comment: None,
    };
    push(&mut file, EXIF, &exif.written())?;
    file.extend(rest);
    Ok(file)
}

enum App1<'a> {
    Exif(&'a [u8]),
    Xmp(&'a [u8]),
}

impl<'a> Segment<'a> {
    fn app1(&self) -> Option<App1<'a>> {
        if self.marker != 0xe1 {
            return None;
        }
        let exif = self.data.strip_prefix(EXIF).map(App1::Exif);
        exif.or_else(|| self.data.strip_prefix(XMP).map(App1::Xmp))
    }
}

/// The segments before the pixels, and all that follows.
fn segments(bytes: &[u8]) -> Result<(Vec<Segment<'_>>, &[u8]), MetadataError> {
    let mut rest = bytes.strip_prefix(START).ok_or(MetadataError::Damaged)?;
    let mut segments = Vec::new();
    loop {
        // Any number of fill bytes may stand before a marker.
        while rest.starts_with(b"\xff\xff") {
            rest = rest.get(1..).unwrap_or_default();
        }
        let [0xff, marker, high, low, ..] = rest else {
            return Err(MetadataError::Damaged);
        };
        if *marker == SCAN {
            return Ok((segments, rest));
        }
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let (whole, after) = rest
            .split_at_checked(length + 2)
            .ok_or(MetadataError::Damaged)?;
        let data = whole.get(4..).ok_or(MetadataError::Damaged)?;
        segments.push(Segment {
            marker: *marker,
            data,
            whole,
        });
        rest = after;
    }
}

fn push(file: &mut Vec<u8>, prefix: &[u8], data: &[u8]) -> Result<(), MetadataError> {
    let length =
        u16::try_from(2 + prefix.len() + data.len()).map_err(|_| MetadataError::TooLarge)?;
    file.extend([0xff, 0xe1]);
    file.extend(length.to_be_bytes());
    file.extend(prefix);
    file.extend(data);
    Ok(())
}
