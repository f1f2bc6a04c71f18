//! Single sign-on at a real provider (npm's `oidc-provider`), as a browser goes through it: redirects, cookies, forms.

mod house;

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
};

use house::{House, Person};
use reqwest::{Client, Method, Response, StatusCode, Url, header, redirect};
use serde_json::{Value, json};

/// The provider's process; it ends with its standard input.
struct Provider {
    child: Child,
    issuer: String,
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn provider(folder: &Path, redirect: &str) -> Provider {
    let mut command = Command::new("node");
    command.arg("provider.mjs").arg(redirect).current_dir(folder);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("node");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let issuer = lines.by_ref().map(Result::unwrap).find(|line| line.starts_with("http://")).expect("the provider's address");
    // It tells notices later, and ends when nobody reads them.
    std::thread::spawn(move || lines.for_each(drop));
    Provider { child, issuer }
}

/// A browser without a face: it keeps cookies by host and port, and follows redirects.
struct Browser {
    http: Client,
    cookies: BTreeMap<(String, String), String>,
}

impl Browser {
    fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { http: Client::builder().no_proxy().redirect(redirect::Policy::none()).build().unwrap(), cookies: BTreeMap::new() }
    }

    async fn ask(&mut self, method: Method, url: &Url, form: Option<&str>) -> Response {
        let host = url.authority().to_owned();
        let held = self.cookies.iter().filter(|((of, _), _)| *of == host);
        let cookies: Vec<String> = held.map(|((_, name), value)| format!("{name}={value}")).collect();
        let mut request = self.http.request(method, url.clone()).header(header::COOKIE, cookies.join("; "));
        if let Some(form) = form {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.to_owned());
        }
        let answer = request.send().await.unwrap();
        for cookie in answer.headers().get_all(header::SET_COOKIE) {
            let (name, value) = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert((host.clone(), name.to_owned()), value.to_owned());
        }
        answer
    }

    /// Follows redirects until a page comes, or until one leads to `end`.
    async fn follow(&mut self, mut url: Url, end: &str) -> (Url, Option<Response>) {
        for _ in 0..20 {
            if url.as_str().starts_with(end) {
                return (url, None);
            }
            let answer = self.ask(Method::GET, &url, None).await;
            if !answer.status().is_redirection() {
                return (url, Some(answer));
            }
            url = url.join(answer.headers()[header::LOCATION].to_str().unwrap()).unwrap();
        }
        panic!("it leads on and on");
    }

    /// Signs in at the provider and comes to the address that it sends back to, without opening it.
    async fn through(&mut self, house: &House, login: &str) -> Url {
        let callback = format!("{}/api/auth/sso/callback", house.url);
        let mut url: Url = format!("{}/api/auth/sso/start?to=/live", house.url).parse().unwrap();
        for form in [format!("prompt=login&login={login}&password=x"), "prompt=consent".to_owned(), String::new()] {
            let (at, page) = self.follow(url, &callback).await;
            let Some(page) = page else { return at };
            assert_eq!(page.status(), StatusCode::OK, "{at}");
            let answer = self.ask(Method::POST, &at, Some(&form)).await;
            assert!(answer.status().is_redirection(), "{at}: {}", answer.status());
            url = at.join(answer.headers()[header::LOCATION].to_str().unwrap()).unwrap();
        }
        panic!("the provider asks for more than a login and consent");
    }

    /// Opens the callback; says where it leads.
    async fn come_back(&mut self, callback: &Url) -> String {
        let answer = self.ask(Method::GET, callback, None).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        answer.headers()[header::LOCATION].to_str().unwrap().to_owned()
    }

    async fn me(&mut self, house: &House) -> Value {
        let url = format!("{}/api/me", house.url).parse().unwrap();
        self.ask(Method::GET, &url, None).await.json().await.unwrap()
    }
}

async fn at_the_provider(house: &House, login: &str) -> (Browser, String) {
    let mut browser = Browser::new();
    let callback = browser.through(house, login).await;
    let to = browser.come_back(&callback).await;
    (browser, to)
}

