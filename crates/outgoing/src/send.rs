//! One request, guarded, and its answer or what became of it.

use std::{error::Error, net::IpAddr, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use reqwest::{
    Client, Method, StatusCode, Url,
    header::{HeaderMap, HeaderName, HeaderValue},
    redirect,
};

use crate::{
    Lookup, Settings, guard,
    resolver::{GuardedResolver, LeadsInside},
    system_lookup,
};

/// How long a connection waits for the next request. Short: one that the other side closes just as we write would leave
/// unknown whether it read what we wrote.
const IDLE: Duration = Duration::from_secs(15);

/// The guarded client. Cloning gives another handle to the same connections.
#[derive(Debug, Clone)]
pub struct Outgoing {
    client: Client,
    settings: Arc<Settings>,
}

#[derive(Debug, Clone)]
pub struct Request {
    pub method: Method,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    /// Shorter than [`Settings::timeout`] where the caller is in a hurry.
    pub timeout: Option<Duration>,
}

#[derive(Debug, Clone)]
pub struct Response {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
    /// The body went on, and was not read further.
    pub is_cut: bool,
}

/// Why there is no answer. The one thing a sender must know: [`OutgoingError::may_have_arrived`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutgoingError {
    #[error("{0}")]
    Invalid(String),
    #[error(
        "`{0}` may not be reached from here: it is not in the public network; if it is meant, name it under `[outgoing] allow` in the configuration"
    )]
    Forbidden(String),
    #[error("port {port} of `{host}` may not be reached from here: add it to `[outgoing] ports` in the configuration")]
    ForbiddenPort { host: String, port: u16 },
    #[error("no connection: {0}")]
    NoConnection(String),
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    #[error("the connection broke off before the answer: {0}")]
    BrokenOff(String),
}

impl OutgoingError {
    /// Whether the other side may have read the request and acted on it.
    pub fn may_have_arrived(&self) -> bool {
        matches!(self, Self::Timeout(_) | Self::BrokenOff(_))
    }
}

impl Request {
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        Self { method, url: url.into(), headers: Vec::new(), body: Bytes::new(), timeout: None }
    }

    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }
}

impl Outgoing {
    pub fn new(settings: Settings) -> Self {
        Self::with_lookup(settings, system_lookup())
    }

    /// [`Outgoing::new`] with another way of looking names up.
    pub fn with_lookup(settings: Settings, lookup: Lookup) -> Self {
        // Somebody else may have installed it already: it is the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let settings = Arc::new(settings);
        let builder = || {
            Client::builder()
                .dns_resolver(Arc::new(GuardedResolver { settings: settings.clone(), lookup: lookup.clone() }))
                .redirect(redirect::Policy::none())
                .no_proxy()
                .timeout(settings.timeout)
                .connect_timeout(settings.timeout.min(Duration::from_secs(5)))
                .pool_idle_timeout(IDLE)
                .user_agent(concat!("Forecourt/", env!("CARGO_PKG_VERSION")))
        };
        let client = builder().build().unwrap_or_else(|error| {
            tracing::warn!(%error, "this machine has no list of certificate authorities: https addresses will fail until it has one");
            let without = builder().tls_certs_only([]).build();
            without.unwrap_or_else(|error| panic!("an HTTP client without options that can fail: {error}"))
        });
        Self { client, settings }
    }

    /// Sends one request. A redirect is an answer like any other.
    pub async fn send(&self, request: Request) -> Result<Response, OutgoingError> {
        let url = self.check(&request.url)?;
        let timeout = request.timeout.unwrap_or(self.settings.timeout).min(self.settings.timeout);
        let told = |error: reqwest::Error| told(&error, &request.url, timeout);
        let sending = self.client.request(request.method.clone(), url).headers(headers(&request.headers)?).timeout(timeout);
        let sending = if request.body.is_empty() { sending } else { sending.body(request.body.clone()) };
        let mut answer = sending.send().await.map_err(told)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let (mut body, mut is_cut) = (BytesMut::new(), false);
        while let Some(chunk) = answer.chunk().await.map_err(told)? {
            let room = self.settings.response_bytes_max - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if room < chunk.len() {
                is_cut = true;
                break;
            }
        }
        Ok(Response { status, headers, body: body.freeze(), is_cut })
    }

    /// Checks an address as far as that is possible without looking its name up: for those who save what people type.
    ///
    /// Returns it as it will be used. A name is checked again at each connection.
    pub fn check(&self, url: &str) -> Result<Url, OutgoingError> {
        let url = Url::parse(url.trim())
            .map_err(|error| OutgoingError::Invalid(format!("`{url}` is no address ({error}): write https://host/path")))?;
        let told = OutgoingError::Invalid;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(told(format!("`{}` is not spoken here: write https://host/path", url.scheme())));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(told("an address must not hold a name and password: send them in a header".to_owned()));
        }
        let host = url.host_str().ok_or_else(|| told("the address has no host: write https://host/path".to_owned()))?;
        let excepted = match host.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(address) if !guard::may_reach(&self.settings, address) => return Err(OutgoingError::Forbidden(host.to_owned())),
            Ok(address) => guard::is_excepted(&self.settings, address),
            Err(_) => guard::is_excepted_host(&self.settings, host),
        };
        let port = url.port_or_known_default().unwrap_or(0);
        if !excepted && !self.settings.ports.contains(&port) {
            return Err(OutgoingError::ForbiddenPort { host: host.to_owned(), port });
        }
        Ok(url)
    }
}

fn headers(given: &[(String, String)]) -> Result<HeaderMap, OutgoingError> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let bad = |what: &str| OutgoingError::Invalid(format!("`{name}` has {what} that HTTP cannot carry"));
        let read = HeaderName::try_from(name.as_str()).map_err(|_| bad("a name"))?;
        headers.append(read, HeaderValue::from_str(value).map_err(|_| bad("a value"))?);
    }
    Ok(headers)
}

fn told(error: &reqwest::Error, url: &str, timeout: Duration) -> OutgoingError {
    let mut cause = error.source();
    let mut last = String::new();
    while let Some(held) = cause {
        if let Some(inside) = held.downcast_ref::<LeadsInside>() {
            return OutgoingError::Forbidden(inside.host.clone());
        }
        last = held.to_string();
        cause = held.source();
    }
    if last.is_empty() {
        last = error.to_string().replace(url, "");
    }
    if error.is_builder() {
        OutgoingError::Invalid(last)
    } else if error.is_connect() {
        OutgoingError::NoConnection(last)
    } else if error.is_timeout() {
        OutgoingError::Timeout(timeout)
    } else {
        OutgoingError::BrokenOff(last)
    }
}
