//! The policy of `deny.toml` over everything that the workspace is built from: licences, banned
//! crates, crates of which there must be one version, and where crates come from. It reads the
//! parts of the format of `cargo deny` that the project uses, so that tool can be run on the same
//! file; it knows nothing of advisories, which need the network.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result, bail};
use toml::{Table, Value};

use crate::command;
use crate::lint::licence;
use crate::workspace::Workspace;

const POLICY: &str = "deny.toml";

pub fn faults(workspace: &Workspace) -> Result<Vec<String>> {
    let policy = Policy::parse(&read(workspace, POLICY)?).context(POLICY)?;
    let crates = crates_in_use(workspace)?;
    let mut faults = policy.faults(&crates);
    faults.extend(policy.foreign_sources(&read(workspace, "Cargo.lock")?)?);
    Ok(faults)
}

/// A crate that the workspace is built from, on some platform.
struct Crate {
    name: String,
    version: String,
    licence: String,
}

/// What cargo would build, with the features as they really are. The full `cargo metadata` lists
/// more: also crates behind features that are off.
fn crates_in_use(workspace: &Workspace) -> Result<Vec<Crate>> {
    let mut cargo = command::cargo(workspace);
    cargo.args([
        "tree",
        "--workspace",
        "--locked",
        "--target=all",
        "--edges=normal,build,dev",
    ]);
    cargo.args(["--prefix=none", "--no-dedupe", "--format={p}|{l}"]);
    let output = cargo
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    if !output.status.success() {
        bail!(
            "cargo tree: {}\nhint: is `Cargo.lock` in step with the manifests?",
            output.status
        );
    }
    let text = String::from_utf8(output.stdout).context("cargo tree did not answer in UTF-8")?;
    let lines: BTreeSet<&str> = text.lines().collect();
    Ok(lines.into_iter().filter_map(parse_crate).collect())
}

/// Reads a line such as `serde v1.0.0 (proc-macro)|MIT OR Apache-2.0`.
fn parse_crate(line: &str) -> Option<Crate> {
    let (package, licence) = line.split_once('|')?;
    let mut words = package.split(' ');
    let name = words.next()?.to_owned();
    let version = words.next()?.strip_prefix('v')?.to_owned();
    Some(Crate {
        name,
        version,
        licence: licence.to_owned(),
    })
}

/// What `deny.toml` says.
struct Policy {
    licences: Vec<String>,
    banned: BTreeMap<String, String>,
    single: BTreeMap<String, String>,
    registries: Vec<String>,
}

impl Policy {
    fn parse(text: &str) -> Result<Self> {
        let file: Table = text.parse()?;
        let section = |name: &str| {
            file.get(name)
                .and_then(Value::as_table)
                .with_context(|| format!("no section `{name}`"))
        };
        let mut policy = Self {
            licences: strings(section("licenses")?, "allow")?,
            banned: BTreeMap::new(),
            single: BTreeMap::new(),
            registries: strings(section("sources")?, "allow-registry")?,
        };
        let deny = section("bans")?
            .get("deny")
            .and_then(Value::as_array)
            .context("no `bans.deny`")?;
        for entry in deny {
            let text = |key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
            let name =
                text("crate").with_context(|| format!("`bans.deny` without `crate`: {entry}"))?;
            let reason = text("reason")
                .with_context(|| format!("`bans.deny` without `reason`: `{name}`"))?;
            let single = entry
                .get("deny-multiple-versions")
                .and_then(Value::as_bool)
                .unwrap_or(false);
            if single {
                policy.single.insert(name, reason)
            } else {
                policy.banned.insert(name, reason)
            };
        }
        Ok(policy)
    }

    fn faults(&self, crates: &[Crate]) -> Vec<String> {
        let mut faults = Vec::new();
        let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for found in crates {
            let Crate {
                name,
                version,
                licence,
            } = found;
            versions.entry(name).or_default().insert(version);
            if let Some(reason) = self.banned.get(name) {
                faults.push(format!(
                    "`{name}` {version} is banned: {reason}\n\
                     hint: `cargo tree --workspace --target all --invert {name}` says who brings it"
                ));
            }
            if !licence::is_satisfied(licence, &self.licences) {
                faults.push(format!(
                    "`{name}` {version}: licence not allowed: `{licence}`"
                ));
            }
        }
        for (name, reason) in &self.single {
            let found = versions.get(name.as_str()).cloned().unwrap_or_default();
            if found.len() > 1 {
                let found = Vec::from_iter(found).join(", ");
                faults.push(format!(
                    "`{name}` in more than one version: {found}: {reason}"
                ));
            }
        }
        faults
    }