#[tokio::test]
async fn people_get_in_by_their_provider_and_with_the_role_that_it_gives() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oidc");
    if !folder.join("node_modules/oidc-provider").exists() {
        println!("SKIPPED: the provider is not installed: run `npm ci` in tests/oidc");
        return;
    }
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Named before the server starts: the provider must know where it sends people back to.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    let provider = provider(&folder, &format!("{url}/api/auth/sso/callback"));
    let config = format!("[server]\npublic_url = '{url}'\nlisten = '127.0.0.1:{port}'\n[outgoing]\nallow = ['127.0.0.1']");
    let house = House::start_at(&config, &url).await;
    let ana = house.admin().await;

    let off = house.send(Method::GET, "/api/auth/sso", &[], None).await.body;
    assert_eq!(off["enabled"], false);
    let mut settings = json!({
        "enabled": true, "label": "Staff", "issuer": provider.issuer, "client_id": "forecourt",
        "client_secret": "a secret that only the two of us know", "scopes": ["email", "profile", "groups"],
        "role_claim": "groups", "roles": [{ "value": "desk", "role": "operator" }], "otherwise": null,
        "email_domains": ["example.com"]
    });
    let set = house.put(&ana, "/api/security/sso", &settings).await;
    assert_eq!(set.status, 204, "{}", set.body);
    let shown = house.get(&ana, "/api/security/sso").await.body;
    assert_eq!((shown["has_client_secret"].as_bool(), shown.to_string().contains("only the two")), (Some(true), false));

    let (mut leo, to) = at_the_provider(&house, "leo").await;
    assert_eq!(to, "/live");
    let me = leo.me(&house).await;
    assert_eq!(
        (me["email"].as_str(), me["role"].as_str(), me["name"].as_str()),
        (Some("leo@example.com"), Some("operator"), Some("Leo Lind"))
    );

    // A second time he is the same person, and takes on what the provider says by then.
    settings["roles"] = json!([{ "value": "staff", "role": "marketer" }]);
    settings.as_object_mut().unwrap().remove("client_secret");
    assert_eq!(house.put(&ana, "/api/security/sso", &settings).await.status, 204, "the secret is kept");
    let (mut again, _) = at_the_provider(&house, "leo").await;
    assert_eq!(again.me(&house).await["role"], "marketer");
    let users = house.get(&ana, "/api/users").await.body;
    assert_eq!(users["users"].as_array().unwrap().len(), 2);

    // Nobody else gets in: another domain, an unverified e-mail that is the admin's, no role.
    for (login, reason) in [("mia", "domain"), ("nik", "unverified"), ("oda", "no_role")] {
        let (mut browser, to) = at_the_provider(&house, login).await;
        assert_eq!(to, format!("/sign-in?sso={reason}"), "{login}");
        assert_eq!(browser.me(&house).await["error"]["code"], "sign_in");
    }

    // An answer is for the browser that asked, once, with its own state.
    let mut victim = Browser::new();
    let callback = Browser::new().through(&house, "leo").await;
    assert_eq!(victim.come_back(&callback).await, "/sign-in?sso=stale", "another browser's");
    let mut browser = Browser::new();
    let callback = browser.through(&house, "leo").await;
    let mut forged = callback.clone();
    forged.set_query(Some(&callback.query().unwrap().replace("state=", "state=x")));
    assert_eq!(browser.come_back(&forged).await, "/sign-in?sso=stale", "another state");
    assert_eq!(browser.come_back(&callback).await, "/sign-in?sso=stale", "an answer in a wrong state ends the attempt");
    let mut browser = Browser::new();
    let callback = browser.through(&house, "leo").await;
    let mut stolen = callback.clone();
    stolen.set_query(Some(&callback.query().unwrap().replace("code=", "code=x")));
    assert_eq!(browser.come_back(&stolen).await, "/sign-in?sso=failed", "a code of nobody's");
    assert_eq!(browser.come_back(&callback).await, "/sign-in?sso=stale", "the attempt is used up");

    // What an admin types in is reached through the guard only.
    settings["issuer"] = json!("http://169.254.169.254/latest");
    let refused = house.put(&ana, "/api/security/sso", &settings).await;
    assert_eq!(refused.status, 400);
    assert!(refused.body["error"]["message"].as_str().unwrap().contains("may not be reached"), "{}", refused.body);
    let _ = Person::of(&house.sign_in("ana@example.com", house::PASSWORD).await);
}
