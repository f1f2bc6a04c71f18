import { Autocomplete } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { fieldsQuery } from "../../segment/queries";
import { SpanField } from "../../segment/tree/fields";

/** An event by its machine's name, known ones offered. */
export function TypedEvent({
  label,
  value,
  onChange,
}: {
  label?: string;
  value: string;
  onChange: (event: string) => void;
}) {
  const { t } = useTranslation();
  const { data } = useQuery(fieldsQuery);
  return (
    <Autocomplete
      label={label}
      size={label ? "sm" : "xs"}
      style={label ? undefined : { flex: "1 1 140px" }}
      aria-label={label ?? t("journeys.field.event")}
      placeholder={t("journeys.field.event")}
      limit={40}
      data={(data?.events ?? []).map(({ event }) => event)}
      value={value}
      onChange={onChange}
    />
  );
}

export function SpanInput({ value, onChange }: { value: string; onChange: (span: string) => void }) {
  const { t } = useTranslation();
  return <SpanField name={t("journeys.simulate.after")} value={value} onChange={onChange} />;
}
