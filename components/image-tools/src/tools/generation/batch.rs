//! The images of one order, from their job records to their sidecars. What is finished is kept,
//! whatever becomes of the rest.

use std::collections::VecDeque;
use std::time::Duration;

use mcp::{Exchange, Flow, ToolReply};
use serde_json::{Map, Value, json};

use super::Order;
use super::outcome::Handle;
use crate::context::Context;
use crate::fault::Fault;
use crate::gallery::NewImage;
use crate::gallery::id::ImageId;
use crate::gallery::jobs::{Failure, Lease, NewJob, Params};
use crate::gallery::sidecar::Sidecar;
use crate::images::decode::decode;
use crate::images::format::Format;
use crate::images::limits::{PREVIEW_BYTES, PREVIEW_SIDE};
use crate::images::metadata::{self, Metadata, PARAMETERS};
use crate::images::preview::{Preview, fitting};
use crate::providers::cost::{Basis, Cost, Usd};
use crate::providers::{Generated, Made, ProviderError, Selected, Step};
use crate::text::shortened;

/// How often a waiting client gets a sign of life, so that no proxy gives up on it.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// How often somebody is asked whether the work is still wanted.
const CANCEL_CHECK: Duration = Duration::from_secs(1);

/// Ids that are tried when one is taken.
const ID_ATTEMPTS: usize = 3;

/// What all images of an order have in common.
pub(super) struct Facts {
    new: NewImage,
    params: Params,
    recipe: Map<String, Value>,
}

/// The images of an order.
pub(in crate::tools) struct Batch<'a> {
    context: Context<'a>,
    facts: Facts,
    /// In the order in which they are made.
    ids: Vec<ImageId>,
    /// Those that are not made yet.
    waiting: VecDeque<(ImageId, Lease<'a>)>,
    finished: Vec<Finished>,
    failure: Option<Fault>,
    spent: Usd,
    basis: Option<Basis>,
    /// Images of which nobody said what they cost.
    unpriced: u64,
}

/// An image that is stored.
pub(super) struct Finished {
    pub(super) sidecar: Sidecar,
    pub(super) preview: Option<Preview>,
}

impl Facts {
    pub(super) fn new(order: &Order, selected: &Selected<'_>) -> Self {
        let request = &order.request;
        Self {
            params: Params {
                aspect_ratio: request.aspect_ratio.clone(),
                quality: request.quality.clone(),
                background: request.background.clone(),
                model: request.model.clone(),
            },
            new: NewImage {
                prompt: request.prompt.clone(),
                negative_prompt: request.negative_prompt.clone(),
                provider: selected.provider.name().to_owned(),
                aspect_ratio: request.aspect_ratio.clone(),
                quality: request.quality.clone(),
                background: request.background.clone(),
                source_image_ids: order.source_image_ids.clone(),
                ..NewImage::default()
            },
            recipe: order.recipe.clone(),
        }
    }
}

impl<'a> Batch<'a> {
    /// Takes the ids and writes the jobs down, before anything is generated or paid for.
    ///
    /// # Errors
    /// When the store fails; no job is left then.
    pub(super) fn start(context: Context<'a>, facts: Facts, count: u32) -> Result<Self, Fault> {
        let mut batch = Self {
            context,
            facts,
            ids: Vec::new(),
            waiting: VecDeque::new(),
            finished: Vec::new(),
            failure: None,
            spent: Usd::default(),
            basis: None,
            unpriced: 0,
        };
        for _ in 0..count.max(1) {
            match batch.one_more() {
                Ok((id, lease)) => {
                    batch.ids.push(id.clone());
                    batch.waiting.push_back((id, lease));
                }
                Err(fault) => {
                    batch.forget();
                    return Err(fault);
                }
            }
        }
        Ok(batch)
    }

    fn one_more(&self) -> Result<(ImageId, Lease<'a>), Fault> {
        for _ in 0..ID_ATTEMPTS {
            let id = ImageId::random(self.context.capabilities.random);
            let job = NewJob {
                prompt: self.facts.new.prompt.clone(),
                provider: self.facts.new.provider.clone(),
                params: self.facts.params.clone(),
                leader: self.ids.first().cloned(),
            };
            if let Some(lease) = self.context.jobs().start(&id, job)? {
                return Ok((id, lease));
            }
        }
        let reason = "every id that was tried is taken";
        Err(Fault::server(
            "internal",
            "no free image id was found",
            reason,
        ))
    }

    /// Removes the jobs, as if there had been no order.
    pub(super) fn forget(self) {
        for id in self.ids {
            if let Err(error) = self.context.jobs().forget(&id) {
                let log = self.context.capabilities.log;
                log.warn(&format!("job stays: {id}: {error}"));
            }
        }
    }

