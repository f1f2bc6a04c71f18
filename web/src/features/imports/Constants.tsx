import { ActionIcon, Group, Select, Text, TextInput } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { Look } from "../../api/types";
import { constantsOf, fieldsOf, type Mapping, withoutField } from "./mapping";

/** Fields that the file does not say and that are the same in all its rows. */
export function Constants({
  look,
  mapping,
  onChange,
}: {
  look: Look;
  mapping: Mapping;
  onChange: (mapping: Mapping) => void;
}) {
  const { t } = useTranslation();
  const constants = constantsOf(mapping);
  const used = new Set(fieldsOf(mapping).map(([name]) => name));
  const free = look.fields.filter(({ name }) => !used.has(name) && name !== "timestamp");
  return (
    <div style={{ padding: "12px 18px", borderTop: "1px solid var(--fc-line)" }}>
      <Text size="sm" fw={600}>
        {t("imports.constant.title")}
      </Text>
      <Text size="xs" c="dimmed" mb="xs">
        {t("imports.constant.hint")}
      </Text>
      {constants.map(([name, value]) => (
        <Group key={name} gap="xs" mb={8} wrap="nowrap" align="flex-end">
          <TextInput
            label={label("import_field", name)}
            value={value}
            style={{ flex: "0 1 320px" }}
            onChange={(event) => onChange({ ...mapping, [name]: { value: event.currentTarget.value } })}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            c="dimmed"
            size={36}
            aria-label={t("imports.constant.remove", { field: label("import_field", name) })}
            onClick={() => onChange(withoutField(mapping, name))}
          >
            <IconTrash size={16} />
          </ActionIcon>
        </Group>
      ))}
      <Select
        aria-label={t("imports.constant.add")}
        placeholder={t("imports.constant.add")}
        data={free.map(({ name }) => ({ value: name, label: label("import_field", name) }))}
        value={null}
        searchable
        maw={320}
        onChange={(name) => name && onChange({ ...mapping, [name]: { value: "" } })}
      />
    </div>
  );
}
