import { NumberInput, Select } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { UNITS, type Span } from "./chain";

/** A length of time: a number and its unit. */
export function SpanFields({
  label,
  span,
  min,
  error,
  size = "sm",
  onChange,
}: {
  label: string;
  span: Span;
  min: number;
  error?: string;
  size?: "xs" | "sm";
  onChange: (span: Span) => void;
}) {
  const { t } = useTranslation();
  return (
    <>
      <NumberInput
        size={size}
        w={72}
        min={min}
        max={43_200}
        allowDecimal={false}
        aria-label={label}
        value={span.number}
        error={error}
        onChange={(value) => onChange({ ...span, number: Number(value) || 0 })}
      />
      <Select
        size={size}
        w={118}
        allowDeselect={false}
        aria-label={t("broadcasts.field.unit", { name: label })}
        data={UNITS.map((unit) => ({ value: unit, label: t(`broadcasts.unit.${unit}`, { count: span.number }) }))}
        value={span.unit}
        onChange={(value) => onChange({ ...span, unit: UNITS.find((unit) => unit === value) ?? "hour" })}
      />
    </>
  );
}
