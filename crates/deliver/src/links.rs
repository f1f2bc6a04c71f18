//! The addresses that stand in messages: the picture that says that somebody reads, links that say that somebody follows them, and
//! the page to unsubscribe on.
//!
//! Nothing is unsubscribed by looking: programs look at every link. What a hit tells is an event, with how sure it is that a program
//! did it. Who has no key can make no token, so nobody can be led anywhere through here.

mod page;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Path, RawQuery, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use forecourt_model::{
    message::{Message, Reaction, ReactionKind},
    time::{MINUTE_US, SECOND_US},
};
use forecourt_store::StoreError;

use crate::{
    Deliver, Shared,
    bots::{self, Hit},
    outcome,
    receipts::pairs,
    token::Link,
};

/// A picture of one point that nobody sees.
const PICTURE: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";
const BODY_BYTES_MAX: usize = 16 << 10;

/// `/m/o/{token}`, `/m/c/{token}?u=…`, `/m/x/{token}` and `/m/u/{token}`: for everybody, without signing in.
pub fn router(deliver: Deliver) -> Router {
    Router::new()
        .route("/m/o/{token}", get(open))
        .route("/m/c/{token}", get(click))
        .route("/m/x/{token}", get(trap))
        .route("/m/u/{token}", get(ask).post(unsubscribe))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(deliver)
}

/// A request for the picture or a link, as far as it matters who made it.
struct Asked {
    is_head: bool,
    user_agent: String,
}

impl Asked {
    fn new(method: &Method, headers: &HeaderMap) -> Self {
        let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Self { is_head: method == Method::HEAD, user_agent: user_agent.to_owned() }
    }
}

async fn open(State(deliver): State<Deliver>, Path(token): Path<String>, method: Method, headers: HeaderMap) -> Response {
    let shared = &deliver.shared;
    let asked = Asked::new(&method, &headers);
    match message_of(shared, &token, Link::Open).await {
        Ok(Named::Known(message)) => tell(shared, &message, ReactionKind::Opened, Link::Open, &asked).await,
        Ok(Named::Gone) => {}
        Ok(Named::Nothing) => return StatusCode::NOT_FOUND.into_response(),
        Err(error) => tracing::warn!(%error, "an open is not counted"),
    }
    // Fetched each time: the second reading counts too.
    ([(header::CONTENT_TYPE, "image/gif"), (header::CACHE_CONTROL, "no-store, private")], PICTURE).into_response()
}

