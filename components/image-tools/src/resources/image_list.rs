//! `image://list`: the newest images, and the generations that are under way or failed.

use serde::Serialize;

use super::Contents;
use crate::context::Context;
use crate::fault::Fault;
use crate::gallery::id::ImageId;
use crate::gallery::jobs::{Job, Status};
use crate::gallery::listing::Listing;
use crate::gallery::sidecar::{Origin, Sidecar};
use crate::time::iso;

#[derive(Serialize)]
struct ListedImage<'a> {
    image_id: &'a ImageId,
    status: &'static str,
    origin: Origin,
    origin_source: Option<&'a str>,
    provider: &'a str,
    content_type: &'a str,
    original_dimensions: [u32; 2],
    original_uri: String,
    metadata_uri: String,
    resource_template: String,
    prompt: &'a str,
    created_at: &'a str,
}

#[derive(Serialize)]
struct ListedJob<'a> {
    image_id: &'a ImageId,
    status: Status,
    provider: &'a str,
    prompt: &'a str,
    progress: f64,
    progress_message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    original_uri: String,
    resource_template: String,
    created_at: String,
}

pub(super) fn read(context: Context<'_>, max_bytes: usize) -> Result<Contents, Fault> {
    let listing = context.gallery().list()?;
    let (text, complete) = array(&listing, max_bytes)?;
    if !complete {
        let total = listing.total_images;
        context
            .capabilities
            .log
            .warn(&format!("image list cut: there are {total} images"));
    }
    Ok(Contents::Text {
        text,
        mime_type: super::JSON,
        complete,
    })
}

/// The list as JSON, and whether it is all there is.
fn array(listing: &Listing, max_bytes: usize) -> Result<(String, bool), Fault> {
    let jobs = listing
        .jobs
        .iter()
        .map(|(id, job)| serde_json::to_string(&ListedJob::new(id, job)));
    let images = listing
        .images
        .iter()
        .map(|sidecar| serde_json::to_string(&ListedImage::new(sidecar)));
    let mut text = String::from("[");
    for entry in jobs.chain(images) {
        let entry = entry.map_err(|error| {
            Fault::server("internal", "the list cannot be written as JSON", error)
        })?;
        if text.len() + entry.len() + 2 > max_bytes {
            text.push(']');
            return Ok((text, false));
        }
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(&entry);
    }
    text.push(']');
    Ok((
        text,
        listing.images.len() + listing.damaged >= listing.total_images,
    ))
}

impl<'a> ListedImage<'a> {
    fn new(sidecar: &'a Sidecar) -> Self {
        Self {
            image_id: &sidecar.id,
            status: "completed",
            origin: sidecar.origin,
            origin_source: sidecar.origin_source.as_deref(),
            provider: &sidecar.provider,
            content_type: &sidecar.content_type,
            original_dimensions: sidecar.original_dimensions,
            original_uri: sidecar.id.view_uri(),
            metadata_uri: sidecar.id.metadata_uri(),
            resource_template: sidecar.id.resource_template(),
            prompt: &sidecar.prompt,
            created_at: &sidecar.created_at,
        }
    }
}

impl<'a> ListedJob<'a> {
    fn new(id: &'a ImageId, job: &'a Job) -> Self {
        Self {
            image_id: id,
            status: job.status,
            provider: &job.provider,
            prompt: &job.prompt,
            progress: job.progress,
            progress_message: &job.message,
            error: job.failure.as_ref().map(|failure| failure.message.as_str()),
            original_uri: id.view_uri(),
            resource_template: id.resource_template(),
            created_at: iso(std::time::Duration::from_millis(job.created_at_ms)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gallery::sidecar::Sidecar;

    const MAX_BYTES: usize = 500_000;

    fn sidecar(number: usize) -> Sidecar {
        let id = ImageId::parse(&format!("{number:012x}")).unwrap();
        let text = serde_json::json!({
            "id": id, "prompt": "\u{1}".repeat(500), "provider": "placeholder", "content_type": "image/png",
            "original_filename": format!("{id}-original.png"), "original_dimensions": [1, 1],
            "created_at": "2026-07-10T12:34:56+00:00"
        });
        Sidecar::parse(&id, text.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_long_list_stays_within_its_bytes_and_says_so() {
        let images: Vec<_> = (0..1000).map(sidecar).collect();
        let listing = Listing {
            total_images: images.len(),
            images,
            ..Listing::default()
        };
        let (text, complete) = array(&listing, MAX_BYTES).unwrap();
        assert!(!complete && text.len() <= MAX_BYTES, "{}", text.len());
        let entries: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        assert!(entries.len() > 100, "{}", entries.len());
    }

    #[test]
    fn damaged_entries_do_not_make_a_list_incomplete() {
        let listing = Listing {
            images: vec![sidecar(1)],
            total_images: 2,
            damaged: 1,
            ..Listing::default()
        };
        assert!(array(&listing, MAX_BYTES).unwrap().1);
    }
}
