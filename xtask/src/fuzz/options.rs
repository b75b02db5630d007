//! The arguments of `cargo xtask fuzz`.

use anyhow::{Context, Result, bail};

const SECONDS: u32 = 60;

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    /// How long each target runs, its seeds included.
    pub seconds: u32,
    /// Whether memory errors are looked for as well: our code has no unsafe block, so this is about
    /// the crates below it, and it costs half of the speed.
    pub sanitizes: bool,
    /// One input to run instead.
    pub replay: Option<String>,
    /// Names of targets; none means all.
    pub targets: Vec<String>,
}

impl Options {
    pub fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self {
            seconds: SECONDS,
            sanitizes: false,
            replay: None,
            targets: Vec::new(),
        };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || {
                let value = arguments.next();
                value.with_context(|| format!("`{argument}` has no value"))
            };
            match argument.as_str() {
                "--seconds" => {
                    let seconds = value()?;
                    options.seconds = seconds
                        .parse()
                        .ok()
                        .filter(|seconds| *seconds > 0)
                        .with_context(|| format!("not a number of seconds: `{seconds}`"))?;
                }
                "--asan" => options.sanitizes = true,
                "--replay" => options.replay = Some(value()?.clone()),
                flag if flag.starts_with('-') => bail!(
                    "unknown argument: `{flag}`\n\
                     hint: `[--seconds N] [--asan] [--replay FILE] [TARGET]...`"
                ),
                target => options.targets.push(target.to_owned()),
            }
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::Options;

    fn parse(line: &str) -> Option<Options> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Options::parse(&words).ok()
    }

    #[test]
    fn a_minute_each_unless_said_otherwise() {
        let all = parse("").unwrap();
        assert_eq!((all.seconds, all.sanitizes, all.replay), (60, false, None));
        assert_eq!(all.targets, Vec::<String>::new());
        let some = parse("seal --seconds 5 --asan token").unwrap();
        assert_eq!((some.seconds, some.sanitizes), (5, true));
        assert_eq!(some.targets, ["seal", "token"]);
        let one = parse("seal --replay crash-1").unwrap();
        assert_eq!(one.replay.as_deref(), Some("crash-1"));
    }

    #[test]
    fn anything_else_is_refused() {
        for line in [
            "--seconds",
            "--seconds 0",
            "--seconds x",
            "--replay",
            "--jobs 3",
            "-x",
        ] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
