import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { meQuery } from "../../api/session";
import { Enrol } from "./Enrol";
import { SessionFrame } from "./SessionFrame";

/** Where those are led whose role must have a second factor, before anything else. */
export function EnrolPage() {
  const { t } = useTranslation();
  const queryClient = useQueryClient();
  const router = useRouter();
  const enter = async () => {
    await queryClient.invalidateQueries({ queryKey: meQuery.queryKey });
    await queryClient.refetchQueries({ queryKey: meQuery.queryKey });
    router.history.push("/");
  };
  return (
    <SessionFrame title={t("session.enrol.title")} hint={t("session.enrol.hint")}>
      <Enrol asksPassword={false} onDone={() => void enter()} />
    </SessionFrame>
  );
}
