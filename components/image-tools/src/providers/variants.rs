//! Several variants of one image, at backends that make fewer in one call: one call after the
//! other, and what is there is handed on before the next one begins.

use mcp::Flow;

use super::error::Code;
use super::request::GenerateRequest;
use super::{Generated, ProviderError, Report, Selected, Step};

/// Makes [`GenerateRequest::n`] images, and hands them to `take` as they come. With a seed, each
/// variant gets the next one.
///
/// # Errors
/// That of the first call that fails. What `take` has been given by then is there and paid.
pub fn generate(
    selected: &Selected<'_>,
    request: &GenerateRequest,
    report: &mut Report<'_>,
    take: &mut dyn FnMut(Generated) -> Flow,
) -> Result<(), ProviderError> {
    let provider = &*selected.provider;
    let most = selected.model.max_images.max(1);
    let wanted = request.n.max(1);
    let mut done = 0;
    while done < wanted {
        let call = GenerateRequest {
            n: (wanted - done).min(most),
            seed: request.seed.map(|seed| seed.wrapping_add(done.into())),
            ..request.clone()
        };
        let share = f64::from(call.n) / f64::from(wanted);
        let before = f64::from(done) / f64::from(wanted);
        let generated = provider.generate(&call, &mut |step| {
            report(Step {
                progress: before + step.progress * share,
                ..step
            })
        })?;
        let count = u32::try_from(generated.images.len()).unwrap_or(u32::MAX);
        if count == 0 {
            return Err(ProviderError::new(Code::NoImage).at(provider.name()));
        }
        done = done.saturating_add(count.min(call.n));
        if take(generated) == Flow::Cancelled {
            return Err(ProviderError::new(Code::Cancelled).at(provider.name()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use serde_json::Map;

    use super::*;
    use crate::providers::model::Model;
    use crate::providers::{Made, Provider};

    /// How many images with which seed.
    type Call = (u32, Option<u64>);

    /// Makes two at a time, and fails when it is asked for the seed 4.
    #[derive(Clone, Default)]
    struct Pairs(Rc<RefCell<Vec<Call>>>);

    impl Provider for Pairs {
        fn name(&self) -> &'static str {
            "pairs"
        }

        fn description(&self) -> &'static str {
            ""
        }

        fn models(&self) -> Vec<Model> {
            vec![Model {
                max_images: 2,
                ..Model::default()
            }]
        }

        fn generate(
            &self,
            request: &GenerateRequest,
            report: &mut Report<'_>,
        ) -> Result<Generated, ProviderError> {
            self.0.borrow_mut().push((request.n, request.seed));
            if request.seed == Some(4) {
                return Err(ProviderError::new(Code::RateLimited).at("pairs"));
            }
            let _ = report(Step::new(0.5, "half"));
            let made = Made {
                bytes: Vec::new(),
                metadata: Map::new(),
            };
            Ok(Generated {
                images: vec![made; request.n as usize],
                cost: None,
            })
        }
    }

    fn run(n: u32, seed: Option<u64>) -> (usize, Vec<f64>, Result<(), ProviderError>, Pairs) {
        let pairs = Pairs::default();
        let selected = Selected {
            provider: Box::new(pairs.clone()),
            model: pairs.models().remove(0),
            reason: String::new(),
        };
        let request = GenerateRequest {
            n,
            seed,
            ..GenerateRequest::new("x")
        };
        let (mut taken, mut progress) = (0, Vec::new());
        let result = generate(
            &selected,
            &request,
            &mut |step| {
                progress.push(step.progress);
                Flow::Continue
            },
            &mut |generated| {
                taken += generated.images.len();
                Flow::Continue
            },
        );
        (taken, progress, result, pairs)
    }

    #[test]
    fn calls_follow_each_other_until_there_are_enough() {
        let (taken, progress, result, pairs) = run(5, Some(7));
        result.unwrap();
        assert_eq!(taken, 5);
        assert_eq!(
            *pairs.0.borrow(),
            [(2, Some(7)), (2, Some(9)), (1, Some(11))]
        );
        assert_eq!(progress, [0.2, 0.6000000000000001, 0.9]);
    }

    #[test]
    fn what_was_made_before_a_failure_is_kept() {
        let (taken, _, result, _) = run(6, Some(0));
        assert_eq!(result.unwrap_err().code, Code::RateLimited);
        assert_eq!(taken, 4);
    }
}