async fn click(
    State(deliver): State<Deliver>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Response {
    let shared = &deliver.shared;
    let query = pairs(query.unwrap_or_default().as_bytes());
    let url = query["u"].as_str().unwrap_or_default();
    let link = Link::Click(url);
    match message_of(shared, &token, link).await {
        Ok(Named::Known(message)) => tell(shared, &message, ReactionKind::Clicked, link, &Asked::new(&method, &headers)).await,
        // The seal is right: the person gets where they want to go whatever we know of the message.
        Ok(Named::Gone) => {}
        Ok(Named::Nothing) => return StatusCode::NOT_FOUND.into_response(),
        // Our trouble keeps nobody from where they go, once the seal is seen to be right.
        Err(error) if shared.link_key.get().is_some_and(|key| key.message_of(&token, link).is_some()) => {
            tracing::warn!(%error, "a click is not counted");
        }
        Err(error) => {
            tracing::warn!(%error, "a click is not followed");
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    }
    let location = in_header(url);
    let headers =
        [(header::LOCATION, location.as_str()), (header::CACHE_CONTROL, "no-store, private"), (header::REFERRER_POLICY, "no-referrer")];
    (StatusCode::FOUND, headers).into_response()
}

/// An address as a header carries it: letters beyond ASCII percent-encoded.
fn in_header(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    for byte in url.bytes() {
        match byte {
            b'!'..=b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Stands in a mail where no person sees it. Whoever comes here follows all that there is.
async fn trap(State(deliver): State<Deliver>, Path(token): Path<String>, method: Method, headers: HeaderMap) -> Response {
    if let Ok(Named::Known(message)) = message_of(&deliver.shared, &token, Link::Trap).await {
        tell(&deliver.shared, &message, ReactionKind::Clicked, Link::Trap, &Asked::new(&method, &headers)).await;
    }
    StatusCode::NOT_FOUND.into_response()
}

async fn ask(State(deliver): State<Deliver>, Path(token): Path<String>) -> Response {
    answer(&deliver.shared, &token, page::Step::Ask).await
}

/// From the page's button, and from mail programs with one click (RFC 8058): the body says nothing more than the address does.
async fn unsubscribe(State(deliver): State<Deliver>, Path(token): Path<String>) -> Response {
    let shared = &deliver.shared;
    if let Ok(Named::Known(message)) = message_of(shared, &token, Link::Unsubscribe).await {
        let now_us = shared.now_us();
        let event_id = format!("{}:unsubscribed", message.message_id);
        let reaction = Reaction::of(&message, ReactionKind::Unsubscribed, now_us);
        if let Err(error) = outcome::append_reaction(&shared.log, &reaction, &event_id, now_us).await {
            tracing::warn!(%error, "nobody could be unsubscribed just now");
            return answer(shared, &token, page::Step::Later).await;
        }
    }
    answer(shared, &token, page::Step::Done).await
}

async fn answer(shared: &Shared, token: &str, step: page::Step) -> Response {
    let (step, language, purpose) = match message_of(shared, token, Link::Unsubscribe).await {
        Ok(Named::Known(message)) => {
            let language = language_of(shared, &message).await;
            let senders = shared.senders.senders().await.ok();
            let purpose = senders.and_then(|senders| senders.gate.purpose(message.purpose()).map(|purpose| purpose.name.clone()));
            (step, language, purpose.unwrap_or_else(|| message.purpose().to_owned()))
        }
        Ok(Named::Gone | Named::Nothing) => (page::Step::Unknown, "en".to_owned(), String::new()),
        Err(error) => {
            tracing::warn!(%error, "the page to unsubscribe on does not know its message");
            (page::Step::Later, "en".to_owned(), String::new())
        }
    };
    let status = match step {
        page::Step::Ask | page::Step::Done => StatusCode::OK,
        page::Step::Unknown => StatusCode::NOT_FOUND,
        page::Step::Later => StatusCode::SERVICE_UNAVAILABLE,
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store, private"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        ),
    ];
    (status, headers, page::page(step, &language, &purpose)).into_response()
}

async fn language_of(shared: &Shared, message: &Message) -> String {
    let Some(plan) = &message.plan else { return "en".to_owned() };
    match shared.templates.of(&shared.store, plan).await {
        Ok(Ok(compiled)) => compiled.template.language.clone(),
        _ => "en".to_owned(),
    }
}

/// What a token names.
enum Named {
    Known(Box<Message>),
    /// Ours, of a message that was forgotten or erased meanwhile, or of a trial.
    Gone,
    /// No token of ours, or not for this.
    Nothing,
}

async fn message_of(shared: &Shared, token: &str, link: Link<'_>) -> Result<Named, StoreError> {
    let Some(message_id) = shared.link_key().await?.message_of(token, link) else { return Ok(Named::Nothing) };
    match shared.store.message(&message_id).await? {
        Some(message) if message.plan.is_some() => Ok(Named::Known(Box::new(message))),
        Some(_) => Ok(Named::Nothing),
        None => Ok(Named::Gone),
    }
}

/// Tells the log of a hit: of the same kind by the same sort of visitor, once a minute; of clicks, for each address.
///
/// What cannot be told is not counted: nobody waits for our log to read a page.
async fn tell(shared: &Shared, message: &Message, kind: ReactionKind, link: Link<'_>, asked: &Asked) {
    let now_us = shared.now_us();
    let url = match link {
        Link::Click(url) => url,
        _ => "",
    };
    let links_lately = if matches!(link, Link::Open) { 0 } else { shared.links_lately.note(&message.message_id, url, now_us) };
    let hit = Hit {
        is_head: asked.is_head,
        is_open: matches!(link, Link::Open),
        is_trap: matches!(link, Link::Trap),
        user_agent: &asked.user_agent,
        after_us: sent_us(shared, message).await.map(|sent_us| (now_us - sent_us).max(0)),
        links_lately,
    };
    let reaction = Reaction { url: url.to_owned(), bot_score: bots::score(&hit), ..Reaction::of(message, kind, now_us) };
    let which = short(url);
    let visitor = if forecourt_model::message::BOT_SCORE_MIN <= reaction.bot_score { "program" } else { "person" };
    let event_id = format!("{}:{}:{visitor}:{which}:{}", message.message_id, kind.as_str(), now_us / MINUTE_US);
    // It would be folded once, and still fill the log.
    if !shared.told_lately.note(&event_id) {
        return;
    }
    if let Err(error) = outcome::append_reaction(&shared.log, &reaction, &event_id, now_us).await {
        tracing::warn!(%error, "an open or a click is not counted");
    }
}

/// A short name of an address.
fn short(url: &str) -> String {
    let hash = <sha2::Sha256 as sha2::Digest>::digest(url.as_bytes());
    hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// When the other side took it. A mail that is opened while its handing over is being recorded was taken a moment ago.
async fn sent_us(shared: &Shared, message: &Message) -> Option<i64> {
    let attempts = shared.attempts.of_message(&message.message_id).await.ok()?;
    let last =
        attempts.iter().rev().find(|attempt| attempt.result.as_deref().is_none_or(|result| result == "sent" || result == "unknown"))?;
    Some(last.ended_us.unwrap_or(last.started_us + SECOND_US))
}
