//! Questions to the user in the middle of a request (MRTR): the reply that asks, and what the
//! repeated request brings back.

use rmcp::model::{
    ClientCapabilities, ElicitRequestParams, ElicitationCapability, ErrorData,
    FormElicitationCapability, InputRequest, InputRequests, InputRequiredResult, InputResponses,
    RootsCapabilities, SamplingCapability, UrlElicitationCapability,
};
use serde_json::{Map, Value};

use crate::call::Call;
use crate::fault::Fault;
use crate::state::{self, Binding};
use crate::version::Era;

/// What a repeated request brings along, and what its state is bound to.
#[derive(Default)]
pub(crate) struct Input {
    pub(crate) responses: InputResponses,
    pub(crate) state: Option<Vec<u8>>,
    binding: Option<Binding>,
}

impl Input {
    /// Takes the answers and the state out of the parameters. Legacy eras have neither.
    ///
    /// # Errors
    ///
    /// -32602 for answers of the wrong shape, and for a state that does not open: no matter why.
    pub(crate) fn take(call: &Call<'_>, params: &mut Map<String, Value>) -> Result<Self, Fault> {
        if call.era() == Era::Legacy {
            return Ok(Self::default());
        }
        let responses = match params.remove("inputResponses") {
            None => InputResponses::new(),
            Some(Value::Object(responses)) => responses.into_iter().collect(),
            Some(_) => return Err(Fault::invalid_params("`inputResponses` is not an object")),
        };
        let sealed = match params.remove("requestState") {
            None => None,
            Some(Value::String(sealed)) => Some(sealed),
            Some(_) => return Err(Fault::invalid_params("`requestState` is not a string")),
        };
        let key = call.server().state_key();
        let binding = key
            .is_some()
            .then(|| Binding::new(&call.server().principal(), call.method.as_str(), params));
        let state = match (sealed, &key, binding) {
            (None, _, _) => None,
            (Some(sealed), Some(key), Some(binding)) => {
                let opened = state::open(key, binding, &sealed, call.http.now);
                Some(opened.map_err(|_| refused_state())?)
            }
            (Some(_), _, _) => return Err(refused_state()),
        };
        Ok(Self {
            responses,
            state,
            binding,
        })
    }
}

/// Makes the reply that asks.
///
/// # Errors
///
/// See [`Exchange::request_input`](crate::Exchange::request_input).
pub(crate) fn request(
    call: &Call<'_>,
    requests: InputRequests,
    state: Option<&[u8]>,
) -> Result<InputRequiredResult, ErrorData> {
    if call.era() == Era::Legacy {
        let text = "this needs an answer from the user, which protocol version 2026-07-28 allows";
        return Err(ErrorData::invalid_request(text, None));
    }
    if let Some(missing) = missing_capabilities(&requests, &call.meta.client_capabilities) {
        return Err(ErrorData::missing_required_client_capability(missing));
    }
    if requests.is_empty() && state.is_none() {
        return Err(internal(
            "a reply that asks has neither questions nor state",
        ));
    }
    let sealed = match state {
        None => None,
        Some(state) => Some(seal(call, state)?),
    };
    let requests = (!requests.is_empty()).then_some(requests);
    Ok(InputRequiredResult::new(requests, sealed))
}

fn seal(call: &Call<'_>, payload: &[u8]) -> Result<String, ErrorData> {
    let (Some(key), Some(binding)) = (call.server().state_key(), call.input.binding) else {
        return Err(internal("this server has no key for `requestState`"));
    };
    state::seal(&key, binding, payload, call.http.now).map_err(|error| internal(&error.to_string()))
}

/// The capabilities that the questions need and the client did not declare. A client that says
/// `elicitation: {}` means forms.
fn missing_capabilities(
    requests: &InputRequests,
    declared: &ClientCapabilities,
) -> Option<ClientCapabilities> {
    let mut missing = ClientCapabilities::default();
    for request in requests.values() {
        match request {
            InputRequest::CreateMessage(_) if declared.sampling.is_none() => {
                missing.sampling = Some(SamplingCapability::default());
            }
            InputRequest::ListRoots(_) if declared.roots.is_none() => {
                missing.roots = Some(RootsCapabilities::default());
            }
            InputRequest::Elicitation(elicit) => {
                let by_url = matches!(
                    elicit.params,
                    ElicitRequestParams::UrlElicitationParams { .. }
                );
                if !can_elicit(declared.elicitation.as_ref(), by_url) {
                    let needed = missing.elicitation.get_or_insert_default();
                    if by_url {
                        needed.url = Some(UrlElicitationCapability::default());
                    } else {
                        needed.form = Some(FormElicitationCapability::default());
                    }
                }
            }
            _ => {}
        }
    }
    (missing != ClientCapabilities::default()).then_some(missing)
}

fn can_elicit(declared: Option<&ElicitationCapability>, by_url: bool) -> bool {
    declared.is_some_and(|declared| {
        if by_url {
            declared.url.is_some()
        } else {
            declared.form.is_some() || declared.url.is_none()
        }
    })
}

fn refused_state() -> Fault {
    Fault::invalid_params("`requestState` is not valid for this request")
}

fn internal(text: &str) -> ErrorData {
    ErrorData::internal_error(text.to_owned(), None)
}
