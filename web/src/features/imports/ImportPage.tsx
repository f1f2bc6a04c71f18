import { Alert, Badge, Group, Skeleton, Stack, Stepper, Text } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Import } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card, Page } from "../../ui/Page";
import { Answer } from "../../ui/states";
import { CheckStep } from "./CheckStep";
import { kindOf } from "./kinds";
import { MapStep } from "./MapStep";
import { importQuery } from "./queries";
import { ResultStep } from "./ResultStep";
import { RunStep } from "./RunStep";

const route = getRouteApi("/shell/imports/$importId");

/** One import, from its file to what came of it. */
export function ImportPage() {
  const { t } = useTranslation();
  const { importId } = route.useParams();
  const held = useQuery(importQuery(importId));
  return (
    <Page
      title={held.data?.name ?? t("imports.title")}
      subtitle={<Link to="/imports">{t("imports.back")}</Link>}
      actions={held.data && <Facts held={held.data} />}
    >
      <Answer query={held} skeleton={<Skeleton height={420} radius="lg" />}>
        {(data) => <Wizard held={data} />}
      </Answer>
    </Page>
  );
}

function Facts({ held }: { held: Import }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Group gap="xs">
      <Badge variant="light" color="gray">
        {t(`imports.kind.${kindOf(held.kind)}`)}
      </Badge>
      <Text size="sm" c="dimmed" className="num">
        {format.bytes(held.bytes)}
      </Text>
    </Group>
  );
}

function Wizard({ held }: { held: Import }) {
  const { t } = useTranslation();
  const { step = "map" } = route.useSearch();
  const navigate = route.useNavigate();
  const narrow = useMediaQuery("(max-width: 48em)") ?? false;
  const go = (step: "map" | "check") => void navigate({ search: step === "map" ? {} : { step: "check" } });
  const isDraft = held.state === "draft" || held.state === "checking";
  const at = isDraft ? (step === "map" && held.state === "draft" ? 1 : 2) : isOver(held) ? 4 : 3;

  return (
    <Stack gap="md">
      <Card>
        <Stepper
          active={at}
          size="sm"
          iconSize={30}
          allowNextStepsSelect={false}
          orientation="horizontal"
          wrap={false}
          onStepClick={(index) => isDraft && held.state === "draft" && index === 1 && go("map")}
        >
          {(["file", "map", "check", "run"] as const).map((name, index) => (
            <Stepper.Step
              key={name}
              label={narrow && index !== Math.min(at, 3) ? undefined : t(`imports.step.${name}`)}
              aria-label={t(`imports.step.${name}`)}
              aria-current={index === Math.min(at, 3) ? "step" : undefined}
              allowStepSelect={index === 1 && held.state === "draft" && step !== "map"}
            />
          ))}
        </Stepper>
      </Card>
      {!held.has_file && isDraft && <Alert color="amber">{t("imports.file_gone")}</Alert>}
      {at === 1 && held.has_file && <MapStep key={held.id} held={held} onReady={() => go("check")} />}
      {at === 2 && <CheckStep held={held} onBack={() => go("map")} />}
      {at === 3 && <RunStep held={held} />}
      {at === 4 && <ResultStep held={held} />}
    </Stack>
  );
}

function isOver({ state }: Import): boolean {
  return state === "done" || state === "failed" || state === "cancelled";
}
