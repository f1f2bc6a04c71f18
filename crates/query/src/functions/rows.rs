//! What a report shows, as columns.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray},
    datatypes::{DataType, Field},
};
use jiff::civil::{Date, date};

use super::Asked;
use crate::{
    ExperimentComparison, FlowStage, FunnelReport, PathElement, QueryError, RetentionCell, StepReport, experiment, flow, funnel, paths,
    retention, session::Session,
};

/// Between the steps of a path.
const ARROW: &str = " → ";
/// The share whose time a flow's `median_s` is.
const HALF: f64 = 0.5;

impl Asked {
    /// Dimensions first, as the spec names them.
    pub fn fields(&self) -> Vec<Field> {
        let (by, own): (&[String], &[(&str, DataType)]) = match self {
            Self::Funnel(funnel) => (
                &funnel.by,
                &[
                    ("step", DataType::Int64),
                    ("event", DataType::Utf8),
                    ("profiles", DataType::Int64),
                    ("rate", DataType::Float64),
                    ("step_rate", DataType::Float64),
                    ("median_time_s", DataType::Float64),
                ],
            ),
            Self::Retention(retention) => (
                &retention.by,
                &[
                    ("cohort", DataType::Date32),
                    ("period", DataType::Int64),
                    ("of", DataType::Int64),
                    ("people", DataType::Int64),
                    ("rate", DataType::Float64),
                    ("people_after", DataType::Int64),
                    ("rate_after", DataType::Float64),
                    ("unfinished", DataType::Boolean),
                ],
            ),
            Self::Flow(flow) => (
                &flow.by,
                &[
                    ("stage", DataType::Int64),
                    ("event", DataType::Utf8),
                    ("entered", DataType::Int64),
                    ("moved", DataType::Int64),
                    ("lost", DataType::Int64),
                    ("stock", DataType::Int64),
                    ("within", DataType::Float64),
                    ("within_low", DataType::Float64),
                    ("within_high", DataType::Float64),
                    ("median_s", DataType::Float64),
                ],
            ),
            Self::Paths(_) => (
                &[],
                &[
                    ("path", DataType::Utf8),
                    ("steps", DataType::Int64),
                    ("people", DataType::Int64),
                    ("share", DataType::Float64),
                    ("converted", DataType::Int64),
                ],
            ),
            Self::Experiment(_) => (
                &[],
                &[
                    ("variant", DataType::Utf8),
                    ("people", DataType::Int64),
                    ("converted", DataType::Int64),
                    ("total", DataType::Float64),
                    ("mean", DataType::Float64),
                    ("difference", DataType::Float64),
                    ("difference_low", DataType::Float64),
                    ("difference_high", DataType::Float64),
                    ("uplift", DataType::Float64),
                    ("uplift_low", DataType::Float64),
                    ("uplift_high", DataType::Float64),
                    ("p", DataType::Float64),
                    ("shares_p", DataType::Float64),
                ],
            ),
        };
        let by = by.iter().map(|name| Field::new(name, DataType::Utf8, true));
        by.chain(own.iter().map(|(name, of)| Field::new(*name, of.clone(), true))).collect()
    }

    /// The report's rows: of its groups where it has any, for those add up by themselves; else of the whole.
    pub async fn columns(&self, session: &Session) -> Result<Vec<ArrayRef>, QueryError> {
        match self {
            Self::Funnel(asked) => Ok(of_funnel(&asked.by, &funnel::report::report(session, asked).await?)),
            Self::Retention(asked) => of_retention(&asked.by, &retention::report::report(session, asked).await?),
            Self::Flow(asked) => Ok(of_flow(&asked.by, &flow::report::report(session, asked).await?)),
            Self::Paths(asked) => Ok(of_paths(&paths::report::report(session, asked).await?)),
            Self::Experiment(asked) => Ok(of_experiment(&experiment::report::report(session, asked).await?)),
        }
    }
}

type By = BTreeMap<String, Option<String>>;

fn of_funnel(by: &[String], report: &FunnelReport) -> Vec<ArrayRef> {
    let groups: Vec<(By, &[StepReport])> = if by.is_empty() {
        vec![(By::new(), &report.steps)]
    } else {
        report.groups.iter().map(|group| (group.by.clone(), &group.steps[..])).collect()
    };
    let rows: Vec<(&By, usize, &StepReport)> =
        groups.iter().flat_map(|(by, steps)| steps.iter().enumerate().map(move |(at, step)| (by, at + 1, step))).collect();
    let mut columns = dimensions(by, rows.iter().map(|(of, ..)| *of));
    columns.extend([
        integers(rows.iter().map(|(_, at, _)| *at as u64)),
        texts(rows.iter().map(|(.., step)| step.event.as_str())),
        integers(rows.iter().map(|(.., step)| step.profiles)),
        numbers(rows.iter().map(|(.., step)| Some(step.rate))),
        numbers(rows.iter().map(|(.., step)| Some(step.step_rate))),
        numbers(rows.iter().map(|(.., step)| step.median_time_s)),
    ]);
    columns
}