    pub(super) fn ids(&self) -> &[ImageId] {
        &self.ids
    }

    pub(super) fn finished(&self) -> &[Finished] {
        &self.finished
    }

    pub(super) fn failure(&self) -> Option<&Fault> {
        self.failure.as_ref()
    }

    /// What is known of the cost, and how.
    pub(super) fn cost(&self) -> Option<(Usd, Basis)> {
        self.basis.map(|basis| (self.spent, basis))
    }

    /// What has to be booked: what the provider said, the estimate for what it did not say, and
    /// the estimate too for a call that failed and may have cost all the same.
    pub(super) fn book(&mut self, estimate: Option<Cost>, error: Option<&ProviderError>) -> Usd {
        let images = self.ids.len().max(1) as u64;
        let each = estimate.map_or(0, |cost| cost.amount.micros.div_ceil(images));
        if self.unpriced > 0 && estimate.is_some() {
            self.spent = self.spent
                + Usd {
                    micros: each.saturating_mul(self.unpriced),
                };
            self.basis = Some(Basis::Estimate);
        }
        let lost = match error {
            Some(error) if error.may_have_cost => {
                each.saturating_mul(images.saturating_sub(self.finished.len() as u64))
            }
            _ => 0,
        };
        self.spent + Usd { micros: lost }
    }

    fn store(&mut self, generated: Generated) {
        match generated.cost {
            Some(cost) => {
                self.spent = self.spent + cost.amount;
                self.basis = Some(cost.basis);
            }
            None => self.unpriced += generated.images.len() as u64,
        }
        let images = generated.images.len().max(1) as u64;
        let each = generated.cost.map(|cost| Usd {
            micros: cost.amount.micros / images,
        });
        for mut made in generated.images {
            let Some((id, lease)) = self.waiting.pop_front() else {
                return;
            };
            if let Some(each) = each {
                made.metadata
                    .insert("cost_usd".to_owned(), json!(each.dollars()));
            }
            let stored = self.register(&id, made);
            let log = self.context.capabilities.log;
            let written = match stored {
                Ok(finished) => {
                    log.info(&format!(
                        "image stored: {id}: {}",
                        finished.sidecar.provider
                    ));
                    self.finished.push(finished);
                    lease.complete()
                }
                Err(fault) => {
                    log.warn(&format!("generation failed: {id}: {}", fault.code));
                    let failure = Failure::new(fault.code, fault.message.clone());
                    self.failure = Some(fault);
                    lease.fail(failure)
                }
            };
            if let Err(error) = written {
                log.error(&format!("end of a job not recorded: {id}: {error}"));
            }
        }
    }

    fn register(&self, id: &ImageId, made: Made) -> Result<Finished, Fault> {
        let mut metadata = made.metadata;
        metadata.extend(self.facts.recipe.clone());
        let new = NewImage {
            provider_metadata: metadata,
            ..self.facts.new.clone()
        };
        let bytes = self.with_metadata(made.bytes, &new);
        let sidecar = self.context.gallery().register(id, &bytes, new)?;
        // The image is safe; that it cannot be shown here is no reason to call it failed.
        let preview = self.shown(&sidecar, &bytes);
        Ok(Finished { sidecar, preview })
    }

    /// The file with what was asked for in it, the way that image tools read it, unless the
    /// deployment does not want that. What cannot be written stays as it came.
    fn with_metadata(&self, bytes: Vec<u8>, new: &NewImage) -> Vec<u8> {
        let setting = self.context.capabilities.settings.setting("EMBED_METADATA");
        let Some(format) = Format::sniff(&bytes).filter(|_| setting.as_deref() != Some("false"))
        else {
            return bytes;
        };
        let metadata = Metadata::default().with(PARAMETERS, parameters(new));
        metadata::embed(&bytes, format, &metadata).unwrap_or(bytes)
    }

    /// The preview of an image that was just stored; its thumbnail is made by the way. The more
    /// images, the smaller the previews: all of them share the room of one.
    fn shown(&self, sidecar: &Sidecar, bytes: &[u8]) -> Option<Preview> {
        let picture = decode(bytes).ok()?;
        let size = picture.size().shrunk_to(PREVIEW_SIDE);
        let small = picture.covering(size).ok()?;
        self.context
            .gallery()
            .store_thumbnail(&sidecar.id, small.clone());
        let share = PREVIEW_BYTES / self.ids.len().max(1);
        fitting(small, PREVIEW_SIDE, share).ok().flatten()
    }

