//! `forecourt import`: the rows of a file become events, profiles, leads, orders, costs or calls.

use std::{path::PathBuf, sync::Arc};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use forecourt_collect::file::{
    Detected, ImportRun, Kind, Mapping, Progress, Server, Sink, Summary, check, detect_as, encode_bulk, import, propose,
};
use forecourt_log::Entry;
use forecourt_model::{Origin, time};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::Place;
use crate::{
    client::Client,
    clock::now_us,
    config::Config,
    folder::Running,
    imports::outcome,
    output::{Format, Output},
};

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ImportKind {
    Events,
    Profiles,
    Leads,
    Orders,
    Costs,
    Calls,
}

impl From<ImportKind> for Kind {
    fn from(kind: ImportKind) -> Self {
        match kind {
            ImportKind::Events => Kind::Events,
            ImportKind::Profiles => Kind::Profiles,
            ImportKind::Leads => Kind::Leads,
            ImportKind::Orders => Kind::Orders,
            ImportKind::Costs => Kind::Costs,
            ImportKind::Calls => Kind::Calls,
        }
    }
}

#[derive(Debug, Args)]
pub struct ImportArgs {
    /// What the rows are.
    #[arg(value_enum)]
    pub kind: ImportKind,
    /// CSV, XLSX, JSON lines or Parquet, also packed with gzip; or a folder of Parquet files.
    pub file: PathBuf,
    /// Which column says what; proposed and printed when absent.
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
    /// Count and show what would happen, and change nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Treat the rows as happening now: they may start sends and tasks.
    #[arg(long)]
    pub live: bool,
    /// The source that the rows are said to come from; a second import of a file must name the same.
    #[arg(long, value_name = "NAME", default_value = "import")]
    pub source: String,
    /// Where rejected rows go; FILE.rejected.csv by default.
    #[arg(long, value_name = "FILE")]
    pub rejected: Option<PathBuf>,
    #[command(flatten)]
    pub output: Output,
}

pub async fn run(place: &Place, args: ImportArgs) -> anyhow::Result<()> {
    let config = Config::load(place.config.as_deref())?;
    let (detected, mapping) = tokio::task::block_in_place(|| mapping_of(&args))?;
    let proposed = args.mapping.is_none().then(|| serde_json::to_value(&mapping)).transpose()?;
    if args.output.format == Format::Table {
        println!("{}: {}", args.file.display(), detected.format);
        if let Some(mapping) = &proposed {
            println!("Proposed mapping (save it, mend it, and pass it by --mapping):\n{mapping:#}");
        }
    }
    check(args.kind.into(), &mapping, &detected)?;
    let run = ImportRun {
        kind: args.kind.into(),
        path: args.file.clone(),
        mapping,
        dry_run: args.dry_run,
        origin: if args.live { Origin::Live } else { Origin::History },
        source: String::new(),
        region: config.installation.phone_region.clone(),
        now_us: now_us(),
        rejected: args.rejected.clone(),
        done_rows: 0,
        trace: None,
    };
    let summary = if args.dry_run {
        let nowhere: Server = Arc::new(|_| Box::pin(async { Ok(()) }));
        with_bar(run, &Sink::Server(nowhere), &detected, |_| {}).await?
    } else {
        into_installation(place, &args.source, run, &detected).await?
    };
    match args.output.format {
        Format::Json | Format::Csv => {
            let mut shown = serde_json::to_value(&summary)?;
            if let Some(mapping) = proposed {
                shown["mapping"] = mapping;
            }
            println!("{shown}");
        }
        Format::Table => print(&summary),
    }
    Ok(())
}

/// Reads the mapping, or proposes one.
fn mapping_of(args: &ImportArgs) -> anyhow::Result<(Detected, Mapping)> {
    let Some(path) = &args.mapping else {
        let detected = detect_as(&args.file, &forecourt_collect::file::Read::default())?;
        let mapping = propose(args.kind.into(), &detected);
        return Ok((detected, mapping));
    };
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read the mapping {}", path.display()))?;
    let mapping = Mapping::parse(&text).with_context(|| format!("in {}", path.display()))?;
    Ok((detect_as(&args.file, &mapping.read)?, mapping))
}

