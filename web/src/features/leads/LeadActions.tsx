import { Button } from "@mantine/core";
import {
  IconArrowBackUp,
  IconArrowRight,
  IconCalendarPlus,
  IconCheck,
  IconHandGrab,
  IconNote,
  IconPhoneCheck,
  IconPlayerStop,
  IconUserShare,
  type Icon,
} from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { LeadDetail } from "../../api/leads";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import { buttonsOf, type LeadButton } from "../../lead/acts";
import { ActDialog, type Asking } from "./ActDialog";
import classes from "./Lead.module.css";
import { useAct } from "./queries";
import { VerifyBox } from "./VerifyBox";

const PICTURES: Record<Exclude<LeadButton, "verify">, Icon> = {
  accept: IconCheck,
  claim: IconHandGrab,
  release: IconPlayerStop,
  contact: IconPhoneCheck,
  appointment: IconCalendarPlus,
  stage: IconArrowRight,
  assign: IconUserShare,
  return: IconArrowBackUp,
  note: IconNote,
};

/** What may be done with a lead here and now; what needs more words asks for them. */
export function LeadActions({ detail }: { detail: LeadDetail }) {
  const { t } = useTranslation();
  const { role, email } = useMe();
  const act = useAct(detail.lead.lead_id);
  const [asking, setAsking] = useState<Asking | null>(null);
  if (!may(role, "work_leads")) return null;
  const worker = { email, isDesk: may(role, "edit_profiles") };
  const buttons = buttonsOf(detail.lead, detail.stages, worker, Date.now());
  const press = (button: Exclude<LeadButton, "verify">) => {
    if (button === "accept" || button === "claim" || button === "release") return act.mutate({ act: button });
    setAsking(button);
  };
  return (
    <>
      {buttons.includes("verify") && (
        <div className={classes.verify}>
          <VerifyBox script={detail.script} act={act} />
        </div>
      )}
      <div className={classes.acts}>
        {buttons
          .filter((button) => button !== "verify")
          .map((button, at) => {
            const Picture = PICTURES[button];
            const isFirst = at === 0 && button !== "note" && button !== "release";
            return (
              <Button
                key={button}
                size="sm"
                variant={isFirst ? "filled" : "default"}
                leftSection={<Picture size={16} aria-hidden />}
                loading={act.isPending && act.variables.act === button}
                disabled={act.isPending}
                onClick={() => press(button)}
              >
                {t(`lead.button.${button}`)}
              </Button>
            );
          })}
      </div>
      <ActDialog asking={asking} detail={detail} onClose={() => setAsking(null)} />
    </>
  );
}
