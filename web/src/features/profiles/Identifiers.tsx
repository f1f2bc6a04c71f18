import { Badge, Button, Group, Text } from "@mantine/core";
import { IconLink } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { Identifier } from "../../api/types";
import { Copy } from "../../ui/Copy";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import { identifierKey, wholeIdentifiers } from "./identifiers";
import classes from "./Profiles.module.css";

const SHOWN = 6;

/** What this person is known by, and which event proved that it is one person. */
export function Identifiers({ identifiers: entries }: { identifiers: Identifier[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [extent, setExtent] = useState<"first" | "all">("first");
  const identifiers = wholeIdentifiers(entries);
  const shown = extent === "all" ? identifiers : identifiers.slice(0, SHOWN);
  const hidden = identifiers.length - shown.length;
  return (
    <Card title={t("profiles.identifiers.title")} hint={t("profiles.identifiers.hint")}>
      {shown.map((identifier) => (
        <OneIdentifier key={identifierKey(identifier)} identifier={identifier} />
      ))}
      {0 < hidden && (
        <Button variant="subtle" size="compact-xs" onClick={() => setExtent("all")}>
          {t("profiles.identifiers.more", { count: hidden, identifiers: format.integer(hidden) })}
        </Button>
      )}
    </Card>
  );
}

function OneIdentifier({ identifier }: { identifier: Identifier }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <div className={classes.identifier}>
      <Group gap={8} wrap="nowrap">
        <Badge size="sm" radius="sm" variant="light" style={{ flex: "none" }}>
          {label("identifier", identifier.kind)}
        </Badge>
        <Text size="sm" fw={550} className="ellipsis" title={identifier.value}>
          {identifier.value}
        </Text>
        <Copy value={identifier.value} />
      </Group>
      <Text size="xs" c="dimmed" mt={3}>
        {t("profiles.identifiers.seen", {
          count: identifier.events,
          events: format.integer(identifier.events),
          first: format.date(identifier.first_seen),
          last: format.date(identifier.last_seen),
        })}
      </Text>
      <ul className={classes.evidence}>
        {identifier.evidence.map((proof) => (
          <li key={`${proof.offset} ${proof.rule} ${proof.with.kind} ${proof.with.value}`}>
            <IconLink size={13} aria-hidden />
            {t("profiles.identifiers.joined", {
              kind: label("identifier", proof.with.kind),
              value: proof.with.value,
              rule: label("rule", proof.rule),
              at: format.dateTime(proof.at),
            })}
          </li>
        ))}
      </ul>
    </div>
  );
}
