import { ActionIcon, Button, Group, Select, Stack, Tooltip } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Catalogue } from "../../api/types";
import { EventChooser } from "../../report/EventChooser";
import { EXCLUSIONS_MAX, type Excluded, type Step } from "./spec";

/** What must not happen: anywhere on the way, or between two steps. */
export function ExclusionList({
  exclusions,
  steps,
  catalogue,
  onChange,
}: {
  exclusions: Excluded[];
  steps: Step[];
  catalogue: Catalogue;
  onChange: (exclusions: Excluded[]) => void;
}) {
  const { t } = useTranslation();
  const between = steps.slice(1).map((_, at) => ({
    value: String(at + 1),
    label: t("funnel.exclusion.between", { after: at + 1, before: at + 2 }),
  }));
  return (
    <Stack gap={8}>
      {exclusions.map((excluded, at) => {
        const name = t("funnel.exclusion.name", { number: at + 1 });
        const { after } = excluded;
        return (
          // An exclusion has no name but its place.
          <div key={at}>
            <Group gap={2} wrap="nowrap" align="flex-end">
              <div style={{ flex: 1, minWidth: 0 }}>
                <EventChooser
                  name={name}
                  chosen={excluded}
                  catalogue={catalogue}
                  onChange={(chosen) => onChange(exclusions.with(at, { ...chosen, ...(after && { after }) }))}
                />
              </div>
              <Tooltip label={t("report.remove", { name })}>
                <ActionIcon
                  size={22}
                  mb={4}
                  variant="subtle"
                  color="gray"
                  c="dimmed"
                  aria-label={t("report.remove", { name })}
                  onClick={() => onChange(exclusions.toSpliced(at, 1))}
                >
                  <IconX size={14} />
                </ActionIcon>
              </Tooltip>
            </Group>
            <Select
              size="xs"
              mt={4}
              aria-label={t("funnel.exclusion.where", { name })}
              allowDeselect={false}
              data={[{ value: "", label: t("funnel.exclusion.anywhere") }, ...between]}
              value={after !== undefined && after < steps.length ? String(after) : ""}
              onChange={(value) => {
                const { after: _, ...chosen } = excluded;
                onChange(exclusions.with(at, { ...chosen, ...(value && { after: Number(value) }) }));
              }}
            />
          </div>
        );
      })}
      <Button
        variant="light"
        size="xs"
        leftSection={<IconPlus size={14} aria-hidden />}
        disabled={EXCLUSIONS_MAX <= exclusions.length || steps.length < 2}
        onClick={() => onChange([...exclusions, { event: "" }])}
      >
        {t("funnel.exclusion.add")}
      </Button>
    </Stack>
  );
}
