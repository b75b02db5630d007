//! What the tools that make images have in common: from the order to the stored images. The order
//! of the steps is the point: nothing is spent before everything is checked, confirmed, reserved
//! and written down.

pub(super) mod arguments;
pub(super) mod batch;
pub(super) mod confirm;
mod outcome;
pub(super) mod replay;

use std::cell::RefCell;
use std::time::Duration;

use mcp::{Exchange, ToolReply};
use serde_json::{Map, Value};

use crate::context::Context;
use crate::fault::Fault;
use crate::providers::cost::{Cost, Usd};
use crate::providers::request::GenerateRequest;
use crate::providers::{select, variants};
use batch::{Batch, Facts};
use outcome::Handle;
use replay::Key;

/// What a tool wants to have made.
pub(super) struct Order {
    /// The request to the provider.
    pub(super) request: GenerateRequest,
    /// A provider, or `auto`.
    pub(super) provider: String,
    /// How long the client waits for the finished images.
    pub(super) wait: Duration,
    /// What makes the order the same as an earlier one.
    pub(super) key: Option<Key>,
    /// Whether the cost is accepted already.
    pub(super) confirmed: bool,
    /// The images that it is made from.
    pub(super) source_image_ids: Vec<String>,
    /// What is needed to make it again, beside what the sidecar has.
    pub(super) recipe: Map<String, Value>,
}

/// Makes the images, and answers with them when they are ready in time or else with a handle,
/// while the work goes on.
pub(super) fn run(
    context: Context<'_>,
    order: Order,
    exchange: &mut Exchange<'_>,
) -> Result<ToolReply, Fault> {
    let started = context.capabilities.clock.monotonic();
    if let Some(reply) = replay::answer(context, order.key.as_ref())? {
        return Ok(reply);
    }
    let selected = select(context.capabilities, &order.provider, &order.request)?;
    let estimate = selected.provider.estimate(&order.request);
    let provider = selected.provider.name();
    let question = confirm::Question {
        provider,
        model: &selected.model.model_id,
        estimate,
        images: order.request.n,
        confirmed: order.confirmed,
    };
    if let Some(reply) = confirm::ask(context, exchange, &question)? {
        return Ok(reply);
    }
    let is_free = estimate == Some(Cost::FREE);
    let reservation = if is_free {
        None
    } else {
        let amount = estimate.map_or_else(Usd::default, |cost| cost.amount);
        Some(context.spending().reserve(amount)?)
    };
    // From here on every image has an id that outlives whatever happens.
    let facts = Facts::new(&order, &selected);
    let batch = match Batch::start(context, facts, order.request.n) {
        Ok(batch) => batch,
        Err(fault) => {
            if let Some(reservation) = reservation {
                reservation.settle(Usd::default());
            }
            return Err(fault);
        }
    };
    if let Some(reply) = replay::claim(context, order.key.as_ref(), &batch).transpose() {
        // Somebody else was faster, or nobody can know.
        batch.forget();
        if let Some(reservation) = reservation {
            reservation.settle(Usd::default());
        }
        return reply;
    }
    let handle = Handle::new(&batch, &order, &selected);
    let work = RefCell::new(batch::Work {
        context,
        exchange,
        batch,
        handle,
        deadline: started + order.wait,
        signal_at: started + batch::KEEP_ALIVE,
        cancel_check_at: started,
    });
    if order.wait.is_zero() {
        work.borrow_mut().answer_handle();
    }
    let ended = variants::generate(
        &selected,
        &order.request,
        &mut |step| work.borrow_mut().step(step),
        &mut |generated| work.borrow_mut().take(generated),
    );
    let mut work = work.into_inner();
    if let Some(reservation) = reservation {
        reservation.settle(work.batch.book(estimate, ended.as_ref().err()));
    }
    if let Err(error) = ended {
        work.failed(error.into());
    }
    work.reply()
}
