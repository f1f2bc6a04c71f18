import { Button, Drawer, Group, Text, TextInput } from "@mantine/core";
import { IconBuildingStore, IconFileImport, IconPlus, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { DealerItem } from "../../api/dealers";
import { may } from "../../api/permissions";
import { useMe } from "../../api/session";
import { dealersQuery } from "../../lead/queries";
import { useFormat } from "../../ui/FormatContext";
import { Card, Page } from "../../ui/Page";
import { Answer, Empty, RowsSkeleton } from "../../ui/states";
import { DealerForm } from "./DealerForm";
import classes from "./Dealers.module.css";
import { DealerTable } from "./DealerTable";
import { emptyDealer, fieldsOf } from "./draft";
import { ImportDialog } from "./ImportDialog";
import type { DealersSearch } from "./search";

const route = getRouteApi("/shell/dealers");

/** Who sells the cars: where, when, how many leads they take and how well they deal with them. */
export function DealersPage() {
  const { t } = useTranslation();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const mayEdit = may(useMe().role, "manage_dealers");
  const list = useQuery(dealersQuery);
  const [isImporting, setImporting] = useState(false);
  const change = (next: DealersSearch) => void navigate({ search: next, replace: true });
  const close = () => change({ ...search, dealer: undefined });
  const add = (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => change({ ...search, dealer: "new" })}>
      {t("dealers.add")}
    </Button>
  );
  const bring = (
    <Button variant="default" leftSection={<IconFileImport size={16} aria-hidden />} onClick={() => setImporting(true)}>
      {t("dealers.import.open")}
    </Button>
  );
  return (
    <Page
      title={t("dealers.title")}
      subtitle={t("dealers.subtitle")}
      actions={
        mayEdit && (
          <>
            {bring}
            {add}
          </>
        )
      }
    >
      <Card flush>
        <Answer query={list} skeleton={<RowsSkeleton rows={8} height={36} />}>
          {({ dealers }) =>
            dealers.length === 0 ? (
              <Empty
                icon={IconBuildingStore}
                title={t("dealers.none.title")}
                hint={t("dealers.none.hint")}
                action={
                  mayEdit && (
                    <Group gap="xs">
                      {add}
                      {bring}
                    </Group>
                  )
                }
              />
            ) : (
              <Listed dealers={dealers} search={search} onChange={change} />
            )
          }
        </Answer>
      </Card>
      {search.dealer && list.data && (
        <DealerDrawer key={search.dealer} id={search.dealer} dealers={list.data.dealers} onClose={close} />
      )}
      <ImportDialog opened={isImporting} known={list.data?.dealers ?? []} onClose={() => setImporting(false)} />
    </Page>
  );
}

function Listed({
  dealers,
  search,
  onChange,
}: {
  dealers: DealerItem[];
  search: DealersSearch;
  onChange: (search: DealersSearch) => void;
}) {
  const { t } = useTranslation();
  const plain = (search.q ?? "").trim().toLowerCase();
  const shown = dealers
    .filter(({ dealer_id, name, region, group }) =>
      `${name} ${dealer_id} ${region} ${group}`.toLowerCase().includes(plain),
    )
    .toSorted((one, other) => one.region.localeCompare(other.region) || one.name.localeCompare(other.name));
  return (
    <>
      <Group gap="xs" className={classes.tools}>
        <TextInput
          data-search
          type="search"
          className={classes.search}
          leftSection={<IconSearch size={16} aria-hidden />}
          aria-label={t("dealers.search")}
          placeholder={t("dealers.search")}
          value={search.q ?? ""}
          onChange={(event) => onChange({ ...search, q: event.currentTarget.value || undefined })}
        />
        <Text size="sm" c="dimmed" className="num" ml="auto">
          {t("dealers.count", { count: shown.length })}
        </Text>
      </Group>
      {shown.length === 0 ? (
        <Empty icon={IconBuildingStore} title={t("dealers.none_fit")} />
      ) : (
        <DealerTable dealers={shown} />
      )}
    </>
  );
}

function DealerDrawer({ id, dealers, onClose }: { id: string; dealers: DealerItem[]; onClose: () => void }) {
  const { t } = useTranslation();
  const { zone } = useFormat();
  const held = dealers.find(({ dealer_id }) => dealer_id === id);
  const title = id === "new" ? t("dealers.add") : (held?.name ?? id);
  return (
    <Drawer opened onClose={onClose} position="right" size="xl" title={title}>
      {id !== "new" && !held ? (
        <Empty icon={IconBuildingStore} title={t("dealers.gone")} />
      ) : (
        <DealerForm
          sort={held ? "changed" : "new"}
          held={held ? fieldsOf(held) : emptyDealer(zone)}
          taken={dealers.map(({ dealer_id }) => dealer_id)}
          onClose={onClose}
        />
      )}
    </Drawer>
  );
}
