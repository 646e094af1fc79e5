//! The OpenAPI document as a contract: whatever any test is answered is held to it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use jsonschema::Validator;
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::person::Answer;

/// The document, read once.
static CONTRACT: LazyLock<Contract> = LazyLock::new(|| {
    let document = serde_json::to_value(medilink_http::openapi()).expect("the document");
    Contract::of(&document)
});

/// The headers that an answer may only have if its documentation says so.
const HEADERS: &[&str] = &[
    "etag",
    "idempotency-replayed",
    "location",
    "ratelimit",
    "ratelimit-policy",
    "retry-after",
    "set-cookie",
    "www-authenticate",
    "x-request-id",
];

/// Those of them that an answer may lack although they are documented.
const OPTIONAL: &[&str] = &["idempotency-replayed", "ratelimit", "ratelimit-policy"];

struct Contract(Vec<Operation>);

struct Operation {
    name: String,
    method: String,
    path: String,
    answers: BTreeMap<String, Documented>,
}

/// What the document says of the answers with one status.
struct Documented {
    headers: BTreeSet<String>,
    kinds: BTreeMap<String, Arc<Validator>>,
    codes: BTreeSet<String>,
}

/// Says how an answer differs from what the document says of it. What no operation answers, an
/// unknown path for example, is in no contract.
pub fn breaches(method: &Method, path: &str, answer: &Answer) -> Vec<String> {
    let Some(operation) = CONTRACT.operation(method, path) else { return Vec::new() };
    let status = answer.status;
    let breaches = match operation.answers.get(&status.to_string()) {
        Some(documented) => documented.breaches(answer, *method == Method::HEAD),
        None => vec!["the status is not documented".to_owned()],
    };
    breaches.iter().map(|breach| format!("{} {status}: {breach}", operation.name)).collect()
}

impl Contract {
    fn of(document: &Value) -> Self {
        let mut validators = BTreeMap::new();
        let mut operations = Vec::new();
        for (path, item) in entries(&document["paths"]) {
            for (method, operation) in entries(item) {
                let mut answers = BTreeMap::new();
                for (status, answer) in entries(&operation["responses"]) {
                    let documented = Documented::of(document, answer, &mut validators);
                    answers.insert(status.clone(), documented);
                }
                let name = operation["operationId"].as_str().expect("a name").to_owned();
                let (method, path) = (method.to_uppercase(), path.clone());
                operations.push(Operation { name, method, path, answers });
            }
        }
        Self(operations)
    }

    fn operation(&self, method: &Method, path: &str) -> Option<&Operation> {
        let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
        let path = path.split('?').next().unwrap_or_default().trim_end_matches('/');
        let at = self.0.iter().filter(|operation| is_at(&operation.path, path));
        // A fixed path goes before one with a parameter, whatever methods it answers to.
        let template = at.map(|it| &it.path).min_by_key(|path| path.matches('{').count())?;
        self.0.iter().find(|it| it.path == *template && it.method == method)
    }
}

fn is_at(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) =
        (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template.iter().zip(path).all(|(part, given)| {
            if part.starts_with('{') { !given.is_empty() } else { *part == given }
        })
}

impl Documented {
    fn of(
        document: &Value,
        answer: &Value,
        validators: &mut BTreeMap<String, Arc<Validator>>,
    ) -> Self {
        let mut kinds = BTreeMap::new();
        let mut codes = BTreeSet::new();
        for (kind, content) in entries(&answer["content"]) {
            let schema = &content["schema"];
            let validator = validators
                .entry(schema.to_string())
                .or_insert_with(|| Arc::new(validator(document, schema)));
            kinds.insert(kind.clone(), Arc::clone(validator));
            codes.extend(entries(&content["examples"]).map(|(code, _)| code.clone()));
        }
        let headers = entries(&answer["headers"]).map(|(name, _)| name.to_lowercase()).collect();
        Self { headers, kinds, codes }
    }

    fn breaches(&self, answer: &Answer, without_body: bool) -> Vec<String> {
        let mut breaches = Vec::new();
        for name in HEADERS {
            match (answer.headers.contains_key(*name), self.headers.contains(*name)) {
                (true, false) => breaches.push(format!("{name} is not documented")),
                (false, true) if !OPTIONAL.contains(name) => {
                    breaches.push(format!("{name} is documented and not there"));
                }
                _ => {}
            }
        }
        if let Some(code) = answer.body["code"].as_str()
            && answer.status >= 400
            && !self.codes.contains(code)
        {
            breaches.push(format!("{code} is not documented"));
        }
        let kind = answer.header("content-type");
        let kind = kind.split(';').next().unwrap_or_default();
        match self.kinds.get(kind) {
            _ if without_body => {}
            Some(validator) => {
                let text = || Value::String(answer.text.clone());
                let body = if kind.ends_with("json") { answer.body.clone() } else { text() };
                let errors = validator.iter_errors(&body);
                breaches.extend(errors.map(|error| format!("{} {error}", error.instance_path())));
            }
            None if kind.is_empty() && self.kinds.is_empty() => {}
            None => breaches.push(format!("{kind:?} is not documented")),
        }
        breaches
    }
}

/// Prepares to hold values to a schema of the document, formats included.
///
/// # Panics
///
/// If it is no schema.
pub fn validator(document: &Value, schema: &Value) -> Validator {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "components": document["components"],
        "allOf": [schema],
    });
    jsonschema::options().should_validate_formats(true).build(&schema).expect("a schema")
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}
