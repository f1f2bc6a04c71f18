import { Anchor, Badge, Group, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Profile } from "../../api/types";
import { useFormat } from "../../ui/FormatContext";
import { Card } from "../../ui/Page";
import classes from "./Profiles.module.css";

type Vehicle = Profile["vehicles"][number];

/** What somebody drives, what falls due on it, and who lives with them; nothing where nothing is known. */
export function Vehicles({ vehicles, households }: { vehicles: Vehicle[]; households: Profile["households"] }) {
  const { t } = useTranslation();
  const others = households.flatMap(({ members }) => members);
  if (vehicles.length + households.length === 0) return null;
  return (
    <Card title={t("profiles.vehicles.title")}>
      {vehicles.map((vehicle) => (
        <Owned key={vehicle.vin} vehicle={vehicle} />
      ))}
      {0 < households.length && (
        <div className={classes.identifier}>
          <Text size="sm" fw={550}>
            {t("profiles.vehicles.household", { name: households.map(({ household_id }) => household_id).join(", ") })}
          </Text>
          <Group gap="xs" mt={2}>
            {others.map(({ profile_id, name }) => (
              <Anchor
                key={profile_id}
                size="xs"
                renderRoot={(props) => <Link to="/profiles/$profileId" params={{ profileId: profile_id }} {...props} />}
              >
                {name ?? t("profiles.nameless")}
              </Anchor>
            ))}
          </Group>
        </div>
      )}
    </Card>
  );
}

function Owned({ vehicle }: { vehicle: Vehicle }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { vin, brand, model, year, owned_from, owned_until, mileage_km, dealer } = vehicle;
  const due = (["inspection_due", "finance_end", "warranty_end", "serviced_at"] as const).flatMap((key) => {
    const at = vehicle[key];
    return at ? [t(`profiles.vehicles.${key}`, { date: format.date(at) })] : [];
  });
  const told = [
    vin,
    owned_from && t("profiles.vehicles.since", { date: format.date(owned_from) }),
    mileage_km !== null && t("profiles.vehicles.km", { km: format.integer(mileage_km) }),
    dealer,
  ];
  return (
    <div className={classes.identifier}>
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Text size="sm" fw={550} className="ellipsis">
          {[brand, model, year].filter(Boolean).join(" ") || vin}
        </Text>
        {owned_until ? (
          <Badge size="sm" variant="light" color="gray">
            {t("profiles.vehicles.until", { date: format.date(owned_until) })}
          </Badge>
        ) : (
          vehicle.is_co_owner && (
            <Badge size="sm" variant="light" color="blue">
              {t("profiles.vehicles.co_owner")}
            </Badge>
          )
        )}
      </Group>
      <Text size="xs" c="dimmed" mt={2} className="num">
        {told.filter(Boolean).join(" · ")}
      </Text>
      {0 < due.length && (
        <Text size="xs" mt={2} className="num">
          {due.join(" · ")}
        </Text>
      )}
    </div>
  );
}