    /// Writes down why there is no image, for whoever asks later.
    fn fail(&mut self, fault: Fault) {
        for (id, lease) in self.waiting.drain(..) {
            let log = self.context.capabilities.log;
            log.warn(&format!("generation failed: {id}: {}", fault.code));
            if let Err(error) = lease.fail(Failure::new(fault.code, fault.message.clone())) {
                log.error(&format!("failure not recorded: {id}: {error}"));
            }
        }
        self.failure = Some(fault);
    }

    fn report(&mut self, step: Step<'_>) {
        let log = self.context.capabilities.log;
        for (place, (_, lease)) in self.waiting.iter_mut().enumerate() {
            let reported = if place == 0 {
                lease.report(step.progress, step.message)
            } else {
                lease.report(0.0, "waiting")
            };
            if let Err(error) = reported {
                log.warn(&format!("progress not recorded: {error}"));
            }
        }
    }

    fn is_cancelled(&self) -> bool {
        let leader = self.ids.first();
        leader.is_some_and(|id| self.context.jobs().is_cancelled(id).unwrap_or(false))
    }
}

/// A prompt, and what it was made with, as other programs for such images write it.
fn parameters(new: &NewImage) -> String {
    let mut text = shortened(&new.prompt, MAX_PARAMETER_CHARS);
    if let Some(negative) = &new.negative_prompt {
        let negative = shortened(negative, MAX_PARAMETER_CHARS);
        text.push_str(&format!("\nNegative prompt: {negative}"));
    }
    let metadata = &new.provider_metadata;
    let fact = |name: &str| {
        let value = metadata.get(name)?;
        Some(
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned),
        )
    };
    let mut facts = vec![format!("Provider: {}", new.provider)];
    for (label, name) in [
        ("Model", "model"),
        ("Seed", "seed"),
        ("Size", "size"),
        ("Steps", "steps"),
    ] {
        facts.extend(fact(name).map(|value| format!("{label}: {value}")));
    }
    text.push_str(&format!("\n{}", facts.join(", ")));
    text
}

/// Characters of a prompt in a file; the sidecar has all of it.
const MAX_PARAMETER_CHARS: usize = 4000;

/// An order under way, and the client that may be waiting for it.
pub(super) struct Work<'a, 'b, 'c> {
    pub(super) context: Context<'a>,
    pub(super) exchange: &'b mut Exchange<'c>,
    pub(super) batch: Batch<'a>,
    pub(super) handle: Handle,
    pub(super) deadline: Duration,
    pub(super) signal_at: Duration,
    pub(super) cancel_check_at: Duration,
}

impl Work<'_, '_, '_> {
    /// Passes on what the provider reports: to the client that waits, and to the job records.
    pub(super) fn step(&mut self, step: Step<'_>) -> Flow {
        self.batch.report(step);
        let now = self.context.capabilities.clock.monotonic();
        if now >= self.cancel_check_at {
            self.cancel_check_at = now + CANCEL_CHECK;
            if self.batch.is_cancelled() {
                return Flow::Cancelled;
            }
        }
        self.tell_client(step, now)
    }

    /// Keeps what the provider has made.
    pub(super) fn take(&mut self, generated: Generated) -> Flow {
        self.batch.store(generated);
        // Whoever has cancelled does not want the rest.
        if self.batch.is_cancelled() {
            Flow::Cancelled
        } else {
            Flow::Continue
        }
    }

    /// Lets the client go; the work goes on.
    pub(super) fn answer_handle(&mut self) {
        if let Ok(result) = self.handle.generating() {
            self.exchange.answer(result);
        }
    }

    pub(super) fn failed(&mut self, fault: Fault) {
        self.batch.fail(fault);
    }

    /// What the client gets in the end.
    pub(super) fn reply(self) -> Result<ToolReply, Fault> {
        if self.batch.finished.is_empty() {
            return Err(self.batch.failure.unwrap_or_else(|| {
                Fault::server("internal", "there is no image", "no image and no failure")
            }));
        }
        if let Err(error) = self.context.gallery().retain_if_due() {
            let log = self.context.capabilities.log;
            log.warn(&format!("gallery: rules of retention not applied: {error}"));
        }
        let spent = self.context.spending().spent().ok();
        Ok(self.handle.finished(&self.batch, spent)?.into())
    }

    fn tell_client(&mut self, step: Step<'_>, now: Duration) -> Flow {
        if self.exchange.is_answered() {
            return Flow::Continue;
        }
        if now >= self.deadline {
            self.answer_handle();
            return Flow::Continue;
        }
        if now >= self.signal_at {
            self.signal_at = now + KEEP_ALIVE;
            if self.exchange.tick() == Flow::Cancelled {
                return Flow::Cancelled;
            }
        }
        self.exchange
            .progress(step.progress, Some(1.0), Some(step.message))
    }
}
