//! One run from beginning to end: start everything, measure everything, report.

use std::{collections::BTreeMap, fs, io, path::Path};

use anyhow::{Context, bail, ensure};
use tempfile::TempDir;

use crate::{
    answer::judge,
    child::{Place, Server},
    comparator::{AuthSettings, Settings, answers::Captured},
    growth::{self, Growth},
    host::{Binary, Isolation, Launch, audience, directory, free_socket},
    idp::{Provider, TokenProvider},
    load::Pressure,
    matrix::{self, Contestant, Entrant},
    operation::Operation,
    plan::Plan,
    proc::Cores,
    report::Report,
    sign_in::{self, SignIn},
    start_up,
    wire::Connection,
};

/// Subjects that the connections are divided among. Isolation by subject keeps instances apart for
/// each of them, and the decision cache holds a token for each.
const SUBJECTS: usize = 16;

/// Measures and prints. Fails when a server does not start or an answer is not a success; a missed
/// aim is not a failure.
pub async fn run(plan: &Plan) -> anyhow::Result<()> {
    let bench = Bench::prepare()?;
    let captured = bench.capture().await?;
    let entrants = bench.entrants(&captured)?;
    bench.compare_sizes(&entrants).await?;
    let outcome = matrix::measure(&entrants, plan).await;
    drop(entrants);
    let mut growth = BTreeMap::new();
    let mut start_up = None;
    let mut sign_in = None;
    if let Some(start_ups) = plan.start_up {
        eprintln!("memory growth");
        growth = bench.growth().await?;
        eprintln!("sign-in");
        sign_in = Some(bench.sign_in(plan).await?);
        eprintln!("start-up");
        start_up = Some(
            start_up::measure(&bench.binary, start_ups, bench.scratch.path(), &bench.cores).await?,
        );
    }
    let report = Report {
        plan,
        cores: &bench.cores,
        outcome: &outcome,
        growth: &growth,
        start_up: start_up.as_ref(),
        sign_in: sign_in.as_ref(),
    };
    report.print(&mut io::stdout().lock())?;
    if let Some(path) = &plan.json {
        fs::write(path, format!("{:#}\n", report.json()?))
            .with_context(|| format!("write {}", path.display()))?;
    }
    if !outcome.failures.is_empty() {
        bail!("{} measurements failed", outcome.failures.len());
    }
    Ok(())
}

struct Bench {
    binary: Binary,
    cores: Cores,
    provider: Provider,
    scratch: TempDir,
}

impl Bench {
    fn prepare() -> anyhow::Result<Self> {
        let cores = Cores::allowed();
        cores.pin_load();
        Ok(Self {
            binary: Binary::find()?,
            provider: Provider::start(&cores)?,
            scratch: TempDir::with_prefix("image-generation-mcp-bench-")
                .context("make a directory")?,
            cores,
        })
    }

    /// Asks a host of its own for one answer to each operation.
    async fn capture(&self) -> anyhow::Result<Captured> {
        let host = self.host(Isolation::Request, false, "capture")?;
        let mut connection = Connection::open(host.server.address()).await?;
        let mut results = Vec::new();
        for operation in Operation::MCP {
            let request = host
                .target(operation)
                .requests
                .first()
                .cloned()
                .unwrap_or_default();
            let answer = connection.exchange(&request).await?;
            let result = judge(answer.status, &answer.body)
                .with_context(|| format!("the host's answer to {}", operation.label()))?;
            results.push(result);
        }
        let [tools_list, list_providers, generate_image] = <[_; 3]>::try_from(results)
            .map_err(|_| anyhow::anyhow!("one answer for each operation"))?;
        Ok(Captured {
            tools_list,
            list_providers,
            generate_image,
        })
    }

    /// Starts every server of the matrix, contestants that are compared next to each other.
    fn entrants(&self, captured: &Captured) -> anyhow::Result<Vec<Entrant>> {
        let mut entrants = vec![Entrant {
            contestant: Contestant::Hello,
            server: Server::start_mode("hello", &[], &self.cores)?,
            tokens: Vec::new(),
        }];
        for isolation in Isolation::ALL {
            for authenticated in [false, true] {
                let name = format!("{}-{authenticated}", isolation.setting());
                entrants.push(self.host(isolation, authenticated, &name)?);
            }
        }
        for authenticated in [true, false] {
            entrants.push(self.comparator(captured, authenticated)?);
        }
        Ok(entrants)
    }

    fn host(
        &self,
        isolation: Isolation,
        authenticated: bool,
        name: &str,
    ) -> anyhow::Result<Entrant> {
        let listen = free_socket()?;
        let launch = Launch {
            data_dir: &directory(self.scratch.path(), name)?,
            cache_dir: &directory(self.scratch.path(), "cache")?,
            isolation,
            listen,
            provider: authenticated.then_some(&self.provider),
            signs_in_at: None,
            place: Place::ServerCore,
        };
        Ok(Entrant {
            contestant: Contestant::Host(isolation),
            server: self.binary.start(&launch, &self.cores)?,
            tokens: self.tokens(authenticated, &audience(listen))?,
        })
    }

