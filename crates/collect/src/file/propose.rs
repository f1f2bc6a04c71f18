//! A first mapping, by the columns' names and by what is in them.

use std::collections::BTreeSet;

use super::{
    Column, Detected, Format, Guess, Kind, Mapping, Pick, Read, Rest,
    block::Cell,
    guess,
    moment::{BadMoment, MomentReader},
};

/// A field's names in the files of the world, lower-cased, without marks between words; the first match wins.
const NAMES: [(&str, &[&str]); 38] = [
    (
        "user_id",
        &[
            "userid",
            "uid",
            "profileid",
            "customerid",
            "clientid",
            "contactid",
            "личныйкабинет",
            "idпользователя",
            "idклиента",
            "用户id",
            "客户id",
            "客户编号",
            "用户编号",
            "会员id",
        ],
    ),
    (
        "anonymous_id",
        &["anonymousid", "deviceid", "cookieid", "visitorid", "fullvisitorid", "ymclientid", "gaclientid", "设备id", "访客id"],
    ),
    ("email", &["email", "mail", "emailaddress", "почта", "электроннаяпочта", "эпочта", "имейл", "邮箱", "电子邮件", "电子邮箱"]),
    (
        "phone",
        &[
            "phone",
            "phonenumber",
            "tel",
            "telephone",
            "mobile",
            "mobilephone",
            "cell",
            "msisdn",
            "телефон",
            "номертелефона",
            "мобильный",
            "моб",
            "手机",
            "手机号",
            "电话",
            "联系电话",
            "手机号码",
        ],
    ),
    ("lead_id", &["leadid", "lead", "mqlid", "idлида", "номерлида", "лид", "线索id", "线索编号"]),
    (
        "order_id",
        &[
            "orderid",
            "ordernumber",
            "orderno",
            "dealid",
            "contractid",
            "contractnumber",
            "invoiceid",
            "номерзаказа",
            "заказ",
            "idзаказа",
            "номердоговора",
            "idсделки",
            "订单id",
            "订单号",
            "订单编号",
            "合同编号",
        ],
    ),
    ("call_id", &["callid", "callsid", "idзвонка", "номерзвонка", "通话id", "呼叫id"]),
    ("message_id", &["messageid", "eventid", "idсобытия", "事件id"]),
    ("session_id", &["sessionid", "visitid", "сессия", "会话id"]),
    ("event", &["event", "eventname", "eventtype", "action", "событие", "название события", "типсобытия", "事件", "事件名", "事件名称"]),
    (
        "timestamp",
        &[
            "timestamp",
            "ts",
            "time",
            "datetime",
            "eventtime",
            "createdat",
            "created",
            "occurredat",
            "orderdate",
            "calldate",
            "date",
            "firstcontactdate",
            "wondate",
            "дата",
            "датавремя",
            "датаивремя",
            "датасоздания",
            "времясоздания",
            "времязвонка",
            "датазвонка",
            "датазаказа",
            "время",
            "时间",
            "日期",
            "创建时间",
            "下单时间",
            "通话时间",
            "时间戳",
        ],
    ),
    ("day", &["day", "date", "reportdate", "дата", "день", "日期", "天"]),
    (
        "channel",
        &[
            "channel",
            "trafficchannel",
            "acquisitionchannel",
            "origin",
            "marketingchannel",
            "leadsource",
            "канал",
            "каналтрафика",
            "источниклида",
            "渠道",
            "来源渠道",
        ],
    ),
    ("source", &["utmsource", "source", "trafficsource", "источник", "来源", "流量来源"]),
    ("medium", &["utmmedium", "medium", "媒介"]),
    ("campaign", &["utmcampaign", "campaign", "campaignname", "кампания", "рекламнаякампания", "活动", "广告系列", "推广计划"]),
    ("region", &["region", "state", "province", "регион", "область", "地区", "省份", "大区"]),
    ("dealer", &["dealer", "dealerid", "dealership", "showroom", "дилер", "дилерскийцентр", "салон", "经销商", "门店", "4s店"]),
    ("model", &["model", "carmodel", "vehiclemodel", "модель", "модельавто", "автомобиль", "车型", "意向车型"]),
    ("url", &["url", "pageurl", "page", "адресстраницы", "网址", "页面地址"]),
    ("referrer", &["referrer", "referer", "реферер"]),
    (
        "value",
        &[
            "value",
            "revenue",
            "total",
            "amount",
            "sum",
            "price",
            "ordertotal",
            "сумма",
            "стоимость",
            "выручка",
            "цена",
            "金额",
            "订单金额",
            "成交价",
            "总价",
        ],
    ),
    ("currency", &["currency", "currencycode", "валюта", "币种", "货币"]),
    ("stage", &["stage", "leadstage", "pipelinestage", "этап", "стадия", "阶段"]),
    ("status", &["status", "orderstatus", "статус", "状态", "订单状态"]),
    ("direction", &["direction", "calltype", "направление", "типзвонка", "呼叫方向"]),
    ("duration", &["duration", "durations", "callduration", "talktime", "длительность", "продолжительность", "通话时长", "时长"]),
    ("result", &["result", "disposition", "outcome", "callresult", "результат", "结果", "通话结果"]),
    ("agent", &["agent", "operator", "manager", "salesrep", "оператор", "менеджер", "сотрудник", "坐席", "销售顾问"]),
    ("cost", &["cost", "spend", "amountspent", "expense", "расход", "расходы", "затраты", "стоимость", "花费", "消费", "费用", "成本"]),
    ("impressions", &["impressions", "shows", "показы", "展现", "展示", "曝光", "展现量", "曝光量"]),
    ("clicks", &["clicks", "клики", "点击", "点击量", "点击数"]),
    ("crm_id", &["crmid", "crm", "idcrm", "idвcrm", "bitrixid", "amocrmid", "客户编码"]),
    ("mql_id", &["mqlid"]),
    ("vin", &["vin", "vinномер", "vinnumber", "车架号", "vin码"]),
    (
        "name",
        &["name", "fullname", "contactname", "customername", "фио", "имя", "имяклиента", "клиент", "контакт", "姓名", "客户姓名", "名称"],
    ),
    ("first_name", &["firstname", "givenname", "名", "имя"]),
    ("last_name", &["lastname", "surname", "familyname", "фамилия", "姓"]),
];

