import { Button, Menu } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconChevronDown, IconDownload, IconUserX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { EraseDialog } from "./EraseDialog";
import { exportAddress } from "./erasure";

const FORMATS = ["html", "json"] as const;

/** What people may ask for of what is known of them. */
export function PersonMenu({ profileId }: { profileId: string }) {
  const { t } = useTranslation();
  const [isErasing, dialog] = useDisclosure(false);
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" size="xs" rightSection={<IconChevronDown size={14} aria-hidden />}>
            {t("profiles.erase.menu")}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{t("profiles.erase.export")}</Menu.Label>
          {FORMATS.map((format) => (
            <Menu.Item
              key={format}
              component="a"
              href={exportAddress(profileId, format)}
              download
              leftSection={<IconDownload size={15} aria-hidden />}
            >
              {t(`profiles.erase.format.${format}`)}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item color="red" leftSection={<IconUserX size={15} aria-hidden />} onClick={dialog.open}>
            {t("profiles.erase.action")}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <EraseDialog profileId={profileId} opened={isErasing} onClose={dialog.close} />
    </>
  );
}
