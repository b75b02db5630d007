//! Who can reach the server when nobody has to prove who they are.

use url::Url;

use super::{Auth, AuthMode};
use crate::config::allowed::AllowedHosts;
use crate::config::fault::{Problem, Report};
use crate::config::kind::urls;
use crate::config::listener::{Listener, Transport};
use crate::config::settings;
use crate::config::values::Values;

/// Refuses to let strangers in by accident.
pub(in crate::config) fn check(
    auth: &Auth,
    listener: &Listener,
    values: &Values,
    report: &mut Report,
) {
    if listener.transport == Transport::Stdio {
        if auth.mode != AuthMode::None {
            report.warn("authentication has no effect over `stdio`");
        }
        return;
    }
    let danger = values.switch(&settings::DANGER_ALLOW_ANONYMOUS);
    if auth.mode != AuthMode::None {
        if danger {
            let place = values.place(&settings::DANGER_ALLOW_ANONYMOUS);
            report.warn(format!("{place}: no effect with authentication"));
        }
        warn_of_local_names(listener, values, report);
        return;
    }
    if danger {
        report.warn("no authentication: anybody who can reach the server can use it");
        warn_of_local_names(listener, values, report);
        return;
    }
    let remedy = "set up authentication, or `DANGER_ALLOW_ANONYMOUS=true`";
    if !listener.is_loopback() {
        let address = listener.address.ip();
        let problem = Problem::new(format!(
            "not a loopback address, without authentication: `{address}`"
        ));
        report.fault(values.place(&settings::HOST), problem.hint(remedy));
    }
    let hosts = values.given(&settings::ALLOWED_HOSTS);
    if hosts.is_some_and(|hosts| AllowedHosts::parse(hosts.expose()) == Ok(AllowedHosts::Any)) {
        let problem = Problem::new("`*` without authentication lets any web page use the server");
        report.fault(values.place(&settings::ALLOWED_HOSTS), problem.hint(remedy));
    }
    let public = values
        .given(&settings::BASE_URL)
        .and_then(|url| Url::parse(url.expose()).ok());
    if public.is_some_and(|url| !urls::is_loopback(&url)) {
        report.warn("no authentication: anybody who can reach `BASE_URL` can use the server, unless the proxy in front refuses them");
    }
}

/// Listening on every address does not say by which names clients come.
fn warn_of_local_names(listener: &Listener, values: &Values, report: &mut Report) {
    let named = [&settings::BASE_URL, &settings::ALLOWED_HOSTS];
    let named = named.iter().any(|setting| values.is_set(setting));
    if listener.address.ip().is_unspecified() && !named {
        report.warn(
            "without `BASE_URL` or `ALLOWED_HOSTS`, only requests to loopback names are answered",
        );
    }
}