/// Keys of other systems; they name a person, or, as the VIN does, a car that is his.
const EXTERNAL: [&str; 2] = ["crm_id", "mql_id"];
const TRAITS: [&str; 4] = ["name", "first_name", "last_name", "vin"];

/// Proposes how to read a file; a person should look at it.
pub fn propose(kind: Kind, detected: &Detected) -> Mapping {
    let mut mapping = Mapping { rest: rest(kind), read: read_options(detected), ..Mapping::default() };
    let mut used = BTreeSet::new();
    for (field, names) in NAMES {
        if !suits(kind, field) {
            continue;
        }
        let column = names.iter().find_map(|name| {
            detected
                .columns
                .iter()
                .enumerate()
                .find(|(at, column)| !used.contains(at) && plain(&column.name) == *name && holds(field, column))
        });
        if let Some((at, column)) = column {
            used.insert(at);
            place(&mut mapping, kind, field, column);
        }
    }
    by_content(kind, detected, &mut mapping, &mut used);
    if matches!(kind, Kind::Leads | Kind::Orders) && mapping.fields.contains_key("lead_id") {
        // The marketing-qualified lead's id joins what is later told of it.
        if let Some(column) = detected.columns.iter().find(|column| plain(&column.name) == "mqlid") {
            mapping.external_ids.insert("mql_id".into(), Pick::column(&column.name));
        }
    }
    mapping
}

/// What the rows most likely are, by the fields that the columns' names and contents fit.
pub fn propose_kind(detected: &Detected) -> Kind {
    let fits = |kind: Kind, any: &[&str]| {
        let mapping = propose(kind, detected);
        any.iter().any(|field| mapping.fields.contains_key(*field))
    };
    if fits(Kind::Costs, &["cost"]) && fits(Kind::Costs, &["impressions", "clicks", "day"]) && !fits(Kind::Profiles, &["email", "phone"]) {
        Kind::Costs
    } else if fits(Kind::Calls, &["call_id", "duration"]) {
        Kind::Calls
    } else if fits(Kind::Orders, &["order_id"]) {
        Kind::Orders
    } else if fits(Kind::Leads, &["lead_id", "stage"]) {
        Kind::Leads
    } else if fits(Kind::Events, &["event"]) {
        Kind::Events
    } else if fits(Kind::Profiles, &["user_id", "email", "phone"]) {
        Kind::Profiles
    } else {
        Kind::Events
    }
}

fn rest(kind: Kind) -> Rest {
    match kind {
        Kind::Profiles => Rest::Traits,
        Kind::Costs => Rest::Drop,
        _ => Rest::Properties,
    }
}

fn read_options(detected: &Detected) -> Read {
    // Where the cells are parted by `;` the comma is most often the decimal mark.
    let comma = match &detected.format {
        Format::Delimited { dialect, .. } if dialect.delimiter == b';' => {
            let numbers = detected.columns.iter().filter(|column| column.guess == Guess::Number).flat_map(|column| &column.samples);
            let (commas, points) = numbers.fold((0, 0), |(commas, points), text| {
                (commas + usize::from(text.contains(',')), points + usize::from(text.contains('.')))
            });
            points < commas
        }
        _ => false,
    };
    Read { decimal: comma.then_some(','), ..Read::default() }
}

