import { Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import { Answer, RowsSkeleton } from "../../ui/states";
import { AlertHistory } from "./AlertHistory";
import { AlertRules } from "./AlertRules";
import { AlertTargets } from "./AlertTargets";
import { alertsQuery } from "./queries";

/** What is watched, who is told, what was. */
export function Alerts() {
  const { role } = useMe();
  const alerts = useQuery(alertsQuery);
  const mayEdit = may(role, "manage_installation");
  return (
    <Answer query={alerts} skeleton={<RowsSkeleton rows={8} />}>
      {(alerts) => (
        <Stack gap="md">
          <AlertRules rules={alerts.rules} mayEdit={mayEdit} />
          <AlertTargets targets={alerts.targets} canMail={alerts.can_mail} mayEdit={mayEdit} />
          <AlertHistory incidents={alerts.incidents} notices={alerts.notices} />
        </Stack>
      )}
    </Answer>
  );
}
