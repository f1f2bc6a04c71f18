import { ActionIcon, Anchor, Button, Select, Text, Tooltip } from "@mantine/core";
import { IconArrowDown, IconChevronDown, IconChevronUp, IconExternalLink, IconPlus, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { ChannelPicture } from "./Channel";
import { TEMPLATE_CHANNELS } from "./channels";
import { templatesQuery, type TemplateItem } from "./template";
import { CHAIN_MAX, newStep, REACHED, type Reached, type StepDraft } from "./chain";
import classes from "./Chain.module.css";
import { SpanFields } from "./SpanFields";

/** Messages one after another, and on what each next one waits. */
export function ChainEditor({
  chain,
  told,
  onChange: setChain,
}: {
  chain: StepDraft[];
  told: (problem: "template" | "wait") => string | undefined;
  onChange: (chain: StepDraft[]) => void;
}) {
  const { t } = useTranslation();
  const { data } = useQuery(templatesQuery);
  const templates = data?.templates ?? [];
  const channelOf = (id: string | null) => templates.find(({ template_id }) => template_id === id)?.message_channel;
  const add = () => {
    // After an e-mail people are given hours to read; of a messenger it is soon known whether it arrived.
    const isMail = channelOf(chain.at(-1)?.templateId ?? null) === "email";
    const last = chain.at(-1);
    const waiting = isMail
      ? ({ wait: { number: 4, unit: "hour" }, until: "read" } as const)
      : ({ wait: { number: 30, unit: "minute" }, until: "delivered" } as const);
    setChain([...chain.slice(0, -1), ...(last ? [{ ...last, ...waiting }] : []), newStep()]);
  };
  const moved = (at: number, to: number) => {
    const step = chain[at];
    if (!step) return;
    // What is waited for belongs to the place between two steps, and stays there.
    const ids = chain.map(({ templateId }) => templateId);
    const next = ids.toSpliced(at, 1).toSpliced(to, 0, step.templateId);
    setChain(chain.map((each, place) => ({ ...each, templateId: next[place] ?? null })));
  };
  return (
    <ol className={classes.chain}>
      {chain.map((step, at) => {
        const isLast = at === chain.length - 1;
        return (
          <li key={step.key}>
            <StepCard
              number={at + 1}
              step={step}
              templates={templates}
              error={step.templateId ? undefined : told("template")}
              onPick={(templateId) => setChain(chain.with(at, { ...step, templateId }))}
              onUp={0 < at ? () => moved(at, at - 1) : undefined}
              onDown={isLast ? undefined : () => moved(at, at + 1)}
              onRemove={1 < chain.length ? () => setChain(chain.toSpliced(at, 1)) : undefined}
            />
            {!isLast && (
              <Condition step={step} error={told("wait")} onChange={(next) => setChain(chain.with(at, next))} />
            )}
          </li>
        );
      })}
      {chain.length < CHAIN_MAX && (
        <li>
          <Button size="compact-sm" variant="subtle" leftSection={<IconPlus size={15} aria-hidden />} onClick={add}>
            {t("broadcasts.step_add")}
          </Button>
        </li>
      )}
    </ol>
  );
}

function StepCard({
  number,
  step,
  templates,
  error,
  onPick,
  onUp,
  onDown,
  onRemove,
}: {
  number: number;
  step: StepDraft;
  templates: TemplateItem[];
  error: string | undefined;
  onPick: (templateId: string) => void;
  onUp: (() => void) | undefined;
  onDown: (() => void) | undefined;
  onRemove: (() => void) | undefined;
}) {
  const { t } = useTranslation();
  const chosen = templates.find(({ template_id }) => template_id === step.templateId);
  const offered = templates.filter((each) => !each.is_archived || each.template_id === step.templateId);
  const groups = TEMPLATE_CHANNELS.map((channel) => ({
    group: t(`message.channel.${channel}`),
    items: offered
      .filter(({ message_channel }) => message_channel === channel)
      .map(({ template_id, name }) => ({ value: template_id, label: name })),
  })).filter(({ items }) => 0 < items.length);
  const lost = step.templateId && !chosen ? [{ value: step.templateId, label: step.templateId }] : [];
  return (
    <div className={classes.step}>
      <span className={classes.stepPicture} data-empty={!chosen}>
        {chosen ? <ChannelPicture of={chosen.message_channel} /> : number}
      </span>
      <div className={classes.stepMain}>
        <Select
          searchable
          allowDeselect={false}
          aria-label={t("broadcasts.field.template", { number: String(number) })}
          placeholder={t("broadcasts.choose_template")}
          nothingFoundMessage={t("broadcasts.no_template")}
          data={[...groups, ...lost]}
          value={step.templateId}
          error={error}
          onChange={(templateId) => templateId && onPick(templateId)}
        />
        {chosen && (
          <Text size="xs" c="dimmed" className="ellipsis" mt={3}>
            {t(`message.channel.${chosen.message_channel}`)}
            {chosen.subject && ` · ${chosen.subject}`}
          </Text>
        )}
        {!chosen && templates.length === 0 && (
          <Anchor size="xs" renderRoot={(props) => <Link to="/templates/new" {...props} />}>
            {t("broadcasts.make_template")}
          </Anchor>
        )}
      </div>
      <div className={classes.stepTools}>
        {chosen && (
          <Tooltip label={t("broadcasts.open_template")}>
            <ActionIcon
              variant="subtle"
              color="gray"
              c="dimmed"
              aria-label={t("broadcasts.open_template")}
              renderRoot={(props) => (
                <Link
                  to="/templates/$templateId"
                  params={{ templateId: chosen.template_id }}
                  target="_blank"
                  {...props}
                />
              )}
            >
              <IconExternalLink size={16} />
            </ActionIcon>
          </Tooltip>
        )}
        {onUp && (
          <Tool icon={IconChevronUp} name={t("broadcasts.step_up", { number: String(number) })} onClick={onUp} />
        )}
        {onDown && (
          <Tool icon={IconChevronDown} name={t("broadcasts.step_down", { number: String(number) })} onClick={onDown} />
        )}
        {onRemove && (
          <Tool icon={IconX} name={t("broadcasts.step_remove", { number: String(number) })} onClick={onRemove} />
        )}
      </div>
    </div>
  );
}

function Tool({ icon: Picture, name, onClick }: { icon: typeof IconX; name: string; onClick: () => void }) {
  return (
    <Tooltip label={name}>
      <ActionIcon variant="subtle" color="gray" c="dimmed" aria-label={name} onClick={onClick}>
        <Picture size={16} />
      </ActionIcon>
    </Tooltip>
  );
}

/** What stands between two messages: the next one goes out unless the person did something in time. */
function Condition({
  step,
  error,
  onChange,
}: {
  step: StepDraft;
  error: string | undefined;
  onChange: (step: StepDraft) => void;
}) {
  const { t } = useTranslation();
  const readReached = (value: string | null): Reached => REACHED.find((reached) => reached === value) ?? "read";
  return (
    <div className={classes.condition}>
      <IconArrowDown size={18} stroke={1.8} aria-hidden className={classes.arrow} />
      <div className={classes.conditionFields}>
        <Select
          size="xs"
          w={176}
          allowDeselect={false}
          aria-label={t("broadcasts.field.until")}
          data={REACHED.map((value) => ({ value, label: t(`broadcasts.if_not.${value}`) }))}
          value={step.until}
          onChange={(value) => onChange({ ...step, until: readReached(value) })}
        />
        <span>{t("broadcasts.within")}</span>
        <SpanFields
          size="xs"
          label={t("broadcasts.field.wait")}
          span={step.wait}
          min={1}
          error={error}
          onChange={(wait) => onChange({ ...step, wait })}
        />
      </div>
    </div>
  );
}
