//! `forecourt profile merge | unmerge | show --explain`: why somebody is one person, and saying that they are, or are not.

use anyhow::bail;
use serde_json::{Value, json};

use super::{found, show};
use crate::{
    client::Client,
    output::{Format, Output, plain},
};

/// Prints why the identifiers of a profile are one person's.
pub async fn explain(client: &Client, id: &str, output: Output) -> anyhow::Result<()> {
    let profile = found(client, id).await?;
    let why = client.get(&format!("/api/profiles/{profile}/identity")).await?;
    if output.format == Format::Json {
        println!("{why}");
        return Ok(());
    }
    let identifiers = why["identifiers"].as_array().cloned().unwrap_or_default();
    let named = |fragment: &Value| {
        let row = identifiers.iter().find(|row| row["fragment_id"] == *fragment);
        row.map_or_else(|| plain(fragment), |row| format!("{}: {}", plain(&row["kind"]), plain(&row["value"])))
    };
    let lines = why["evidence"].as_array().cloned().unwrap_or_default().into_iter().map(|edge| {
        json!({
            "one": named(&edge["one"]), "other": named(&edge["other"]), "rule": edge["rule"], "trust": edge["trust"], "at": edge["at"],
            "offset": edge["offset"], "joins": if edge["joins"] == true { "yes".to_owned() } else { format!("no: {}", plain(&edge["why"])) },
        })
    });
    println!("evidence");
    output.many(&lines.collect::<Vec<_>>(), &["one", "other", "rule", "trust", "at", "offset", "joins"]);
    let apart = why["kept_apart"].as_array().cloned().unwrap_or_default();
    if !apart.is_empty() {
        println!("\nkept apart");
        let lines = apart
            .into_iter()
            .map(|said| json!({ "one": named(&said["one"]), "other": named(&said["other"]), "at": said["at"], "by": said["actor"] }));
        output.many(&lines.collect::<Vec<_>>(), &["one", "other", "at", "by"]);
    }
    let ledger = why["ledger"].as_array().cloned().unwrap_or_default();
    if !ledger.is_empty() {
        println!("\nledger");
        let lines = ledger.into_iter().map(|line| {
            json!({
                "at": line["at"], "act": line["act"], "rule": line["rule"], "why": line["why"],
                "one": named(&line["one"]["fragment_id"]), "other": named(&line["other"]["fragment_id"]), "by": line["actor"],
            })
        });
        output.many(&lines.collect::<Vec<_>>(), &["at", "act", "rule", "why", "one", "other", "by"]);
    }
    Ok(())
}

/// Says that two profiles are one person, or prints what that would do.
pub async fn merge(client: &Client, one: &str, other: &str, dry_run: bool, output: Output) -> anyhow::Result<()> {
    let (one, other) = (found(client, one).await?, found(client, other).await?);
    if dry_run {
        let preview = client.get(&format!("/api/profiles/{one}/merge-preview?with={other}")).await?;
        if output.format == Format::Json {
            println!("{preview}");
            return Ok(());
        }
        output.one(&preview, &["possible", "reason", "profile_id"]);
        let columns = ["profile_id", "name", "email", "phone", "events", "identifiers", "leads", "orders", "calls"];
        output.many(&[preview["one"].clone(), preview["other"].clone()], &columns);
        output.many(preview["traits"].as_array().map(Vec::as_slice).unwrap_or_default(), &["name", "one", "other", "merged"]);
        return Ok(());
    }
    settled(&client.post(&format!("/api/profiles/{one}/merge"), &json!({ "with": other })).await?)?;
    output.one(&show(client, &one).await?, &["profile_id", "name", "email", "phone", "events"]);
    Ok(())
}

/// Says that an identifier is not the person's whose profile it is on.
///
/// * `from`: the identifier that it is told apart from; the strongest other one where absent.
pub async fn unmerge(client: &Client, id: &str, identifier: &str, from: Option<&str>, output: Output) -> anyhow::Result<()> {
    let profile = found(client, id).await?;
    let held = client.get(&format!("/api/profiles/{profile}")).await?;
    let identifiers = held["profile"]["identifiers"].as_array().cloned().unwrap_or_default();
    let fits = |row: &Value, text: &str| {
        let (kind, value, fragment) = (plain(&row["kind"]), plain(&row["value"]), plain(&row["fragment_id"]));
        text == value || text == fragment || text == format!("{kind}:{value}")
    };
    let fragment = |text: &str| match identifiers.iter().find(|row| fits(row, text)) {
        Some(row) => Ok(plain(&row["fragment_id"])),
        None => bail!("the profile has no identifier `{text}`: see `forecourt profile show {profile}`"),
    };
    let one = fragment(identifier)?;
    let other = match from {
        Some(text) => fragment(text)?,
        None => {
            let strength = |row: &Value| {
                let of = |kind: &str| ["user_id", "crm_id", "email", "phone"].iter().position(|held| *held == kind).unwrap_or(4);
                of(&plain(&row["kind"]))
            };
            let others = identifiers.iter().filter(|row| plain(&row["fragment_id"]) != one);
            match others.min_by_key(|row| strength(row)) {
                Some(row) => plain(&row["fragment_id"]),
                None => bail!("the profile has one identifier only: there is nothing to part"),
            }
        }
    };
    settled(&client.post(&format!("/api/profiles/{profile}/unmerge"), &json!({ "one": one, "other": other })).await?)?;
    let sides = [show(client, &one).await?, show(client, &other).await?];
    output.many(&sides, &["profile_id", "name", "email", "phone", "events"]);
    Ok(())
}

fn settled(outcome: &Value) -> anyhow::Result<()> {
    match (outcome["done"].as_bool(), outcome["reason"].as_str()) {
        (Some(true), _) => Ok(()),
        (_, Some(reason)) => bail!("{reason}"),
        _ => bail!("it is noted and not decided yet: ask again at {}", plain(&outcome["link"])),
    }
}
