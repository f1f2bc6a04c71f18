//! Forms as visitors, pages and programs meet them.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use forecourt_collect::{Collector, FormDesk, FormLimits, Forms, Limits, Sources};
use forecourt_log::{Log, Options};
use forecourt_model::{
    HashKey, IdentifierKind,
    form::{FieldKind, Form, FormField, Language, SUBMITTED},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch};

use crate::receiver::{Receiver, Response};

const NOW_US: i64 = 1_780_000_000_000_000;

fn form() -> Form {
    let field = |kind, label: &str, required| FormField { kind, label: label.into(), required };
    Form {
        form_id: "call-back".into(),
        name: "Call back".into(),
        language: Language::Ru,
        enabled: true,
        title: "Звонок <script>alert(1)</script>".into(),
        intro: String::new(),
        button: "Позвоните мне".into(),
        thanks: "Спасибо!".into(),
        consent: "Согласен".into(),
        fields: vec![
            field(FieldKind::Phone, "Телефон", true),
            field(FieldKind::Name, "Имя", false),
            field(FieldKind::Email, "Почта", false),
        ],
        dealer: Some("north".into()),
        open_to_programs: false,
        opens_lead: false,
        sms: None,
        webhook: None,
    }
}

/// The forms on a port, with a clock that the test moves.
struct Desk {
    receiver: Receiver,
    now_us: Arc<AtomicI64>,
}

impl Desk {
    async fn with(limits: FormLimits, forms: &[Form]) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let log = Log::open(dir.path(), Options::default()).expect("a log");
        let now_us = Arc::new(AtomicI64::new(NOW_US));
        let clock = now_us.clone();
        let (sources, watched) = watch::channel(Arc::new(Sources::default()));
        let clock = Arc::new(move || clock.load(Ordering::SeqCst));
        let collector = Collector::new(log.clone(), watched, Limits::default(), clock, "RU".into());
        let forms: Forms = forms.iter().map(|form| (form.form_id.clone(), Arc::new(form.clone()))).collect();
        let (_, watched) = watch::channel(Arc::new(forms));
        let desk = FormDesk::new(collector.clone(), watched, limits, &HashKey([7; 32]));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let service = desk.router().into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self { receiver: Receiver { address, collector, log, sources, _dir: dir }, now_us }
    }

    fn pass_s(&self, seconds: i64) {
        self.now_us.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    /// A token of a form that has been open long enough.
    async fn token(&self) -> String {
        let answer = self.receiver.get("/f/call-back/token").await;
        self.pass_s(3);
        answer.json()["token"].as_str().expect("a token").to_owned()
    }

    async fn submit(&self, body: &Value) -> Response {
        let headers = [("content-type", "application/json"), ("origin", "https://dealer.example")];
        self.receiver.send("POST", "/f/call-back", &headers, body.to_string().as_bytes()).await
    }
}

async fn desk() -> Desk {
    Desk::with(FormLimits::default(), &[form()]).await
}

#[tokio::test]
async fn a_submit_is_one_event_of_a_person() {
    let desk = desk().await;
    let token = desk.token().await;
    let body = json!({
        "phone": "8 (912) 000-00-01", "name": "Ана", "email": "ANA@example.com", "consent": "on", "token": token,
        "page_url": "https://dealer.example/cars?utm_source=yandex&utm_medium=cpc", "anonymous_id": "d1", "utm_source": "yandex", "utm_medium": "cpc",
    });
    let answer = desk.submit(&body).await;
    assert_eq!((answer.status, answer.json()["thanks"].as_str()), (200, Some("Спасибо!")), "{}", answer.text());
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    // Nobody heard the answer, and the browser sends it again: the same message.
    assert_eq!(desk.submit(&body).await.status, 200);
    let events = desk.receiver.events();
    assert_eq!((events.len(), &events[0].message_id), (2, &events[1].message_id));
    let event = &events[0];
    assert_eq!((event.name.as_str(), event.source.as_str(), event.dealer.as_deref()), (SUBMITTED, "form:call-back", Some("north")));
    let named: BTreeMap<String, String> =
        event.identifiers.iter().map(|identifier| (identifier.kind.as_str().to_owned(), identifier.value.clone())).collect();
    assert_eq!(named["phone"], "+79120000001");
    assert_eq!((named["email"].as_str(), named["anonymous_id"].as_str()), ("ana@example.com", "d1"));
    assert_eq!(
        event.touch(forecourt_model::ChannelRules::built_in()).as_ref().and_then(|touch| touch.utm_source.as_deref()),
        Some("yandex")
    );
    let properties: Value = serde_json::from_str(&event.properties).expect("JSON");
    assert_eq!((properties["consent"].as_bool(), properties["consent_text"].as_str()), (Some(true), Some("Согласен")));
}

#[tokio::test]
async fn what_is_wrong_is_told_by_field_in_the_visitors_language() {
    let desk = desk().await;
    let token = desk.token().await;
    let answer = desk.submit(&json!({ "phone": "12", "email": "no", "token": token })).await;
    let told = answer.json();
    assert_eq!((answer.status, told["code"].as_str()), (422, Some("invalid")));
    for (field, word) in [("phone", "номер"), ("email", "почты"), ("consent", "отметку")] {
        assert!(told["fields"][field].as_str().is_some_and(|text| text.contains(word)), "{field}: {told}");
    }
    let two = desk.submit(&json!({ "phone": "+79120000001, +79120000002", "consent": true, "token": token })).await;
    assert!(two.json()["fields"]["phone"].as_str().is_some_and(|text| text.contains("один")), "{}", two.text());
    for body in ["[]", "{", "{\"phone\":[1]}", "\u{0}"] {
        let answer = desk.receiver.send("POST", "/f/call-back", &[("content-type", "application/json")], body.as_bytes()).await;
        assert_eq!(answer.status, 400, "{body}");
    }
    assert!(desk.receiver.kept().is_empty());
}

