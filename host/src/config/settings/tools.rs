//! Settings of the tools component.

use super::{Kind, Setting, settings};

settings! {
    /// What the tools do.
    TOOLS {
        READ_ONLY: Setting::tools(Kind::Switch).or("true"),
            "Hide the tools that write: generating and deleting images.";
        SERVER_NAME: Setting::tools(Kind::Line).or("image-generation-mcp"),
            "The name that the server tells clients.";
        INSTRUCTIONS: Setting::tools(Kind::Prose).or_derived("a text made from the tools on offer"),
            "The instructions that the server gives to the model.";
        DEFAULT_PROVIDER: Setting::tools(Kind::Line).or("auto"),
            "The provider that generates when a call names none.";
        GALLERY: Setting::tools(Kind::Choice(&["subject", "shared"])).or("subject"),
            "`subject`: every authenticated caller sees their own images only. `shared`: all see one gallery, that of the Python server. Without authentication there is only the shared one.";
        TOOLS_ALLOW: Setting::tools(Kind::Names).or_derived("all tools"),
            "The only tools on offer, by name.";
        TOOLS_DENY: Setting::tools(Kind::Names),
            "Tools that are not on offer, by name.";
        PAID_PROVIDERS: Setting::tools(Kind::Names).or("openai,gemini,bfl,replicate"),
            "Providers of which the user is asked before money is spent; `none` for none.";
        CONFIRM_COST: Setting::tools(Kind::Choice(&["ask", "require", "never"])).or("ask"),
            "`ask`: the user is asked where the client can do that. `require`: where it cannot, a call needs `confirm_cost`. `never`: nobody is asked.";
        BUDGET_USD_PER_SUBJECT: Setting::tools(Kind::Dollars),
            "Most that each authenticated caller may spend in a period; all others share one such budget.";
        BUDGET_USD_PER_TENANT: Setting::tools(Kind::Dollars),
            "Most that all callers together may spend in a period.";
        BUDGET_PERIOD: Setting::tools(Kind::Choice(&["day", "month", "total"])).or("month"),
            "The period of the budgets: a day or a month of UTC, or for ever.";
        RETENTION_DAYS: Setting::tools(Kind::Number { min: 1, max: 36_500 }),
            "Delete images that are older than so many days.";
        RETENTION_MAX_BYTES: Setting::tools(Kind::Bytes { min: 1 << 20, max: 1 << 50 }),
            "Delete the oldest images of a gallery that has more bytes than this.";
        EMBED_METADATA: Setting::tools(Kind::Switch).or("true"),
            "Write the prompt and how it was made into the file of an image.";
        MAX_INPUT_IMAGE_BYTES: Setting::tools(Kind::Bytes { min: 1 << 10, max: 1 << 30 }).or("20971520"),
            "Largest image that is read as input.";
        FETCH_TIMEOUT_S: Setting::tools(Kind::Seconds { min: 1, max: 300 }).or("30"),
            "How long fetching an image may take.";
        TRANSFER_TTL_DEFAULT_S: Setting::tools(Kind::Seconds { min: 1, max: 31_536_000 }).or("3600"),
            "How long a transfer link holds, unless the call says otherwise. Not longer than `TRANSFER_TTL_MAX_S`.";
        TRANSFER_TTL_MAX_S: Setting::tools(Kind::Seconds { min: 1, max: 31_536_000 }).or("86400"),
            "How long a transfer link can hold.";
        TRANSFER_GRACE_TTL_S: Setting::tools(Kind::Seconds { min: 0, max: 3_600 }).or("60"),
            "How long a download that was complete once can be repeated, for clients that lost it on the way.";
        TRANSFER_LEASE_S: Setting::tools(Kind::Seconds { min: 1, max: 3_600 }).or("60"),
            "How long a transfer keeps others from its link.";
        TRANSFER_MAX_UPLOAD_BYTES: Setting::tools(Kind::Bytes { min: 1 << 10, max: 1 << 30 }).or("104857600"),
            "Largest upload; `MAX_INPUT_IMAGE_BYTES` holds too.";
        PLACEHOLDER_DELAY_MS: Setting::tools(Kind::Number { min: 0, max: 600_000 }).or("0"),
            "How long the provider `placeholder` pretends to work, in milliseconds.";
        PLACEHOLDER_COST_USD: Setting::tools(Kind::Dollars),
            "What an image of the provider `placeholder` pretends to cost.";
    }
}
