//! The page to unsubscribe on: nothing from elsewhere, readable by all, and a button that is the only way to do it.

use forecourt_model::markup::escaped;

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Ask,
    Done,
    /// The link names no message that is known here.
    Unknown,
    Later,
}

/// Title, explanation, button.
struct Words {
    ask: [&'static str; 3],
    done: [&'static str; 2],
    unknown: [&'static str; 2],
    later: [&'static str; 2],
}

const EN: Words = Words {
    ask: ["Unsubscribe", "You will get no more messages of this kind:", "Unsubscribe"],
    done: ["You are unsubscribed", "You will get no more messages of this kind. You can close this page."],
    unknown: ["This link is not valid any more", "Use the link in a newer message, or answer the message and say that you want no more."],
    later: ["It did not work just now", "Nothing was changed. Please try again in a few minutes."],
};
const RU: Words = Words {
    ask: ["Отписаться", "Вы больше не будете получать сообщения этого вида:", "Отписаться"],
    done: ["Вы отписаны", "Вы больше не будете получать сообщения этого вида. Страницу можно закрыть."],
    unknown: [
        "Ссылка больше не действует",
        "Воспользуйтесь ссылкой в более новом письме или ответьте на письмо, что больше не хотите их получать.",
    ],
    later: ["Сейчас не получилось", "Ничего не изменилось. Попробуйте ещё раз через несколько минут."],
};
const ZH: Words = Words {
    ask: ["退订", "您将不再收到此类消息：", "退订"],
    done: ["您已退订", "您将不再收到此类消息。可以关闭此页面。"],
    unknown: ["此链接已失效", "请使用较新消息中的链接，或回复消息说明您不想再收到。"],
    later: ["暂时未能完成", "没有任何更改。请几分钟后重试。"],
};

const STYLE: &str = "
    :root { color-scheme: light dark; --back: #f6f6f4; --card: #fff; --text: #1b1b1a; --button: #1b4fd1; --on-button: #fff }
    @media (prefers-color-scheme: dark) { :root { --back: #161615; --card: #222221; --text: #eeeeec; --button: #8fb0ff; --on-button: #10131c } }
    body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: var(--back); color: var(--text);
      font: 1.0625rem/1.5 system-ui, sans-serif }
    main { max-width: 30rem; margin: 1rem; padding: 2rem; border-radius: .75rem; background: var(--card) }
    h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25 }
    p { margin: 0 0 1rem; overflow-wrap: anywhere }
    button { min-height: 2.75rem; padding: 0 1.5rem; border: 0; border-radius: .5rem; background: var(--button); color: var(--on-button);
      font: inherit; font-weight: 600; cursor: pointer }
    button:focus-visible { outline: 3px solid var(--text); outline-offset: 2px }";

/// * `purpose`: of what there will be no more.
pub(super) fn page(step: Step, language: &str, purpose: &str) -> String {
    let (language, words) = match language {
        "ru" => ("ru", &RU),
        "zh" => ("zh", &ZH),
        _ => ("en", &EN),
    };
    let (title, inside) = match step {
        Step::Ask => {
            let [title, told, button] = words.ask;
            let form = format!(r#"<form method="post"><button type="submit">{button}</button></form>"#);
            (title, format!("<p>{told} <strong>{}</strong></p>{form}", escaped(purpose)))
        }
        Step::Done => (words.done[0], format!(r#"<p role="status">{}</p>"#, words.done[1])),
        Step::Unknown => (words.unknown[0], format!("<p>{}</p>", words.unknown[1])),
        Step::Later => (words.later[0], format!(r#"<p role="alert">{}</p>"#, words.later[1])),
    };
    format!(
        "<!doctype html>\n<html lang=\"{language}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"robots\" content=\"noindex\"><title>{title}</title><style>{STYLE}</style></head>\
         <body><main><h1>{title}</h1>{inside}</main></body></html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_asks_in_its_language_and_brings_nothing_from_elsewhere() {
        for (language, word) in [("en", "Unsubscribe"), ("ru", "Отписаться"), ("zh", "退订"), ("xx", "Unsubscribe")] {
            let asked = page(Step::Ask, language, "<b>News</b>");
            assert!(asked.contains(word) && asked.contains(r#"<form method="post">"#), "{language}");
            assert!(asked.contains("&lt;b&gt;News") && !asked.contains("http"), "{language}");
            assert!(!page(Step::Done, language, "").contains("<form"));
        }
    }
}
