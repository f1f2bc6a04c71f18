//! Definitions, as they change.

use forecourt_model::{form::Form, message::Sending};
use forecourt_store::definition::{DefinitionChange, FORM, SENDING};

use crate::state::State;

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
