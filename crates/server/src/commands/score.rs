//! `forecourt score`: which leads will buy, learned from those whose outcome is known.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use forecourt_model::lead::{LearnedScore, learned::Seen};
use forecourt_score::{
    Evaluation, Finding, Forward, Learner, ScoreModel, Settings, Table,
    evaluate::{self, DRIFT_ALARM, Folds},
    leads::{self, PastLead, ScoreReport, Teaching, Wishes},
    table::Kind,
    train as learn,
};
use serde_json::{Value, json};

use super::Place;
use crate::{
    client::Client,
    clock::now_us,
    output::{Format, Output},
};

#[derive(Debug, Subcommand)]
pub enum ScoreCommand {
    /// Learn a model from leads whose outcome is known: from a file, or from the installation's own leads.
    Train(TrainArgs),
    /// Say how good a model would be, by folds and forward in time; or how good a model is, on other leads.
    Eval(EvalArgs),
    /// Say why a lead has its score, or score all leads of a file.
    Explain(ExplainArgs),
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Model {
    Auto,
    Boosting,
    Logistic,
}

/// Which rows, and which of their columns.
#[derive(Debug, Args)]
struct Rows {
    /// CSV or JSON lines, also packed by gzip. Without it: the installation's own leads.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// The column with the outcome: 1 or 0, true or false, yes or no, won or lost.
    #[arg(long, default_value = "won")]
    target: String,
    /// The column by which rows are ordered in time.
    #[arg(long)]
    time: Option<String>,
    /// The column with the fold of each row.
    #[arg(long)]
    fold: Option<String>,
    /// A column that is not looked at; may be given several times.
    #[arg(long)]
    drop: Vec<String>,
    /// A column of names, though they are numbers; may be given several times.
    #[arg(long)]
    category: Vec<String>,
    /// Boosting from a thousand wins on, else logistic, unless you say which.
    #[arg(long, value_enum, default_value_t = Model::Auto)]
    model: Model,
}

#[derive(Debug, Args)]
pub struct TrainArgs {
    #[command(flatten)]
    rows: Rows,
    /// A column that is looked at although it seems to know the outcome; may be given several times.
    #[arg(long)]
    allow: Vec<String>,
    /// Where the model goes.
    #[arg(long, default_value = "score.json")]
    to: PathBuf,
    /// Newer leads whose outcome is known: the model is told anew how many win (Platt).
    #[arg(long, value_name = "FILE")]
    recalibrate: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
pub struct EvalArgs {
    #[command(flatten)]
    rows: Rows,
    /// A model that was learned: it is tried on these leads.
    #[arg(long, value_name = "MODEL")]
    with: Option<PathBuf>,
    /// The leads that the model was learned from: says what has changed since.
    #[arg(long, value_name = "FILE")]
    since: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// CSV or JSON lines, also packed by gzip.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[arg(long, value_name = "MODEL", default_value = "score.json")]
    with: PathBuf,
    /// The row, from 0.
    #[arg(long, default_value_t = 0)]
    row: usize,
    /// The probability of every row, and nothing more.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    output: Output,
}

pub async fn run(place: &Place, command: ScoreCommand) -> anyhow::Result<()> {
    match command {
        ScoreCommand::Train(args) => train(place, args).await,
        ScoreCommand::Eval(args) => eval(place, args).await,
        ScoreCommand::Explain(args) => explain(&args),
    }
}

/// Rows made ready: features, outcomes, folds, and which came first.
struct Ready {
    table: Table,
    won: Vec<bool>,
    folds: Folds,
    /// Older and newer rows.
    forward: Option<(Vec<usize>, Vec<usize>)>,
    settings: Settings,
}

/// Columns that part rows and are never features.
const PARTING: [&str; 3] = ["fold", "tfold", "row"];
/// The share of the rows, the oldest, that a model is learned from to be tried on the rest.
const OLDER: f64 = 0.8;

impl Rows {
    fn ready(&self, file: &Path) -> anyhow::Result<Ready> {
        let (table, time) = (read(file, &self.category)?, self.time.clone());
        let won = table.target(&self.target)?;
        let folds = match &self.fold {
            Some(name) => Folds::Given(whole_numbers(&table, name)?),
            None => Folds::Random(5),
        };
        let forward = match &time {
            Some(name) => {
                let mut order: Vec<usize> = (0..table.rows).collect();
                let column = table.column(name)?;
                match &column.kind {
                    Kind::Number(values) => order.sort_by(|a, b| values[*a].total_cmp(&values[*b])),
                    Kind::Category { .. } => order.sort_by_key(|row| column.text(*row)),
                }
                let cut = (table.rows as f64 * OLDER).round() as usize;
                let newer = order.split_off(cut);
                Some((order, newer))
            }
            None => match whole_numbers(&table, "tfold") {
                Ok(parts) => Some((0..table.rows).partition(|row| parts[*row] == 0)),
                Err(_) => None,
            },
        };
        let mut left_out = self.drop.clone();
        left_out.extend([self.target.clone()]);
        left_out.extend(time);
        left_out.extend(self.fold.clone());
        left_out.extend(PARTING.map(str::to_owned));
        Ok(Ready { table: table.without(&left_out), won, folds, forward, settings: self.settings() })
    }

