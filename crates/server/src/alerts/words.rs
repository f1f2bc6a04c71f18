//! What notices say, in the language that their receivers chose.

use forecourt_model::{
    alert::{AlertTargets, Figures},
    time::{MINUTE_US, iso},
};
use forecourt_store::control::{Incident, NoticeWish};
use serde_json::json;

/// One notice for each way, of an incident that began or, where it is closed, is over.
pub fn notices(targets: &AlertTargets, incident: &Incident, now_us: i64) -> Vec<NoticeWish> {
    let kind = if incident.closed_us.is_some() { "closed" } else { "opened" };
    let (subject, text) = told(&targets.language, incident);
    let wish = |(way, target): (&'static str, String)| NoticeWish {
        incident_id: Some(incident.id.clone()),
        kind,
        way,
        target,
        subject: subject.clone(),
        body: if way == "webhook" { payload(kind, incident, &subject, &text, now_us) } else { text.clone() },
    };
    targets.ways().into_iter().map(wish).collect()
}

fn payload(kind: &str, incident: &Incident, title: &str, text: &str, now_us: i64) -> String {
    let body = json!({
        "type": format!("alert.{kind}"),
        "timestamp": iso(now_us),
        "data": {
            "incident_id": incident.id,
            "kind": incident.kind,
            "subject": incident.subject,
            "name": incident.name,
            "figures": incident.figures,
            "opened_at": iso(incident.opened_us),
            "closed_at": incident.closed_us.map(iso),
            "title": title,
            "text": text,
        }
    });
    body.to_string()
}

/// Subject and text.
fn told(language: &str, incident: &Incident) -> (String, String) {
    let what = match language {
        "ru" => russian(&incident.kind, &incident.name, &incident.figures),
        "zh" => chinese(&incident.kind, &incident.name, &incident.figures),
        _ => english(&incident.kind, &incident.name, &incident.figures),
    };
    let (title, text, advice) = what;
    let opened = iso(incident.opened_us);
    match incident.closed_us {
        None => (format!("Forecourt: {title}"), format!("{text}\n\n{advice}\n\n{opened}\n")),
        Some(closed_us) => {
            let minutes = (closed_us - incident.opened_us) / MINUTE_US;
            let over = match language {
                "ru" => format!("Снова в порядке: {title}. Длилось {minutes} мин., с {opened}."),
                "zh" => format!("已恢复：{title}。持续 {minutes} 分钟，自 {opened} 起。"),
                _ => format!("In order again: {title}. It lasted {minutes} min, since {opened}."),
            };
            let word = match language {
                "ru" => "снова в порядке",
                "zh" => "已恢复",
                _ => "in order again",
            };
            (format!("Forecourt: {word}: {title}"), format!("{over}\n"))
        }
    }
}

