import { Stack, Switch, Table, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Role } from "../../api/types";
import { Card } from "../../ui/Page";
import classes from "./Privacy.module.css";
import { useMasking } from "./queries";

/** Which roles see people masked, and what that looks like. */
export function Masking({ masked, maskable }: { masked: Role[]; maskable: Role[] }) {
  const { t } = useTranslation();
  const change = useMasking();
  const toggle = (role: Role) =>
    change.mutate(masked.includes(role) ? masked.filter((other) => other !== role) : [...masked, role]);
  return (
    <Card title={t("privacy.masking.title")} hint={t("privacy.masking.hint")}>
      <div className={classes.masking}>
        <Stack gap="md">
          {maskable.map((role) => (
            <Switch
              key={role}
              label={t(`role.${role}`)}
              checked={masked.includes(role)}
              disabled={change.isPending}
              onChange={() => toggle(role)}
            />
          ))}
          <Text size="xs" c="dimmed">
            {t("privacy.masking.others")}
          </Text>
        </Stack>
        <Table className={classes.sample} verticalSpacing={6}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t("privacy.masking.full")}</Table.Th>
              <Table.Th>{t("privacy.masking.masked")}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {SAMPLE.map(([full, masked]) => (
              <Table.Tr key={full}>
                <Table.Td>{full}</Table.Td>
                <Table.Td>{masked}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </Card>
  );
}

const SAMPLE = [
  ["Ana Petrova", "A*** P***"],
  ["ana@example.com", "a***@example.com"],
  ["+33 6 00 00 00 12", "+3 *** ** 12"],
];
