import { Alert, Button, Group, Modal, Stack, Text } from "@mantine/core";
import { IconArrowsSplit } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { identifierText } from "../../api/ledger";
import type { IdentityEdge, IdentityNode, ProfileIdentity } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import classes from "./Identity.module.css";
import { identifierKey, uniqueIdentifiers } from "./identifiers";
import { usePart } from "./identityQueries";
import { partingOf } from "./parting";
import { RoleMark } from "./RoleMark";

/** Asks before a profile is parted, and says what would go where. */
export function PartDialog({
  identity,
  edge,
  onClose,
}: {
  identity: ProfileIdentity;
  edge: IdentityEdge;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const part = usePart(identity.profile_id, onClose);
  const name = (id: string) => {
    const node = identity.identifiers.find(({ fragment_id }) => fragment_id === id);
    return node ? identifierText(node) : "";
  };
  const sides = partingOf(identity, edge.one, edge.other);
  return (
    <Modal opened onClose={onClose} size="lg" title={t("profiles.part.title")}>
      <Stack gap="md">
        <Text size="sm">{t("profiles.part.question", { one: name(edge.one), other: name(edge.other) })}</Text>
        <div className={classes.sides}>
          <Side title={t("profiles.part.with", { identifier: name(edge.one) })} nodes={sides.one} />
          <Side title={t("profiles.part.with", { identifier: name(edge.other) })} nodes={sides.other} />
        </div>
        <Alert variant="light" icon={<IconArrowsSplit aria-hidden />}>
          {t("profiles.part.explained")}
        </Alert>
        <Group gap="xs">
          <Button loading={part.isPending} onClick={() => part.mutate({ one: edge.one, other: edge.other })}>
            {t("profiles.part.confirm")}
          </Button>
          <Button variant="default" onClick={onClose}>
            {t("ui.cancel")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function Side({ title, nodes }: { title: string; nodes: IdentityNode[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const events = nodes.reduce((sum, node) => sum + node.events, 0);
  return (
    <section className={classes.side}>
      <Text size="xs" c="dimmed" className={classes.sideTitle}>
        {title}
      </Text>
      <ul>
        {uniqueIdentifiers(nodes).map((node) => (
          <li key={identifierKey(node)} className={classes.identifier}>
            <RoleMark role={node.role} isShared={node.is_shared} />
            <span>{identifierText(node)}</span>
          </li>
        ))}
      </ul>
      <Text size="xs" c="dimmed" className="num">
        {t("profiles.part.events", { count: events, events: format.integer(events) })}
      </Text>
    </section>
  );
}
