//! What each mode needs, and what it cannot be combined with.

use super::{AuthMode, all_set, first_set};
use crate::config::fault::{Problem, Report};
use crate::config::settings::{self, Credential, Setting};
use crate::config::values::Values;

/// Reports everything that is missing for a mode, and everything that contradicts it.
pub(super) fn check((mode, detected): (AuthMode, bool), values: &Values, report: &mut Report) {
    let demands = Demands {
        mode,
        detected,
        values,
    };
    match mode {
        AuthMode::None => demands.contradictions(&EVERYTHING, report),
        AuthMode::Bearer => demands.bearer(report),
        AuthMode::Remote => demands.remote(report),
        AuthMode::OidcProxy => demands.oidc_proxy(report),
        AuthMode::Custom => {}
    }
    if matches!(mode, AuthMode::Remote | AuthMode::OidcProxy) {
        demands.subject_without_token(report);
    }
    demands.warnings(report);
}

const EVERYTHING: [Credential; 3] = [Credential::Static, Credential::Oidc, Credential::OidcProxy];

struct Demands<'a> {
    mode: AuthMode,
    detected: bool,
    values: &'a Values,
}

impl Demands<'_> {
    fn bearer(&self, report: &mut Report) {
        self.contradictions(&[Credential::Oidc, Credential::OidcProxy], report);
        if !self.has_token() {
            let because = self.because(Credential::Static);
            let problem =
                Problem::new(format!("needed by {because}")).hint("or set `BEARER_TOKENS_FILE`");
            report.fault(self.values.place(&settings::BEARER_TOKEN), problem);
        }
    }

    fn remote(&self, report: &mut Report) {
        let because = self.because(Credential::Oidc);
        for setting in [&settings::BASE_URL, &settings::OIDC_CONFIG_URL] {
            self.need(setting, &because, report);
        }
        // With both, the host can ask the provider about opaque tokens.
        let client = [&settings::OIDC_CLIENT_ID, &settings::OIDC_CLIENT_SECRET];
        for (setting, other) in client.iter().zip(client.iter().rev()) {
            if self.values.is_set(other) {
                self.need(setting, &format!("`{}`", other.name), report);
            }
        }
        // Asked for by name, it is a choice against the proxy; the rest of it may stay in a file.
        let idle = all_set(self.values, Credential::OidcProxy)
            .filter(|setting| client.iter().all(|used| used.name != setting.name));
        for setting in idle {
            report.warn(format!(
                "{}: no effect in mode `remote`",
                self.values.place(setting)
            ));
        }
    }

    fn oidc_proxy(&self, report: &mut Report) {
        let because = self.because(Credential::OidcProxy);
        for setting in [
            &settings::BASE_URL,
            &settings::OIDC_CONFIG_URL,
            &settings::OIDC_CLIENT_ID,
            &settings::OIDC_CLIENT_SECRET,
        ] {
            self.need(setting, &because, report);
        }
    }

    fn subject_without_token(&self, report: &mut Report) {
        let subject = &settings::BEARER_DEFAULT_SUBJECT;
        if self.values.is_set(subject) && !self.has_token() {
            let problem = Problem::new("needed by `BEARER_DEFAULT_SUBJECT`");
            report.fault(self.values.place(&settings::BEARER_TOKEN), problem);
        }
    }

    fn has_token(&self) -> bool {
        let tokens = [&settings::BEARER_TOKEN, &settings::BEARER_TOKENS_FILE];
        tokens.iter().any(|setting| self.values.is_set(setting))
    }

    fn need(&self, setting: &Setting, because: &str, report: &mut Report) {
        if !self.values.is_set(setting) {
            let problem = Problem::new(format!("needed by {because}"));
            report.fault(self.values.place(setting), problem);
        }
    }

    /// The setting that made the mode what it is.
    fn because(&self, credential: Credential) -> String {
        match first_set(self.values, credential).filter(|_| self.detected) {
            Some(setting) => format!("`{}`", setting.name),
            None => format!("`AUTH_MODE={}`", self.mode),
        }
    }

    fn contradictions(&self, credentials: &[Credential], report: &mut Report) {
        let set = credentials
            .iter()
            .flat_map(|credential| all_set(self.values, *credential));
        let names: Vec<String> = set.map(|setting| format!("`{}`", setting.name)).collect();
        if names.is_empty() {
            return;
        }
        let (mode, names) = (self.mode, names.join(", "));
        let problem = Problem::new(format!("`{mode}` contradicts {names}")).hint(format!(
            "remove `AUTH_MODE` to use {names}, or remove {names}"
        ));
        report.fault(self.values.place(&settings::AUTH_MODE), problem);
    }

    fn warnings(&self, report: &mut Report) {
        if self
            .values
            .given(&settings::OIDC_ALLOW_UNBOUND_AUDIENCE)
            .is_some()
        {
            report.warn(format!(
                "{}: tokens issued for other services are accepted",
                self.values.place(&settings::OIDC_ALLOW_UNBOUND_AUDIENCE)
            ));
        }
        let config_url = self.values.given(&settings::OIDC_CONFIG_URL);
        if config_url.is_some_and(|url| !url.expose().contains("/.well-known/")) {
            report.warn(format!(
                "{}: not the usual path of a discovery document, `/.well-known/openid-configuration`",
                self.values.place(&settings::OIDC_CONFIG_URL)
            ));
        }
        if self.values.is_set(&settings::BEARER_TOKENS_FILE) {
            for setting in [&settings::BEARER_TOKEN, &settings::BEARER_DEFAULT_SUBJECT] {
                if self.values.is_set(setting) {
                    let place = self.values.place(setting);
                    report.warn(format!("{place}: no effect next to `BEARER_TOKENS_FILE`"));
                }
            }
        }
    }
}
