//! The URIs of our resources, parsed.

use crate::fault::Fault;
use crate::gallery::id::ImageId;
use crate::images::query;
use crate::images::transform::Transform;
use crate::text::shortened;

/// The template of an image with every transform.
pub const VIEW_TEMPLATE: &str =
    "image://{image_id}/view{?format,width,height,quality,crop_x,crop_y,crop_w,crop_h,rotate,flip}";

/// The template of a sidecar.
pub const METADATA_TEMPLATE: &str = "image://{image_id}/metadata";

/// The template of a style.
pub const STYLE_TEMPLATE: &str = "style://{name}";

/// A URI that names one of our resources, whether it exists or not.
#[derive(Clone, Debug, PartialEq)]
pub enum ResourceUri {
    /// `info://prompt-guide`
    PromptGuide,
    /// `info://providers`
    Providers,
    /// `image://list`
    ImageList,
    /// `style://list`
    StyleList,
    /// `style://{name}`
    Style(String),
    /// `image://{image_id}/view{?...}`
    View(ImageId, Transform),
    /// `image://{image_id}/metadata`
    Metadata(ImageId),
}

/// Reads a URI.
///
/// # Errors
/// A URI that is none of ours, or a query that is wrong.
pub fn parse(uri: &str) -> Result<ResourceUri, Fault> {
    let (path, query) = split(uri);
    match path {
        "info://prompt-guide" if query.is_none() => return Ok(ResourceUri::PromptGuide),
        "style://list" if query.is_none() => return Ok(ResourceUri::StyleList),
        "info://providers" if query.is_none() => return Ok(ResourceUri::Providers),
        "image://list" if query.is_none() => return Ok(ResourceUri::ImageList),
        _ => {}
    }
    let unknown = || Fault::not_found(format!("no such resource: `{}`", shortened(uri, 200)));
    if let Some(name) = path.strip_prefix("style://") {
        // A name that cannot be saved can still be in a file that somebody wrote.
        let name = query::percent_decoded(name)
            .ok()
            .filter(|name| !name.is_empty() && query.is_none());
        return name.map(ResourceUri::Style).ok_or_else(unknown);
    }
    let (id, rest) = path
        .strip_prefix("image://")
        .and_then(|path| path.split_once('/'))
        .ok_or_else(unknown)?;
    let id = ImageId::parse(id).ok_or_else(unknown)?;
    match rest {
        "view" => Ok(ResourceUri::View(
            id,
            query::parse(query.unwrap_or_default())?,
        )),
        "metadata" if query.is_none() => Ok(ResourceUri::Metadata(id)),
        _ => Err(unknown()),
    }
}

/// Reads the URI of an image for `show_image`, which also takes it without `/view`.
///
/// # Errors
/// A URI that names no image, or a query that is wrong.
pub fn parse_view(uri: &str) -> Result<(ImageId, Transform), Fault> {
    let wrong = || {
        let shown = shortened(uri, 200);
        Fault::invalid(format!(
            "not the URI of an image: `{shown}`\nhint: `image://{{image_id}}/view`"
        ))
    };
    let (path, query) = split(uri);
    let path = path.strip_prefix("image://").ok_or_else(wrong)?;
    let id = path
        .strip_suffix("/view")
        .or_else(|| path.strip_suffix('/'))
        .unwrap_or(path);
    let id = ImageId::parse(id).ok_or_else(wrong)?;
    Ok((id, query::parse(query.unwrap_or_default())?))
}

fn split(uri: &str) -> (&str, Option<&str>) {
    match uri.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (uri, None),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fault::Kind;

    fn id() -> ImageId {
        ImageId::parse("0123456789ab").unwrap()
    }

    #[test]
    fn our_uris_are_understood() {
        assert_eq!(parse("info://providers"), Ok(ResourceUri::Providers));
        assert_eq!(parse("image://list"), Ok(ResourceUri::ImageList));
        assert_eq!(
            parse("image://0123456789ab/metadata"),
            Ok(ResourceUri::Metadata(id()))
        );
        assert_eq!(
            parse("image://0123456789ab/view"),
            Ok(ResourceUri::View(id(), Transform::default()))
        );
        assert!(
            matches!(parse("image://0123456789ab/view?width=5"), Ok(ResourceUri::View(_, changed)) if changed != Transform::default())
        );
    }

    #[test]
    fn the_template_names_what_the_parser_reads() {
        assert_eq!(
            VIEW_TEMPLATE,
            id().resource_template()
                .replace(id().as_str(), "{image_id}")
        );
    }

    #[test]
    fn other_uris_name_nothing() {
        let uris = [
            "",
            "image://",
            "image://list?x",
            "image://0123456789ab",
            "image://0123456789AB/view",
            "image://../view",
            "image://0123456789ab/view/",
            "image://0123456789ab/metadata?x=1",
            "file:///etc/passwd",
            "info://other",
        ];
        for uri in uris {
            assert_eq!(parse(uri).unwrap_err().kind, Kind::NotFound, "{uri}");
        }
        assert_eq!(
            parse("image://0123456789ab/view?width=x").unwrap_err().kind,
            Kind::Client
        );
    }

    #[test]
    fn show_image_takes_the_short_form() {
        for uri in [
            "image://0123456789ab",
            "image://0123456789ab/",
            "image://0123456789ab/view?",
        ] {
            assert_eq!(parse_view(uri), Ok((id(), Transform::default())), "{uri}");
        }
        for uri in [
            "https://0123456789ab/view",
            "0123456789ab",
            "image://list",
            "image://0123456789ab/metadata",
        ] {
            assert_eq!(parse_view(uri).unwrap_err().kind, Kind::Client, "{uri}");
        }
    }

    proptest! {
        #[test]
        fn no_uri_panics(uri in "\\PC{0,100}", tail in "\\PC{0,60}") {
            let _ = parse(&uri);
            let _ = parse_view(&uri);
            let _ = parse(&format!("image://0123456789ab/view?{tail}"));
        }
    }
}
