import { Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { ledgerParts, sideText } from "../../api/ledger";
import type { LedgerLine } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import classes from "./Identity.module.css";

/** What became of a profile's identifiers, each line a sentence; those of other profiles lead there. */
export function LedgerLines({ lines, profileId }: { lines: LedgerLine[]; profileId: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <ol className={classes.words}>
      {lines.map((line) => (
        <li key={line.id}>
          <Text size="sm" className={classes.sentence}>
            {ledgerParts(t, line).map((part, at) =>
              typeof part === "string" ? (
                part
              ) : part.profile_now === null || part.profile_now === profileId ? (
                <b key={at}>{sideText(t, part)}</b>
              ) : (
                <Link key={at} to="/profiles/$profileId" params={{ profileId: part.profile_now }}>
                  {sideText(t, part)}
                </Link>
              ),
            )}
          </Text>
          <Text size="xs" c="dimmed">
            {[format.dateTime(line.at), line.actor].filter(Boolean).join(" · ")}
          </Text>
        </li>
      ))}
    </ol>
  );
}