fn of_retention(by: &[String], report: &crate::RetentionReport) -> Result<Vec<ArrayRef>, QueryError> {
    let mut rows: Vec<(By, Option<i32>, usize, RetentionCell)> = Vec::new();
    if by.is_empty() {
        for cohort in &report.cohorts {
            let start: Date = cohort.start.parse().map_err(QueryError::internal)?;
            let day = (start - date(1970, 1, 1)).get_days();
            rows.extend(cohort.cells.iter().enumerate().map(|(period, cell)| (By::new(), Some(day), period, *cell)));
        }
    } else {
        for group in &report.groups {
            rows.extend(group.cells.iter().enumerate().map(|(period, cell)| (group.by.clone(), None, period, *cell)));
        }
    }
    let mut columns = dimensions(by, rows.iter().map(|(of, ..)| of));
    columns.extend([
        Arc::new(rows.iter().map(|(_, day, ..)| *day).collect::<Date32Array>()) as ArrayRef,
        integers(rows.iter().map(|(_, _, period, _)| *period as u64)),
        integers(rows.iter().map(|(.., cell)| cell.of)),
        integers(rows.iter().map(|(.., cell)| cell.people)),
        numbers(rows.iter().map(|(.., cell)| Some(cell.rate))),
        integers(rows.iter().map(|(.., cell)| cell.people_after)),
        numbers(rows.iter().map(|(.., cell)| Some(cell.rate_after))),
        Arc::new(rows.iter().map(|(.., cell)| Some(cell.unfinished)).collect::<BooleanArray>()),
    ]);
    Ok(columns)
}

fn of_flow(by: &[String], report: &crate::FlowReport) -> Vec<ArrayRef> {
    let groups: Vec<(By, &[FlowStage])> = if by.is_empty() {
        vec![(By::new(), &report.stages)]
    } else {
        report.groups.iter().map(|group| (group.by.clone(), &group.stages[..])).collect()
    };
    let rows: Vec<(&By, usize, &FlowStage)> =
        groups.iter().flat_map(|(by, stages)| stages.iter().enumerate().map(move |(at, stage)| (by, at + 1, stage))).collect();
    let median = |stage: &FlowStage| stage.quantiles.iter().find(|quantile| quantile.share == HALF).and_then(|quantile| quantile.after_s);
    let mut columns = dimensions(by, rows.iter().map(|(of, ..)| *of));
    columns.extend([
        integers(rows.iter().map(|(_, at, _)| *at as u64)),
        texts(rows.iter().map(|(.., stage)| stage.event.as_str())),
        integers(rows.iter().map(|(.., stage)| stage.entered)),
        integers(rows.iter().map(|(.., stage)| stage.moved)),
        integers(rows.iter().map(|(.., stage)| stage.lost)),
        integers(rows.iter().map(|(.., stage)| stage.stock)),
        numbers(rows.iter().map(|(.., stage)| stage.within.map(|within| within.share))),
        numbers(rows.iter().map(|(.., stage)| stage.within.and_then(|within| within.low))),
        numbers(rows.iter().map(|(.., stage)| stage.within.and_then(|within| within.high))),
        numbers(rows.iter().map(|(.., stage)| median(stage))),
    ]);
    columns
}

fn of_paths(report: &crate::PathsReport) -> Vec<ArrayRef> {
    let shown = |element: &PathElement| match &element.value {
        Some(value) => format!("{}: {value}", element.event),
        None => element.event.clone(),
    };
    let rows = &report.sequences;
    let path = rows.iter().map(|row| Some(row.elements.iter().map(shown).collect::<Vec<_>>().join(ARROW)));
    vec![
        Arc::new(path.collect::<StringArray>()),
        integers(rows.iter().map(|row| row.elements.len() as u64)),
        integers(rows.iter().map(|row| row.people)),
        numbers(rows.iter().map(|row| Some(row.share))),
        Arc::new(rows.iter().map(|row| row.converted.map(|converted| converted as i64)).collect::<Int64Array>()),
    ]
}

fn of_experiment(report: &crate::ExperimentReport) -> Vec<ArrayRef> {
    let rows = &report.variants;
    let of =
        |figure: fn(&ExperimentComparison) -> Option<f64>| numbers(rows.iter().map(move |row| row.comparison.as_ref().and_then(figure)));
    vec![
        texts(rows.iter().map(|row| row.name.as_str())),
        integers(rows.iter().map(|row| row.people)),
        integers(rows.iter().map(|row| row.converted)),
        numbers(rows.iter().map(|row| Some(row.total))),
        numbers(rows.iter().map(|row| Some(row.mean))),
        of(|comparison| Some(comparison.difference.value)),
        of(|comparison| Some(comparison.difference.low)),
        of(|comparison| Some(comparison.difference.high)),
        of(|comparison| comparison.uplift.map(|uplift| uplift.value)),
        of(|comparison| comparison.uplift.map(|uplift| uplift.low)),
        of(|comparison| comparison.uplift.map(|uplift| uplift.high)),
        of(|comparison| Some(comparison.p)),
        numbers(rows.iter().map(|_| Some(report.shares_p))),
    ]
}

fn dimensions<'a>(by: &[String], rows: impl Iterator<Item = &'a By> + Clone) -> Vec<ArrayRef> {
    let column =
        |name: &String| -> ArrayRef { Arc::new(rows.clone().map(|of| of.get(name).and_then(Option::as_deref)).collect::<StringArray>()) };
    by.iter().map(column).collect()
}

fn integers(values: impl Iterator<Item = u64>) -> ArrayRef {
    Arc::new(values.map(|value| Some(value as i64)).collect::<Int64Array>())
}

fn numbers(values: impl Iterator<Item = Option<f64>>) -> ArrayRef {
    Arc::new(values.collect::<Float64Array>())
}

fn texts<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(values.map(Some).collect::<StringArray>())
}
