import { Alert, Anchor, Skeleton, Stack } from "@mantine/core";
import { IconArrowLeft, IconArrowMerge } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { ApiError } from "../../api/client";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import type { Profile } from "../../api/types";
import { Page } from "../../ui/Page";
import { Answer } from "../../ui/states";
import { Business } from "./Business";
import { Consents, consentsOf } from "./Consents";
import { Gone } from "./Gone";
import { Header } from "./Header";
import { Identifiers } from "./Identifiers";
import classes from "./Profiles.module.css";
import { PersonMenu } from "./PersonMenu";
import { PersonTabs } from "./PersonTabs";
import { profileQuery } from "./queries";
import { Timeline } from "./Timeline";
import { Touches } from "./Touches";
import { Traits } from "./Traits";
import { Vehicles } from "./Vehicles";

const route = getRouteApi("/shell/profiles/$profileId");

export function ProfilePage() {
  const { t } = useTranslation();
  const { profileId } = route.useParams();
  const profile = useQuery(profileQuery(profileId));
  const isGone = profile.error instanceof ApiError && profile.error.status === 404;
  const person = isGone ? undefined : profile.data?.profile;
  const mayAnswer = may(useMe().role, "answer_people");

  return (
    <Page
      title={isGone ? t("profiles.title") : (person?.name ?? person?.email ?? person?.phone ?? t("profiles.nameless"))}
      subtitle={
        <Anchor size="sm" renderRoot={(props) => <Link to="/profiles" {...props} />}>
          <IconArrowLeft size={13} aria-hidden style={{ verticalAlign: "-2px", marginRight: 4 }} />
          {t("profiles.back")}
        </Anchor>
      }
      actions={person && mayAnswer && <PersonMenu profileId={person.profile_id} />}
    >
      {isGone ? (
        <Gone profileId={profileId} />
      ) : (
        <Answer query={profile} skeleton={<ProfileSkeleton />}>
          {({ profile, redirected_from }) => (
            <Stack gap="md">
              {redirected_from && (
                <Alert variant="light" icon={<IconArrowMerge aria-hidden />}>
                  {t("profiles.redirected")}
                </Alert>
              )}
              <Person profile={profile} />
            </Stack>
          )}
        </Answer>
      )}
    </Page>
  );
}

function Person({ profile }: { profile: Profile }) {
  const { kind = "all" } = route.useSearch();
  const navigate = route.useNavigate();
  const consents = consentsOf(profile);
  return (
    <>
      <Header profile={profile} />
      <PersonTabs profile={profile}>
        <div className={classes.columns}>
          <Timeline
            profileId={profile.profile_id}
            kind={kind}
            onKind={(kind) => void navigate({ search: kind === "all" ? {} : { kind }, replace: true })}
          />
          <div className={classes.side}>
            <Business leads={profile.leads} orders={profile.orders} calls={profile.calls} />
            <Vehicles vehicles={profile.vehicles} households={profile.households} />
            <Identifiers identifiers={profile.identifiers} />
            {consents && <Consents consents={consents} />}
            <Traits profileId={profile.profile_id} traits={profile.traits} />
            <Touches first={profile.first_touch} last={profile.last_touch} counts={profile.counts} />
          </div>
        </div>
      </PersonTabs>
    </>
  );
}

function ProfileSkeleton() {
  return (
    <Stack gap="md">
      <Skeleton height={104} radius="lg" />
      <div className={classes.columns}>
        <Skeleton height={560} radius="lg" />
        <div className={classes.side}>
          <Skeleton height={180} radius="lg" />
          <Skeleton height={240} radius="lg" />
        </div>
      </div>
    </Stack>
  );
}
