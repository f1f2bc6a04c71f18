import { Button, NumberInput, Skeleton, Stack, Switch } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import type { DuplicateSettings } from "../../api/types";
import { Card } from "../../ui/Page";
import { Answer } from "../../ui/states";
import { thresholdsQuery, useSetThresholds } from "./queries";

/** In per cent, as people say it. */
const LEAST = 50;
const SURE = 99;

/** From which probability on somebody is asked, and from which nobody is. */
export function Thresholds() {
  const { t } = useTranslation();
  const thresholds = useQuery(thresholdsQuery);
  return (
    <Card title={t("review.thresholds.title")} hint={t("review.thresholds.hint")}>
      <Answer query={thresholds} skeleton={<Skeleton height={150} />}>
        {(held) => <Form key={JSON.stringify(held)} held={held} />}
      </Answer>
    </Card>
  );
}

function Form({ held }: { held: DuplicateSettings }) {
  const { t } = useTranslation();
  const { role } = useMe();
  const save = useSetThresholds();
  const [review, setReview] = useState(() => percent(held.review_at));
  const [merge, setMerge] = useState(() => (held.merge_at === null ? null : percent(held.merge_at)));
  const mayEdit = may(role, "edit_definitions");
  const isOrdered = merge === null || review <= merge;
  const isChanged =
    review !== percent(held.review_at) || merge !== (held.merge_at === null ? null : percent(held.merge_at));
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate({ review_at: review / 100, merge_at: merge === null ? null : merge / 100 });
      }}
    >
      <Stack gap="sm">
        <NumberInput
          size="xs"
          label={t("review.thresholds.review_at")}
          description={t("review.thresholds.review_hint")}
          suffix=" %"
          min={LEAST}
          max={100}
          decimalScale={1}
          disabled={!mayEdit}
          value={review}
          onChange={(value) => setReview(Number(value))}
        />
        <Switch
          size="sm"
          label={t("review.thresholds.merges")}
          description={t("review.thresholds.merges_hint")}
          disabled={!mayEdit}
          checked={merge !== null}
          onChange={(event) => setMerge(event.currentTarget.checked ? Math.max(SURE, review) : null)}
        />
        {merge !== null && (
          <NumberInput
            size="xs"
            label={t("review.thresholds.merge_at")}
            suffix=" %"
            min={LEAST}
            max={100}
            decimalScale={1}
            disabled={!mayEdit}
            error={isOrdered ? undefined : t("review.thresholds.order")}
            value={merge}
            onChange={(value) => setMerge(Number(value))}
          />
        )}
        {mayEdit && (
          <Button
            type="submit"
            size="xs"
            variant={isChanged ? "filled" : "default"}
            disabled={!isChanged || !isOrdered || review < LEAST}
            loading={save.isPending}
          >
            {t("ui.save")}
          </Button>
        )}
      </Stack>
    </form>
  );
}

const percent = (share: number) => Math.round(share * 1000) / 10;