    /// Packages of the lock file that come from anywhere but an allowed registry or the workspace.
    fn foreign_sources(&self, lock: &str) -> Result<Vec<String>> {
        let lock: Table = lock.parse().context("Cargo.lock")?;
        let packages = lock
            .get("package")
            .and_then(Value::as_array)
            .context("Cargo.lock: no packages")?;
        let is_allowed = |source: &str| {
            source
                .strip_prefix("registry+")
                .is_some_and(|url| self.registries.iter().any(|allowed| allowed == url))
        };
        let foreign = packages.iter().filter_map(|package| {
            let source = package
                .get("source")?
                .as_str()
                .filter(|source| !is_allowed(source))?;
            let name = package
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or_default();
            Some(format!("`{name}`: source not allowed: `{source}`"))
        });
        Ok(foreign.collect())
    }
}

fn strings(table: &Table, key: &str) -> Result<Vec<String>> {
    let list = table
        .get(key)
        .and_then(Value::as_array)
        .with_context(|| format!("no list `{key}`"))?;
    Ok(list
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect())
}

fn read(workspace: &Workspace, name: &str) -> Result<String> {
    fs::read_to_string(workspace.root.join(name)).with_context(|| format!("cannot read `{name}`"))
}

#[cfg(test)]
mod tests {
    use super::{Policy, parse_crate};

    const POLICY: &str = r#"
        [licenses]
        allow = ["MIT"]
        [bans]
        deny = [
            { crate = "openssl", reason = "one TLS library" },
            { crate = "tokio", deny-multiple-versions = true, reason = "one runtime" },
        ]
        [sources]
        allow-registry = ["https://example.org/index"]
    "#;

    fn faults(lines: &[&str]) -> Vec<String> {
        let crates: Vec<_> = lines.iter().filter_map(|line| parse_crate(line)).collect();
        assert_eq!(crates.len(), lines.len());
        Policy::parse(POLICY).unwrap().faults(&crates)
    }

    #[test]
    fn crates_in_order_have_no_faults() {
        let lines = [
            "serde v1.0.0|MIT",
            "serde v2.0.0|MIT",
            "derive v1.0.0 (proc-macro)|MIT",
            "tokio v1.0.0|MIT OR X",
        ];
        assert_eq!(faults(&lines), Vec::<String>::new());
    }

    #[test]
    fn each_rule_is_enforced() {
        let found = faults(&[
            "openssl v0.10.1|MIT",
            "a v1.0.0|GPL-3.0",
            "b v1.0.0|",
            "tokio v1.0.0|MIT",
            "tokio v0.2.0|MIT",
        ]);
        let found: Vec<&str> = found
            .iter()
            .filter_map(|fault| fault.lines().next())
            .collect();
        assert_eq!(
            found,
            [
                "`openssl` 0.10.1 is banned: one TLS library",
                "`a` 1.0.0: licence not allowed: `GPL-3.0`",
                "`b` 1.0.0: licence not allowed: ``",
                "`tokio` in more than one version: 0.2.0, 1.0.0: one runtime",
            ]
        );
    }

    #[test]
    fn only_allowed_registries_are_sources() {
        let lock = r#"
            [[package]]
            name = "ours"
            [[package]]
            name = "fine"
            source = "registry+https://example.org/index"
            [[package]]
            name = "git"
            source = "git+https://example.org/index#abc"
            [[package]]
            name = "elsewhere"
            source = "registry+https://example.com/index"
        "#;
        let found = Policy::parse(POLICY)
            .unwrap()
            .foreign_sources(lock)
            .unwrap();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found[0].starts_with("`git`: ") && found[1].starts_with("`elsewhere`: "),
            "{found:?}"
        );
    }

    #[test]
    fn a_ban_needs_a_reason() {
        let text = POLICY.replace(r#", reason = "one TLS library""#, "");
        assert!(Policy::parse(&text).is_err_and(|error| error.to_string().contains("`openssl`")));
    }
}
