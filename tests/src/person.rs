//! People who call the API, and the answers that they get.

use reqwest::header::HeaderMap;
use reqwest::{Client, Method};
use serde_json::Value;

use crate::contract;

/// Somebody who calls the API, with a token or without.
#[derive(Clone)]
pub struct Person {
    client: Client,
    base: String,
    token: Option<String>,
    /// What a registration or a log-in said of the user; null for somebody unknown.
    pub user: Value,
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub text: String,
    /// The body as JSON; null if it is none.
    pub body: Value,
}

impl Person {
    /// Makes somebody whom nobody knows.
    pub fn unknown(base: &str) -> Self {
        Self { client: Client::new(), base: base.to_owned(), token: None, user: Value::Null }
    }

    /// Returns the same person calling another instance of the server.
    #[must_use]
    pub fn at(&self, base: &str) -> Self {
        Self { base: base.to_owned(), client: Client::new(), ..self.clone() }
    }

    /// Returns the same person with another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// Returns the person's access token.
    pub fn token(&self) -> &str {
        self.token.as_deref().expect("somebody signed in")
    }

    /// Returns the id of the person's patient record.
    pub fn patient_id(&self) -> String {
        text(&self.user["patient_id"])
    }

    /// Returns the id of the person's doctor profile.
    pub fn doctor_id(&self) -> String {
        text(&self.user["doctor_id"])
    }

    /// Returns the id of the person's account.
    pub fn user_id(&self) -> String {
        text(&self.user["id"])
    }

    /// Registers, and returns the person signed in.
    pub async fn registers(&self, body: Value) -> Self {
        let answer = self.post("/api/v1/auth/register", body).await.created();
        self.signed_in(&answer)
    }

    /// Logs in, and returns the person signed in.
    pub async fn logs_in(&self, username: &str, password: &str) -> Self {
        let body = serde_json::json!({"username": username, "password": password});
        let answer = self.post("/api/v1/auth/login", body).await.ok();
        self.signed_in(&answer)
    }

    fn signed_in(&self, answer: &Value) -> Self {
        Self {
            token: Some(text(&answer["tokens"]["access"])),
            user: answer["user"].clone(),
            ..self.clone()
        }
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], None).await
    }

    /// Writes.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.post_with(path, &[], body).await
    }

    /// Writes, with more headers.
    pub async fn post_with(&self, path: &str, headers: &[(&str, &str)], body: Value) -> Answer {
        let mut all = vec![("content-type", "application/json")];
        all.extend_from_slice(headers);
        self.send(Method::POST, path, &all, Some(body.to_string().into_bytes())).await
    }

    /// Changes what the body names.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        let headers = [("content-type", "application/json")];
        self.send(Method::PATCH, path, &headers, Some(body.to_string().into_bytes())).await
    }

    /// Replaces the whole.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        let headers = [("content-type", "application/json")];
        self.send(Method::PUT, path, &headers, Some(body.to_string().into_bytes())).await
    }

    /// Takes something away.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], None).await
    }

    /// Sends anything.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Answer {
        self.try_send(method, path, headers, body).await.expect("an answer")
    }

    /// Sends anything, to a server that may be gone. An answer has to be as the document says.
    ///
    /// # Errors
    ///
    /// What went wrong on the way.
    pub async fn try_send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Result<Answer, reqwest::Error> {
        let mut request = self.client.request(method.clone(), format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.body(body);
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        let headers = answer.headers().clone();
        let text = answer.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        let answer = Answer { status, headers, text, body };
        let breaches = contract::breaches(&method, path, &answer);
        assert!(breaches.is_empty(), "{breaches:#?} {}", answer.text);
        Ok(answer)
    }

    /// Writes, to a server that may be gone.
    ///
    /// # Errors
    ///
    /// What went wrong on the way.
    pub async fn try_post(&self, path: &str, body: Value) -> Result<Answer, reqwest::Error> {
        let headers = [("content-type", "application/json")];
        let body = body.to_string().into_bytes();
        self.try_send(Method::POST, path, &headers, Some(body)).await
    }

    /// Books half an hour with a doctor for this patient.
    pub async fn books(&self, doctor: &str, starts_at: &str) -> Answer {
        self.post("/api/v1/appointments", a_booking(doctor, &self.patient_id(), starts_at)).await
    }
}

/// Writes the body of a booking of half an hour.
pub fn a_booking(doctor: &str, patient: &str, starts_at: &str) -> Value {
    serde_json::json!({"doctor_id": doctor, "patient_id": patient, "starts_at": starts_at})
}

/// Writes the body of an assignment.
pub fn an_assignment(doctor: &str, patient: &str) -> Value {
    serde_json::json!({"doctor_id": doctor, "patient_id": patient})
}

impl Answer {
    /// Returns the body of an answer that must be 200.
    pub fn ok(self) -> Value {
        self.with_status(200).body
    }

    /// Returns the body of an answer that must be 201.
    pub fn created(self) -> Value {
        self.with_status(201).body
    }

    /// Returns the answer, which must have a status.
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// Returns the answer, which must be a well-formed problem of a status and a code.
    #[must_use]
    pub fn problem(self, status: u16, code: &str) -> Self {
        let answer = self.with_status(status);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.body["code"], code, "{}", answer.text);
        assert_eq!(answer.body["status"], status);
        assert_eq!(answer.body["type"], format!("/problems/{code}"));
        assert_eq!(text(&answer.body["request_id"]), answer.header("x-request-id"));
        for field in ["title", "detail", "instance"] {
            assert!(!text(&answer.body[field]).is_empty(), "{field}");
        }
        answer
    }

    /// Returns the names of the wrong fields of an answer that must be 422.
    pub fn wrong_fields(self) -> Vec<String> {
        let answer = self.problem(422, "invalid");
        let errors = answer.body["errors"].as_object().expect("errors by field");
        errors.keys().cloned().collect()
    }

    /// Returns a header, or nothing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// Reads a JSON text.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text, not {value}")).to_owned()
}
