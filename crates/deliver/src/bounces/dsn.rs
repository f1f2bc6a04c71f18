//! Reports as mail systems write them: delivery status (RFC 3464), and complaints (ARF, RFC 5965).
//!
//! Read line by line rather than as MIME: the fields stand at the beginnings of lines whatever wraps them, and systems that bounce
//! are not those that write MIME best.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};

use super::{Back, What};
use crate::email::is_mailbox_gone;

/// What a report tells; nothing where it is none, such as an answering machine's mail.
///
/// * `content_type`: of the HTTP request, where the body is a `multipart/report` without its own headers.
pub(super) fn read(body: &[u8], content_type: &str) -> Vec<Back> {
    let text = String::from_utf8_lossy(body);
    let text = opened(&text);
    let fields = fields(&text);
    let ids = ids(&fields);
    let all = |name: &'static str| fields.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str());
    if all("feedback-type").any(|kind| kind.eq_ignore_ascii_case("abuse") || kind.eq_ignore_ascii_case("fraud")) {
        return vec![Back { ids, what: What::Complained, why: "complaint by the person's mail provider".to_owned() }];
    }
    let is_report = content_type.contains("delivery-status") || text.to_ascii_lowercase().contains("delivery-status");
    if !is_report {
        return Vec::new();
    }
    let status = all("status").next().unwrap_or_default();
    let diagnostic = all("diagnostic-code").next().unwrap_or_default();
    let why = format!("{status} {}", diagnostic.split_once(';').map_or(diagnostic, |(_, words)| words.trim())).trim().to_owned();
    let what = match all("action").next().unwrap_or_default().to_ascii_lowercase().as_str() {
        "failed" => {
            // A status of 5 without more says nothing: then the words count.
            let told = if status.starts_with("5.0.0") || status.is_empty() { diagnostic } else { status };
            What::Bounced { is_permanent: status.starts_with(['5', ' ']) && is_mailbox_gone(told) }
        }
        "delivered" => What::Delivered,
        // Delayed, relayed, expanded: not the end of it.
        _ => return Vec::new(),
    };
    vec![Back { ids, what, why }]
}

/// The mail it is about: the original's id where the report names it, else the one in the headers that it returns.
fn ids(fields: &[(String, String)]) -> Vec<String> {
    let named = |name: &str| fields.iter().filter(|(found, _)| found == name).map(|(_, value)| value.clone()).collect::<Vec<_>>();
    let mut ids = named("original-message-id");
    ids.extend(named("x-original-message-id"));
    // The report's own comes first, the returned mail's last.
    ids.extend(named("message-id").into_iter().rev());
    ids.extend(named("in-reply-to"));
    ids.iter().flat_map(|ids| ids.split_whitespace()).map(str::to_owned).collect()
}

/// All `Name: value` at beginnings of lines, unfolded; names in lower case.
fn fields(text: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        if line.starts_with([' ', '\t']) && !line.trim().is_empty() {
            if let Some((_, value)) = fields.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
            continue;
        }
        let is_name = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        match line.split_once(':') {
            Some((name, value)) if is_name(name) => fields.push((name.to_ascii_lowercase(), value.trim().to_owned())),
            _ => fields.push((String::new(), String::new())),
        }
    }
    fields
}

/// The text with parts in base64 opened: some systems wrap even the report.
fn opened(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        out.push_str(line);
        out.push('\n');
        at += 1;
        if !line.to_ascii_lowercase().starts_with("content-transfer-encoding:") || !line.to_ascii_lowercase().contains("base64") {
            continue;
        }
        let Some(gap) = lines[at..].iter().position(|line| line.is_empty()) else { continue };
        let end = lines[at + gap + 1..].iter().position(|line| line.is_empty() || line.starts_with("--"));
        let end = end.map_or(lines.len(), |end| at + gap + 1 + end);
        let wrapped: String = lines[at + gap + 1..end].concat();
        if let Ok(plain) = BASE64.decode(wrapped.trim()) {
            lines[at..at + gap].iter().for_each(|line| out.push_str(&format!("{line}\n")));
            out.push('\n');
            out.push_str(&String::from_utf8_lossy(&plain));
            out.push('\n');
            at = end;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(action: &str, status: &str, diagnostic: &str) -> String {
        format!(
            "Message-ID: <report@mx.example.org>\r\nSubject: Undelivered Mail Returned to Sender\r\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n--b\r\n\r\nI'm sorry.\r\n\r\n--b\r\n\
             Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.org\r\n\r\nFinal-Recipient: rfc822; anna@example.org\r\n\
             Action: {action}\r\nStatus: {status}\r\nDiagnostic-Code: smtp; {diagnostic}\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n\
             From: news@aurora.example\r\nMessage-ID: <msg_7@aurora.example>\r\n\r\nText\r\n--b--\r\n"
        )
    }

    #[test]
    fn a_bounce_says_whose_it_is_and_whether_for_good() {
        let what = |action, status, diagnostic| read(report(action, status, diagnostic).as_bytes(), "").into_iter().next();
        let gone = what("failed", "5.1.1", "550 5.1.1 <anna@example.org>:\r\n    Recipient address rejected").unwrap();
        assert_eq!(gone.ids[0], "<msg_7@aurora.example>");
        assert_eq!(gone.what, What::Bounced { is_permanent: true });
        assert_eq!(gone.why, "5.1.1 550 5.1.1 <anna@example.org>: Recipient address rejected");
        let kind = |action, status, diagnostic| what(action, status, diagnostic).map(|back| back.what);
        assert_eq!(kind("failed", "5.2.2", "552 mailbox full"), Some(What::Bounced { is_permanent: false }));
        assert_eq!(kind("failed", "5.7.1", "550 blocked by policy"), Some(What::Bounced { is_permanent: false }));
        assert_eq!(kind("failed", "5.0.0", "550 no such user here"), Some(What::Bounced { is_permanent: true }));
        assert_eq!(kind("failed", "4.4.7", "delivery time expired"), Some(What::Bounced { is_permanent: false }));
        assert_eq!(kind("delivered", "2.0.0", "250 ok"), Some(What::Delivered));
        assert_eq!(kind("delayed", "4.4.1", "no answer"), None);
        assert!(read(b"Subject: I am on holiday\r\n\r\nBack on Monday", "message/rfc822").is_empty());
    }

    #[test]
    fn a_report_in_base64_is_opened_and_a_complaint_is_one() {
        let inside = BASE64.encode("Original-Message-ID: <msg_8@aurora.example>\r\nAction: failed\r\nStatus: 5.1.1\r\n");
        let mail = format!("Content-Type: message/delivery-status\r\nContent-Transfer-Encoding: base64\r\n\r\n{inside}\r\n\r\n--b--\r\n");
        let back = &read(mail.as_bytes(), "message/rfc822")[0];
        assert_eq!((back.ids[0].as_str(), back.what), ("<msg_8@aurora.example>", What::Bounced { is_permanent: true }));
        let complaint =
            "Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\n\r\nMessage-ID: <msg_9@a.example>\r\n";
        let back = &read(complaint.as_bytes(), "message/rfc822")[0];
        assert_eq!((back.ids[0].as_str(), back.what), ("<msg_9@a.example>", What::Complained));
    }
}
