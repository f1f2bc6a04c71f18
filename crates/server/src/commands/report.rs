//! `forecourt report`: the same specs as in the API and in the UI.

use std::{
    fs,
    io::{Read as _, stdin},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use serde_json::Value;

use super::Place;
use crate::{
    client::Client,
    output::{Format, Output, plain},
};

#[derive(Debug, Subcommand)]
pub enum ReportCommand {
    /// How many profiles went how far.
    Funnel {
        /// A file with the report's spec as JSON; `-` for standard input.
        #[arg(long, value_name = "FILE")]
        spec: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// Which part of those who began comes back, period by period.
    Retention {
        /// A file with the report's spec as JSON; `-` for standard input.
        #[arg(long, value_name = "FILE")]
        spec: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// How fast people, or leads, get from stage to stage, and how many wait at each.
    Flow {
        /// A file with the report's spec as JSON; `-` for standard input.
        #[arg(long, value_name = "FILE")]
        spec: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// What people do after an event, or before it, step by step.
    Paths {
        /// A file with the report's spec as JSON; `-` for standard input.
        #[arg(long, value_name = "FILE")]
        spec: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// Which of an experiment's variants people answer better, and how sure that is.
    Experiment {
        /// A file with the report's spec as JSON; `-` for standard input.
        #[arg(long, value_name = "FILE")]
        spec: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// Which touches conversions are owed to, by several models side by side.
    Attribution {
        /// A file with the report's spec as JSON; `-` for standard input.
        #[arg(long, value_name = "FILE")]
        spec: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// What advertising cost and what came of it, by any dimensions.
    Pivot {
        /// A file with the report's spec as JSON; `-` for standard input.
        #[arg(long, value_name = "FILE")]
        spec: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    #[command(external_subcommand)]
    Other(Vec<String>),
}

pub async fn run(place: &Place, command: ReportCommand) -> anyhow::Result<()> {
    let (path, spec, output) = match &command {
        ReportCommand::Funnel { spec, output } => ("/api/reports/funnel", spec, *output),
        ReportCommand::Retention { spec, output } => ("/api/reports/retention", spec, *output),
        ReportCommand::Flow { spec, output } => ("/api/reports/flow", spec, *output),
        ReportCommand::Paths { spec, output } => ("/api/reports/paths", spec, *output),
        ReportCommand::Experiment { spec, output } => ("/api/reports/experiment", spec, *output),
        ReportCommand::Attribution { spec, output } => ("/api/reports/attribution", spec, *output),
        ReportCommand::Pivot { spec, output } => ("/api/reports/pivot", spec, *output),
        ReportCommand::Other(words) => {
            let name = words.first().map(String::as_str).unwrap_or_default();
            bail!("there is no report `{name}`: `forecourt report --help` lists them");
        }
    };
    let spec = read_spec(spec)?;
    let client = Client::connect(place).await?;
    let report = client.post(path, &spec).await;
    client.close().await;
    let report = report?;
    if output.format == Format::Json {
        println!("{report}");
        return Ok(());
    }
    match command {
        ReportCommand::Funnel { .. } => print_funnel(&spec, &report, output),
        ReportCommand::Experiment { .. } => print_experiment(&report, output),
        ReportCommand::Attribution { .. } => print_attribution(&report, output),
        ReportCommand::Flow { .. } => print_flow(&spec, &report, output),
        ReportCommand::Paths { .. } => print_paths(&report, output),
        ReportCommand::Retention { .. } => print_retention(&spec, &report, output),
        _ => print_pivot(&report, output),
    }
    Ok(())
}

fn print_funnel(spec: &Value, report: &Value, output: Output) {
    let by: Vec<String> = spec["by"].as_array().into_iter().flatten().map(plain).collect();
    let columns = ["event", "profiles", "rate", "step_rate", "median_time_s"];
    let head: Vec<String> = by.iter().cloned().chain(columns.map(str::to_owned)).collect();
    let mut rows = Vec::new();
    let all = serde_json::json!({ "by": {}, "steps": report["steps"] });
    for group in std::iter::once(&all).chain(report["groups"].as_array().into_iter().flatten()) {
        for step in group["steps"].as_array().into_iter().flatten() {
            let dimensions = by.iter().map(|name| group["by"].get(name).map_or("(all)".to_owned(), plain));
            rows.push(dimensions.chain(columns.map(|column| plain(&step[column]))).collect());
        }
    }
    output.table(&head, rows);
}

/// A row for each cohort and period, then for each group and period; `(all)` are all together.
fn print_retention(spec: &Value, report: &Value, output: Output) {
    let by: Vec<String> = spec["by"].as_array().into_iter().flatten().map(plain).collect();
    let columns = ["of", "people", "rate", "people_after", "rate_after", "unfinished"];
    let head: Vec<String> = ["cohort".to_owned()]
        .into_iter()
        .chain(by.iter().cloned())
        .chain(["period".to_owned()])
        .chain(columns.map(str::to_owned))
        .collect();
    let list = |field: &str| report[field].as_array().cloned().unwrap_or_default();
    let all = serde_json::json!({ "cells": report["cells"] });
    let mut rows = Vec::new();
    for counted in list("cohorts").iter().chain([&all]).chain(&list("groups")) {
        let keys: Vec<String> =
            [named(counted.get("start"))].into_iter().chain(by.iter().map(|name| named(counted["by"].get(name)))).collect();
        for (period, cell) in counted["cells"].as_array().into_iter().flatten().enumerate() {
            let figures = columns.map(|column| plain(&cell[column]));
            rows.push(keys.iter().cloned().chain([period.to_string()]).chain(figures).collect());
        }
    }
    output.table(&head, rows);
}

/// A row for each stage, of all and then of each group; shares and seconds with their intervals.
fn print_flow(spec: &Value, report: &Value, output: Output) {
    let by: Vec<String> = spec["by"].as_array().into_iter().flatten().map(plain).collect();
    let counts = ["event", "entered", "moved", "lost", "stock"];
    let shares = ["within", "within_low", "within_high", "median_s", "median_low_s", "median_high_s", "ages"];
    let head: Vec<String> = by.iter().cloned().chain(counts.into_iter().chain(shares).map(str::to_owned)).collect();
    let all = serde_json::json!({ "by": {}, "stages": report["stages"] });
    let mut rows = Vec::new();
    for group in std::iter::once(&all).chain(report["groups"].as_array().into_iter().flatten()) {
        for stage in group["stages"].as_array().into_iter().flatten() {
            let keys = by.iter().map(|name| named(group["by"].get(name)));
            let median =
                stage["quantiles"].as_array().into_iter().flatten().find(|quantile| quantile["share"] == 0.5).unwrap_or(&Value::Null);
            let within = ["share", "low", "high"].map(|field| plain(&stage["within"][field]));
            let medians = ["after_s", "low_s", "high_s"].map(|field| plain(&median[field]));
            let ages: Vec<String> = stage["ages"].as_array().into_iter().flatten().map(plain).collect();
            let figures = counts.iter().map(|column| plain(&stage[*column]));
            rows.push(keys.chain(figures).chain(within).chain(medians).chain([ages.join(" ")]).collect());
        }
    }
    output.table(&head, rows);
}

/// What a value of a dimension is called; `(all)` where there is no dimension, `(none)` where there is no value.
fn named(value: Option<&Value>) -> String {
    value.map_or("(all)".to_owned(), |value| if value.is_null() { "(none)".to_owned() } else { plain(value) })
}

/// A row for each whole path, then one for all that are not listed, and the total.
fn print_paths(report: &Value, output: Output) {
    let head = ["people", "share", "converted", "path"].map(str::to_owned);
    let step = |element: &Value| match &element["value"] {
        Value::Null => plain(&element["event"]),
        value => format!("{} [{}]", plain(&element["event"]), plain(value)),
    };
    let row = |sequence: &Value| {
        let steps: Vec<String> = sequence["elements"].as_array().into_iter().flatten().map(step).collect();
        let [people, share, converted] = ["people", "share", "converted"].map(|column| plain(&sequence[column]));
        vec![people, share, converted, steps.join(" → ")]
    };
    let mut rows: Vec<Vec<String>> = report["sequences"].as_array().into_iter().flatten().map(row).collect();
    let others = format!("(others: {})", plain(&report["sequences_omitted"]));
    rows.push(vec![plain(&report["people_omitted"]), String::new(), String::new(), others]);
    rows.push(vec![plain(&report["people"]), String::new(), plain(&report["converted"]), "(all)".to_owned()]);
    output.table(&head, rows);
}

/// A row for each variant, the control first: what it came to, and how far it is from the control.
fn print_experiment(report: &Value, output: Output) {
    let counts = ["name", "people", "converted", "total", "mean"];
    let compared = ["difference", "difference_low", "difference_high", "uplift", "uplift_low", "uplift_high", "p", "verdict"];
    let head: Vec<String> = counts.iter().chain(&compared).map(|&name| name.to_owned()).collect();
    let row = |variant: &Value| {
        let comparison = &variant["comparison"];
        let interval = |of: &str| ["value", "low", "high"].map(|field| plain(&comparison[of][field]));
        let figures = counts.iter().map(|&column| plain(&variant[column]));
        let last = ["p", "verdict"].map(|field| plain(&comparison[field]));
        figures.chain(interval("difference")).chain(interval("uplift")).chain(last).collect()
    };
    output.table(&head, report["variants"].as_array().into_iter().flatten().map(row).collect());
    if report["shares_off"] == true {
        eprintln!("note: people came to the variants in other shares than were meant: find out why before you believe a difference");
    }
    if report["mixed"] != 0 {
        eprintln!("note: {} people were shown several variants, and count nowhere", plain(&report["mixed"]));
    }
}

/// A row for each row and model; `(none)` are the conversions without a touch, `(all)` the totals.
fn print_attribution(report: &Value, output: Output) {
    let list = |field: &str| report[field].as_array().cloned().unwrap_or_default();
    let (by, models) = (list("by"), list("models"));
    let columns = ["conversions", "low", "high", "tied_with_next", "revenue", "cost_per_conversion", "romi", "drr"];
    let head: Vec<String> =
        by.iter().map(plain).chain(["model", "associated", "cost"].map(str::to_owned)).chain(columns.map(str::to_owned)).collect();
    let mut rows = Vec::new();
    for row in list("rows") {
        for (model, credit) in models.iter().zip(row["credits"].as_array().into_iter().flatten()) {
            let keys = by.iter().map(|name| plain(&row["by"][plain(name)]));
            let known = [plain(model), plain(&row["associated"]["conversions"]), plain(&row["cost"])];
            rows.push(keys.chain(known).chain(columns.map(|column| plain(&credit[column]))).collect());
        }
    }
    for (name, sum) in [("(none)", &report["untouched"]), ("(all)", &report["total"])] {
        let keys = by.iter().map(|_| name.to_owned());
        let figures = columns.map(|column| plain(&sum[column]));
        rows.push(keys.chain([String::new(), String::new(), String::new()]).chain(figures).collect());
    }
    output.table(&head, rows);
    for warning in list("warnings") {
        eprintln!("note: {warning}");
    }
}

/// A row for each line and column, with the totals, which are `(all)`.
fn print_pivot(report: &Value, output: Output) {
    let list = |field: &str| report[field].as_array().cloned().unwrap_or_default();
    let (rows, columns) = (list("rows"), list("columns"));
    let measures: Vec<String> = list("measures").iter().map(|measure| plain(&measure["measure"])).collect();
    let head: Vec<String> = rows.iter().chain(&columns).map(plain).chain(measures).collect();
    let names = |key: &Value, count: usize| -> Vec<String> { (0..count).map(|at| named(key.get(at))).collect() };
    let mut printed = Vec::new();
    for line in list("lines").iter().chain([&report["total"]]) {
        let column_keys = list("column_keys");
        let cells = line["cells"].as_array().into_iter().flatten().zip(column_keys.iter());
        let all = Value::Array(Vec::new());
        for (values, column) in cells.chain([(&line["total"], &all)]) {
            let keys = names(&line["key"], rows.len()).into_iter().chain(names(column, columns.len()));
            printed.push(keys.chain(values.as_array().into_iter().flatten().map(plain)).collect());
        }
    }
    output.table(&head, printed);
    for warning in list("warnings") {
        eprintln!("note: {warning}");
    }
}

pub fn read_spec(path: &Path) -> anyhow::Result<Value> {
    let mut text = String::new();
    if path.as_os_str() == "-" {
        stdin().read_to_string(&mut text).context("cannot read the spec from standard input")?;
    } else {
        text = fs::read_to_string(path).with_context(|| format!("cannot read the spec {}", path.display()))?;
    }
    serde_json::from_str(&text).context("the spec is not JSON")
}