    fn settings(&self) -> Settings {
        let learner = match self.model {
            Model::Auto => Learner::Auto,
            Model::Boosting => Learner::Boosting,
            Model::Logistic => Learner::Logistic,
        };
        Settings { learner, ..Settings::default() }
    }
}

fn whole_numbers(table: &Table, name: &str) -> anyhow::Result<Vec<usize>> {
    match &table.column(name)?.kind {
        Kind::Number(values) => Ok(values.iter().map(|value| value.max(0.0) as usize).collect()),
        Kind::Category { codes, .. } => Ok(codes.iter().map(|code| *code as usize).collect()),
    }
}

fn read(file: &Path, categories: &[String]) -> anyhow::Result<Table> {
    let bytes = std::fs::read(file).with_context(|| format!("{} does not read", file.display()))?;
    Table::read(&bytes, categories).with_context(|| file.display().to_string())
}

fn read_model(file: &Path) -> anyhow::Result<ScoreModel> {
    let bytes = std::fs::read(file).with_context(|| format!("{} does not read: train a model first", file.display()))?;
    let model: ScoreModel = serde_json::from_slice(&bytes).with_context(|| format!("{} is no model", file.display()))?;
    model.check().map_err(|reason| anyhow::anyhow!("{}: {reason}", file.display()))?;
    Ok(model)
}

async fn train(place: &Place, args: TrainArgs) -> anyhow::Result<()> {
    let Some(file) = &args.rows.file else {
        anyhow::ensure!(args.recalibrate.is_none(), "`--recalibrate` is for files: the installation watches its own score");
        let (score, report) = learn_own(place, &args.rows, &args.allow).await?;
        return handed_over(&args, &score.model, &evaluation_of(&report), &report.findings);
    };
    let Ready { table, won, folds, forward, settings } = args.rows.ready(file)?;
    let found = evaluate::findings(&table, &won);
    let refused: Vec<String> = found
        .iter()
        .filter(|finding| !args.allow.contains(&finding.field))
        .map(|finding| format!("`{}`: {}", finding.field, finding.says))
        .collect();
    anyhow::ensure!(
        refused.is_empty(),
        "columns know the outcome, and would be worth nothing on new leads:\n  {}\nleave them out with `--drop`, or say `--allow` if they were known when the lead came in",
        refused.join("\n  ")
    );
    let evaluation = evaluate(&table, &won, &folds, forward.as_ref(), &settings)?;
    let mut model = learn(&table, &won, &args.rows.target, &settings)?;
    if let Some(file) = &args.recalibrate {
        let newer = read(file, &args.rows.category)?;
        let outcomes = newer.target(&args.rows.target)?;
        forecourt_score::train::recalibrate(&mut model, &newer, &outcomes, false)?;
    }
    handed_over(&args, &model, &evaluation, &found)
}

/// Writes the model, and says how good it is.
fn handed_over(args: &TrainArgs, model: &ScoreModel, evaluation: &Evaluation, found: &[Finding]) -> anyhow::Result<()> {
    std::fs::write(&args.to, serde_json::to_vec(&model)?).with_context(|| format!("{} cannot be written", args.to.display()))?;
    let told = json!({ "model": args.to, "learner": model.learner(), "evaluation": evaluation, "allowed": found, "slope": model.slope, "shift": model.shift });
    if args.output.format == Format::Json {
        println!("{told}");
    } else {
        show(&args.output, evaluation);
        println!("the model is in {}", args.to.display());
    }
    Ok(())
}

fn evaluate(
    table: &Table,
    won: &[bool],
    folds: &Folds,
    forward: Option<&(Vec<usize>, Vec<usize>)>,
    settings: &Settings,
) -> anyhow::Result<Evaluation> {
    let mut evaluation = evaluate::evaluate(table, won, folds, None, settings)?;
    if let Some((older, newer)) = forward {
        // A part without wins says nothing of the future; the folds do all the same.
        evaluation.forward = evaluate::forward_of(table, won, older, newer, settings).ok();
    }
    Ok(evaluation)
}

async fn eval(place: &Place, args: EvalArgs) -> anyhow::Result<()> {
    let Some(file) = &args.rows.file else {
        anyhow::ensure!(args.with.is_none() && args.since.is_none(), "`--with` and `--since` are for files: name one");
        let (_, report) = learn_own(place, &args.rows, &[]).await?;
        let evaluation = evaluation_of(&report);
        if args.output.format == Format::Json {
            println!("{}", json!({ "evaluation": evaluation, "findings": report.findings, "half_life_days": report.half_life_days }));
        } else {
            show(&args.output, &evaluation);
        }
        return Ok(());
    };
    let Ready { table, won, folds, forward, settings } = args.rows.ready(file)?;
    let drifted = match &args.since {
        Some(file) => evaluate::drift(&read(file, &args.rows.category)?, &table),
        None => Vec::new(),
    };
    let evaluation = match &args.with {
        Some(file) => {
            let model = read_model(file)?;
            let scores = evaluate::scores(&model, &table);
            let figures = forecourt_score::Figures::of(&won, &scores);
            let (mean, sd) = forecourt_score::Figures::mean_and_sd(&[figures]);
            let positives = won.iter().filter(|won| **won).count();
            let reliability = forecourt_score::figures::bins(&won, &scores);
            Evaluation {
                rows: table.rows,
                positives,
                learner: model.learner().to_owned(),
                folds: vec![figures],
                mean,
                sd,
                reliability,
                forward: None,
                predicted: scores,
            }
        }
        None => evaluate(&table, &won, &folds, forward.as_ref(), &settings)?,
    };
    let changed: Vec<Value> =
        drifted.iter().map(|(field, index)| json!({ "field": field, "psi": index, "is_alarming": DRIFT_ALARM < *index })).collect();
    if args.output.format == Format::Json {
        println!("{}", json!({ "evaluation": evaluation, "drift": changed }));
        return Ok(());
    }
    show(&args.output, &evaluation);
    for (field, index) in drifted.iter().filter(|(_, index)| DRIFT_ALARM < *index) {
        println!("`{field}` has changed since (stability index {index:.2}): train anew");
    }
    Ok(())
}

fn show(output: &Output, evaluation: &Evaluation) {
    let Evaluation { rows, positives, learner, mean, sd, forward, reliability, .. } = evaluation;
    println!("{rows} leads, {positives} won ({:.1} %), {learner}", *positives as f64 / (*rows).max(1) as f64 * 100.0);
    let head = ["", "AUC", "PR AUC", "Brier", "log loss", "calibration error"].map(str::to_owned);
    let line = |name: &str, of: &forecourt_score::Figures| {
        let figures = [of.auc, of.pr_auc, of.brier, of.log_loss, of.ece].map(|figure| format!("{figure:.4}"));
        [vec![name.to_owned()], figures.to_vec()].concat()
    };
    let mut lines = vec![line("left-out folds, mean", mean), line("left-out folds, deviation", sd)];
    if let Some(Forward { figures, .. }) = forward {
        lines.push(line("forward in time", figures));
    }
    output.table(&head, lines);
    match forward {
        Some(Forward { train_rate, test_rate, .. }) => println!(
            "forward in time: learned from the oldest, tried on the newest ({:.1} % won then, {:.1} % now); expect this rather than the folds",
            train_rate * 100.0,
            test_rate * 100.0
        ),
        None => println!("folds flatter: name the column of time with `--time` to see what is to be expected of new leads"),
    }
    let bins = reliability
        .iter()
        .map(|bin| vec![format!("{:.3}", bin.predicted), format!("{:.3}", bin.observed), bin.leads.to_string(), bar(bin.observed)]);
    output.table(&["predicted", "observed", "leads", ""].map(str::to_owned), bins.collect());
}

fn bar(share: f64) -> String {
    "█".repeat((share.clamp(0.0, 1.0) * 40.0).round() as usize)
}

fn explain(args: &ExplainArgs) -> anyhow::Result<()> {
    let model = read_model(&args.with)?;
    let table = read(&args.file, &[])?;
    if args.all {
        let scores = evaluate::scores(&model, &table);
        if args.output.format == Format::Json {
            println!(
                "{}",
                json!(scores.iter().enumerate().map(|(row, score)| json!({ "row": row, "probability": score })).collect::<Vec<_>>())
            );
        } else {
            let lines = scores.iter().enumerate().map(|(row, score)| vec![row.to_string(), format!("{score:.6}")]);
            args.output.table(&["row", "probability"].map(str::to_owned), lines.collect());
        }
        return Ok(());
    }
    anyhow::ensure!(args.row < table.rows, "there is no row {}: the file has {}, from 0", args.row, table.rows);
    let told = model.explain(&table.row(args.row));
    if args.output.format == Format::Json {
        let parts: Vec<Value> =
            told.parts.iter().map(|(feature, value, part)| json!({ "feature": feature, "value": value, "log_odds": part })).collect();
        println!("{}", json!({ "probability": told.probability, "log_odds": told.raw, "base": told.base, "parts": parts }));
        return Ok(());
    }
    println!("probability {:.3} (log-odds {:.3}, of which {:.3} hold for everybody)", told.probability, told.raw, told.base);
    let largest = told.parts.first().map_or(1.0, |(_, _, part)| part.abs()).max(1e-9);
    let lines = told.parts.iter().filter(|(_, _, part)| 0.005 <= part.abs()).map(|(feature, value, part)| {
        let says = if 0.0 < *part { "speaks for" } else { "speaks against" };
        let shown = if value.is_empty() { "(nothing)" } else { value };
        vec![format!("{feature} {shown}"), says.to_owned(), format!("{part:+.3}"), bar(part.abs() / largest)]
    });
    args.output.table(&["what", "", "log-odds", ""].map(str::to_owned), lines.collect());
    Ok(())
}

/// A lead of the past, as the installation tells it.
#[derive(serde::Deserialize)]
struct ToldLead {
    lead_id: String,
    created_us: i64,
    won_us: Option<i64>,
    is_decided: bool,
    facts: BTreeMap<String, Value>,
    looks: Vec<ToldLook>,
}

#[derive(serde::Deserialize)]
struct ToldLook {
    at_us: i64,
    seen: BTreeMap<String, (u64, i64)>,
}

/// The installation's own leads, and the names of what their people did: the same as the product itself learns from.
async fn own_leads(place: &Place) -> anyhow::Result<(Teaching, Vec<String>)> {
    let client = Client::connect(place).await?;
    let lines = client.file("/api/lead-scores/history").await;
    client.close().await;
    let (mut names, mut leads): (Vec<String>, Vec<PastLead>) = (Vec::new(), Vec::new());
    let mut numbers: HashMap<String, u32> = HashMap::new();
    let lines = lines?;
    for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let told: ToldLead = serde_json::from_slice(line).context("the installation answered with something else than leads")?;
        let mut number = |name: String| {
            *numbers.entry(name).or_insert_with_key(|name| {
                names.push(name.clone());
                names.len() as u32 - 1
            })
        };
        let mut look = |look: ToldLook| {
            let seen = look.seen.into_iter().map(|(name, (times, last_us))| (number(name), Seen { times, last_us }));
            (look.at_us, seen.collect())
        };
        leads.push(PastLead {
            looks: told.looks.into_iter().map(&mut look).collect(),
            lead_id: told.lead_id,
            created_us: told.created_us,
            facts: told.facts,
            won_us: told.won_us,
            is_decided: told.is_decided,
        });
    }
    anyhow::ensure!(!leads.is_empty(), "there are no leads yet: import some with their outcomes, or name a file");
    Ok((leads::teaching(leads, now_us()), names))
}

/// Learns from the installation's own leads, as the page Scores does.
async fn learn_own(place: &Place, rows: &Rows, allow: &[String]) -> anyhow::Result<(LearnedScore, ScoreReport)> {
    anyhow::ensure!(
        rows.time.is_none() && rows.fold.is_none() && rows.category.is_empty(),
        "`--time`, `--fold` and `--category` are for files: of the installation's own leads the times are known"
    );
    let (teaching, names) = own_leads(place).await?;
    let wishes = Wishes { leave_out: rows.drop.clone(), allow: allow.to_vec() };
    Ok(leads::learn(&teaching, &names, 0, &rows.settings(), &wishes, |_| {})?)
}

/// What an installation's own score says of itself, as that of a file does.
fn evaluation_of(report: &ScoreReport) -> Evaluation {
    Evaluation {
        rows: report.rows,
        positives: report.won,
        learner: report.learner.clone(),
        folds: vec![report.folds],
        mean: report.folds,
        sd: report.folds_sd,
        reliability: report.reliability.clone(),
        forward: report.forward.clone(),
        predicted: Vec::new(),
    }
}
