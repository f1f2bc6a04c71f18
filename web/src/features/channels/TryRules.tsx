import { Badge, Code, Group, Stack, Text, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { ChannelVerdict } from "../../api/types";
import { errorText } from "../../ui/errorText";
import { Card } from "../../ui/Page";
import { markName, ruleName as shownName } from "./RuleList";

const EXAMPLE = {
  url: "https://www.cars.example/?utm_source=google&utm_medium=cpc",
  referrer: "https://www.google.com/",
};

type Visit = { url: string; referrer: string };

/** A box to paste an address into: which channel the visit would have, and which rule decides it. */
export function TryRules({
  visit,
  onVisit,
  verdict,
  ruleName,
  error,
}: {
  visit: Visit;
  onVisit: (visit: Visit) => void;
  verdict: ChannelVerdict | undefined;
  ruleName: string | undefined;
  error: unknown;
}) {
  const { t } = useTranslation();
  return (
    <Card title={t("channel_rules.try.title")} hint={t("channel_rules.try.hint")}>
      <Stack gap="sm">
        <TextInput
          label={t("channel_rules.try.url")}
          placeholder={EXAMPLE.url}
          value={visit.url}
          onChange={(event) => onVisit({ ...visit, url: event.currentTarget.value.trim() })}
        />
        <TextInput
          label={t("channel_rules.try.referrer")}
          placeholder={EXAMPLE.referrer}
          value={visit.referrer}
          onChange={(event) => onVisit({ ...visit, referrer: event.currentTarget.value.trim() })}
        />
        <div aria-live="polite">
          {error !== undefined && (
            <Text size="sm" c="var(--fc-bad)">
              {errorText(t, error)}
            </Text>
          )}
          {error === undefined && verdict && <Verdict verdict={verdict} ruleName={ruleName} />}
        </div>
      </Stack>
    </Card>
  );
}

function Verdict({ verdict, ruleName }: { verdict: ChannelVerdict; ruleName: string | undefined }) {
  const { t } = useTranslation();
  if (verdict.channel === null) return <Text size="sm">{t("channel_rules.try.goes_on")}</Text>;
  return (
    <Stack gap={6}>
      <Group gap="xs">
        <Badge size="lg" tt="none" data-verdict>
          {label("channel", verdict.channel)}
        </Badge>
        <Text size="sm">
          {verdict.rule === null
            ? t("channel_rules.try.by_none")
            : t("channel_rules.try.by", { place: verdict.rule + 1, name: shownName(t, ruleName) })}
        </Text>
      </Group>
      <Text size="xs" c="dimmed">
        {Object.entries(verdict.marks).map(([mark, value]) => (
          <span key={mark}>
            {markName(t, mark)} <Code fz="xs">{value}</Code>{" "}
          </span>
        ))}
      </Text>
    </Stack>
  );
}
