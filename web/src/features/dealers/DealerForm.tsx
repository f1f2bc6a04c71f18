import { Alert, Autocomplete, Button, NumberInput, Select, Switch, TagsInput, TextInput, Title } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Dealer } from "../../api/dealers";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import { idOf } from "../../ui/idOf";
import { RemoveButton } from "../../ui/RemoveButton";
import classes from "./Dealers.module.css";
import { problemsOf, type Problem } from "./draft";
import { HolidaysField, HoursEditor } from "../../lead/HoursEditor";
import { PeopleEditor } from "./PeopleEditor";
import { useRemoveDealer, useSaveDealer } from "./queries";
import { StockEditor } from "./StockEditor";
import { WebhookSecret } from "./WebhookSecret";

const FORMATS = ["json", "adf"] as const;
const ZONES = Intl.supportedValuesOf("timeZone");

type Change = (part: Partial<Dealer>) => void;

/** All that is known of a dealer, to be changed. */
export function DealerForm({
  sort,
  held,
  taken,
  onClose,
}: {
  sort: "new" | "changed";
  held: Dealer;
  taken: string[];
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const mayEdit = may(useMe().role, "manage_dealers");
  const [dealer, setDealer] = useState(held);
  const [problems, setProblems] = useState<Problem[]>([]);
  const save = useSaveDealer();
  const remove = useRemoveDealer();
  const change: Change = (part) => {
    setDealer({ ...dealer, ...part });
    setProblems([]);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const id = dealer.dealer_id || idOf(dealer.name, taken, "dealer");
    const whole = { ...dealer, dealer_id: id };
    const found = problemsOf(whole);
    setProblems(found);
    if (found.length === 0) save.mutate(whole, { onSuccess: onClose });
  };
  return (
    <form onSubmit={submit} noValidate>
      <fieldset disabled={!mayEdit} style={{ border: 0, margin: 0, padding: 0, minWidth: 0 }}>
        <Basics sort={sort} dealer={dealer} onChange={change} />
        <Part title={t("dealers.part.hours")}>
          <HoursEditor hours={dealer.hours} onChange={(hours) => change({ hours })} />
          <div className={classes.fields} style={{ marginTop: 12 }}>
            <Autocomplete
              label={t("dealers.field.tz")}
              data={ZONES}
              limit={40}
              value={dealer.tz}
              onChange={(tz) => change({ tz })}
            />
            <HolidaysField holidays={dealer.holidays} onChange={(holidays) => change({ holidays })} />
          </div>
        </Part>
        <Limits dealer={dealer} onChange={change} />
        <Part title={t("dealers.part.people")}>
          <PeopleEditor people={dealer.people} onChange={(people) => change({ people })} />
          <div className={classes.fields} style={{ marginTop: 12 }}>
            <TextInput
              type="email"
              label={t("dealers.field.manager_email")}
              description={t("dealers.field.manager_email_hint")}
              value={dealer.manager_email}
              onChange={(event) => change({ manager_email: event.currentTarget.value.trim() })}
            />
            <TextInput
              type="url"
              label={t("dealers.field.webhook")}
              description={t("dealers.field.webhook_hint")}
              value={dealer.webhook ?? ""}
              onChange={(event) => change({ webhook: event.currentTarget.value.trim() || null })}
            />
            {dealer.webhook && (
              <Select
                allowDeselect={false}
                label={t("dealers.field.webhook_format")}
                description={t("dealers.field.webhook_format_hint")}
                data={FORMATS.map((value) => ({ value, label: t(`dealers.webhook_format.${value}`) }))}
                value={dealer.webhook_format}
                onChange={(value) => change({ webhook_format: value ?? "json" })}
              />
            )}
            {dealer.webhook && sort === "changed" && mayEdit && <WebhookSecret dealerId={held.dealer_id} />}
          </div>
        </Part>
        <Part title={t("dealers.part.stock")}>
          <StockEditor stock={dealer.stock} onChange={(stock) => change({ stock })} />
        </Part>
      </fieldset>
      {0 < problems.length && (
        <Alert color="red" variant="light" mb="md" title={t("dealers.problems")}>
          <ul className={classes.problems}>
            {problems.map((problem) => (
              <li key={problem}>{t(`dealers.problem.${problem}`)}</li>
            ))}
          </ul>
        </Alert>
      )}
      {mayEdit && (
        <div className={classes.foot}>
          {sort === "changed" && (
            <div style={{ marginRight: "auto" }}>
              <RemoveButton
                label={t("dealers.remove", { name: held.name })}
                question={t("dealers.remove_question", { name: held.name })}
                onRemove={() => remove.mutate(held.dealer_id, { onSuccess: onClose })}
              />
            </div>
          )}
          <Button variant="default" onClick={onClose}>
            {t("ui.cancel")}
          </Button>
          <Button type="submit" loading={save.isPending}>
            {t("ui.save")}
          </Button>
        </div>
      )}
    </form>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={classes.part}>
      <Title order={3}>{title}</Title>
      {children}
    </section>
  );
}

function Basics({ sort, dealer, onChange }: { sort: "new" | "changed"; dealer: Dealer; onChange: Change }) {
  const { t } = useTranslation();
  const text = (field: "name" | "region" | "group") => (
    <TextInput
      key={field}
      required={field !== "group"}
      label={t(`dealers.field.${field}`)}
      value={dealer[field]}
      onChange={(event) => onChange({ [field]: event.currentTarget.value })}
    />
  );
  const tags = (field: "brands" | "models" | "postcodes" | "languages") => (
    <TagsInput
      key={field}
      acceptValueOnBlur
      label={t(`dealers.field.${field}`)}
      description={t(`dealers.field.${field}_hint`)}
      value={dealer[field]}
      onChange={(values) => onChange({ [field]: values })}
    />
  );
  const degrees = (field: "lat" | "lon") => (
    <NumberInput
      key={field}
      label={t(`dealers.field.${field}`)}
      decimalScale={6}
      value={dealer[field] ?? ""}
      onChange={(value) => onChange({ [field]: value === "" ? null : Number(value) })}
    />
  );
  return (
    <Part title={t("dealers.part.basics")}>
      <div className={classes.fields}>
        {text("name")}
        <TextInput
          label={t("dealers.field.dealer_id")}
          description={t("dealers.field.dealer_id_hint")}
          disabled={sort === "changed"}
          value={dealer.dealer_id}
          onChange={(event) => onChange({ dealer_id: event.currentTarget.value.trim() })}
        />
        {text("region")}
        {text("group")}
        {tags("brands")}
        {tags("models")}
        {tags("languages")}
        {tags("postcodes")}
        {degrees("lat")}
        {degrees("lon")}
      </div>
    </Part>
  );
}

function Limits({ dealer, onChange }: { dealer: Dealer; onChange: Change }) {
  const { t } = useTranslation();
  const most = (field: "open_leads_max" | "leads_a_day_max") => (
    <NumberInput
      min={0}
      allowDecimal={false}
      label={t(`dealers.field.${field}`)}
      description={t("dealers.field.no_limit")}
      value={dealer[field] ?? ""}
      onChange={(value) => onChange({ [field]: value === "" ? null : Number(value) })}
    />
  );
  return (
    <Part title={t("dealers.part.limits")}>
      <div className={classes.fields}>
        <Switch
          className={classes.wholeRow}
          label={t("dealers.field.takes_leads")}
          checked={dealer.takes_leads}
          onChange={(event) => onChange({ takes_leads: event.currentTarget.checked })}
        />
        {most("open_leads_max")}
        {most("leads_a_day_max")}
        <NumberInput
          min={1}
          max={1000}
          allowDecimal={false}
          label={t("dealers.field.weight")}
          description={t("dealers.field.weight_hint")}
          value={dealer.weight}
          onChange={(value) => onChange({ weight: Number(value) })}
        />
        <NumberInput
          min={0}
          max={100}
          label={t("dealers.field.quality")}
          description={t("dealers.field.quality_hint")}
          value={dealer.quality}
          onChange={(value) => onChange({ quality: Number(value) })}
        />
      </div>
    </Part>
  );
}