    fn comparator(&self, captured: &Captured, authenticated: bool) -> anyhow::Result<Entrant> {
        let listen = free_socket()?;
        let data_dir = directory(self.scratch.path(), &format!("comparator-{authenticated}"))?;
        let audience = audience(listen);
        let auth = authenticated.then(|| AuthSettings {
            jwks: self.provider.jwks(),
            issuer: self.provider.issuer(),
            audience: audience.clone(),
        });
        let file = data_dir.join("settings.json");
        let settings = Settings {
            data_dir: data_dir.join("images"),
            listen,
            captured: captured.clone(),
            auth,
        };
        fs::write(&file, serde_json::to_vec(&settings)?)
            .context("write the settings of the comparator")?;
        Ok(Entrant {
            contestant: Contestant::Comparator,
            server: Server::start_mode(
                "comparator",
                &["--settings", path_text(&file)?],
                &self.cores,
            )?,
            tokens: self.tokens(authenticated, &audience)?,
        })
    }

    fn tokens(&self, authenticated: bool, audience: &str) -> anyhow::Result<Vec<String>> {
        let subjects = if authenticated { SUBJECTS } else { 0 };
        (0..subjects)
            .map(|number| self.provider.token(audience, &format!("subject-{number}")))
            .collect()
    }

    /// The comparison is only fair while both servers send about the same.
    async fn compare_sizes(&self, entrants: &[Entrant]) -> anyhow::Result<()> {
        for operation in Operation::MCP {
            let mut sizes = Vec::new();
            for entrant in entrants
                .iter()
                .filter(|entrant| entrant.contestant != Contestant::Hello)
            {
                let target = entrant.target(operation);
                let request = target.requests.first().cloned().unwrap_or_default();
                let answer = Connection::open(target.address)
                    .await?
                    .exchange(&request)
                    .await?;
                judge(answer.status, &answer.body).with_context(|| {
                    format!("{}, {}", entrant.contestant.label(), operation.label())
                })?;
                sizes.push(answer.body.len());
            }
            let smallest = sizes.iter().min().copied().unwrap_or(0);
            let largest = sizes.iter().max().copied().unwrap_or(0);
            eprintln!(
                "{}: answers of {smallest} to {largest} bytes",
                operation.label()
            );
            ensure!(
                largest - smallest <= smallest / 10 + 128,
                "answers to {} differ in size: {smallest} and {largest} bytes",
                operation.label()
            );
        }
        Ok(())
    }

    /// A host that signs users in itself, next to one that takes tokens of the provider.
    async fn sign_in(&self, plan: &Plan) -> anyhow::Result<SignIn> {
        let provider = TokenProvider::start().await?;
        let launch = Launch {
            data_dir: &directory(self.scratch.path(), "sign-in")?,
            cache_dir: &directory(self.scratch.path(), "cache")?,
            isolation: Isolation::Request,
            listen: free_socket()?,
            provider: None,
            signs_in_at: Some(&provider),
            place: Place::ServerCore,
        };
        let server = self.binary.start(&launch, &self.cores)?;
        let mut figures = sign_in::measure(&server).await?;
        let own = Entrant {
            contestant: Contestant::Host(Isolation::Request),
            server,
            tokens: vec![figures.token.clone()],
        };
        let mut other = self.host(Isolation::Request, true, "sign-in-other")?;
        other.tokens.truncate(1);
        let pressure = Pressure {
            connections: 16,
            warm_up: plan.warm_up,
            window: plan.window,
            max_requests: u64::MAX,
        };
        let mut rounds = Vec::new();
        for _ in 0..plan.rounds {
            let target = |entrant: &Entrant| entrant.target(Operation::ListProviders);
            rounds.push((
                target(&own).measure(pressure).await?,
                target(&other).measure(pressure).await?,
            ));
        }
        figures.compare(&rounds);
        Ok(figures)
    }

    async fn growth(&self) -> anyhow::Result<BTreeMap<Isolation, Growth>> {
        let mut figures = BTreeMap::new();
        for isolation in Isolation::ALL {
            let host = self.host(isolation, true, &format!("growth-{}", isolation.setting()))?;
            if let Some(growth) = growth::measure(&host).await? {
                figures.insert(isolation, growth);
            }
        }
        Ok(figures)
    }
}

fn path_text(path: &Path) -> anyhow::Result<&str> {
    path.to_str()
        .with_context(|| format!("path is not UTF-8: {}", path.display()))
}
