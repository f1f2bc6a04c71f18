//! Who is behind a place, a link or a sequence of a paths report.

use futures::StreamExt;

use super::{
    element::PathElement,
    follow::{Follow, Path},
    report::listed,
    spec::Paths,
};
use crate::{
    QueryError,
    dimensions::Combinations,
    error::answered,
    matched::plan::matched,
    people::{Page, People},
    session::Session,
};

/// Which profiles of a paths report are wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct PathsPeopleSpec {
    /// What their paths have: one place for a place, two for a link, one for each step of a sequence.
    pub at: Vec<PathAt>,
    /// Only those whose path has nothing beyond the farthest of these.
    pub ended: bool,
    /// Only those who converted, or who did not.
    pub converted: Option<bool>,
    /// 1 to 1,000.
    pub limit: usize,
    /// What an answer before gave as [`People::next_cursor`].
    pub cursor: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PathAt {
    /// Distance from the start, or from the end.
    pub level: usize,
    /// `None` for those that the report does not list by themselves.
    pub element: Option<PathElement>,
}

pub(crate) async fn people(session: &Session, paths: &Paths, spec: &PathsPeopleSpec) -> Result<People, QueryError> {
    check(paths, spec)?;
    let page = Page::of(spec.cursor.as_deref(), spec.limit)?;
    // What is not listed is known only once everything is counted.
    let listed = if spec.at.iter().any(|at| at.element.is_none()) { listed(session, paths).await? } else { Vec::new() };
    let wanted = Wanted {
        at: spec.at.iter().map(|at| (at.level, Elements::of(at, &listed))).collect(),
        length: spec.ended.then(|| spec.at.iter().map(|at| at.level + 1).max().unwrap_or_default()),
        converted: spec.converted,
    };
    let matched = matched(session, &paths.wanted(session.as_of_us()))?;
    let found = session
        .each_partition(matched.plan, |rows| {
            let mut follow = Follow::new(paths, matched.keys);
            let (mut page, wanted) = (page.clone(), wanted.clone());
            async move {
                let mut note = |path: &Path<'_>, elements: &Combinations| {
                    if wanted.is(path, elements) {
                        page.note(path.profile_id);
                    }
                    Ok(())
                };
                futures::pin_mut!(rows);
                while let Some(batch) = rows.next().await {
                    follow.take(&batch.map_err(answered)?, &mut note)?;
                }
                follow.end(&mut note)?;
                Ok(page)
            }
        })
        .await?;
    Ok(page.answer(found))
}

fn check(paths: &Paths, spec: &PathsPeopleSpec) -> Result<(), QueryError> {
    if let Some(at) = spec.at.iter().find(|at| paths.steps < at.level) {
        return Err(QueryError::Invalid(format!("`level` is {}: the report has 0 to {}", at.level, paths.steps)));
    }
    if spec.converted.is_some() && paths.goal.is_none() {
        return Err(QueryError::invalid("`converted` asks who reached the goal: set the report's `goal`, or leave it out"));
    }
    Ok(())
}

#[derive(Clone)]
struct Wanted {
    at: Vec<(usize, Elements)>,
    length: Option<usize>,
    converted: Option<bool>,
}

/// One element, or all but those that are listed.
#[derive(Clone)]
enum Elements {
    One(PathElement),
    AllBut(Vec<PathElement>),
}

impl Elements {
    fn of(at: &PathAt, listed: &[Vec<PathElement>]) -> Self {
        match &at.element {
            Some(element) => Self::One(element.clone()),
            None => Self::AllBut(listed.get(at.level).cloned().unwrap_or_default()),
        }
    }

    fn have(&self, element: &PathElement) -> bool {
        match self {
            Self::One(one) => one == element,
            Self::AllBut(listed) => !listed.contains(element),
        }
    }
}

impl Wanted {
    fn is(&self, path: &Path<'_>, elements: &Combinations) -> bool {
        let has = |(level, wanted): &(usize, Elements)| {
            path.elements.get(*level).is_some_and(|number| wanted.have(&PathElement::of(elements.get(*number))))
        };
        self.converted.is_none_or(|converted| converted == path.converted)
            && self.length.is_none_or(|length| length == path.elements.len())
            && self.at.iter().all(has)
    }
}
