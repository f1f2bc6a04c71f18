import {
  Alert,
  Anchor,
  Button,
  Group,
  Modal,
  Skeleton,
  Stack,
  Table,
  Text,
  TextInput,
  UnstyledButton,
} from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconArrowMerge, IconBan, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { label } from "../../api/labels";
import { personLink } from "../../api/people";
import type { MergePreview, MergeSide, Profile, ProfileRow } from "../../api/types";
import type { Format } from "../../ui/format";
import { useFormat } from "../../ui/FormatContext";
import { Answer, RowsSkeleton } from "../../ui/states";
import classes from "./Identity.module.css";
import { candidatesQuery, mergePreviewQuery, useMerge } from "./identityQueries";
import { valueText } from "./traits";

const route = getRouteApi("/shell/profiles/$profileId");
const DEBOUNCE_MS = 250;

/** Says that this and another profile are one person: the other is searched for, both are compared, and then they are merged. */
export function MergeDialog({ profile, onClose }: { profile: Profile; onClose: () => void }) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState<ProfileRow | null>(null);
  return (
    <Modal opened onClose={onClose} size="xl" title={t("profiles.merge.title")}>
      {chosen ? (
        <Comparison profileId={profile.profile_id} other={chosen} onAnother={() => setChosen(null)} onClose={onClose} />
      ) : (
        <Search profileId={profile.profile_id} onChoose={setChosen} />
      )}
    </Modal>
  );
}

function Search({ profileId, onChoose }: { profileId: string; onChoose: (row: ProfileRow) => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const [typed, setTyped] = useState("");
  const [q] = useDebouncedValue(typed.trim(), DEBOUNCE_MS);
  const found = useQuery(candidatesQuery(q));
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        {t("profiles.merge.search_hint")}
      </Text>
      <TextInput
        type="search"
        leftSection={<IconSearch size={16} aria-hidden />}
        aria-label={t("profiles.search")}
        placeholder={t("profiles.search")}
        value={typed}
        data-autofocus
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      {q !== "" && (
        <Answer query={found} skeleton={<RowsSkeleton rows={4} height={34} />}>
          {({ profiles }) => {
            const others = profiles.filter(({ profile_id }) => profile_id !== profileId);
            if (others.length === 0)
              return (
                <Text size="sm" c="dimmed" role="status">
                  {t("profiles.none.title", { q })}
                </Text>
              );
            return (
              <ul className={classes.candidates}>
                {others.map((row) => {
                  const { key, title, detail } = personLink(t, format, row);
                  return (
                    <li key={key}>
                      <UnstyledButton className={classes.candidate} onClick={() => onChoose(row)}>
                        <Text size="sm" fw={600} className="ellipsis">
                          {title}
                        </Text>
                        <Text size="xs" c="dimmed">
                          {detail}
                        </Text>
                      </UnstyledButton>
                    </li>
                  );
                })}
              </ul>
            );
          }}
        </Answer>
      )}
    </Stack>
  );
}

function Comparison({
  profileId,
  other,
  onAnother,
  onClose,
}: {
  profileId: string;
  other: ProfileRow;
  onAnother: () => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const navigate = route.useNavigate();
  const preview = useQuery(mergePreviewQuery(profileId, other.profile_id));
  const merge = useMerge(profileId, () => {
    onClose();
    const merged = preview.data?.profile_id;
    if (merged && merged !== profileId)
      void navigate({ to: "/profiles/$profileId", params: { profileId: merged }, search: true, replace: true });
  });
  return (
    <Answer query={preview} skeleton={<Skeleton height={320} radius="md" />}>
      {(preview) => (
        <Stack gap="md">
          {preview.possible ? (
            <Alert variant="light" icon={<IconArrowMerge aria-hidden />}>
              {t("profiles.merge.explained")}
            </Alert>
          ) : (
            <Alert variant="light" color="red" icon={<IconBan aria-hidden />} title={t("profiles.merge.impossible")}>
              <div className={classes.reason}>{label("why", preview.reason ?? "")}</div>
            </Alert>
          )}
          <Sides preview={preview} />
          {0 < preview.traits.length && <Traits preview={preview} />}
          <Group gap="xs">
            <Button
              disabled={!preview.possible}
              loading={merge.isPending}
              onClick={() => merge.mutate(other.profile_id)}
            >
              {t("profiles.merge.confirm")}
            </Button>
            <Button variant="default" onClick={onClose}>
              {t("ui.cancel")}
            </Button>
            <Anchor component="button" type="button" size="sm" ml="auto" onClick={onAnother}>
              {t("profiles.merge.another")}
            </Anchor>
          </Group>
        </Stack>
      )}
    </Answer>
  );
}

const TEXTS = ["name", "email", "phone"] as const;
const FIGURES = ["identifiers", "events", "leads", "orders", "calls"] as const;
const TIMES = ["first_seen", "last_seen"] as const;

/** Both beside each other, and for what is counted, how much it would be together. */
function Sides({ preview: { one, other } }: { preview: MergePreview }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Table className={classes.compared} verticalSpacing={5} horizontalSpacing={8} fz="sm">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{t("profiles.merge.what")}</Table.Th>
          <Table.Th>{t("profiles.merge.this")}</Table.Th>
          <Table.Th>{t("profiles.merge.other")}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {TEXTS.map((field) => (
          <Table.Tr key={field}>
            <Table.Th scope="row">{t(`profiles.merge.field.${field}`)}</Table.Th>
            <Table.Td>{one[field] ?? t("ui.none")}</Table.Td>
            <Table.Td>{other[field] ?? t("ui.none")}</Table.Td>
          </Table.Tr>
        ))}
        {FIGURES.map((field) => (
          <Table.Tr key={field}>
            <Table.Th scope="row">{t(`profiles.merge.field.${field}`)}</Table.Th>
            <Table.Td className="num">{format.integer(one[field])}</Table.Td>
            <Table.Td className="num">{format.integer(other[field])}</Table.Td>
          </Table.Tr>
        ))}
        {TIMES.map((field) => (
          <Table.Tr key={field}>
            <Table.Th scope="row">{t(`profiles.merge.field.${field}`)}</Table.Th>
            <Table.Td className="num">{seen(format, one, field)}</Table.Td>
            <Table.Td className="num">{seen(format, other, field)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

const seen = (format: Format, side: MergeSide, field: (typeof TIMES)[number]) => format.date(side[field]);

function Traits({ preview }: { preview: MergePreview }) {
  const { t } = useTranslation();
  return (
    <div>
      <Text size="sm" fw={600}>
        {t("profiles.merge.traits")}
      </Text>
      <Table className={classes.compared} verticalSpacing={5} horizontalSpacing={8} fz="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("profiles.traits.name")}</Table.Th>
            <Table.Th>{t("profiles.merge.this")}</Table.Th>
            <Table.Th>{t("profiles.merge.other")}</Table.Th>
            <Table.Th>{t("profiles.merge.shown")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {preview.traits.map(({ name, one, other, merged }) => (
            <Table.Tr key={name}>
              <Table.Th scope="row">{label("trait", name)}</Table.Th>
              <Table.Td>{valueText(t, one)}</Table.Td>
              <Table.Td>{valueText(t, other)}</Table.Td>
              <Table.Td className={classes.shown}>{valueText(t, merged)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
