//! One preview, as the page asks it.

use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;

use super::answer::{answer, text};
use crate::provision::analysis::{Inside, Search, Survey};
use crate::provision::configuration::JobSettings;
use crate::provision::message::told;
use crate::provision::plan::{Engine, Operation, Row};
use crate::provision::source::{InputError, decode};

/// What is in sight of a plan.
#[derive(Serialize)]
struct Sight {
    rows: Vec<Row>,
    person: Option<Person>,
}

/// The open row, from without and within.
#[derive(Serialize)]
struct Person {
    operation: Operation,
    inside: Inside,
}

/// One preview: what was loaded, how it is configured, what would happen.
#[wasm_bindgen]
#[derive(Default)]
pub struct Preview {
    pub(super) engine: Engine,
    survey: Survey,
    surveyed: Option<Survey>,
}

#[wasm_bindgen]
impl Preview {
    /// An empty preview.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file of users, groups, assignments or roles; UTF-8 or UTF-16.
    #[wasm_bindgen(js_name = loadSource)]
    pub fn load_source(&mut self, name: &str, bytes: &[u8]) -> String {
        answer(decode(bytes).and_then(|text| self.engine.load_source(name, &text)))
    }

    /// Adds what the target holds.
    #[wasm_bindgen(js_name = loadTarget)]
    pub fn load_target(&mut self, bytes: &[u8]) -> String {
        answer(decode(bytes).and_then(|text| self.engine.load_target(&text)))
    }

    /// Sets the configuration (a `synchronizationSchema`, or empty text for the built-in
    /// profile) and the job's settings; answers with what is to be said about it.
    pub fn configure(&mut self, schema: &str, settings: &str) -> String {
        let settings: Result<JobSettings, _> = serde_json::from_str(settings);
        answer(match settings {
            Ok(settings) => Ok(self.engine.configure(schema, &settings)),
            Err(error) => Err(InputError::new(
                told!("the settings were not understood: {0}", error),
                told!("reset them"),
            )),
        })
    }

    /// Keeps columns of source files that are loaded from now on under other names: two texts
    /// each, the column as the files have it and the attribute.
    pub fn rename(&mut self, names: Vec<String>) {
        let (pairs, _) = names.as_chunks::<2>();
        self.engine.rename(&pairs.iter().map(|[from, to]| (from.clone(), to.clone())).collect::<Vec<_>>());
    }

    /// Takes no more users than this from the files that are loaded from now on.
    #[wasm_bindgen(js_name = takeAtMost)]
    pub fn take_at_most(&mut self, users: usize) {
        self.engine.take_at_most(users);
    }

    /// Columns that are not used and attributes that are missing, as JSON text.
    #[must_use]
    pub fn columns(&self) -> String {
        text(&self.engine.columns())
    }

    /// Expressions that are not run from the next configuration on: they did not come to an end.
    pub fn refuse(&mut self, expressions: Vec<String>) {
        self.engine.refuse(expressions);
    }

    /// Plans the whole population; answers with the summary.
    pub fn plan(&mut self) -> String {
        self.engine.plan();
        self.summary()
    }

    /// Begins to plan the whole population.
    #[wasm_bindgen(js_name = planBegin)]
    pub fn plan_begin(&mut self) {
        self.engine.plan_begin();
    }

    /// Plans up to `most` further rows, each counted once for every mapping; true when all are
    /// planned. Until then all answers are of the plan before.
    #[wasm_bindgen(js_name = planStep)]
    pub fn plan_step(&mut self, most: usize) -> bool {
        self.engine.plan_step(most)
    }

    /// How many rows were planned, each once for every mapping, and how many there are.
    #[wasm_bindgen(js_name = planProgress)]
    #[must_use]
    pub fn plan_progress(&self) -> Vec<usize> {
        let (done, total) = self.engine.plan_progress();
        vec![done, total]
    }

    /// What the next step runs that somebody wrote: `User/displayName`, or `User` for its
    /// scoping filter.
    #[wasm_bindgen(js_name = planRuns)]
    #[must_use]
    pub fn plan_runs(&self) -> Option<String> {
        self.engine.plan_runs()
    }

    /// The plan in numbers.
    pub fn summary(&self) -> String {
        answer(Ok(self.engine.summary().clone()))
    }

    /// A part of what the planned population says about the configuration, as JSON text; empty
    /// after the last.
    #[must_use]
    pub fn lint(&self, part: usize) -> String {
        self.engine.lint_part(part).map(|found| text(&found)).unwrap_or_default()
    }

    /// The indexes of the rows with this action (empty for all) whose name or id, or one of the
    /// columns, holds the text, among those behind a number of the survey when one is named; in
    /// the order of `sort`: `name`, `action`, `why`, `changes`, `problems` or a column, reversed
    /// after a `-`.
    pub fn find(&self, action: &str, text: &str, name: &str, sort: &str, columns: Vec<String>) -> Vec<u32> {
        let among = (!name.is_empty()).then(|| self.survey.rows(name).unwrap_or(&[]));
        self.engine.find(&Search { action, text, sort, columns: &columns }, among)
    }

    /// What these columns hold in these rows, `source/department` or `target/title`, as JSON text.
    #[must_use]
    pub fn cells(&self, indexes: &[u32], columns: Vec<String>) -> String {
        text(&self.engine.cells(indexes, &columns))
    }

