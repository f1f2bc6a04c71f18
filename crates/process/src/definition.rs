//! Definitions, as they change.

use std::{collections::BTreeMap, sync::Arc};

use forecourt_model::{
    broadcast::BroadcastOf,
    form::Form,
    gate::Gate,
    message::Sending,
    message_template::{MessageTemplate, TEMPLATES_MAX, TemplateHead},
};
use forecourt_store::{
    FoldTx, StoreError,
    definition::{DefinitionChange, FORM, GATE, SENDING, TEMPLATE, TEMPLATE_VERSION, version_id},
};

use crate::state::State;

/// What messages to people are made and admitted by.
#[derive(Debug, Clone, Default)]
pub(crate) struct Messaging {
    pub gate: Gate,
    pub templates: BTreeMap<String, TemplateHead>,
    pub broadcasts: BTreeMap<String, BroadcastOf>,
}

impl Messaging {
    pub async fn read(tx: &mut FoldTx) -> Result<Self, StoreError> {
        let broadcasts = tx.broadcasts().await?.into_iter().map(|of| (of.broadcast.broadcast_id.clone(), of));
        Ok(Self { gate: tx.gate().await?, templates: tx.template_heads().await?.into_iter().collect(), broadcasts: broadcasts.collect() })
    }
}

/// As many forms as a person can tell apart; each batch with a submit reads them all.
const FORMS_MAX: usize = 500;
const TEST_RECIPIENTS_MAX: usize = 100;

pub(crate) fn set_form(state: &mut State<'_>, form: &Form, actor: &str) -> Result<(), String> {
    form.check()?;
    let forms = &mut state.definitions.forms;
    if !forms.contains_key(&form.form_id) && FORMS_MAX <= forms.len() {
        return Err(format!("there are {FORMS_MAX} forms already: change one that is switched off"));
    }
    forms.insert(form.form_id.clone(), form.clone());
    note(state, FORM, &form.form_id, form, actor);
    Ok(())
}

pub(crate) fn set_sending(state: &mut State<'_>, sending: &Sending, actor: &str) -> Result<(), String> {
    if TEST_RECIPIENTS_MAX < sending.test_recipients.len() {
        return Err(format!("there can be {TEST_RECIPIENTS_MAX} test recipients: remove some"));
    }
    state.definitions.sending = sending.clone();
    note(state, SENDING, "", sending, actor);
    Ok(())
}

/// Makes a template, or its next version. Both are kept: messages on their way are made of what it was.
pub(crate) fn set_template(state: &mut State<'_>, template: &MessageTemplate, actor: &str) -> Result<(), String> {
    template.check()?;
    let held = state.messaging.templates.get(&template.template_id);
    if held.is_none() && TEMPLATES_MAX <= state.messaging.templates.len() {
        return Err(format!("there are {TEMPLATES_MAX} templates already: change one that is archived"));
    }
    if held.is_some_and(|held| held.message_channel != template.message_channel) {
        return Err("a template keeps its message channel: make another one".to_owned());
    }
    let version = state.offset;
    Arc::make_mut(&mut state.messaging).templates.insert(template.template_id.clone(), template.head(version));
    note(state, TEMPLATE, &template.template_id, template, actor);
    note(state, TEMPLATE_VERSION, &version_id(&template.template_id, version), template, actor);
    Ok(())
}

pub(crate) fn set_gate(state: &mut State<'_>, gate: &Gate, actor: &str) -> Result<(), String> {
    gate.check()?;
    Arc::make_mut(&mut state.messaging).gate = gate.clone();
    // A longer cap looks further back.
    state.admitted.clear();
    note(state, GATE, "", gate, actor);
    Ok(())
}

/// Notes a definition's change; an empty id for the only one of its kind.
pub(crate) fn note(state: &mut State<'_>, kind: &'static str, definition_id: &str, body: &impl serde::Serialize, actor: &str) {
    let change = DefinitionChange {
        kind,
        definition_id: definition_id.to_owned(),
        log_offset: state.offset,
        changed_us: state.at_us,
        changed_by: actor.to_owned(),
        body: serde_json::to_string(body).unwrap_or_default(),
    };
    state.definitions.changes.push(change);
    state.touch_version("definitions_version");
}

/// Notes that a definition is taken away.
pub(crate) fn note_removal(state: &mut State<'_>, kind: &'static str, definition_id: &str, actor: &str) {
    let change = DefinitionChange {
        kind,
        definition_id: definition_id.to_owned(),
        log_offset: state.offset,
        changed_us: state.at_us,
        changed_by: actor.to_owned(),
        body: String::new(),
    };
    state.definitions.changes.push(change);
    state.touch_version("definitions_version");
}
