import { Badge, Button, Code, Drawer, NativeSelect, Stack, Text, Textarea, TextInput, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import type { EventDetail, EventStatus, Property } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { MiniBars } from "../../ui/Sparkline";
import { Answer, RowsSkeleton } from "../../ui/states";
import classes from "./Catalogue.module.css";
import { Marks } from "./CataloguePage";
import { eventQuery, useDescribe } from "./queries";

const STATUSES: EventStatus[] = ["unplanned", "expected", "deprecated"];

/** One event: its figures, what people say of it, what it carries. */
export function EventDrawer({ event, onClose }: { event: string | undefined; onClose: () => void }) {
  return (
    <Drawer
      opened={event !== undefined}
      onClose={onClose}
      position="right"
      size={520}
      title={event ? label("event", event) : ""}
    >
      {event && <Detail key={event} event={event} />}
    </Drawer>
  );
}

function Detail({ event }: { event: string }) {
  const detail = useQuery(eventQuery(event));
  return (
    <Answer query={detail} skeleton={<RowsSkeleton rows={9} />}>
      {(detail) => (
        <Stack gap="lg">
          <Figures detail={detail} />
          <NoteForm detail={detail} />
          <Properties detail={detail} />
        </Stack>
      )}
    </Answer>
  );
}

function Figures({ detail }: { detail: EventDetail }) {
  const { t } = useTranslation();
  const format = useFormat();
  const facts = [
    [t("catalogue.column.count"), format.integer(detail.count_30d)],
    [t("catalogue.all_time"), format.integer(detail.count)],
    [t("catalogue.column.first"), detail.first_seen ? format.day(detail.first_seen) : t("catalogue.never")],
    [t("catalogue.column.last"), detail.last_seen ? format.day(detail.last_seen) : t("catalogue.never")],
  ];
  return (
    <Stack gap="sm">
      <div className={classes.propertyHead}>
        <Code>{detail.event}</Code>
        <Marks event={detail} />
      </div>
      <MiniBars values={detail.days} height={64} label={t("catalogue.days_of", { name: detail.event })} />
      <dl className={classes.facts}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Stack>
  );
}

function NoteForm({ detail }: { detail: EventDetail }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { role } = useMe();
  const describe = useDescribe(detail.event);
  const mayEdit = may(role, "edit_definitions");
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const text = (name: string) => String(fields.get(name) ?? "").trim();
    const status = STATUSES.find((known) => known === fields.get("status")) ?? "unplanned";
    describe.mutate({ description: text("description"), owner: text("owner"), status });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Textarea
          name="description"
          label={t("catalogue.description")}
          placeholder={t("catalogue.description_hint")}
          defaultValue={detail.description}
          maxLength={2000}
          autosize
          minRows={2}
          disabled={!mayEdit}
        />
        <TextInput
          name="owner"
          label={t("catalogue.column.owner")}
          placeholder={t("catalogue.owner_hint")}
          defaultValue={detail.owner}
          maxLength={200}
          disabled={!mayEdit}
        />
        <NativeSelect
          name="status"
          label={t("catalogue.status_label")}
          defaultValue={detail.status}
          disabled={!mayEdit}
          data={STATUSES.map((value) => ({ value, label: t(`catalogue.status.${value}`) }))}
        />
        {detail.described_at && detail.described_by && (
          <Text size="xs" c="dimmed">
            {t("catalogue.described", { who: detail.described_by, at: format.dateTime(detail.described_at) })}
          </Text>
        )}
        {mayEdit && (
          <Button type="submit" size="xs" loading={describe.isPending} style={{ alignSelf: "flex-start" }}>
            {t("ui.save")}
          </Button>
        )}
      </Stack>
    </form>
  );
}

function Properties({ detail }: { detail: EventDetail }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <section>
      <Title order={3}>{t("catalogue.properties")}</Title>
      <Text size="xs" c="dimmed">
        {detail.properties.length === 0
          ? t("catalogue.no_properties")
          : t("catalogue.sampled", { count: detail.sampled, events: format.integer(detail.sampled) })}
      </Text>
      {detail.properties.map((property) => (
        <PropertyRow key={property.name} property={property} />
      ))}
    </section>
  );
}

const CHANGE_COLOR = { new: "blue", type_changed: "red", gone: "gray" } as const;

function PropertyRow({ property }: { property: Property }) {
  const { t } = useTranslation();
  const format = useFormat();
  const kinds = property.types.map(({ type, share }) => {
    const name = t(`catalogue.type.${typeKey(type)}`);
    return property.types.length === 1 ? name : `${name} ${format.percent(share)}`;
  });
  return (
    <div className={classes.property}>
      <div className={classes.propertyHead}>
        <Text span size="sm" fw={600} className="ellipsis">
          {property.name}
        </Text>
        {property.change && (
          <Badge size="xs" variant="light" color={CHANGE_COLOR[property.change]}>
            {t(`catalogue.change.${property.change}`)}
          </Badge>
        )}
        {property.is_personal && (
          <Badge size="xs" variant="light" color="violet">
            {t("catalogue.personal")}
          </Badge>
        )}
        <span className={classes.share}>{format.percent(property.share)}</span>
      </div>
      <div className={classes.track}>
        <div className={classes.fill} style={{ width: `${property.share * 100}%` }} />
      </div>
      <Text size="xs" c="dimmed">
        {kinds.join(", ")}
      </Text>
      <div className={classes.examples}>
        {property.examples.map((example, at) => (
          <Code key={at}>{example}</Code>
        ))}
      </div>
    </div>
  );
}

const TYPES = ["text", "number", "boolean", "list", "object", "empty"] as const;

function typeKey(type: string): (typeof TYPES)[number] {
  return TYPES.find((known) => known === type) ?? "empty";
}