    /// Begins to look at the plan as a whole; what was known of the plan before, if that
    /// was looked at to its end, is what an edit is measured against.
    #[wasm_bindgen(js_name = surveyBegin)]
    pub fn survey_begin(&mut self) {
        self.survey = Survey::after(self.surveyed.as_ref());
    }

    /// How many rows were looked at, each once for every line, and how many there are.
    #[wasm_bindgen(js_name = surveyProgress)]
    #[must_use]
    pub fn survey_progress(&self) -> Vec<usize> {
        let (done, total) = self.survey.progress(&self.engine);
        vec![done, total]
    }

    /// Looks at up to `most` further rows, each once for every line; true when all were seen.
    #[wasm_bindgen(js_name = surveyStep)]
    pub fn survey_step(&mut self, most: usize) -> bool {
        self.survey.step(&self.engine, most)
    }

    /// The last edit is done: the next survey is measured against this one.
    #[wasm_bindgen(js_name = surveyKeep)]
    pub fn survey_keep(&mut self) {
        self.surveyed = Some(std::mem::take(&mut self.survey));
    }

    /// What was found, as JSON text.
    #[must_use]
    pub fn survey(&self) -> String {
        text(&self.survey.findings())
    }

    /// How many rows the plan has.
    #[must_use]
    pub fn length(&self) -> usize {
        self.engine.len()
    }

    /// The row of a source object.
    #[must_use]
    pub fn place(&self, id: &str) -> Option<usize> {
        self.engine.place(id)
    }

    /// An object from within, as JSON text.
    #[must_use]
    pub fn inside(&self, index: usize) -> String {
        self.engine.inside(index).map(|inside| text(&inside)).unwrap_or_default()
    }

    /// How an expression comes out for the object of a row, as JSON text; empty when it
    /// does not parse.
    #[must_use]
    pub fn trace(&self, index: usize, expression: &str) -> String {
        self.engine.trace(index, expression).map(|parts| text(&parts)).unwrap_or_default()
    }

    /// The source attributes that expressions may read.
    #[must_use]
    pub fn attributes(&self, group: bool) -> Vec<String> {
        self.engine.attributes(group)
    }

    /// Plans with other source values for single objects, given as four texts each: id, `User`
    /// or `Group`, attribute, value.
    #[wasm_bindgen(js_name = whatIf)]
    pub fn what_if(&mut self, values: Vec<String>) {
        let (values, _) = values.as_chunks::<4>();
        let value = |[id, kind, name, value]: &[String; 4]| {
            (id.clone(), kind == "Group", name.clone(), value.clone())
        };
        self.engine.what_if(&values.iter().map(value).collect::<Vec<_>>());
    }

    /// The most frequent values of a source attribute, as JSON text.
    #[must_use]
    pub fn frequent(&self, group: bool, attribute: &str) -> String {
        text(&self.engine.frequent(group, attribute))
    }

    /// The rows at these indexes.
    pub fn rows(&self, indexes: &[u32]) -> String {
        answer(Ok(self.engine.rows(indexes)))
    }

    /// What another source of a mapping, JSON as in the configuration, makes of the rows in
    /// sight and of the open one, as JSON text; empty when everyone has to be planned for it.
    #[must_use]
    pub fn sight(
        &mut self,
        group: bool,
        target: &str,
        source: &str,
        rows: &[u32],
        open: Option<u32>,
    ) -> String {
        let Ok(source) = serde_json::from_str(source) else { return String::new() };
        let indexes: Vec<u32> = rows.iter().copied().chain(open).collect();
        let seen = self.engine.supposing(group, target, &source, &indexes, |engine| {
            let index = open.and_then(|index| usize::try_from(index).ok());
            let person = index.and_then(|index| Some((engine.operation(index)?, engine.inside(index)?)));
            let person = person.map(|(operation, inside)| Person { operation, inside });
            text(&Sight { rows: engine.rows(rows), person })
        });
        seen.unwrap_or_default()
    }

    /// One operation, whole, as JSON text; empty when there is no such row.
    #[must_use]
    pub fn operation(&self, index: usize) -> String {
        self.engine
            .operation(index)
            .and_then(|operation| serde_json::to_string(&operation).ok())
            .unwrap_or_default()
    }

    /// The operations of up to `most` rows from one on, as JSON text.
    #[must_use]
    pub fn operations(&self, from: usize, most: usize) -> String {
        let rows = from..self.engine.len().min(from.saturating_add(most));
        text(&rows.filter_map(|index| self.engine.operation(index)).collect::<Vec<_>>())
    }

    /// The same with what the deletion threshold holds back.
    #[must_use]
    pub fn released(&self, from: usize, most: usize) -> String {
        let rows = from..self.engine.len().min(from.saturating_add(most));
        text(&rows.filter_map(|index| self.engine.released(index)).collect::<Vec<_>>())
    }

    /// Up to `most` of what the target holds, from one on, as JSON text.
    #[must_use]
    pub fn held(&self, from: usize, most: usize) -> String {
        text(&self.engine.target_resources(from, most))
    }

    /// The configuration as JSON text.
    #[wasm_bindgen(js_name = schemaJson)]
    #[must_use]
    pub fn schema_json(&self) -> String {
        self.engine.schema().map(ToString::to_string).unwrap_or_default()
    }
}
