//! Pages of the gallery as tools answer them: `browse_gallery` and `gallery_page` differ in who
//! calls them only. Their contract with clients is to carry thumbnails as base64.

use base64::prelude::{BASE64_STANDARD, Engine};
use serde::{Deserialize, Serialize};

use super::answer;
use crate::context::Context;
use crate::fault::Fault;
use crate::gallery::browse::PageQuery;
use crate::gallery::id::ImageId;
use crate::gallery::jobs::{Job, Status};
use crate::gallery::sidecar::{Origin, Sidecar};
use crate::text::shortened;

/// Entries of the first page, and of any page unless asked otherwise.
pub(super) const PAGE_SIZE: usize = 12;

/// Characters of a prompt that a page shows.
const PROMPT_CHARS: usize = 500;

/// Which images.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Wanted {
    #[default]
    Generated,
    Imported,
    All,
}

/// What to show of them.
pub(super) struct View {
    pub(super) origin: Wanted,
    pub(super) page: usize,
    pub(super) page_size: usize,
    pub(super) thumbnails: bool,
}

#[derive(Serialize)]
pub(super) struct Page {
    total: usize,
    page: usize,
    page_size: usize,
    origin: Wanted,
    read_only: bool,
    items: Vec<Item>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Item {
    Image {
        image_id: ImageId,
        status: &'static str,
        prompt: String,
        provider: String,
        dimensions: [u32; 2],
        created_at: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        thumbnail_b64: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        thumbnail_content_type: Option<&'static str>,
        content_type: String,
        origin: Origin,
    },
    Job {
        image_id: ImageId,
        status: Status,
        prompt: String,
        provider: String,
        progress: f64,
        progress_message: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
}

pub(super) fn page(context: Context<'_>, view: &View) -> Result<Page, Fault> {
    let query = PageQuery {
        origin: match view.origin {
            Wanted::Generated => Some(Origin::Generated),
            Wanted::Imported => Some(Origin::Imported),
            Wanted::All => None,
        },
        page: view.page,
        page_size: view.page_size,
    };
    let found = context.gallery().page(query)?;
    let jobs = found.jobs.into_iter().map(|(id, job)| of_job(id, job));
    let images = found.images.into_iter();
    let images = images.map(|sidecar| of_image(context, sidecar, view.thumbnails));
    Ok(Page {
        total: found.total,
        page: view.page,
        page_size: view.page_size,
        origin: view.origin,
        read_only: context.is_read_only(),
        items: jobs.chain(images).collect(),
    })
}

/// Looks whether others have changed the directory. Called when the answer is out: nobody waits.
pub(super) fn refresh(context: Context<'_>) {
    let gallery = context.gallery();
    let refreshed = gallery
        .refresh_if_due()
        .and_then(|()| gallery.retain_if_due());
    if let Err(error) = refreshed {
        let log = context.capabilities.log;
        log.warn(&format!(
            "gallery: not compared with its directory: {error}"
        ));
    }
}

fn of_image(context: Context<'_>, sidecar: Sidecar, with_thumbnail: bool) -> Item {
    // An image that cannot be shown small is still there, and can be deleted.
    let thumbnail = with_thumbnail
        .then(|| context.gallery().thumbnail(&sidecar).ok().flatten())
        .flatten();
    Item::Image {
        image_id: sidecar.id,
        status: "completed",
        prompt: shortened(&sidecar.prompt, PROMPT_CHARS),
        provider: sidecar.provider,
        dimensions: sidecar.original_dimensions,
        created_at: sidecar.created_at,
        thumbnail_content_type: thumbnail.as_ref().map(|thumbnail| thumbnail.format.mime()),
        thumbnail_b64: thumbnail.map(|thumbnail| BASE64_STANDARD.encode(thumbnail.bytes)),
        content_type: sidecar.content_type,
        origin: sidecar.origin,
    }
}

fn of_job(image_id: ImageId, job: Job) -> Item {
    Item::Job {
        image_id,
        status: job.status,
        prompt: answer::prompt(&job.prompt),
        provider: job.provider,
        progress: job.progress,
        progress_message: job.message,
        error: job.failure.map(|failure| failure.message),
    }
}
