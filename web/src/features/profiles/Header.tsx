import { Avatar, Group, Text } from "@mantine/core";
import { IconMail, IconPhone, type Icon } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import type { Profile } from "../../api/types";
import { Copy } from "../../ui/Copy";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import classes from "./Profiles.module.css";
import { Segments } from "./Segments";

/** Who it is, how to reach them, and the few figures that say how warm they are. */
export function Header({ profile }: { profile: Profile }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = new Date();
  const spent = profile.orders
    .filter(({ status }) => status !== "cancelled")
    .reduce((sum, { revenue }) => sum + (revenue ?? 0), 0);
  return (
    <Card>
      <div className={classes.header}>
        <Group gap="md" wrap="nowrap" maw="100%">
          <Avatar size={56} radius="xl" name={profile.name ?? undefined} color="petrol" variant="light" alt="" />
          <div style={{ minWidth: 0 }}>
            {profile.email && <Contact icon={IconMail} value={profile.email} />}
            {profile.phone && <Contact icon={IconPhone} value={profile.phone} />}
            <Text size="sm" c="dimmed">
              {[profile.region, profile.dealer].filter(Boolean).join(" · ")}
            </Text>
          </div>
        </Group>
        <dl className={classes.facts} style={{ marginBlock: 0 }}>
          <Fact name={t("profiles.fact.first_seen")} value={format.date(profile.first_seen)} />
          <Fact name={t("profiles.fact.last_seen")} value={format.ago(profile.last_seen, now)} />
          <Fact name={t("profiles.fact.events")} value={format.integer(profile.events)} />
          <Fact
            name={t("profiles.fact.channel")}
            value={profile.channel ? label("channel", profile.channel) : t("ui.none")}
          />
          <Fact name={t("profiles.fact.leads")} value={format.integer(profile.leads.length)} />
          <Fact
            name={t("profiles.fact.spent")}
            value={0 < spent ? format.moneyCompact(spent, profile.orders[0]?.currency ?? undefined) : t("ui.none")}
          />
        </dl>
        <Segments segments={profile.segments} />
      </div>
    </Card>
  );
}

function Contact({ icon: Picture, value }: { icon: Icon; value: string }) {
  return (
    <Group gap={6} wrap="nowrap">
      <Picture size={15} aria-hidden style={{ flex: "none" }} />
      <Text size="sm" className="num ellipsis" title={value}>
        {value}
      </Text>
      <Copy value={value} />
    </Group>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div className={classes.fact}>
      <dt className={classes.factName}>{name}</dt>
      <dd className={classes.factValue} style={{ margin: 0 }}>
        {value}
      </dd>
    </div>
  );
}
