//! Which image APIs a tenant has configured, for the rules of outbound requests; and the file that
//! changes what is known of their models.

use serde_json::Value;
use url::Url;

use super::fault::{Problem, Report};
use super::places::{self, Places};
use super::secret::Secret;
use super::settings::{self, Setting};
use super::tenant::Tenant;
use super::values::Values;
use crate::outbound::{DeliveryHost, ImageApiGrants};

/// Most that a component can be given as one setting, in bytes.
const LARGEST: usize = 256 << 10;

/// A provider that comes with a key: its key, where it is told to be, and where it is otherwise.
const WITH_KEY: [(&Setting, &Setting, &str); 4] = [
    (
        &settings::OPENAI_API_KEY,
        &settings::OPENAI_BASE_URL,
        "https://api.openai.com",
    ),
    (
        &settings::GOOGLE_API_KEY,
        &settings::GEMINI_BASE_URL,
        "https://generativelanguage.googleapis.com",
    ),
    (
        &settings::BFL_API_KEY,
        &settings::BFL_BASE_URL,
        "https://api.bfl.ai",
    ),
    (
        &settings::REPLICATE_API_TOKEN,
        &settings::REPLICATE_BASE_URL,
        "https://api.replicate.com",
    ),
];

/// Providers that are where they are told to be.
const BY_ADDRESS: [&Setting; 3] = [
    &settings::SD_WEBUI_HOST,
    &settings::COMFYUI_HOST,
    &settings::OPENAI_BASE_URL,
];

/// From where Black Forest Labs answers polls and delivers files.
const BFL_DELIVERY: &str = "bfl.ai";

/// From where Replicate delivers files.
const REPLICATE_DELIVERY: &str = "replicate.delivery";

impl Tenant {
    /// The destinations that the settings of the tools name.
    #[must_use]
    pub fn image_apis(&self) -> ImageApiGrants {
        let text = |setting: &Setting| self.tools_settings.get(setting.name).map(Secret::expose);
        let address = |setting: &Setting| text(setting).and_then(|text| Url::parse(text).ok());
        let mut grants = ImageApiGrants::default();
        grants
            .named
            .extend(BY_ADDRESS.iter().filter_map(|setting| address(setting)));
        for (key, base, official) in WITH_KEY {
            if text(key).is_none() {
                continue;
            }
            match address(base) {
                Some(url) => grants.named.push(url),
                None => grants.official.push(official),
            }
        }
        if text(&settings::BFL_API_KEY).is_some() {
            grants.delivery.push(DeliveryHost::Below(BFL_DELIVERY));
            grants.delivery.push(DeliveryHost::Regions(BFL_DELIVERY));
        }
        if text(&settings::REPLICATE_API_TOKEN).is_some() {
            grants
                .delivery
                .push(DeliveryHost::Below(REPLICATE_DELIVERY));
            let exactly = DeliveryHost::Exactly(REPLICATE_DELIVERY.to_owned());
            grants.delivery.push(exactly);
        }
        let further = self.delivery_hosts.iter().cloned();
        grants.delivery.extend(further.map(DeliveryHost::Exactly));
        grants
    }
}

/// The hosts of `PROVIDER_HOSTS`.
pub(super) fn delivery_hosts(values: &Values) -> Vec<String> {
    let list = values.text(&settings::PROVIDER_HOSTS).unwrap_or_default();
    let hosts = list.split(',').filter(|host| !host.is_empty());
    hosts.map(str::to_owned).collect()
}

/// The text of `PROVIDER_CATALOG_FILE`. What is in it is for the tools to judge; here it only has
/// to be a JSON object, so that a slip in it stops the start.
pub(super) fn catalog(values: &Values, places: &Places, report: &mut Report) -> Option<Secret> {
    let setting = &settings::PROVIDER_CATALOG_FILE;
    let path = values.path(setting, places, report)?;
    match places::read(&path).and_then(judge) {
        Ok(text) => Some(text),
        Err(problem) => {
            report.fault(values.place(setting), problem);
            None
        }
    }
}

fn judge(text: Secret) -> Result<Secret, Problem> {
    if text.expose().len() > LARGEST {
        return Err(Problem::new(format!("larger than {LARGEST} bytes")));
    }
    match serde_json::from_str::<Value>(text.expose()) {
        Ok(Value::Object(_)) => Ok(text),
        Ok(_) => Err(Problem::new("not a JSON object")),
        Err(error) => Err(Problem::new(format!(
            "not JSON: line {}, column {}",
            error.line(),
            error.column()
        ))),
    }
}
