//! What the guard must hold against: redirects, names that change their mind, addresses in disguise.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, http::StatusCode, response::IntoResponse, routing::any};
use forecourt_outgoing::{Lookup, Method, Outgoing, OutgoingError, Request, Settings};

const INSIDE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// A server on this machine, and how many requests reached it.
async fn inside() -> (SocketAddr, Arc<AtomicUsize>) {
    let reached = Arc::new(AtomicUsize::new(0));
    let counter = reached.clone();
    let count = move || {
        counter.fetch_add(1, Ordering::SeqCst);
        async { "secret" }
    };
    let redirect = || async { (StatusCode::FOUND, [("location", "/")]).into_response() };
    let stall = || async { std::future::pending::<()>().await };
    let long = || async { "x".repeat(100_000) };
    let router =
        Router::new().route("/", any(count)).route("/redirect", any(redirect)).route("/stall", any(stall)).route("/long", any(long));
    let listener = tokio::net::TcpListener::bind((INSIDE, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, reached)
}

fn settings(allow: &[&str]) -> Settings {
    Settings { allow: allow.iter().map(|text| text.parse().unwrap()).collect(), ..Settings::default() }
}

fn get(url: String) -> Request {
    Request::new(Method::GET, url)
}

/// Answers a public address first and an inner one from then on, as an attacker's DNS does.
fn flipping() -> Lookup {
    let asked = Arc::new(AtomicUsize::new(0));
    Arc::new(move |_| {
        let first = asked.fetch_add(1, Ordering::SeqCst) == 0;
        Box::pin(async move { Ok(vec![if first { IpAddr::V4(std::net::Ipv4Addr::new(8, 8, 8, 8)) } else { INSIDE }]) })
    })
}

#[tokio::test]
async fn what_is_inside_is_reached_only_where_it_is_allowed() {
    let (address, reached) = inside().await;
    let told = Outgoing::new(settings(&[])).send(get(format!("http://{address}/"))).await;
    assert_eq!(told.unwrap_err(), OutgoingError::Forbidden("127.0.0.1".into()));
    assert_eq!(reached.load(Ordering::SeqCst), 0);
    let answer = Outgoing::new(settings(&["127.0.0.0/8"])).send(get(format!("http://{address}/"))).await.unwrap();
    assert_eq!((answer.status.as_u16(), &answer.body[..], answer.is_cut), (200, &b"secret"[..], false));
}

#[tokio::test]
async fn addresses_in_disguise_are_seen_through() {
    let (address, reached) = inside().await;
    let port = address.port();
    let outgoing = Outgoing::new(Settings { ports: vec![port], ..settings(&[]) });
    for host in [
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "0",
        "127.0.0.1.",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[::]",
        "①②⑦.⓪.⓪.①",
    ] {
        let told = outgoing.send(get(format!("http://{host}:{port}/"))).await;
        assert!(matches!(told, Err(OutgoingError::Forbidden(_))), "{host}: {told:?}");
    }
    for url in ["file:///etc/passwd", "gopher://127.0.0.1/", "http://user:pass@example.com/", "example.com", "http://", ""] {
        assert!(matches!(outgoing.check(url), Err(OutgoingError::Invalid(_))), "{url}");
    }
    assert_eq!(reached.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_name_is_checked_when_it_is_connected_to() {
    let (address, reached) = inside().await;
    let port = address.port();
    let limits = Settings { ports: vec![port], ..settings(&[]) };
    let always: Lookup = Arc::new(|_| Box::pin(async { Ok(vec![INSIDE, "::1".parse().unwrap_or(INSIDE)]) }));
    let outgoing = Outgoing::with_lookup(limits.clone(), always);
    let url = || format!("http://rebind.example:{port}/");
    // Saving it is possible: the name has not been looked up. Sending to it is not.
    assert!(outgoing.check(&url()).is_ok());
    assert_eq!(outgoing.send(get(url())).await.unwrap_err(), OutgoingError::Forbidden("rebind.example".into()));

    // Whatever it answered before, this connection goes by this answer.
    let flips = flipping();
    flips("rebind.example".into()).await.unwrap();
    let outgoing = Outgoing::with_lookup(limits, flips);
    assert_eq!(outgoing.send(get(url())).await.unwrap_err(), OutgoingError::Forbidden("rebind.example".into()));
    assert_eq!(reached.load(Ordering::SeqCst), 0);

    let system: Lookup = Arc::new(|_| Box::pin(async { Ok(vec![INSIDE]) }));
    let named = Outgoing::with_lookup(settings(&["rebind.example"]), system);
    assert_eq!(named.send(get(url())).await.unwrap().status.as_u16(), 200);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_a_way() {
    let (address, reached) = inside().await;
    let answer = Outgoing::new(settings(&["127.0.0.1"])).send(get(format!("http://{address}/redirect"))).await.unwrap();
    assert_eq!(answer.status.as_u16(), 302);
    assert_eq!(reached.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn ports_answers_and_patience_have_limits() {
    let (address, _) = inside().await;
    let outgoing = Outgoing::new(Settings { timeout: Duration::from_millis(300), response_bytes_max: 1_000, ..settings(&["127.0.0.0/8"]) });
    let answer = outgoing.send(get(format!("http://{address}/long"))).await.unwrap();
    assert_eq!((answer.body.len(), answer.is_cut), (1_000, true));

    let stalled = outgoing.send(get(format!("http://{address}/stall"))).await.unwrap_err();
    assert_eq!(stalled, OutgoingError::Timeout(Duration::from_millis(300)));
    assert!(stalled.may_have_arrived());

    let nobody = tokio::net::TcpListener::bind((INSIDE, 0)).await.unwrap();
    let closed = nobody.local_addr().unwrap();
    drop(nobody);
    let refused = outgoing.send(get(format!("http://{closed}/"))).await.unwrap_err();
    assert!(matches!(refused, OutgoingError::NoConnection(_)) && !refused.may_have_arrived(), "{refused}");

    let port = outgoing.check("http://example.com:22/").unwrap_err();
    assert_eq!(port, OutgoingError::ForbiddenPort { host: "example.com".into(), port: 22 });
    let header = outgoing.send(get(format!("http://{address}/")).header("x", "a\r\nb: c")).await.unwrap_err();
    assert!(matches!(header, OutgoingError::Invalid(_)), "{header}");
}
