//! A configuration in plain words, without secrets.

use std::fmt::Write;

use super::{AuthMode, ComponentSource, Config, Isolation, StateStore, Tenant, Transport};

impl Config {
    /// What the server will do, a line for each thing.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut lines = vec![self.reach(), self.work(), self.files()];
        for tenant in &self.tenants {
            lines.extend(tenant.lines());
        }
        lines.extend(
            self.warnings
                .iter()
                .map(|warning| format!("warning: {warning}")),
        );
        lines.join("\n")
    }

    fn reach(&self) -> String {
        let listener = &self.listener;
        match (listener.transport, &self.tls) {
            (Transport::Stdio, _) => "transport: standard input and output".to_owned(),
            (Transport::Http, None) => format!("transport: http on {}", listener.address),
            (Transport::Http, Some(_)) => format!("transport: https on {}", listener.address),
        }
    }

    fn work(&self) -> String {
        let limits = &self.limits;
        let reuse = match &self.isolation {
            Isolation::Request => "a fresh one for every request".to_owned(),
            Isolation::Subject(instances) => {
                format!("up to {} kept for their subjects", instances.max)
            }
        };
        format!(
            "instances: at most {} of {} MiB, {reuse}",
            limits.max_instances,
            limits.instance_memory_bytes >> 20
        )
    }

    fn files(&self) -> String {
        let cache = match &self.storage.compile_cache_dir {
            Some(dir) => format!("compiled components in {}", dir.display()),
            None => "compiled components are not kept".to_owned(),
        };
        let state = match &self.storage.state {
            StateStore::Database => self.storage.data_dir.display().to_string(),
            StateStore::Memory => "memory".to_owned(),
            StateStore::Directory(dir) => format!("{} (shared)", dir.display()),
        };
        format!("files: state in {state}, {cache}")
    }
}

impl Tenant {
    fn lines(&self) -> Vec<String> {
        let name = &self.name;
        let url = match (self.endpoint_url(), &self.http_path) {
            (Some(url), _) => url,
            (None, path) => format!("path {path}, no public URL"),
        };
        vec![
            format!("tenant `{name}`: {url}"),
            format!("tenant `{name}`: authentication: {}", self.authentication()),
            format!(
                "tenant `{name}`: policy {}, tools {}",
                self.policy, self.tools
            ),
            format!(
                "tenant `{name}`: images in {}, styles in {}",
                self.galleries.scratch_dir.display(),
                self.galleries.styles_dir.display()
            ),
            format!(
                "tenant `{name}`: hosts {}, origins {}",
                self.allowed_hosts, self.allowed_origins
            ),
        ]
    }

    fn authentication(&self) -> String {
        let auth = &self.auth;
        let how = match auth.mode {
            AuthMode::Custom => "custom, as the component says".to_owned(),
            mode if auth.detected => format!("{mode}, detected from what is set"),
            mode => mode.to_string(),
        };
        let mut words = how;
        if let Some(oidc) = &self.oidc {
            // Writing to a string cannot fail.
            let _ = write!(words, ", provider {}", oidc.config_url);
            if oidc.introspection.is_some() {
                words.push_str(", which is asked about opaque tokens");
            }
        }
        match auth.static_tokens {
            0 => {}
            1 => words.push_str(", one static token"),
            count => {
                let _ = write!(words, ", {count} static tokens");
            }
        }
        words
    }
}

impl std::fmt::Display for ComponentSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Embedded(name) => write!(f, "`{name}` (built in)"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}
