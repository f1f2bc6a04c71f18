import { Button, Group, Kbd, Text } from "@mantine/core";
import { IconPhoneCall, IconPlayerSkipForward } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { LeadItem } from "../../api/leads";
import { ticking } from "../../lead/clock";
import { Score } from "../../lead/Score";
import { Card } from "../../ui/Page";
import { useNow } from "../../ui/useNow";
import classes from "./Verify.module.css";

/** A lead rings at whoever looks: taken in time, or it rings at the next. */
export function RingCard({
  lead,
  isBusy,
  onTake,
  onDecline,
}: {
  lead: LeadItem;
  isBusy: boolean;
  onTake: () => void;
  onDecline: () => void;
}) {
  const { t } = useTranslation();
  const now = useNow();
  const left = lead.rings ? Math.max(0, Date.parse(lead.rings.until) - now) : 0;
  return (
    <Card>
      <div className={classes.next} role="alert">
        <Group gap="sm" c="amber">
          <IconPhoneCall size={22} aria-hidden className={classes.ringing} />
          <Text size="sm" fw={600} className="num">
            {t("verify.rings", { line: lead.line ?? "", time: ticking(left) })}
          </Text>
        </Group>
        <Text fw={680} fz={26} lh={1.2}>
          {lead.name ?? lead.phone ?? lead.email ?? t("leads.nameless")}
        </Text>
        <Group gap="md">
          <Text>{lead.model}</Text>
          <Score score={lead.score} band={lead.band} />
        </Group>
        <Group gap="sm" mt="sm">
          <Button
            size="md"
            leftSection={<IconPhoneCall size={18} aria-hidden />}
            rightSection={<Kbd size="xs">{"C"}</Kbd>}
            aria-keyshortcuts="c"
            disabled={isBusy}
            onClick={onTake}
          >
            {t("verify.take")}
          </Button>
          <Button
            size="md"
            variant="default"
            leftSection={<IconPlayerSkipForward size={18} aria-hidden />}
            rightSection={<Kbd size="xs">{"D"}</Kbd>}
            aria-keyshortcuts="d"
            disabled={isBusy}
            onClick={onDecline}
          >
            {t("verify.decline")}
          </Button>
        </Group>
      </div>
    </Card>
  );
}
