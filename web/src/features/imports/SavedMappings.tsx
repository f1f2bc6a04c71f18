import { Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { RemoveButton } from "../../ui/RemoveButton";
import { kindOf } from "./kinds";
import { mappingsQuery, useRemoveMapping } from "./queries";

/** Mappings kept by name. Nothing at all while there are none. */
export function SavedMappings() {
  const { t } = useTranslation();
  const format = useFormat();
  const { data } = useQuery(mappingsQuery);
  const remove = useRemoveMapping();
  if (!data || data.mappings.length === 0) return null;
  return (
    <Card title={t("imports.saved.title")} hint={t("imports.saved.hint")}>
      {data.mappings.map(({ name, kind, updated_by, updated_at }) => (
        <Group key={name} justify="space-between" wrap="nowrap" py={6}>
          <div style={{ minWidth: 0 }}>
            <Text size="sm" fw={600} className="ellipsis">
              {name}
            </Text>
            <Text size="xs" c="dimmed">
              {t(`imports.kind.${kindOf(kind)}`)} · {updated_by} · {format.ago(updated_at, new Date())}
            </Text>
          </div>
          <RemoveButton
            label={t("imports.saved.remove", { name })}
            question={t("imports.saved.remove_question", { name })}
            onRemove={() => remove.mutate(name)}
          />
        </Group>
      ))}
    </Card>
  );
}
