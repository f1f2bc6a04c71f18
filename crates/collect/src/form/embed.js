(function (form) {
  "use strict";
  // Where the tag stands, or where its `data-target` points to.
  var tag = document.currentScript;
  var started = Date.now();

  function element(name, attributes, children) {
    var made = document.createElement(name);
    Object.keys(attributes || {}).forEach(function (key) {
      if (attributes[key] !== undefined) made.setAttribute(key, attributes[key]);
    });
    (children || []).forEach(function (child) {
      made.append(child);
    });
    return made;
  }

  // No specificity at all: whatever the page says of its fields and buttons wins. Set the variables to adjust what it does not.
  var rules =
    ":where(.forecourt-form){display:grid;gap:var(--forecourt-gap,0.9em);max-width:var(--forecourt-width,28em);font:inherit;color:inherit;text-align:start}" +
    ":where(.forecourt-form h2,.forecourt-form p){margin:0}" +
    ":where(.forecourt-field){display:grid;gap:0.25em}" +
    ":where(.forecourt-form input:not([type=checkbox]),.forecourt-form textarea){box-sizing:border-box;width:100%;padding:0.6em 0.75em;font:inherit;color:inherit;background:transparent;border:1px solid var(--forecourt-line,currentColor);border-radius:var(--forecourt-radius,0.4em)}" +
    ":where(.forecourt-form button){font:inherit;padding:0.7em 1.2em;border:0;border-radius:var(--forecourt-radius,0.4em);background:var(--forecourt-accent,#2563eb);color:var(--forecourt-on-accent,#fff);cursor:pointer}" +
    ":where(.forecourt-form button[disabled]){opacity:0.6;cursor:default}" +
    ":where(.forecourt-consent){display:flex;gap:0.6em;align-items:baseline;font-size:0.875em}" +
    ":where(.forecourt-wrong){color:var(--forecourt-wrong,#c02626);font-size:0.875em}" +
    ":where(.forecourt-optional){opacity:0.7;font-size:0.875em}" +
    ".forecourt-aside{position:absolute!important;left:-9999px!important;width:1px;height:1px;overflow:hidden}";

  function dress() {
    if (document.forecourtFormStyle) return;
    document.forecourtFormStyle = true;
    try {
      // A page whose content policy forbids inline styles still allows this.
      var sheet = new CSSStyleSheet();
      sheet.replaceSync(rules);
      document.adoptedStyleSheets = document.adoptedStyleSheets.concat(sheet);
    } catch (_) {
      document.head.append(element("style", {}, [rules]));
    }
  }

  function cookie(name) {
    var found = document.cookie.split("; ").find(function (pair) {
      return pair.indexOf(name + "=") === 0;
    });
    return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
  }

  // What tells where the visitor came from.
  function along() {
    var sent = { page_url: location.href, page_title: document.title, referrer: document.referrer };
    var asked = new URLSearchParams(location.search);
    ["utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content", "gclid", "yclid", "fbclid"].forEach(function (name) {
      if (asked.get(name)) sent[name] = asked.get(name);
    });
    try {
      sent.anonymous_id = cookie(form.cookie);
    } catch (_) {
      // A page in a sandbox has no cookies.
    }
    return sent;
  }

  var token = null;
  function newToken() {
    return fetch(form.address + "/token", { credentials: "omit" })
      .then(function (answer) {
        return answer.json();
      })
      .then(function (told) {
        token = { text: told.token, from: Date.now() + told.wait_ms };
      })
      .catch(function () {
        token = null;
      });
  }

  function field(described) {
    var id = "forecourt-" + form.id + "-" + described.name;
    var control = described.name === "comment" ? "textarea" : "input";
    var types = { phone: "tel", email: "email" };
    var completes = { phone: "tel", email: "email", name: "name" };
    var input = element(control, {
      id: id,
      name: described.name,
      type: control === "input" ? types[described.name] || "text" : undefined,
      rows: control === "textarea" ? 3 : undefined,
      autocomplete: completes[described.name],
      maxlength: described.most,
      required: described.required ? "" : undefined,
    });
    var label = element("label", { for: id }, [described.label]);
    if (!described.required) label.append(" ", element("span", { class: "forecourt-optional" }, ["(" + form.words.optional + ")"]));
    return element("div", { class: "forecourt-field" }, [label, input]);
  }

  function build() {
    var body = element("form", { class: "forecourt-form", lang: form.language, novalidate: "", "data-form": form.id });
    if (form.title) body.append(element("h2", {}, [form.title]));
    if (form.intro) body.append(element("p", {}, [form.intro]));
    form.fields.forEach(function (described) {
      body.append(field(described));
    });
    if (form.consent) {
      var box = element("input", { type: "checkbox", name: "consent", required: "" });
      body.append(element("div", { class: "forecourt-field" }, [element("label", { class: "forecourt-consent" }, [box, element("span", {}, [form.consent])])]));
    }
    var trap = element("input", { name: form.trap, tabindex: "-1", autocomplete: "off" });
    body.append(element("div", { class: "forecourt-aside", "aria-hidden": "true" }, [trap]));
    body.append(element("button", { type: "submit" }, [form.button]));
    body.append(element("p", { class: "forecourt-wrong", role: "alert", hidden: "" }));
    body.addEventListener("submit", function (event) {
      event.preventDefault();
      submit(body);
    });
    return body;
  }

  function mark(body, answer) {
    body.querySelectorAll(".forecourt-field .forecourt-wrong").forEach(function (old) {
      old.remove();
    });
    body.querySelectorAll("[aria-invalid]").forEach(function (input) {
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
    });
    var first = null;
    Object.keys((answer && answer.fields) || {}).forEach(function (name) {
      var input = body.elements[name];
      if (!input) return;
      var id = "forecourt-" + form.id + "-" + name + "-wrong";
      input.setAttribute("aria-invalid", "true");
      input.setAttribute("aria-describedby", id);
      input.closest(".forecourt-field").append(element("span", { class: "forecourt-wrong", id: id }, [answer.fields[name]]));
      first = first || input;
    });
    var line = body.querySelector("p[role=alert]");
    line.hidden = !answer;
    line.textContent = answer ? answer.message : "";
    if (first) first.focus();
  }

  function values(body) {
    var sent = along();
    new FormData(body).forEach(function (value, name) {
      sent[name] = value;
    });
    sent.token = token ? token.text : "";
    return sent;
  }

  function wait(milliseconds) {
    return new Promise(function (done) {
      setTimeout(done, milliseconds);
    });
  }

  function send(body, tries) {
    var ready = token ? Promise.resolve() : newToken();
    return ready
      .then(function () {
        return wait(token ? Math.max(0, token.from - Date.now()) : 0);
      })
      .then(function () {
        var asked = { method: "POST", credentials: "omit", headers: { "Content-Type": "application/json" }, body: JSON.stringify(values(body)) };
        return fetch(form.address, asked);
      })
      .then(function (answer) {
        return answer.json();
      })
      .then(function (told) {
        var stale = told.code === "expired" || told.code === "no_token" || told.code === "too_fast";
        if (!stale || tries < 1) return told;
        token = null;
        return send(body, tries - 1);
      });
  }

  function submit(body) {
    var button = body.querySelector("button");
    if (button.disabled) return;
    mark(body, null);
    button.disabled = true;
    button.textContent = form.words.sending;
    send(body, 1)
      .catch(function () {
        return { ok: false, message: form.words.later };
      })
      .then(function (told) {
        button.disabled = false;
        button.textContent = form.button;
        if (!told.ok) return mark(body, told);
        var thanks = element("p", { class: "forecourt-thanks", role: "status", tabindex: "-1" }, [told.thanks]);
        body.replaceWith(thanks);
        thanks.focus();
        thanks.dispatchEvent(new CustomEvent("forecourt:submitted", { bubbles: true, detail: { form: form.id, seconds: (Date.now() - started) / 1000 } }));
      });
  }

  function place() {
    dress();
    var target = tag && tag.dataset.target ? document.querySelector(tag.dataset.target) : null;
    var body = build();
    if (target) target.replaceChildren(body);
    else if (tag && tag.parentNode && tag.parentNode !== document.head) tag.after(body);
    else document.body.append(body);
    newToken();
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", place);
  else place();
});