type Told = (String, String, &'static str);

fn figure(figures: &Figures, name: &str) -> f64 {
    figures.get(name).copied().unwrap_or(0.0)
}

fn english(kind: &str, name: &str, figures: &Figures) -> Told {
    let of = |name| figure(figures, name);
    match kind {
        "source_silent" => (
            format!("the source {name} is silent"),
            format!(
                "Nothing came from {name} for {} min. At this hour of the week it usually sends {} events an hour.",
                of("minutes"),
                of("usual_per_hour")
            ),
            "Look whether the site or the system behind it works, and whether its write key was changed.",
        ),
        "channel_fails" => (
            format!("messages by {name} fail"),
            format!("Sends by {name} failed again and again and are paused; what waits is kept."),
            "Look at the last answers under Messages, and at the provider's account.",
        ),
        "fold_lags" => (
            "events are processed late".to_owned(),
            format!("What comes in is processed {} s late. Nothing is lost; profiles and reports are behind.", of("seconds")),
            "Look whether a large import runs, and at the server's processor and disk.",
        ),
        "score_drifts" => (
            "the score of leads does not fit any more".to_owned(),
            format!(
                "Version {} foretold {} wins and there were {}; {} of its columns have become others.",
                of("version"),
                of("foretold"),
                of("won"),
                of("drifted")
            ),
            "Look under Settings, Lead scores, what has changed, and learn another one.",
        ),
        "stage_builds_up" => (
            format!("too many wait: {name}"),
            format!("{} wait for more than {} days; a week ago {} did.", of("waiting"), of("days"), of("week_ago")),
            "Look under Flow who waits, where, and for how long.",
        ),
        "disk_fills" => (
            "the disk fills up".to_owned(),
            format!("{} % of the data folder's disk are free: {:.1} GiB.", of("free_percent"), of("free_gib")),
            "Free space or enlarge the disk: a full disk stops the intake of events.",
        ),
        _ => (
            format!("many events of {name} are refused"),
            format!(
                "In the last hour {} % of {} items of {name} were refused; usual is {} %.",
                of("percent"),
                of("items"),
                of("usual_percent")
            ),
            "The reasons stand under Live, Refused: there they can be mended and sent again.",
        ),
    }
}

fn russian(kind: &str, name: &str, figures: &Figures) -> Told {
    let of = |name| figure(figures, name);
    match kind {
        "source_silent" => (
            format!("источник «{name}» молчит"),
            format!(
                "От источника «{name}» ничего не приходило {} мин. Обычно в этот час недели — {} событий в час.",
                of("minutes"),
                of("usual_per_hour")
            ),
            "Проверьте, работает ли сайт или система за ним и не сменили ли ключ записи.",
        ),
        "channel_fails" => (
            format!("не уходят сообщения: {name}"),
            format!("Отправка через {name} раз за разом не удавалась и приостановлена; очередь сохраняется."),
            "Посмотрите последние ответы в разделе сообщений и кабинет провайдера.",
        ),
        "fold_lags" => (
            "события обрабатываются с опозданием".to_owned(),
            format!("Обработка отстаёт на {} с. Ничего не теряется, но профили и отчёты опаздывают.", of("seconds")),
            "Проверьте, не идёт ли большой импорт, и нагрузку процессора и диска сервера.",
        ),
        "score_drifts" => (
            "оценка лидов больше не подходит".to_owned(),
            format!(
                "Версия {} предсказала выигрышей: {}, а было: {}; изменилось колонок: {}.",
                of("version"),
                of("foretold"),
                of("won"),
                of("drifted")
            ),
            "Посмотрите в Настройках, «Оценка лидов», что изменилось, и обучите новую.",
        ),
        "stage_builds_up" => (
            format!("затор: {name}"),
            format!("Дольше {} дн. ждут: {}; неделю назад: {}.", of("days"), of("waiting"), of("week_ago")),
            "Посмотрите в «Потоке», кто ждёт, где и как долго.",
        ),
        "disk_fills" => (
            "заканчивается место на диске".to_owned(),
            format!("На диске с данными свободно {} %: {:.1} ГиБ.", of("free_percent"), of("free_gib")),
            "Освободите место или увеличьте диск: при полном диске приём событий остановится.",
        ),
        _ => (
            format!("отклоняется много событий: {name}"),
            format!(
                "За последний час отклонено {} % из {} от источника «{name}»; обычно {} %.",
                of("percent"),
                of("items"),
                of("usual_percent")
            ),
            "Причины видны в разделе «Эфир», «Отклонённые»: там их можно исправить и отправить снова.",
        ),
    }
}

fn chinese(kind: &str, name: &str, figures: &Figures) -> Told {
    let of = |name| figure(figures, name);
    match kind {
        "source_silent" => (
            format!("数据源“{name}”没有数据"),
            format!("“{name}”已有 {} 分钟没有任何事件。每周此时通常每小时有 {} 个事件。", of("minutes"), of("usual_per_hour")),
            "请检查网站或其后的系统是否正常，写入密钥是否已更换。",
        ),
        "channel_fails" => (
            format!("{name} 消息发送失败"),
            format!("通过 {name} 的发送多次失败，已暂停；等待中的消息会保留。"),
            "请查看消息中的最近应答以及服务商账户。",
        ),
        "fold_lags" => (
            "事件处理滞后".to_owned(),
            format!("事件处理滞后 {} 秒。数据不会丢失，但档案和报表会延迟。", of("seconds")),
            "请检查是否有大型导入，以及服务器的处理器和磁盘。",
        ),
        "score_drifts" => (
            "线索评分已不再适用".to_owned(),
            format!("版本 {} 预测成交 {} 条，实际 {} 条；{} 个字段已发生变化。", of("version"), of("foretold"), of("won"), of("drifted")),
            "请在设置的“线索评分”中查看变化，并重新学习。",
        ),
        "stage_builds_up" => (
            format!("积压：{name}"),
            format!("有 {} 个已等待超过 {} 天；一周前为 {} 个。", of("waiting"), of("days"), of("week_ago")),
            "请在“流转”中查看谁在等待、在哪里以及等了多久。",
        ),
        "disk_fills" => (
            "磁盘空间不足".to_owned(),
            format!("数据目录所在磁盘剩余 {}%：{:.1} GiB。", of("free_percent"), of("free_gib")),
            "请释放空间或扩大磁盘：磁盘写满后将停止接收事件。",
        ),
        _ => (
            format!("“{name}”的事件大量被拒绝"),
            format!("过去一小时，“{name}”的 {} 条中有 {}% 被拒绝；平时为 {}%。", of("items"), of("percent"), of("usual_percent")),
            "原因见“实时”中的“被拒绝”：可在那里修正并重新发送。",
        ),
    }
}
