//! How commands talk to an installation: over HTTP to the server that runs on the folder, or through the same routes in
//! this process when none does.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode, header},
};
use bytes::Bytes;
use forecourt_api::sql::ARROW_STREAM;
use rand::Rng as _;
use serde_json::Value;
use tokio::sync::watch;
use tower::ServiceExt as _;

use crate::{
    commands::Place,
    config::Config,
    folder::{Folder, Running},
    node::{Node, Opening, Role},
    workers::Workers,
};

/// The largest answer that a command reads.
const ANSWER_BYTES_MAX: usize = 1 << 30;

pub enum Client {
    Remote { http: reqwest::Client, running: Running },
    Here { router: Router, token: String, node: Box<Node>, workers: Workers, stop: watch::Sender<bool> },
}

impl Client {
    /// Finds the server that runs on the folder, else opens the folder and folds what the log still holds.
    pub async fn connect(place: &Place) -> anyhow::Result<Self> {
        let folder = Folder::open(&place.data)?;
        if let Some(running) = folder.running() {
            let http = running.http()?;
            let answers = http.get(format!("{}/healthz", running.address)).send().await.is_ok_and(|answer| answer.status().is_success());
            if answers {
                return Ok(Self::Remote { http, running });
            }
        }
        let mut secret = [0_u8; 32];
        rand::rng().fill(&mut secret[..]);
        let token = blake3::Hash::from_bytes(secret).to_hex().to_string();
        let config = Config::load(place.config.as_deref())?;
        let opening = Opening { demo: false, local_admin: Some(blake3::hash(token.as_bytes())), postgres_port: None };
        let node = Node::open(&folder, config, opening).await?;
        let (stop, stopping) = watch::channel(false);
        let workers = node.start(Role::Process, &stopping).await?;
        node.caught_up().await?;
        Ok(Self::Here { router: forecourt_api::router(node.api.clone(), Arc::new([])), token, node: Box::new(node), workers, stop })
    }

    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.call(Method::GET, path, None).await
    }

    /// A file, as it came.
    pub async fn file(&self, path: &str) -> anyhow::Result<Bytes> {
        let (status, bytes) = self.send(Method::GET, path, None, "*/*").await?;
        if status.is_success() { Ok(bytes) } else { understood(status, &bytes).map(|_| bytes) }
    }

    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.call(Method::POST, path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.call(Method::PUT, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> anyhow::Result<Value> {
        self.call(Method::DELETE, path, None).await
    }

    /// Asks by SQL and gets an Arrow stream.
    pub async fn arrow(&self, sql: &str, limit: u32) -> anyhow::Result<Bytes> {
        let question = serde_json::json!({ "sql": sql, "limit": limit });
        let (status, bytes) = self.send(Method::POST, "/api/query", Some(&question), ARROW_STREAM).await?;
        if status.is_success() { Ok(bytes) } else { understood(status, &bytes).map(|_| bytes) }
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let (status, bytes) = self.send(method, path, body, "application/json").await?;
        understood(status, &bytes)
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>, accept: &str) -> anyhow::Result<(StatusCode, Bytes)> {
        Ok(match self {
            Self::Remote { http, running } => {
                let mut request = http.request(method, format!("{}{path}", running.address)).bearer_auth(&running.token);
                request = request.header(header::ACCEPT, accept);
                if let Some(body) = body {
                    request = request.json(body);
                }
                let answer = request.send().await.context("the server does not answer")?;
                (answer.status(), answer.bytes().await?)
            }
            Self::Here { router, token, .. } => {
                let request = Request::builder().method(method).uri(path).header(header::AUTHORIZATION, format!("Bearer {token}"));
                let request = request.header(header::ACCEPT, accept);
                let request = match body {
                    None => request.body(Body::empty())?,
                    Some(body) => request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string()))?,
                };
                let answer = router.clone().oneshot(request).await?;
                (answer.status(), to_bytes(answer.into_body(), ANSWER_BYTES_MAX).await?)
            }
        })
    }

    /// Where the server is, or will be, as this machine reaches it.
    pub fn address(&self) -> String {
        match self {
            Self::Remote { running, .. } => running.address.clone(),
            Self::Here { node, .. } => format!("http://{}", node.config.server.listen),
        }
    }

    /// Ends what runs in this process.
    pub async fn close(self) {
        if let Self::Here { node, workers, stop, .. } = self {
            stop.send_replace(true);
            workers.join().await;
            node.close().await;
        }
    }
}

fn understood(status: StatusCode, bytes: &[u8]) -> anyhow::Result<Value> {
    if status == StatusCode::NO_CONTENT {
        return Ok(Value::Null);
    }
    let answer: Value = serde_json::from_slice(bytes).with_context(|| format!("the answer ({status}) is not JSON"))?;
    if status.is_success() {
        return Ok(answer);
    }
    match answer["error"]["message"].as_str() {
        Some(message) => bail!("{message}"),
        None => bail!("the server answered {status}"),
    }
}
