//! What visitors get to read beside the form's own texts, in the form's language.

use forecourt_model::form::Language;
use serde::Serialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Texts {
    pub required: &'static str,
    pub phone: &'static str,
    pub phones: &'static str,
    pub email: &'static str,
    pub too_long: &'static str,
    pub consent: &'static str,
    pub too_fast: &'static str,
    pub expired: &'static str,
    pub too_many: &'static str,
    pub later: &'static str,
    pub mend: &'static str,
    pub optional: &'static str,
    pub sending: &'static str,
}

pub(crate) fn texts(language: Language) -> &'static Texts {
    match language {
        Language::En => &EN,
        Language::Ru => &RU,
        Language::Zh => &ZH,
    }
}

const EN: Texts = Texts {
    required: "Please fill this in.",
    phone: "This does not look like a phone number. Please write it with + and the country code.",
    phones: "Please give one number only.",
    email: "This does not look like an e-mail address.",
    too_long: "This is too long. Please shorten it.",
    consent: "Please tick the box, so that we may call you.",
    too_fast: "That was fast. Please press the button once more.",
    expired: "The page was open for very long. Please press the button once more.",
    too_many: "There were too many requests from your network. Please try again in a minute.",
    later: "This did not work just now. Please try again in a minute.",
    mend: "Please look at the marked fields.",
    optional: "optional",
    sending: "Sending…",
};

const RU: Texts = Texts {
    required: "Пожалуйста, заполните это поле.",
    phone: "Это не похоже на номер телефона. Укажите его с + и кодом страны.",
    phones: "Укажите, пожалуйста, только один номер.",
    email: "Это не похоже на адрес электронной почты.",
    too_long: "Слишком длинно, сократите, пожалуйста.",
    consent: "Поставьте отметку, чтобы мы могли вам позвонить.",
    too_fast: "Очень быстро! Нажмите кнопку ещё раз.",
    expired: "Страница была открыта слишком долго. Нажмите кнопку ещё раз.",
    too_many: "Из вашей сети пришло слишком много запросов. Попробуйте через минуту.",
    later: "Сейчас не получилось. Попробуйте, пожалуйста, через минуту.",
    mend: "Проверьте, пожалуйста, отмеченные поля.",
    optional: "необязательно",
    sending: "Отправляем…",
};

const ZH: Texts = Texts {
    required: "请填写此项。",
    phone: "这不像是电话号码，请带上 + 和国家代码。",
    phones: "请只填写一个号码。",
    email: "这不像是电子邮箱地址。",
    too_long: "内容过长，请缩短。",
    consent: "请勾选同意，以便我们给您回电。",
    too_fast: "提交得太快了，请再点一次按钮。",
    expired: "页面打开时间过长，请再点一次按钮。",
    too_many: "来自您网络的请求过多，请一分钟后再试。",
    later: "暂时无法提交，请一分钟后再试。",
    mend: "请检查标出的字段。",
    optional: "选填",
    sending: "正在提交…",
};
