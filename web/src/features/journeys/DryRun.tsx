import { Button, Table, Text } from "@mantine/core";
import { IconHistory } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import type { Journey } from "./journey";
import { useDryRun } from "./queries";
import { stepName } from "./sentence";
import { useJourneySpeech } from "./useJourneySpeech";

const DAYS = 30;

/** What the drawing would have done in the last days: how many would have entered, and how much it would have sent. */
export function DryRun({ journey }: { journey: Journey }) {
  const { t } = useTranslation();
  const format = useFormat();
  const speech = useJourneySpeech();
  const dry = useDryRun();
  const told = dry.data;
  const tried = dry.variables?.journey ?? journey;
  return (
    <Card title={t("journeys.past.title")} hint={t("journeys.past.hint")}>
      <Button
        variant="default"
        leftSection={<IconHistory size={16} aria-hidden />}
        loading={dry.isPending}
        disabled={journey.entry.by === "call"}
        onClick={() => dry.mutate({ journey, days: DAYS })}
      >
        {t("journeys.past.run", { days: DAYS })}
      </Button>
      <div aria-live="polite">
        {told && (
          <>
            <Text size="sm" mt="md">
              {t("journeys.past.says", {
                runs: format.integer(told.entered),
                people: format.integer(told.people),
                sends: format.integer(told.sends),
              })}{" "}
              {0 < told.held_out && t("journeys.past.held_out", { people: format.integer(told.held_out) })}
            </Text>
            {(told.is_sampled || told.is_cut) && (
              <Text size="xs" c="dimmed" mt={4}>
                {told.is_sampled && t("journeys.past.sampled")}{" "}
                {told.is_cut && t("journeys.past.cut", { from: format.dateTime(told.from) })}
              </Text>
            )}
            {0 < told.steps.length && (
              <Table mt="sm">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>{t("journeys.column.step")}</Table.Th>
                    <Table.Th className="num">{t("journeys.past.sends")}</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {told.steps.map(({ step_id, sends }) => (
                    <Table.Tr key={step_id}>
                      <Table.Td>{stepName(tried, step_id, speech)}</Table.Td>
                      <Table.Td className="num">{format.integer(sends)}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            )}
          </>
        )}
      </div>
    </Card>
  );
}