fn suits(kind: Kind, field: &str) -> bool {
    if TRAITS.contains(&field) {
        return kind != Kind::Costs && kind != Kind::Events;
    }
    if EXTERNAL.contains(&field) {
        return kind != Kind::Costs && !(field == "mql_id" && matches!(kind, Kind::Leads | Kind::Orders));
    }
    let of_kind: &[&str] = match kind {
        Kind::Events => &["event", "value", "currency", "session_id", "url", "referrer", "message_id", "model"],
        Kind::Profiles => {
            return ["user_id", "anonymous_id", "email", "phone", "region", "dealer", "channel", "source", "campaign"].contains(&field);
        }
        Kind::Leads => &["lead_id", "stage", "value", "currency", "model"],
        Kind::Orders => &["order_id", "lead_id", "status", "value", "currency", "model"],
        Kind::Calls => &["call_id", "lead_id", "direction", "duration", "result", "agent"],
        Kind::Costs => return super::mapping::fields_of(kind).contains(&field),
    };
    let of_all = ["user_id", "anonymous_id", "email", "phone", "timestamp", "channel", "source", "medium", "campaign", "region", "dealer"];
    of_kind.contains(&field) || of_all.contains(&field)
}

/// Whether a column whose name fits also holds what the field needs.
fn holds(field: &str, column: &Column) -> bool {
    match field {
        "timestamp" | "day" => {
            // Rows whose time does not read are refused one by one; the column is still the one with the times.
            matches!(column.guess, Guess::Time | Guess::Number | Guess::Empty) || column.samples.iter().any(|text| guess::is_time(text))
        }
        "value" | "cost" | "impressions" | "clicks" => matches!(column.guess, Guess::Number | Guess::Empty | Guess::Phone),
        "email" => matches!(column.guess, Guess::Email | Guess::Empty),
        "url" | "referrer" => column.guess != Guess::Number,
        _ => true,
    }
}

fn place(mapping: &mut Mapping, kind: Kind, field: &str, column: &Column) {
    let mut pick = Pick::column(&column.name);
    if matches!(field, "timestamp" | "day") {
        (pick.unit, pick.format) = time_form(column);
    }
    if EXTERNAL.contains(&field) {
        mapping.external_ids.insert(field.to_owned(), pick);
    } else if TRAITS.contains(&field) {
        mapping.traits.insert(field.to_owned(), pick);
    } else {
        debug_assert!(suits(kind, field));
        mapping.fields.insert(field.to_owned(), pick);
    }
}

/// E-mails, phones and times are known without a name.
fn by_content(kind: Kind, detected: &Detected, mapping: &mut Mapping, used: &mut BTreeSet<usize>) {
    let time = if kind == Kind::Costs { "day" } else { "timestamp" };
    for (field, wanted) in [("email", Guess::Email), ("phone", Guess::Phone), (time, Guess::Time)] {
        if mapping.fields.contains_key(field) || !suits(kind, field) {
            continue;
        }
        let found = detected.columns.iter().enumerate().find(|(at, column)| !used.contains(at) && column.guess == wanted);
        if let Some((at, column)) = found {
            used.insert(at);
            place(mapping, kind, field, column);
        }
    }
}

/// The unit of times in figures, and the format of those that could be read in two ways.
fn time_form(column: &Column) -> (Option<String>, Option<String>) {
    let number = |text: &String| text.parse::<f64>().ok();
    if column.guess == Guess::Number {
        let largest = column.samples.iter().filter_map(number).fold(0.0_f64, f64::max);
        let unit = match largest {
            0.0..1e5 => "days",
            1e5..1e11 => "s",
            1e11..1e14 => "ms",
            1e14..1e17 => "us",
            _ => "ns",
        };
        return (Some(unit.to_owned()), None);
    }
    let Ok(reader) = MomentReader::new("", &Pick::default()) else { return (None, None) };
    let is_ambiguous = |text: &&String| reader.read(&Cell::Text(text.as_str().into())) == Err(BadMoment::Ambiguous);
    if !column.samples.iter().any(|text| is_ambiguous(&text)) {
        return (None, None);
    }
    // One figure above 12 settles the order for the column; day first where none does, as most of the world writes.
    let month_first = column.samples.iter().any(|text| guess::is_time(text) && second_figure(text).is_some_and(|figure| 12 < figure));
    let date = if month_first { "%m/%d/%Y" } else { "%d/%m/%Y" };
    let clock = match column.samples.iter().map(|text| text.matches(':').count()).max() {
        Some(2) => " %H:%M:%S",
        Some(1) => " %H:%M",
        _ => "",
    };
    (None, Some(format!("{date}{clock}")))
}

fn second_figure(text: &str) -> Option<u32> {
    text.split('/').nth(1)?.parse().ok()
}

/// A name without case and without marks between words.
fn plain(name: &str) -> String {
    name.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect()
}
