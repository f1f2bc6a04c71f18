//! The provider: its description, the way to it, and what it says of whom it sent back.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use forecourt_outgoing::{Method, Outgoing, OutgoingError, Request};
use forecourt_store::control::{Secret, SsoAttempt};
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse,
    IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, TokenResponse as _,
    core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata},
    http,
};
use serde_json::{Map, Value};

use super::settings::SsoSettings;

type Client = CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// What went wrong between us and the provider, for the admin's eyes.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    #[error("the provider's description at `{issuer}/.well-known/openid-configuration` cannot be used: {why}")]
    Discovery { issuer: String, why: String },
    #[error("the provider did not give a token for the code: {0}")]
    Exchange(String),
    #[error("the provider's token cannot be trusted: {0}")]
    Token(String),
    #[error("the provider did not say who it is (userinfo): {0}")]
    UserInfo(String),
}

/// Whom the provider vouches for.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The provider's own id; the one thing about somebody that never changes.
    pub subject: String,
    pub claims: Map<String, Value>,
}

impl Identity {
    /// The e-mail, lower-cased, where the provider says that it has made sure of it.
    pub fn verified_email(&self) -> Option<&str> {
        let is_verified = self.claims.get("email_verified") == Some(&Value::Bool(true));
        self.claims.get("email").and_then(Value::as_str).filter(|_| is_verified)
    }

    pub fn name(&self) -> String {
        let name = self.claims.get("name").or_else(|| self.claims.get("preferred_username"));
        name.and_then(Value::as_str).unwrap_or_default().chars().filter(|c| !c.is_control()).take(100).collect()
    }
}

/// Where the browser goes, and what has to be remembered until it comes back.
pub struct Leaving {
    pub url: String,
    pub state: String,
    pub nonce: String,
    pub verifier: String,
}

/// A provider whose description was read.
pub struct Provider {
    client: Client,
    userinfo: Option<String>,
    outgoing: Outgoing,
}

impl Provider {
    /// Reads the provider's description and keys.
    pub async fn discover(
        settings: &SsoSettings,
        secret: Option<Secret>,
        redirect: &str,
        outgoing: Outgoing,
    ) -> Result<Self, ProviderError> {
        let told = |why: String| ProviderError::Discovery { issuer: settings.issuer.trim_end_matches('/').to_owned(), why };
        let issuer = IssuerUrl::new(settings.issuer.clone()).map_err(|error| told(error.to_string()))?;
        let http = |request| send(outgoing.clone(), request);
        let metadata = CoreProviderMetadata::discover_async(issuer, &http).await.map_err(|error| told(causes(&error)))?;
        if metadata.token_endpoint().is_none() {
            return Err(told("it names no token endpoint".to_owned()));
        }
        let userinfo = metadata.userinfo_endpoint().map(|url| url.url().to_string());
        let redirect = RedirectUrl::new(redirect.to_owned()).map_err(|error| told(format!("our own address: {error}")))?;
        let secret = secret.map(|secret| ClientSecret::new(secret.reveal().to_owned()));
        let client =
            CoreClient::from_provider_metadata(metadata, ClientId::new(settings.client_id.clone()), secret).set_redirect_uri(redirect);
        Ok(Self { client, userinfo, outgoing })
    }

    /// Begins an attempt.
    pub fn leave(&self, settings: &SsoSettings) -> Leaving {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let scopes = settings.scopes.iter().map(|scope| Scope::new(scope.clone()));
        let request = self.client.authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random);
        let (url, state, nonce) = request.add_scopes(scopes).set_pkce_challenge(challenge).url();
        let verifier = verifier.secret().clone();
        Leaving { url: url.to_string(), state: state.secret().clone(), nonce: nonce.secret().clone(), verifier }
    }

    /// Exchanges the code that the browser brought, and checks the token: signature, issuer, audience, expiry, nonce.
    pub async fn identify(&self, code: String, attempt: &SsoAttempt) -> Result<Identity, ProviderError> {
        let http = |request| send(self.outgoing.clone(), request);
        let exchange =
            self.client.exchange_code(AuthorizationCode::new(code)).map_err(|error| ProviderError::Exchange(error.to_string()))?;
        let exchange = exchange.set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier.clone()));
        let tokens = exchange.request_async(&http).await.map_err(|error| ProviderError::Exchange(causes(&error)))?;
        let id_token = tokens.id_token().ok_or_else(|| ProviderError::Token("there is none: is the scope `openid` allowed?".to_owned()))?;
        let nonce = Nonce::new(attempt.nonce.clone());
        let checked = id_token.claims(&self.client.id_token_verifier(), &nonce).map_err(|error| ProviderError::Token(causes(&error)))?;
        let subject = checked.subject().to_string();
        // The signature holds, so the same text may be read for the claims that only this installation knows of.
        let mut claims = payload(&id_token.to_string()).ok_or_else(|| ProviderError::Token("it does not read".to_owned()))?;
        for (name, value) in self.user_info(tokens.access_token().secret(), &subject).await? {
            claims.entry(name).or_insert(value);
        }
        Ok(Identity { subject, claims })
    }

    /// Many providers tell e-mail and groups only when asked.
    async fn user_info(&self, access_token: &str, subject: &str) -> Result<Map<String, Value>, ProviderError> {
        let Some(url) = &self.userinfo else { return Ok(Map::new()) };
        let request =
            Request::new(Method::GET, url).header("authorization", format!("Bearer {access_token}")).header("accept", "application/json");
        let answer = self.outgoing.send(request).await.map_err(|error| ProviderError::UserInfo(error.to_string()))?;
        if !answer.status.is_success() {
            return Err(ProviderError::UserInfo(format!("it answered {}", answer.status)));
        }
        let told: Map<String, Value> = serde_json::from_slice(&answer.body).map_err(|error| ProviderError::UserInfo(error.to_string()))?;
        if told.get("sub").and_then(Value::as_str) != Some(subject) {
            return Err(ProviderError::UserInfo("it speaks of somebody else than the token".to_owned()));
        }
        Ok(told)
    }
}

fn payload(token: &str) -> Option<Map<String, Value>> {
    let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// The library's requests, by our client.
async fn send(outgoing: Outgoing, request: HttpRequest) -> Result<HttpResponse, OutgoingError> {
    let (head, body) = request.into_parts();
    let method = if head.method == http::Method::POST { Method::POST } else { Method::GET };
    let headers = head.headers.iter().map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    let request = Request { headers: headers.collect(), ..Request::new(method, head.uri.to_string()) };
    let answer = outgoing.send(request.body(body)).await?;
    let mut response = HttpResponse::new(answer.body.to_vec());
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    Ok(response)
}

/// An error with what is behind it.
fn causes(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(behind) = cause {
        told.push_str(&format!(": {behind}"));
        cause = behind.source();
    }
    told
}