#[tokio::test]
async fn programs_are_told_from_people() {
    let desk = desk().await;
    let good = |token: &str| json!({ "phone": "+79120000001", "consent": true, "token": token });
    assert_eq!(desk.submit(&good("")).await.json()["code"], "no_token");
    assert_eq!(desk.submit(&good("1.2.3")).await.json()["code"], "no_token");
    let fresh = desk.receiver.get("/f/call-back/token").await.json()["token"].as_str().expect("a token").to_owned();
    let fast = desk.submit(&good(&fresh)).await;
    assert_eq!((fast.status, fast.json()["code"].as_str(), fast.header("retry-after")), (429, Some("too_fast"), Some("2")));
    assert!(desk.receiver.kept().is_empty());

    // A trap learns nothing, and what fell into it can be looked at.
    let token = desk.token().await;
    let trapped = desk.submit(&json!({ "phone": "+79120000001", "consent": true, "token": token, "website": "http://spam.example" })).await;
    assert_eq!(trapped.status, 200);
    assert!(desk.receiver.events().is_empty());
    assert_eq!(desk.receiver.dead_letters().len(), 1);
    assert_eq!(desk.receiver.dead_letters()[0].0, "spam");

    desk.pass_s(27 * 3_600);
    assert_eq!(desk.submit(&good(&token)).await.json()["code"], "expired");
}

#[tokio::test]
async fn one_address_has_its_share() {
    let desk = Desk::with(FormLimits { submits_per_minute: 3, ..FormLimits::default() }, &[form()]).await;
    let body = json!({ "phone": "12" });
    let mut answers = Vec::new();
    for _ in 0..5 {
        answers.push(desk.submit(&body).await.status);
    }
    assert_eq!(answers, [403, 403, 403, 429, 429]);
    desk.pass_s(20);
    assert_eq!(desk.submit(&body).await.status, 403);
}

#[tokio::test]
async fn the_page_works_without_scripts_and_runs_nobody_elses() {
    let desk = desk().await;
    let page = desk.receiver.get("/f/call-back?utm_source=qr&anonymous_id=forged").await;
    let html = page.text();
    assert_eq!(page.status, 200);
    assert!(page.header("content-security-policy").is_some_and(|policy| policy.starts_with("default-src 'none'")));
    assert!(html.contains("lang=\"ru\"") && html.contains("&lt;script&gt;") && !html.contains("<script"), "{html}");
    assert!(html.contains("name=\"utm_source\" value=\"qr\"") && !html.contains("name=\"anonymous_id\""), "{html}");
    let token = html.split("name=\"token\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a token");
    desk.pass_s(3);
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("accept", "text/html,*/*"), ("cookie", "a=b; _fcid=d2")];
    let wrong = desk.receiver.send("POST", "/f/call-back", &headers, format!("phone=%22%3E%3Cb%3E&token={token}").as_bytes()).await;
    let again = wrong.text();
    assert_eq!(wrong.status, 422);
    assert!(again.contains("value=\"&quot;&gt;&lt;b&gt;\"") && again.contains("aria-invalid"), "{again}");
    let body = format!("phone=8+912+000-00-01&name=%D0%90%D0%BD%D0%B0&consent=on&token={token}");
    let taken = desk.receiver.send("POST", "/f/call-back", &headers, body.as_bytes()).await;
    assert!(taken.status == 200 && taken.text().contains("Спасибо!"), "{}", taken.text());
    let event = &desk.receiver.events()[0];
    assert!(event.identifiers.iter().any(|identifier| identifier.kind == IdentifierKind::AnonymousId && identifier.value == "d2"));
}

#[tokio::test]
async fn a_script_puts_the_form_into_any_page() {
    let desk = desk().await;
    let script = desk.receiver.get("/f/call-back.js").await;
    let text = script.text();
    assert!(script.header("content-type").is_some_and(|kind| kind.starts_with("text/javascript")));
    assert_eq!(script.header("cross-origin-resource-policy"), Some("cross-origin"));
    assert!(text.contains(&format!("http://{}/f/call-back", desk.receiver.address)) && !text.contains("</script"), "{text}");
    let preflight = [("origin", "https://dealer.example"), ("access-control-request-method", "POST")];
    let allowed = desk.receiver.send("OPTIONS", "/f/call-back", &preflight, b"").await;
    assert_eq!((allowed.status, allowed.header("access-control-allow-headers")), (204, Some("content-type")));
    for missing in ["/f/none", "/f/none.js", "/f/none/token", "/f/..%2f"] {
        assert_eq!(desk.receiver.get(missing).await.status, 404, "{missing}");
    }
    let off = Desk::with(FormLimits::default(), &[Form { enabled: false, ..form() }]).await;
    assert_eq!(off.receiver.get("/f/call-back").await.status, 404);
}
