import { Button, Group, Modal, SegmentedControl, Select, Stack, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState, type FormEvent, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { CONTACTS, type LeadAct, type LeadDetail } from "../../api/leads";
import { dealersQuery } from "../../lead/queries";
import { useFormat } from "../../ui/FormatContext";
import { fromWall, toWall } from "../../ui/zoned";
import { useAct } from "./queries";

const NOTE_CHARS_MAX = 2_000;
const TOMORROW_MS = 86_400_000;

/** What is done with some words to it. */
export type Asking = "contact" | "appointment" | "stage" | "assign" | "return" | "note";

export function ActDialog({
  asking,
  detail,
  onClose,
}: {
  asking: Asking | null;
  detail: LeadDetail;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const FORMS = {
    contact: Contact,
    appointment: Appointment,
    stage: Stage,
    assign: Assign,
    return: Return,
    note: Note,
  };
  const Form = asking && FORMS[asking];
  return (
    <Modal opened={asking !== null} onClose={onClose} title={asking && t(`lead.button.${asking}`)} centered>
      {Form && <Form detail={detail} onClose={onClose} />}
    </Modal>
  );
}

type FormProps = { detail: LeadDetail; onClose: () => void };

/** Fields above a button that does it; `act` is null as long as something is missing. */
function Act({ detail, act, onClose, children }: FormProps & { act: LeadAct | null; children: ReactNode }) {
  const { t } = useTranslation();
  const doing = useAct(detail.lead.lead_id);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (act) doing.mutate(act, { onSuccess: onClose });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        {children}
        <Group gap="xs" justify="flex-end" mt="xs">
          <Button variant="default" onClick={onClose}>
            {t("ui.cancel")}
          </Button>
          <Button type="submit" disabled={act === null} loading={doing.isPending}>
            {t("leads.do")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

const noted = (note: string) => (note.trim() ? { note: note.trim() } : {});

function NoteField({ value, onChange, name }: { value: string; onChange: (note: string) => void; name?: string }) {
  const { t } = useTranslation();
  return (
    <Textarea
      autosize
      minRows={2}
      maxRows={8}
      maxLength={NOTE_CHARS_MAX}
      label={name ?? t("leads.note")}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

function Contact(props: FormProps) {
  const { t } = useTranslation();
  const [by, setBy] = useState<(typeof CONTACTS)[number]>("call");
  const [reached, setReached] = useState(true);
  const [note, setNote] = useState("");
  return (
    <Act {...props} act={{ act: "contact", by, reached, ...noted(note) }}>
      <SegmentedControl
        fullWidth
        aria-label={t("leads.contact_by")}
        data={CONTACTS.map((value) => ({ value, label: t(`lead.contact.${value}`) }))}
        value={by}
        onChange={(value) => setBy(CONTACTS.find((each) => each === value) ?? "call")}
      />
      <SegmentedControl
        fullWidth
        aria-label={t("leads.reached")}
        data={[
          { value: "yes", label: t("lead.reached.yes") },
          { value: "no", label: t("lead.reached.no") },
        ]}
        value={reached ? "yes" : "no"}
        onChange={(value) => setReached(value === "yes")}
      />
      <NoteField value={note} onChange={setNote} />
    </Act>
  );
}

function Appointment(props: FormProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const before = props.detail.appointment_at;
  const [wall, setWall] = useState(() =>
    before ? toWall(before, format.zone) : `${format.dayOf(new Date(Date.now() + TOMORROW_MS))}T10:00`,
  );
  const [note, setNote] = useState("");
  const at = fromWall(wall, format.zone);
  return (
    <Act {...props} act={at === null ? null : { act: "appointment", at, ...noted(note) }}>
      <TextInput
        type="datetime-local"
        label={t("leads.when")}
        description={format.zone}
        value={wall}
        onChange={(event) => setWall(event.currentTarget.value)}
      />
      <NoteField value={note} onChange={setNote} />
    </Act>
  );
}

function Stage(props: FormProps) {
  const { t } = useTranslation();
  const { stages, lost_reasons } = props.detail;
  const [stage, setStage] = useState<string | null>(stages[0] ?? null);
  const [reason, setReason] = useState<string | null>(null);
  const [note, setNote] = useState("");
  const isLost = stage === "lost";
  const act: LeadAct | null =
    stage === null || (isLost && !reason)
      ? null
      : { act: "stage", stage, ...(isLost && reason && { reason }), ...noted(note) };
  return (
    <Act {...props} act={act}>
      <Select
        allowDeselect={false}
        label={t("leads.column.stage")}
        data={stages.map((value) => ({ value, label: label("stage", value) }))}
        value={stage}
        onChange={setStage}
      />
      {isLost && (
        <Select
          required
          searchable
          label={t("leads.why_lost")}
          data={lost_reasons.map((value) => ({ value, label: label("lead_word", value) }))}
          value={reason}
          onChange={setReason}
        />
      )}
      <NoteField value={note} onChange={setNote} />
    </Act>
  );
}

function Assign(props: FormProps) {
  const { t } = useTranslation();
  const dealers = useQuery(dealersQuery).data?.dealers ?? [];
  const [dealerId, setDealerId] = useState<string | null>(null);
  const [owner, setOwner] = useState<string | null>(null);
  const [reason, setReason] = useState("");
  const points = new Map(props.detail.decision?.candidates.map(({ dealer_id, points }) => [dealer_id, points]));
  const people =
    dealers.find(({ dealer_id }) => dealer_id === dealerId)?.people.filter(({ is_away }) => !is_away) ?? [];
  const listed = dealers
    .filter(({ dealer_id }) => dealer_id !== props.detail.lead.dealer_id)
    .toSorted((one, other) => (points.get(other.dealer_id) ?? -1) - (points.get(one.dealer_id) ?? -1));
  const act: LeadAct | null = dealerId
    ? { act: "assign", dealer_id: dealerId, ...(owner && { owner }), ...(reason.trim() && { reason: reason.trim() }) }
    : null;
  return (
    <Act {...props} act={act}>
      <Select
        required
        searchable
        label={t("leads.column.dealer")}
        data={listed.map(({ dealer_id, name }) => ({ value: dealer_id, label: name }))}
        value={dealerId}
        onChange={(value) => {
          setDealerId(value);
          setOwner(null);
        }}
      />
      <Select
        clearable
        label={t("leads.owner")}
        placeholder={t("leads.owner_any")}
        disabled={people.length === 0}
        data={people.map(({ email, name }) => ({ value: email, label: name || email }))}
        value={owner}
        onChange={setOwner}
      />
      <NoteField name={t("leads.reason")} value={reason} onChange={setReason} />
    </Act>
  );
}

function Return(props: FormProps) {
  const { t } = useTranslation();
  const [reason, setReason] = useState("");
  return (
    <Act {...props} act={reason.trim() ? { act: "return", reason: reason.trim() } : null}>
      <NoteField name={t("leads.why_return")} value={reason} onChange={setReason} />
    </Act>
  );
}

function Note(props: FormProps) {
  const [text, setText] = useState("");
  return (
    <Act {...props} act={text.trim() ? { act: "note", text: text.trim() } : null}>
      <NoteField value={text} onChange={setText} />
    </Act>
  );
}
