import { Group, Skeleton } from "@mantine/core";
import type { Icon } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Catalogue } from "../api/types";
import { Card, Page } from "../ui/Page";
import { periodOf, periodSearch, type PeriodSearch } from "../ui/period";
import { PeriodPicker } from "../ui/PeriodPicker";
import { Answer, Empty } from "../ui/states";
import { Method } from "./Method";
import { catalogueQuery } from "./queries";

/** A report over the events that there are: its method, its period, and what is built once something is known. */
export function ReportPage<Search extends PeriodSearch>({
  title,
  subtitle,
  method,
  icon,
  search,
  days,
  onSearch,
  children,
}: {
  title: string;
  subtitle: string;
  method: { title: string; parts: { title: string; text: string; source?: string }[] };
  /** Stands where no event is known yet. */
  icon: Icon;
  search: Search;
  /** How many days it covers where the address does not say. */
  days: number;
  onSearch: (search: Search) => void;
  children: (catalogue: Catalogue) => ReactNode;
}) {
  const { t } = useTranslation();
  const catalogue = useQuery(catalogueQuery);
  const whenever = { ...search, days: undefined, from: undefined, to: undefined };
  return (
    <Page
      title={title}
      subtitle={subtitle}
      actions={
        <Group gap="xs">
          <Method {...method} />
          <PeriodPicker
            value={periodOf(search, days)}
            onChange={(next) => onSearch({ ...whenever, ...periodSearch(next, days) })}
          />
        </Group>
      }
    >
      <Answer query={catalogue} skeleton={<Skeleton height={420} radius="lg" />}>
        {(known) =>
          known.events.length === 0 ? (
            <Card>
              <Empty icon={icon} title={t("report.empty.title")} hint={t("report.empty.hint")} />
            </Card>
          ) : (
            children(known)
          )
        }
      </Answer>
    </Page>
  );
}
