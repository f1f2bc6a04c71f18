import { Accordion, Group, NumberInput, Select, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Look } from "../../api/types";
import type { Read } from "./mapping";

const ENCODINGS = ["utf-8", "windows-1251", "koi8-r", "ibm866", "gb18030", "windows-1252", "utf-16le"];
const DELIMITERS = [",", ";", "\t", "|"];

/** How the file is read, where detection was wrong. */
export function ReadOptions({ look, read, onChange }: { look: Look; read: Read; onChange: (read: Read) => void }) {
  const { t } = useTranslation();
  const { format } = look;
  const isText = format.kind === "delimited" || format.kind === "json_lines";
  const encoding = (read.encoding ?? format.encoding ?? "").toLowerCase();
  if (format.kind === "parquet") return null;
  return (
    <Accordion variant="contained" chevronPosition="left">
      <Accordion.Item value="read">
        <Accordion.Control>{t("imports.read.title")}</Accordion.Control>
        <Accordion.Panel>
          <Group gap="sm" align="flex-end">
            {isText && (
              <Select
                size="sm"
                label={t("imports.read.encoding")}
                data={ENCODINGS.includes(encoding) || !encoding ? ENCODINGS : [encoding, ...ENCODINGS]}
                value={encoding || null}
                allowDeselect={false}
                w={170}
                onChange={(encoding) => encoding && onChange({ ...read, encoding })}
              />
            )}
            {format.kind === "delimited" && (
              <Select
                size="sm"
                label={t("imports.read.delimiter")}
                data={DELIMITERS.map((mark) => ({ value: mark, label: mark === "\t" ? "Tab" : mark }))}
                value={format.delimiter}
                allowDeselect={false}
                w={130}
                onChange={(delimiter) => delimiter && onChange({ ...read, delimiter })}
              />
            )}
            {format.kind === "workbook" && (
              <Select
                size="sm"
                label={t("imports.read.sheet")}
                data={format.sheets}
                value={format.sheet}
                allowDeselect={false}
                w={220}
                onChange={(sheet) => sheet && onChange({ ...read, sheet, header_row: undefined })}
              />
            )}
            {format.header_row !== null && (
              <NumberInput
                size="sm"
                label={t("imports.read.header_row")}
                description={t("imports.read.header_hint")}
                inputWrapperOrder={["label", "input", "description"]}
                min={0}
                max={1000}
                w={190}
                value={read.header_row ?? format.header_row}
                onChange={(row) => typeof row === "number" && onChange({ ...read, header_row: row })}
              />
            )}
            <TextInput
              size="sm"
              label={t("imports.read.decimal")}
              value={read.decimal ?? ""}
              placeholder="."
              maxLength={1}
              w={130}
              onChange={(event) => onChange({ ...read, decimal: event.currentTarget.value || undefined })}
            />
          </Group>
        </Accordion.Panel>
      </Accordion.Item>
    </Accordion>
  );
}