/// Imports through the server that runs on the folder, or opens the folder; returns when reports see the rows.
async fn into_installation(place: &Place, source: &str, run: ImportRun, detected: &Detected) -> anyhow::Result<Summary> {
    let client = Client::connect(place).await?;
    let begun = begin(&client, source, &run, detected).await?;
    let run = ImportRun { source: source_id(&client, source).await?, ..run };
    let sink = match &client {
        Client::Here { node, .. } => Sink::Log { log: node.log.clone(), folded: Some(node.folded()) },
        Client::Remote { http, running } => Sink::Server(through(http.clone(), running.clone())),
    };
    let imported = noted(&client, &begun, run, &sink, detected).await;
    match &client {
        Client::Here { node, .. } => node.caught_up().await?,
        Client::Remote { .. } => until_seen(&client).await?,
    }
    client.close().await;
    imported
}

/// Notes the import where the pages show it; returns where its progress is told.
async fn begin(client: &Client, source: &str, run: &ImportRun, detected: &Detected) -> anyhow::Result<String> {
    let name = run.path.file_name().unwrap_or(run.path.as_os_str()).to_string_lossy();
    let told = json!({
        "name": name,
        "bytes": std::fs::metadata(&run.path).map_or(0, |file| file.len()),
        "kind": run.kind.as_str(),
        "mapping": run.mapping,
        "source": source,
        "live": run.origin == Origin::Live,
        "unit": detected.unit,
    });
    let begun = client.post("/api/imports/outside", &told).await?;
    let id = begun["id"].as_str().context("the server named no id of the import: is it of this version?")?;
    Ok(format!("/api/imports/outside/{id}"))
}

/// Imports, and tells the server how far it is and how it ended.
async fn noted(client: &Client, begun: &str, run: ImportRun, sink: &Sink, detected: &Detected) -> anyhow::Result<Summary> {
    const EVERY: std::time::Duration = std::time::Duration::from_secs(1);
    let unit = detected.unit;
    let (told, telling) = tokio::sync::watch::channel(Progress::default());
    let importing = with_bar(run, sink, detected, move |at| {
        told.send_replace(at);
    });
    tokio::pin!(importing);
    let mut notes = tokio::time::interval(EVERY);
    let far = |at: Progress| json!({ "done": at.done, "total": at.total, "unit": unit, "rows": at.rows, "accepted": at.accepted, "refused": at.refused });
    let imported = loop {
        tokio::select! {
            imported = &mut importing => break imported,
            _ = notes.tick() => {
                let at = *telling.borrow();
                // A note that is missed is made up for by the next one.
                let _ = client.post(begun, &far(at)).await;
            }
        }
    };
    let mut last = far(*telling.borrow());
    match &imported {
        Ok(summary) => {
            (last["rows"], last["accepted"], last["refused"]) = (summary.rows.into(), summary.accepted.into(), summary.refused.into());
            last["outcome"] = serde_json::to_value(outcome(summary, None))?;
        }
        Err(error) => last["failed"] = format!("{error:#}").into(),
    }
    if let Err(error) = client.post(begun, &last).await {
        eprintln!("The import's end was not noted in the list of imports: {error:#}");
    }
    imported
}

async fn source_id(client: &Client, name: &str) -> anyhow::Result<String> {
    let known = client.get("/api/sources").await?;
    let mut sources = known["sources"].as_array().into_iter().flatten();
    let found = match sources.find(|source| source["name"] == name) {
        Some(source) => source.clone(),
        None => client.post("/api/sources", &json!({ "name": name })).await?,
    };
    found["id"].as_str().map(str::to_owned).context("the server named no id of the source: is it of this version?")
}

