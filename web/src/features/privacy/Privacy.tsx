import { useQuery } from "@tanstack/react-query";
import { Answer, RowsSkeleton } from "../../ui/states";
import { Erasures } from "./Erasures";
import { Masking } from "./Masking";
import { privacyQuery } from "./queries";
import { RetentionRules } from "./RetentionRules";

/** Who sees people's data, and for how long events are kept. */
export function Privacy() {
  const privacy = useQuery(privacyQuery);
  return (
    <Answer query={privacy} skeleton={<RowsSkeleton rows={5} />}>
      {({ masked_roles, maskable_roles, retention }) => (
        <>
          <Masking masked={masked_roles} maskable={maskable_roles} />
          <RetentionRules key={JSON.stringify(retention)} saved={retention} />
          <Erasures />
        </>
      )}
    </Answer>
  );
}
