import { Button, Text } from "@mantine/core";
import { IconLink, IconLinkOff } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { identifierText } from "../../api/ledger";
import type { IdentityEdge, IdentityNode, ProfileIdentity } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import classes from "./Identity.module.css";
import { RoleMark } from "./RoleMark";

/** One piece of evidence: whom it ties together, how it is known, what that is worth, and what came of it. */
export function EvidenceRow({
  identity,
  edge,
  onPart,
}: {
  identity: ProfileIdentity;
  edge: IdentityEdge;
  onPart?: (edge: IdentityEdge) => void;
}) {
  const { t } = useTranslation();
  const format = useFormat();
  const node = (id: string) => identity.identifiers.find(({ fragment_id }) => fragment_id === id);
  const [one, other] = [node(edge.one), node(edge.other)];
  if (!one || !other) return null;
  const Picture = edge.joins ? IconLink : IconLinkOff;
  // What goes with who signed in is parted with the person, not from them.
  const isOfPeople = [one, other].every((each) => each.role === "person" && !each.is_interval);
  return (
    <li className={classes.piece} data-joins={edge.joins}>
      <Picture size={16} aria-hidden className={classes.pieceIcon} />
      <div className={classes.pieceText}>
        <div className={classes.pair}>
          <Identifier node={one} isOwn={one.profile_id === identity.profile_id} />
          <Identifier node={other} isOwn={other.profile_id === identity.profile_id} />
        </div>
        <Text size="xs" c="dimmed">
          {[label("rule", edge.rule), label("trust", edge.trust), format.dateTime(edge.at)].join(" · ")}
        </Text>
        {edge.why !== null && (
          <Text size="xs" c="var(--fc-bad)">
            {t("profiles.why.because", { why: label("why", edge.why) })}
          </Text>
        )}
      </div>
      {onPart && isOfPeople && edge.joins && (
        <Button
          className={classes.part}
          size="compact-xs"
          variant="subtle"
          aria-label={t("profiles.part.action_for", { one: identifierText(one), other: identifierText(other) })}
          onClick={() => onPart(edge)}
        >
          {t("profiles.part.action")}
        </Button>
      )}
    </li>
  );
}

function Identifier({ node, isOwn }: { node: IdentityNode; isOwn: boolean }) {
  const { t } = useTranslation();
  const name = (
    <>
      <span className={classes.kind}>{label("identifier", node.kind)}</span> {node.value}
      {node.is_interval && <span className={classes.kind}> {t("profiles.why.after_sign_in")}</span>}
    </>
  );
  return (
    <span className={classes.identifier}>
      <RoleMark role={node.role} isShared={node.is_shared} />
      <span>
        {isOwn ? (
          name
        ) : (
          <Link to="/profiles/$profileId" params={{ profileId: node.profile_id }} search={{ tab: "identity" }}>
            {name}
          </Link>
        )}
      </span>
    </span>
  );
}