fn through(http: reqwest::Client, running: Running) -> Server {
    Arc::new(move |entries: Vec<Entry>| {
        let request = http.post(format!("{}/api/imports/records", running.address)).bearer_auth(&running.token).body(encode_bulk(&entries));
        Box::pin(async move {
            let answer = request.send().await.map_err(|error| format!("it does not answer: {error}"))?;
            let status = answer.status();
            if status.is_success() {
                return Ok(());
            }
            let told: Value = answer.json().await.unwrap_or_default();
            Err(told["error"]["message"].as_str().map_or_else(|| format!("it answered {status}"), str::to_owned))
        })
    })
}

/// Waits for the fold and the lake of the server to have come past what the log holds now.
async fn until_seen(client: &Client) -> anyhow::Result<()> {
    const EVERY: std::time::Duration = std::time::Duration::from_millis(100);
    const WITHIN: std::time::Duration = std::time::Duration::from_secs(120);
    let offset = |freshness: &Value, stage: &str| freshness[stage].as_u64().unwrap_or(0);
    let today = time::day_text(time::day(now_us()));
    let overview = format!("/api/overview?from={today}&to={today}");
    let end = offset(&client.get(&overview).await?["freshness"], "log_offset");
    let deadline = tokio::time::Instant::now() + WITHIN;
    while tokio::time::Instant::now() < deadline {
        let freshness = client.get(&overview).await?["freshness"].clone();
        if end <= offset(&freshness, "folded_offset").min(offset(&freshness, "lake_offset")) {
            return Ok(());
        }
        tokio::time::sleep(EVERY).await;
    }
    eprintln!("The rows are in the log; reports do not show all of them yet: look at the server's own log if that stays so.");
    Ok(())
}

async fn with_bar(run: ImportRun, sink: &Sink, detected: &Detected, tell: impl Fn(Progress)) -> anyhow::Result<Summary> {
    let bar = bar(detected);
    let shown = bar.clone();
    let progress = move |at| {
        show(&shown, at);
        tell(at);
    };
    let summary = import(run, sink, progress).await;
    bar.finish_and_clear();
    Ok(summary?)
}

fn bar(detected: &Detected) -> ProgressBar {
    let known = if detected.unit == "bytes" { "{bytes}/{total_bytes}" } else { "{human_pos}/{human_len} rows" };
    let (bar, template) = match detected.total {
        0 => (ProgressBar::new_spinner(), "{spinner} {msg}".to_owned()),
        total => (ProgressBar::new(total), format!("[{{bar:40}}] {{percent}}% {known} {{msg}}")),
    };
    match ProgressStyle::with_template(&template) {
        Ok(style) => bar.with_style(style.progress_chars("=> ")),
        Err(_) => bar,
    }
}

fn show(bar: &ProgressBar, at: Progress) {
    bar.set_position(at.done);
    bar.set_message(format!("{} accepted, {} refused, {:.0} rows/s", at.accepted, at.refused, at.rows_per_s));
}

fn print(summary: &Summary) {
    let (would, be) = if summary.dry_run { ("would be ", "Dry run, nothing was changed. ") } else { ("", "") };
    println!(
        "{be}{} rows: {would}accepted {}, {would}refused {}, in {:.1} s",
        summary.rows, summary.accepted, summary.refused, summary.seconds
    );
    for (code, count) in &summary.reasons {
        println!("  refused: {code} {count}");
    }
    if let Some(path) = &summary.refused_file {
        println!("  rejected rows with their reasons: {}", path.display());
    }
    if let (Some(from_us), Some(to_us)) = (summary.from_us, summary.to_us) {
        println!("  from {} to {}", time::iso(from_us), time::iso(to_us));
    }
    println!("  people named: {}; rows that may start sends or tasks: {}", summary.people, summary.live);
    for warning in &summary.warnings {
        println!("  warning: {}", warning.message);
    }
    if summary.dry_run {
        for sample in &summary.samples {
            println!("  {}", sample.get());
        }
    }
}
